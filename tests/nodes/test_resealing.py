"""A queue under a signing key that ended before the hub had it: sealed anew in its order, nothing is lost."""

import httpx
import pytest
from sqlalchemy import select

from crypto import envelope as cme
from exchange.courier import Alarm
from exchange.hub import administration
from exchange.hub.administration import Publication
from exchange.hub.tables import MESSAGE
from nodes import courier, keys, messages, rotation, upkeep
from nodes.drafts import NewDraft
from nodes.errors import BadInput, NotFound
from nodes.hub_client import HubClient
from nodes.rotation import Withdrawal
from nodes.tables import AlertRow, DeliveryRow, EventRow, MessageRow, OutboxRow, ReceiptRow
from schemas.directory import sign_federation
from serai import founding
from tests.instants import DAY, HOUR
from tests.nodes.world import PASSPHRASE, World, new_signing_key, send, someone, withdraw


def ask(world: World, to: tuple[str, ...] = ("KG",)) -> str:
    return send(world.node("TJ"), someone(world.node("TJ"), "rustam"), NewDraft("REQ", recipients=to))


def revoke(world: World, unit: str = "TJ", stolen_since: int | None = None) -> None:
    """The unit's root withdraws the present signing key, some time after it vouched for others."""
    world.pass_time(HOUR)
    node = world.node(unit)
    withdraw(node, Withdrawal(node.keys.signing.kid, stolen_since))


def renew(world: World, unit: str = "TJ") -> None:
    """The root introduces the next signing key; the courier publishes it."""
    world.pass_time(60)
    new_signing_key(world.node(unit))
    for _ in range(3):  # the first pass publishes, the next ones sign with it
        courier.sync_once(world.node(unit))


def causes(world: World, unit: str = "TJ") -> list[str]:
    with world.node(unit).db.read() as session:
        return sorted(session.scalars(select(AlertRow.cause)))


def arrived(world: World, unit: str) -> list[tuple[str, int]]:
    with world.node(unit).db.read() as session:
        rows = session.execute(select(MessageRow.message_id, MessageRow.gap).order_by(MessageRow.hub_index))
        return [(message_id, gap) for message_id, gap in rows]


def outbox(world: World) -> list[str]:
    with world.node("TJ").db.read() as session:
        return list(session.scalars(select(OutboxRow.state).order_by(OutboxRow.seq)))


def test_a_queue_under_a_revoked_key_arrives_whole_and_in_order_under_the_next(small: World) -> None:
    first = ask(small, ("KG", "KZ"))
    small.sync()
    queued = [ask(small, ("KG",)), ask(small, ("KZ",)), ask(small, ("KG", "KZ"))]
    revoke(small)
    renew(small)
    small.sync()
    assert arrived(small, "KG") == [(first, 0), (queued[0], 0), (queued[2], 0)]
    assert arrived(small, "KZ") == [(first, 0), (queued[1], 0), (queued[2], 0)]
    assert outbox(small) == ["FINAL"] * 4
    after = ask(small)
    small.sync()
    assert arrived(small, "KG")[-1] == (after, 0)


def test_what_was_sealed_anew_still_reads_and_proves_itself(small: World) -> None:
    request = ask(small)
    revoke(small)
    renew(small)
    small.sync()
    node = small.node("TJ")
    rustam = someone(node, "rustam")
    with node.db.write() as session:
        detail = messages.read(session, node, rustam, request)
        row = session.get_one(MessageRow, request)
        header = cme.parse(row.envelope).header
        assert (detail.key_id, row.eid) == (node.keys.signing.kid, cme.parse(row.envelope).eid)
        assert header.id == request.replace("-", "")
        acts = session.scalars(select(EventRow.operation).where(EventRow.message_id == request)).all()
    assert "KEY_CHANGE" in acts
    assert "RESEALED" in causes(small)


def test_without_a_next_key_everything_waits_and_the_administrator_is_told(small: World) -> None:
    ask(small)
    revoke(small)
    assert Alarm.SIGNING_KEY_ENDED in causes(small)
    for _ in range(2):
        assert any(one.startswith("push") for one in courier.sync_once(small.node("TJ")).failed)
    assert outbox(small) == ["QUEUED"]
    renew(small)
    small.sync()
    assert outbox(small) == ["FINAL"]
    assert Alarm.SIGNING_KEY_ENDED not in causes(small)


