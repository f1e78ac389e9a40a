"""Mailboxes, hand-outs, units' receipts, and what silence becomes."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from exchange.arrivals import NOT_DELIVERED_AFTER
from exchange.hub import administration, upkeep
from exchange.hub.acceptance import MESSAGES
from exchange.hub.administration import Offered
from schemas import entries, receipts
from schemas.directory import sign_statement
from tests.hub.desk import Desk
from tests.instants import DAY, MINUTE


def kinds(desk: Desk, unit: str) -> list[str]:
    """What stands in a mailbox: MESSAGE, or the type of the receipt."""
    return [
        "MESSAGE" if kind == 1 else receipts.parse(payload).receipt.type for _, kind, _, payload in desk.inbox(unit)
    ]


def outcomes(desk: Desk, *wires: bytes) -> list[dict[str, Any]]:
    answer = desk.report(*wires)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


# --- collecting -------------------------------------------------------------------------------------------------------


def test_asking_acknowledges_nothing(desk: Desk) -> None:
    sealed = desk.send()
    assert desk.inbox("KG")[0] == desk.inbox("KG")[0]
    assert desk.inbox("KG")[0][3] == sealed.wire


def test_a_message_is_handed_out_for_the_first_time_once(desk: Desk) -> None:
    desk.send()
    desk.inbox("KG")
    desk.inbox("KG")
    assert kinds(desk, "TJ") == ["RELAYED"]
    assert kinds(desk, "KG") == ["MESSAGE", "RELAYED"]


def test_each_recipient_has_its_own_state(desk: Desk) -> None:
    desk.send("TJ", ("KG", "KZ"))
    desk.inbox("KG")
    assert kinds(desk, "TJ") == ["RELAYED"]
    desk.inbox("KZ")
    assert kinds(desk, "TJ") == ["RELAYED", "RELAYED"]


def test_after_an_index_only_the_later_items_come(desk: Desk) -> None:
    desk.send()
    second = desk.send()
    index, _, entry, _ = desk.inbox("KG")[0]
    with desk.db.read() as session:
        leaf = desk.hub.log.leaf_hash(session, index).hex()
    assert entries.parse(entry).type == "MESSAGE"
    assert desk.inbox("KG", index, leaf)[0][3] == second.wire


@pytest.mark.parametrize(("after", "leaf"), [(0, "00" * 32), (10_000, "00" * 32)])
def test_a_leaf_that_is_not_ours_is_a_rolled_back_log(desk: Desk, after: int, leaf: str) -> None:
    answer = desk.get("KG", f"/v1/inbox?after={after}&leaf={leaf}&wait=0")
    assert (answer.status_code, answer.json()["code"]) == (409, "EX-4094")


def test_a_unit_sees_only_its_own_mail(desk: Desk) -> None:
    desk.send("TJ", ("KG",))
    assert desk.inbox("KZ") == []


def test_a_suspended_unit_collects_nothing_and_its_refusals_are_counted_in_one_leaf(desk: Desk) -> None:
    desk.send()
    administration.suspend(desk.hub, "KG", "INCIDENT")
    before = desk.rows()["log_entry"]
    for _ in range(3):
        assert desk.get("KG", "/v1/inbox?after=-1&leaf=&wait=0").status_code == 403
    assert desk.rows()["log_entry"] == before + 1
    desk.now += MINUTE
    desk.get("KG", "/v1/inbox?after=-1&leaf=&wait=0")
    with desk.db.read() as session:
        last = entries.parse(desk.hub.log.entry(session, desk.hub.log.head(session).size - 1))
    assert isinstance(last, entries.DenialEntry)
    assert (last.unit, last.error, last.count) == ("KG", "EX-4031", 3)


def test_more_than_eight_mebibytes_come_in_several_answers(desk: Desk) -> None:
    for _ in range(3):
        desk.send(content=b"x" * (3 << 20))
    first = desk.inbox("KG")
    with desk.db.read() as session:
        leaf = desk.hub.log.leaf_hash(session, first[-1][0]).hex()
    assert len(first) == 2
    assert [frame[1] for frame in desk.inbox("KG", first[-1][0], leaf)] == [1, 2, 2]


def test_who_waits_is_woken_by_the_commit(desk: Desk) -> None:
    async def wait_and_send() -> bytes:
        ticket = desk.hub.bell.ticket("KG")
        sealed = desk.seal()
        await asyncio.get_running_loop().run_in_executor(None, _accept, desk, sealed.wire)
        await asyncio.wait_for(ticket.wait(), 10)
        return sealed.wire

    with ThreadPoolExecutor(1) as elsewhere:
        wire = elsewhere.submit(asyncio.run, wait_and_send()).result()
    assert desk.inbox("KG")[0][3] == wire


def _accept(desk: Desk, wire: bytes) -> None:
    desk.hub.do(MESSAGES, desk.hub.prepare(wire))


# --- receipts of units ------------------------------------------------------------------------------------------------


def test_a_receipt_is_logged_and_reaches_the_sender(desk: Desk) -> None:
    sealed = desk.send()
    desk.inbox("KG")
    wire = desk.receipt("KG", "DELIVERED", sealed.eid)
    (outcome,) = outcomes(desk, wire)
    assert (outcome["status"], outcome["type"]) == ("LOGGED", "DELIVERED")
    frame = desk.inbox("TJ")[-1]
    assert (frame[0], frame[3]) == (outcome["index"], wire)


def test_a_receipt_again_is_known_with_its_old_index(desk: Desk) -> None:
    sealed = desk.send()
    desk.inbox("KG")
    wire = desk.receipt("KG", "DELIVERED", sealed.eid)
    (first,), before = outcomes(desk, wire), desk.rows()
    desk.now += MINUTE
    (again,) = outcomes(desk, wire)
    assert again == first | {"status": "KNOWN"}
    assert desk.rows() == before


def test_one_receipt_twice_in_one_request_is_logged_once(desk: Desk) -> None:
    sealed = desk.send()
    desk.inbox("KG")
    wire = desk.receipt("KG", "DELIVERED", sealed.eid)
    assert [outcome["status"] for outcome in outcomes(desk, wire, wire)] == ["LOGGED", "KNOWN"]


def test_before_the_hand_out_nobody_can_have_received(desk: Desk) -> None:
    sealed = desk.send()
    (outcome,) = outcomes(desk, desk.receipt("KG", "DELIVERED", sealed.eid))
    assert (outcome["status"], outcome["code"]) == ("REFUSED", "NOT_HANDED_OUT")


@pytest.mark.parametrize(("shift", "status"), [(-61, "REFUSED"), (-60, "LOGGED"), (60, "LOGGED"), (61, "REFUSED")])
def test_a_receipts_time_lies_between_the_hand_out_and_now(desk: Desk, shift: int, status: str) -> None:
    sealed = desk.send()
    desk.inbox("KG")
    (outcome,) = outcomes(desk, desk.receipt("KG", "DELIVERED", sealed.eid, time=desk.now + shift))
    assert (outcome["status"], outcome.get("code")) == (status, "OUTSIDE_TIME" if status == "REFUSED" else None)


def test_rejected_is_final(desk: Desk) -> None:
    sealed = desk.send()
    desk.inbox("KG")
    outcomes(desk, desk.receipt("KG", "REJECTED", sealed.eid, reason="UNREADABLE"))
    (outcome,) = outcomes(desk, desk.receipt("KG", "DELIVERED", sealed.eid))
    assert outcome["code"] == "CONTRADICTS"


def test_nobody_reports_for_another_unit(desk: Desk) -> None:
    sealed = desk.send()
    desk.inbox("KG")
    desk.world.units["KG"].signing = desk.world.units["KZ"].signing
    before = desk.rows()
    assert desk.report(desk.receipt("KG", "DELIVERED", sealed.eid)).status_code == 403
    assert desk.rows() == before


def test_a_receipt_under_a_key_that_has_ended_is_named_and_not_logged(desk: Desk) -> None:
    sealed = desk.send()
    desk.inbox("KG")
    known, late = desk.receipt("KG", "DELIVERED", sealed.eid), desk.receipt("KG", "OPENED", sealed.eid)
    outcomes(desk, known)
    keys = desk.world.units["KG"]
    ended = desk.world.revocation("KG", keys.signing.kid, "SUPERSEDED", desk.now)
    administration.offer(desk.hub, Offered(sign_statement(ended, keys.root), None))
    first, second = outcomes(desk, known, late)
    assert first["status"] == "KNOWN"
    assert (second["status"], second["code"]) == ("REFUSED", "KEY_ENDED")


def test_a_receipt_of_the_other_environment_is_refused(desk: Desk) -> None:
    sealed = desk.send()
    desk.inbox("KG")
    assert desk.report(desk.receipt("KG", "DELIVERED", sealed.eid, env="exercise")).status_code == 403


def test_a_receipt_about_what_was_never_sent_is_refused(desk: Desk) -> None:
    (outcome,) = outcomes(desk, desk.receipt("KG", "DELIVERED", "ab" * 32))
    assert outcome["code"] == "NO_DELIVERY"


# --- silence ----------------------------------------------------------------------------------------------------------


def test_what_was_never_handed_out_expires_and_is_not_handed_out_any_more(desk: Desk) -> None:
    sealed = desk.send()
    desk.now = sealed.header.expires
    desk.hub.tick()
    assert kinds(desk, "TJ") == ["EXPIRED"]
    assert kinds(desk, "KG") == ["EXPIRED"]


def test_one_second_before_its_time_nothing_expires(desk: Desk) -> None:
    sealed = desk.send()
    desk.now = sealed.header.expires - 1
    desk.hub.tick()
    assert kinds(desk, "KG")[0] == "MESSAGE"


def test_silence_after_the_hand_out_is_an_unknown_fate_that_a_receipt_supersedes(desk: Desk) -> None:
    sealed = desk.send()
    desk.inbox("KG")
    desk.now = sealed.header.expires + NOT_DELIVERED_AFTER
    desk.hub.tick()
    desk.hub.tick()
    assert kinds(desk, "TJ") == ["RELAYED", "NOT_DELIVERED"]
    (outcome,) = outcomes(desk, desk.receipt("KG", "DELIVERED", sealed.eid))
    assert outcome["status"] == "LOGGED"
    assert kinds(desk, "TJ") == ["RELAYED", "NOT_DELIVERED", "DELIVERED"]


def test_ciphertext_goes_long_after_everybody_was_final_and_the_receipt_stays(desk: Desk) -> None:
    sealed = desk.send()
    desk.inbox("KG")
    outcomes(desk, desk.receipt("KG", "DELIVERED", sealed.eid))
    desk.now = sealed.header.expires + 31 * DAY
    desk.hub.do(upkeep.FORGETTING, 30 * DAY)
    assert "MESSAGE" not in kinds(desk, "KG")
    desk.hub.tick()
    assert desk.post(sealed.wire).status_code == 200


def test_ciphertext_that_somebody_still_waits_for_stays(desk: Desk) -> None:
    sealed = desk.send()
    desk.now = sealed.header.expires + 31 * DAY
    desk.hub.do(upkeep.FORGETTING, 30 * DAY)
    assert kinds(desk, "KG") == ["MESSAGE"]


# --- the snapshot and the checkpoint ----------------------------------------------------------------------------------


def test_the_snapshot_is_signed_anew_before_it_is_old(desk: Desk) -> None:
    desk.hub.tick()
    before = desk.hub.register.version
    desk.now += 6 * 3600
    desk.hub.tick()
    assert desk.hub.register.version == before + 1


def test_a_checkpoint_follows_growth_at_once_and_silence_after_ten_minutes(desk: Desk) -> None:
    desk.hub.tick()
    sizes: list[tuple[int, int]] = []
    for step in (0, 1, 1, 600):
        desk.now += step
        if step == 1 and len(sizes) == 1:
            desk.send()
        desk.hub.tick()
        with desk.db.read() as session:
            stored = desk.hub.log.checkpoint(session)
        assert stored is not None
        sizes.append((stored.size, stored.time))
    assert sizes[1][0] == sizes[0][0] + 1
    assert sizes[2] == sizes[1]
    assert sizes[3][1] == desk.now
