"""What the hub does with an envelope that is well formed and well signed."""

from concurrent.futures import Future
from typing import Any

import pytest
from httpx import Response
from sqlalchemy import select

from crypto.encryption import EncryptionKey
from crypto.header import GENESIS, Blob
from crypto.sealing import Sealed
from exchange.errors import KeyEnded
from exchange.hub import administration
from exchange.hub.acceptance import MESSAGES
from exchange.hub.administration import Offered
from exchange.hub.sequencer import Job
from exchange.hub.tables import EVIDENCE
from schemas import entries, receipts
from schemas.directory import sign_statement
from schemas.receipts import Receipt
from tests.federation import UnitKeys, everybody
from tests.hub.desk import Desk
from tests.instants import DAY, NOW


def test_an_accepted_envelope_is_answered_by_a_receipt_that_verifies(desk: Desk) -> None:
    sealed = desk.seal()
    answer = desk.post(sealed.wire)
    assert answer.status_code == 201
    signed = receipts.parse(answer.content)
    signed.verify({desk.keys.receipt.kid: desk.keys.receipt.public})
    assert (signed.receipt.type, signed.receipt.eid, signed.receipt.unit) == ("SUBMITTED", sealed.eid, "TJ")
    entry = entries.parse(signed.receipt.entry or b"")
    assert isinstance(entry, entries.MessageEntry)
    assert entry.to == ("KG",)


def test_the_recipient_collects_the_same_bytes_and_both_learn_of_the_hand_out(desk: Desk) -> None:
    sealed = desk.send()
    ((_, kind, entry, payload),) = desk.inbox("KG")
    assert (kind, payload) == (1, sealed.wire)
    assert entries.parse(entry).type == "MESSAGE"
    relayed = receipts.parse(desk.inbox("TJ")[0][3]).receipt
    assert (relayed.type, relayed.unit, relayed.time) == ("RELAYED", "KG", desk.now)
    assert [frame[1] for frame in desk.inbox("KG")] == [1, 2]


def refused(desk: Desk, sealed: Sealed) -> Receipt:
    """The REFUSED receipt that answers `sealed`, verified."""
    answer = desk.post(sealed.wire)
    assert answer.status_code == 422, answer.text
    signed = receipts.parse(answer.content)
    signed.verify({desk.keys.receipt.kid: desk.keys.receipt.public})
    desk.consumed(sealed)
    return signed.receipt


def code(answer: Response) -> str:
    return str(answer.json()["code"])


# --- the same bytes again ---------------------------------------------------------------------------------------------


def test_the_same_envelope_again_gets_its_receipt_byte_for_byte(desk: Desk) -> None:
    sealed = desk.seal()
    first, again = desk.post(sealed.wire), desk.post(sealed.wire)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.content == again.content


def test_after_a_restart_the_receipt_comes_from_storage(desk: Desk) -> None:
    sealed = desk.seal()
    first = desk.post(sealed.wire)
    before = desk.rows()
    desk.restart()
    again = desk.post(sealed.wire)
    assert (again.status_code, again.content) == (200, first.content)
    assert desk.rows() == before


def test_the_same_envelope_twice_in_one_batch_is_stored_once(desk: Desk) -> None:
    sealed = desk.seal()
    acceptance = desk.hub.prepare(sealed.wire)
    jobs = [Job(MESSAGES, acceptance, Future()) for _ in range(2)]
    desk.hub.sequencer.put(jobs)
    first, again = (job.reply.result() for job in jobs)
    assert again.first is first
    assert desk.rows()["message"] == 1


def test_a_refused_envelope_again_gets_the_same_refusal(desk: Desk) -> None:
    sealed = desk.seal(classification="CONF")
    first = desk.post(sealed.wire)
    desk.restart()
    again = desk.post(sealed.wire)
    assert (first.status_code, again.status_code, again.content) == (422, 422, first.content)


# --- numbers ----------------------------------------------------------------------------------------------------------


def test_an_early_number_is_told_what_is_expected_and_leaves_nothing(desk: Desk) -> None:
    sent = desk.send()
    before = desk.rows()
    answer = desk.post(desk.seal(seq=5, prev="ab" * 32).wire)
    assert (answer.status_code, code(answer)) == (409, "EX-4092")
    assert (answer.json()["expected_seq"], answer.json()["expected_prev"]) == (2, sent.eid)
    assert desk.rows() == before