def test_an_envelope_whose_answer_was_lost_is_not_sealed_anew(small: World) -> None:
    request = ask(small)

    def lose(asked: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if asked.url.path == "/v1/messages":
            raise httpx.ReadTimeout("done, but reported lost", request=asked)
        return answer

    small.units["TJ"].wire.after = lose
    courier.sync_once(small.node("TJ"))
    small.units["TJ"].wire.after = None
    later = ask(small)
    small.desk.restart()  # nothing is answered from memory
    for unit in small.units.values():
        unit.wire.inside = small.desk.client._transport  # type: ignore[assignment]  # the desk gave it one of these
    revoke(small)
    renew(small)
    small.sync()
    assert arrived(small, "KG") == [(request, 0), (later, 0)]
    with small.node("TJ").db.read() as session:
        events = session.scalars(select(EventRow.message_id).where(EventRow.operation == "KEY_CHANGE")).all()
    assert request not in events
    assert later in events


def test_what_the_hub_gave_a_receipt_for_is_never_sealed_anew(small: World) -> None:
    ask(small)
    courier.sync_once(small.node("TJ"))
    with small.desk.db.write() as session:
        session.connection().execute(MESSAGE.delete())
        session.connection().exec_driver_sql("DELETE FROM sender")
    ask(small)
    revoke(small)
    renew(small)
    assert Alarm.HISTORY_LOST in causes(small)
    assert outbox(small) == ["ACCEPTED", "QUEUED"]


def test_our_receipts_are_signed_again_under_the_next_key(small: World) -> None:
    ask(small)
    small.sync("TJ", rounds=1)
    kg = small.units["KG"]

    def fail(request: httpx.Request) -> None:
        if request.url.path == "/v1/receipts":
            raise httpx.ConnectError("lost", request=request)

    kg.wire.before = fail
    courier.sync_once(kg.node)
    kg.wire.before = None
    revoke(small, "KG")
    renew(small, "KG")
    small.sync()
    with small.node("TJ").db.read() as session:
        assert session.scalars(select(DeliveryRow.state)).all() == ["DELIVERED"]
    with small.node("KG").db.read() as session:
        assert session.scalars(select(ReceiptRow.outcome).where(ReceiptRow.origin == "OWN")).all() == ["LOGGED"]


def test_a_recipient_that_has_left_refuses_the_message_for_good_and_stops_nothing(small: World) -> None:
    ask(small, ("KZ",))
    staying = ask(small, ("KG",))
    revoke(small)
    document = founding.without_unit(small.desk.hub.register.current.federation, "KZ", small.now)
    administration.publish(small.desk.hub, Publication(sign_federation(document, small.desk.world.roots[:2])))
    renew(small)
    small.sync("TJ", "KG")
    assert outbox(small) == ["REFUSED", "FINAL"]
    assert [message for message, _ in arrived(small, "KG")] == [staying]


def test_a_queue_of_an_older_release_shows_a_gap_rather_than_stand_still(small: World) -> None:
    ask(small)
    with small.node("TJ").db.write() as session:
        session.scalars(select(DeliveryRow)).one().pair_seq = None
    revoke(small)
    renew(small)
    small.sync()
    assert [gap for _, gap in arrived(small, "KG")] == [1]


def test_after_a_theft_the_unit_gets_an_encryption_key_that_others_believe(small: World) -> None:
    node = small.node("TJ")
    small.pass_time(8 * DAY)
    small.sync()
    stolen_since = small.now - 2 * DAY
    revoke(small, stolen_since=stolen_since)
    renew(small)
    small.sync()
    record = small.node("KG").directory().encryption_key("TJ", small.now)
    assert record.kid in node.keys.encryption


def test_only_our_own_keys_are_withdrawn_and_only_with_the_root(small: World) -> None:
    node, kid = small.node("TJ"), small.node("TJ").keys.signing.kid
    before = len(node.directory().parts.statements)
    foreign = keys.open_root(small.node("KG").settings, PASSPHRASE)
    with pytest.raises(NotFound):
        withdraw(node, Withdrawal(small.node("KG").keys.signing.kid))
    with HubClient(node) as client:
        with pytest.raises(BadInput):
            rotation.revoke(node, client, rotation.withdraw(node.settings, foreign, Withdrawal(kid), small.now))
        upkeep.refresh(node, client)
    assert len(node.directory().parts.statements) == before