def test_another_predecessor_is_told_what_is_expected(desk: Desk) -> None:
    sent = desk.send()
    answer = desk.post(desk.seal(prev="ab" * 32).wire)
    assert (code(answer), answer.json()["expected_prev"]) == ("EX-4092", sent.eid)


def test_numbers_that_arrive_shuffled_in_one_batch_are_all_accepted(desk: Desk) -> None:
    chain = []
    for _ in range(6):
        chain.append(desk.seal())
        desk.consumed(chain[-1])
    jobs = [Job(MESSAGES, desk.hub.prepare(sealed.wire), Future()) for sealed in reversed(chain)]
    desk.hub.sequencer._queue.extend(jobs)
    assert desk.hub.sequencer.run_once() == 6
    assert not any(job.reply.result().refused for job in jobs)
    assert [frame[3] for frame in desk.inbox("KG")] == [sealed.wire for sealed in chain]


def test_a_second_envelope_for_one_number_is_kept_as_evidence(desk: Desk) -> None:
    first = desk.send()
    second = desk.seal(seq=1, prev=GENESIS, id="f" * 32)
    for _ in range(2):
        answer = desk.post(second.wire)
        assert (answer.status_code, code(answer)) == (409, "EX-4093")
    with desk.db.read() as session:
        row = session.connection().execute(select(EVIDENCE)).one()
        entry = entries.parse(desk.hub.log.entry(session, row.idx))
    assert (row.eid, row.envelope) == (second.eid, second.wire)
    assert isinstance(entry, entries.EquivocationEntry)
    assert (entry.eid, entry.other) == (second.eid, first.eid)


def test_a_used_id_with_other_bytes_is_refused_and_leaves_nothing(desk: Desk) -> None:
    first = desk.send()
    before = desk.rows()
    answer = desk.post(desk.seal(id=first.header.id).wire)
    assert (answer.status_code, code(answer)) == (409, "EX-4091")
    assert desk.rows() == before


def test_a_recipient_cannot_use_an_id_that_it_learnt_before_the_others_collect_it(desk: Desk) -> None:
    first = desk.send("TJ", ("KG", "KZ"))
    before = desk.rows()
    answer = desk.post(desk.seal("KG", ("KZ",), id=first.header.id).wire)
    assert (answer.status_code, code(answer)) == (409, "EX-4091")
    assert desk.rows() == before


# --- the rules --------------------------------------------------------------------------------------------------------

RULES: dict[str, tuple[str, dict[str, Any]]] = {
    "expired": ("EXPIRED", {"created": NOW - DAY, "expires": NOW}),
    "from the future": ("CLOCK_SKEW", {"created": NOW + 601}),
    "too long a life": ("LIFETIME", {"expires": NOW + 14 * DAY + 1}),
    "an attachment nobody uploaded": ("ATTACHMENT_MISSING", {"blobs": (Blob("0" * 32, 1, "0" * 64),)}),
    "above every level": ("CLASSIFICATION_TOO_HIGH", {"classification": "CONF"}),
    "an unknown level": ("CLASSIFICATION_TOO_HIGH", {"classification": "COSMIC"}),
    "an unknown family": ("NO_AGREEMENT", {"family": "gossip"}),
}


@pytest.mark.parametrize("name", RULES)
def test_what_the_rules_forbid_consumes_the_number(desk: Desk, name: str) -> None:
    reason, changes = RULES[name]
    receipt = refused(desk, desk.seal(**changes))
    assert (receipt.type, receipt.reason) == ("REFUSED", reason)
    entry = entries.parse(receipt.entry or b"")
    assert isinstance(entry, entries.RefusalEntry)
    assert desk.inbox("KG") == []
    desk.send()


def test_without_an_agreement_nothing_may_be_sent(desk: Desk) -> None:
    allowed = [one for one in everybody(desk.world.units) if (one.sender, one.recipient) != ("TJ", "KG")]
    desk.publish((), agreements=tuple(allowed))
    assert refused(desk, desk.seal()).reason == "NO_AGREEMENT"
    desk.send("TJ", ("KZ",))


def test_one_forbidden_recipient_refuses_the_whole(desk: Desk) -> None:
    allowed = [one for one in everybody(desk.world.units) if (one.sender, one.recipient) != ("TJ", "KG")]
    desk.publish((), agreements=tuple(allowed))
    assert refused(desk, desk.seal("TJ", ("KG", "KZ"))).reason == "NO_AGREEMENT"
    assert desk.inbox("KZ") == []


def test_above_the_recipients_accreditation_is_refused(desk: Desk) -> None:
    desk.world.units["KG"].accreditation = "UNCL"
    desk.publish(())
    assert refused(desk, desk.seal()).reason == "CLASSIFICATION_TOO_HIGH"


def test_a_suspended_recipient_refuses_the_envelope(desk: Desk) -> None:
    administration.suspend(desk.hub, "KG", "INCIDENT")
    assert refused(desk, desk.seal()).reason == "RECIPIENT_SUSPENDED"


def test_an_unknown_recipient_refuses_the_envelope(desk: Desk) -> None:
    desk.world.units["UZ"] = UnitKeys("UZ")
    assert refused(desk, desk.seal("TJ", ("UZ",))).reason == "RECIPIENT_UNKNOWN"


def test_a_key_that_is_not_the_recipients_refuses_the_envelope(desk: Desk) -> None:
    desk.world.units["KG"].encryption = EncryptionKey.generate()
    assert refused(desk, desk.seal()).reason == "RECIPIENT_KEY"


# --- who may send -----------------------------------------------------------------------------------------------------


def test_a_suspended_unit_gets_the_answer_of_a_stranger_and_consumes_nothing(desk: Desk) -> None:
    sealed = desk.seal()
    administration.suspend(desk.hub, "TJ", "INCIDENT")
    before = desk.rows()
    answer = desk.post(sealed.wire)
    assert (answer.status_code, code(answer)) == (403, "EX-4031")
    assert desk.rows() == before
    administration.reinstate(desk.hub, "TJ")
    assert desk.post(sealed.wire).status_code == 201


def revoke(desk: Desk, unit: str = "TJ") -> None:
    """The unit's root withdraws its signing key, as of now."""
    keys = desk.world.units[unit]
    revocation = desk.world.revocation(unit, keys.signing.kid, "SUPERSEDED", desk.now)
    administration.offer(desk.hub, Offered(sign_statement(revocation, keys.root), None))


def test_a_revoked_key_signs_nothing_any_more(desk: Desk) -> None:
    sealed = desk.seal()
    revoke(desk)
    before = desk.rows()
    answer = desk.post(sealed.wire)
    assert (answer.status_code, code(answer)) == (403, "EX-4032")
    assert (answer.json()["expected_seq"], answer.json()["expected_prev"]) == (1, GENESIS)
    assert desk.rows() == before


def test_what_was_accepted_before_the_revocation_keeps_its_receipt(desk: Desk) -> None:
    sealed = desk.seal()
    first = desk.post(sealed.wire)
    desk.consumed(sealed)
    desk.now += 60
    revoke(desk)
    desk.restart()  # nothing is answered from memory
    again = desk.post(sealed.wire)
    assert (first.status_code, again.status_code, again.content) == (201, 200, first.content)
    assert code(desk.post(desk.seal().wire)) == "EX-4032"


def test_a_key_that_is_revoked_while_its_envelope_waits_consumes_nothing(desk: Desk) -> None:
    acceptance = desk.hub.prepare(desk.seal().wire)
    revoke(desk)
    with pytest.raises(KeyEnded):
        desk.hub.do(MESSAGES, acceptance)


def test_a_foreign_key_may_not_sign_for_a_unit(desk: Desk) -> None:
    before = desk.rows()
    desk.world.units["TJ"].signing = desk.world.units["KZ"].signing
    assert code(desk.post(desk.seal("TJ").wire)) == "EX-4031"
    assert desk.rows() == before


def test_an_exercise_envelope_never_enters_the_live_exchange(desk: Desk) -> None:
    before = desk.rows()
    answer = desk.post(desk.seal(env="exercise").wire)
    assert (answer.status_code, code(answer)) == (400, "EX-4005")
    assert desk.rows() == before


def test_a_full_disk_takes_nothing_new_and_still_delivers(desk: Desk) -> None:
    sent = desk.send()
    desk.settings = desk.settings.model_copy(update={"least_free_megabytes": desk.hub.disk.free() * 3 >> 21})
    desk.restart()
    assert code(desk.post(desk.seal().wire)) == "EX-5071"
    assert desk.inbox("KG")[0][3] == sent.wire


def test_with_an_expired_directory_nothing_is_accepted(desk: Desk) -> None:
    desk.now += 301 * DAY
    assert code(desk.post(desk.seal().wire)) == "EX-5032"
