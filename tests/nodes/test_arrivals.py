"""What arrives is opened in the order of the specification; everything else is quarantined with its reason."""

import uuid
from dataclasses import replace
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from crypto.encryption import EncryptionKey
from crypto.header import GENESIS, HeaderDraft
from crypto.sealing import Recipient, Sealed, seal
from exchange.hub import administration
from nodes import arrivals, collecting, courier, messages, opening, upkeep
from nodes.answers import Frame, FrameKind
from nodes.drafts import NewDraft
from nodes.hub_client import HubClient
from nodes.tables import AlertRow, CursorRow, EventRow, MessageRow, QuarantineRow, ReceiptRow
from nodes.work import Work
from schemas.content import Author, Content
from schemas.content import Recipient as Addressed
from tests.instants import DAY, HOUR
from tests.messages import BODIES, labels, lorry, person
from tests.nodes.world import World, canary, new_signing_key, send, someone


def a_content(world: World, **changes: Any) -> Content:
    number = f"{uuid.uuid4().hex}"
    msg_id = f"{number[:8]}-{number[8:12]}-7{number[13:16]}-8{number[17:20]}-{number[20:]}"
    members: dict[str, Any] = {
        "msg_id": msg_id,
        "kind": "REQ",
        "schema_version": "1.0",
        "mode": "LIVE",
        "case_ref": "TJ-TJ-2026-000123",
        "thread_id": msg_id,
        "author": Author(unit="TJ", agency="POLICE", officer="TJ-0147", name="Rahimova D."),
        "recipients": (Addressed(unit="KG", role="TO"),),
        "created_at": world.now,
        "sent_at": world.now,
        "labels": labels(),
        "body": BODIES["REQ"],
        "objects": (person(), lorry()),
    }
    return Content(**(members | changes))


def forge(world: World, content: bytes, header_id: str, **changes: Any) -> Sealed:
    """Seal and send as TJ whatever is given: the keys are real, the content may be anything."""
    node = world.node("TJ")
    pair_seq, pair_prev = changes.pop("pair", (1, GENESIS))
    chain = world.desk.chains.get("TJ")
    members: dict[str, Any] = {
        "env": "live",
        "ctype": "message",
        "id": header_id.replace("-", ""),
        "sender": "TJ",
        "created": world.now,
        "expires": world.now + 7 * DAY,
        "seq": chain.seq + 1 if chain else 1,
        "prev": chain.prev if chain else GENESIS,
        "family": "operational",
        "urgency": "ROUTINE",
        "classification": "OFFUSE",
        "handling": ("H0",),
    }
    key = changes.pop("key", None) or node.directory().encryption_key("KG", world.now).public
    recipient = Recipient("KG", key, pair_seq, pair_prev)
    sealed = seal(HeaderDraft(**(members | changes)), content, node.keys.signing, [recipient])
    with HubClient(node) as client:
        assert client.post_message(sealed.wire).receipt is not None
    world.desk.consumed(sealed)
    return sealed


def found(world: World) -> list[tuple[str, str]]:
    with world.node("KG").db.read() as session:
        rows = session.execute(select(QuarantineRow.reason, QuarantineRow.state).order_by(QuarantineRow.hub_index))
        return [(row.reason, row.state) for row in rows]


def told(world: World) -> list[tuple[str, str | None]]:
    """What the sender was told: types and reasons of KG's own receipts."""
    from schemas.receipts import Receipt  # noqa: PLC0415 - only here

    with world.node("KG").db.read() as session:
        own = session.scalars(select(ReceiptRow.statement).where(ReceiptRow.origin == "OWN"))
        receipts = [Receipt.from_bytes(statement) for statement in own]
    return [(one.type, one.reason) for one in receipts]


def stored(world: World) -> int:
    with world.node("KG").db.read() as session:
        return session.scalar(select(func.count()).select_from(MessageRow)) or 0


@pytest.mark.parametrize(
    ("finding", "reason", "make"),
    [
        ("CONTENT_INVALID", "SCHEMA_UNKNOWN", {"content": b"{}"}),
        ("CONTENT_INVALID", "SCHEMA_UNKNOWN", {"content": b"\xff"}),
        ("CONTENT_INVALID", "SCHEMA_UNKNOWN", {"body": {}}),
        ("KIND_UNKNOWN", "SCHEMA_UNKNOWN", {"kind": "XYZ"}),
        ("KIND_UNKNOWN", "SCHEMA_UNKNOWN", {"schema_version": "9.0"}),
        ("KIND_UNKNOWN", "SCHEMA_UNKNOWN", {"header": {"ctype": "grant"}}),
        ("LABEL_MISMATCH", "LABEL_MISMATCH", {"header": {"urgency": "URG_LIFE"}}),
        ("LABEL_MISMATCH", "LABEL_MISMATCH", {"header": {"handling": ("H1",)}}),
        ("KIND_FORBIDDEN", "POLICY_DENY", {"author": Author(unit="TJ", agency="CUSTOMS", officer="TJ-1", name="A")}),
    ],
)
def test_what_was_signed_but_breaks_a_rule_is_rejected_with_its_reason(
    small: World, finding: str, reason: str, make: dict[str, Any]
) -> None:
    header, content = make.pop("header", {}) if "header" in make else {}, make.get("content")
    built = a_content(small, **{name: value for name, value in make.items() if name not in {"content", "header"}})
    forge(small, content if content is not None else built.to_bytes(), built.msg_id, **header)
    small.sync("KG")
    assert found(small) == [(finding, "REJECTED")]
    assert told(small) == [("REJECTED", reason)]
    assert stored(small) == 0


def test_every_cryptographic_failure_is_unreadable_outside_and_exact_inside(small: World) -> None:
    lost = EncryptionKey.generate()
    kg = small.node("KG")
    kept = kg.keys
    kg.keys = replace(kept, encryption={lost.kid: lost})
    assert not deliver(small, seal_only(small, a_content(small)))
    assert found(small) == [("UNDECRYPTABLE", "REJECTED")]
    assert told(small) == [("REJECTED", "UNREADABLE")]
    with kg.db.read() as session:
        assert session.scalars(select(EventRow.operation).where(EventRow.operation == "OPEN_FAILED")).all()


def test_the_same_message_again_changes_nothing(small: World) -> None:
    content = a_content(small)
    sealed = forge(small, content.to_bytes(), content.msg_id)
    small.sync("KG")
    kg = small.node("KG")
    with kg.db.read() as session:
        row = session.scalars(select(MessageRow)).one()
        receipt = session.get_one(ReceiptRow, (sealed.eid, "KG", "DELIVERED")).wire
    with HubClient(kg) as client:
        frame = client.inbox(-1, "", 0)[0]
    with kg.db.write() as session:
        work = Work(session, kg)
        assert not arrivals.take(work, opening.examine_all(kg, [frame])[0])
        work.finish()
    with kg.db.read() as session:
        assert session.get_one(ReceiptRow, (sealed.eid, "KG", "DELIVERED")).wire == receipt
    assert (stored(small), found(small), row is not None) == (1, [], True)


def test_an_id_or_a_place_used_twice_is_kept_as_evidence_with_an_alarm(small: World) -> None:
    first, second = a_content(small), a_content(small)
    sealed = forge(small, first.to_bytes(), first.msg_id)
    forge(small, second.to_bytes(), second.msg_id)
    small.sync("KG")
    assert found(small) == [("EQUIVOCATION", "REJECTED")]
    assert ("REJECTED", "EQUIVOCATION") in told(small)
    with small.node("KG").db.read() as session:
        assert "EQUIVOCATION" in session.scalars(select(AlertRow.cause)).all()
        assert session.get(ReceiptRow, (sealed.eid, "KG", "DELIVERED")) is not None


def test_a_gap_marks_the_message_and_closes_when_the_missing_one_comes(small: World) -> None:
    first, second = a_content(small), a_content(small)
    missing = seal_only(small, first)
    forge(small, second.to_bytes(), second.msg_id, pair=(2, missing.eid))
    small.sync("KG")
    node, dilnoza = small.node("KG"), someone(small.node("KG"), "dilnoza")
    with node.db.write() as session:
        assert messages.read(session, node, dilnoza, second.msg_id).row.gap
    deliver(small, missing)
    with node.db.write() as session:
        assert not messages.read(session, node, dilnoza, second.msg_id).row.gap


def seal_only(world: World, content: Content) -> Sealed:
    node = world.node("TJ")
    draft = HeaderDraft(
        env="live",
        ctype="message",
        id=content.msg_id.replace("-", ""),
        sender="TJ",
        created=world.now,
        expires=world.now + DAY,
        seq=99,
        prev=GENESIS,
        family="operational",
        urgency="ROUTINE",
        classification="OFFUSE",
        handling=("H0",),
    )
    key = node.directory().encryption_key("KG", world.now).public
    return seal(draft, content.to_bytes(), node.keys.signing, [Recipient("KG", key, 1, GENESIS)])


def deliver(world: World, sealed: Sealed, entry: bytes | None = None, index: int = 10_000) -> bool:
    """Hand an envelope to KG as the hub would, with the entry it would have logged."""
    import hashlib  # noqa: PLC0415 - only here

    from schemas.entries import MessageEntry  # noqa: PLC0415 - only here

    made = MessageEntry(
        time=world.now,
        nonce="0" * 32,
        eid=sealed.eid,
        sender="TJ",
        to=("KG",),
        sha512=hashlib.sha512(sealed.wire).hexdigest(),
    ).to_bytes()
    node = world.node("KG")
    with node.db.write() as session:
        work = Work(session, node)
        frame = Frame(index, FrameKind.MESSAGE, entry or made, sealed.wire)
        held = arrivals.take(work, opening.examine_all(node, [frame])[0])
        work.finish()
        return held


def test_an_entry_that_is_not_about_the_envelope_is_held_with_an_alarm_and_no_receipt(small: World) -> None:
    content = a_content(small)
    sealed = seal_only(small, content)
    assert deliver(small, sealed, entry=b"{}")
    assert found(small) == [("ENTRY_MISMATCH", "HELD")]
    assert told(small) == []
    with small.node("KG").db.read() as session:
        assert "LOG_ROLLED_BACK" in session.scalars(select(AlertRow.cause)).all()


def test_an_envelope_of_another_environment_or_no_envelope_is_rejected(small: World) -> None:
    content = a_content(small)
    sealed = seal_only(small, content)
    cut = Sealed(sealed.wire[:-1], sealed.eid, sealed.salt, sealed.header)
    assert not deliver(small, cut)
    assert found(small) == [("MALFORMED", "REJECTED")]
    gone = Sealed(b"", "f" * 64, sealed.salt, sealed.header)
    assert deliver(small, gone, index=10_001)
    assert found(small)[1] == ("GONE", "HELD")


def test_a_stale_directory_holds_without_a_receipt_and_heals_with_the_next_one(small: World) -> None:
    content = a_content(small)
    sealed = seal_only(small, content)
    small.now += 6 * DAY
    assert deliver(small, sealed)
    assert (found(small), told(small)) == ([("DIRECTORY_STALE", "HELD")], [])
    small.pass_time(HOUR)
    small.sync("KG")
    assert (found(small), told(small), stored(small)) == ([], [("DELIVERED", None)], 1)


def test_a_suspended_sender_is_held_and_freed_when_reinstated(small: World) -> None:
    administration.suspend(small.desk.hub, "TJ", "AUDIT")
    small.pass_time(60)
    with HubClient(small.node("KG")) as client:
        upkeep.refresh(small.node("KG"), client)
    assert deliver(small, seal_only(small, a_content(small)))
    assert found(small) == [("UNIT_SUSPENDED", "HELD")]
    administration.reinstate(small.desk.hub, "TJ")
    small.pass_time(HOUR)
    courier.sync_once(small.node("KG"))
    assert found(small) == []


def test_a_key_that_is_not_known_yet_is_fetched_at_once(small: World) -> None:
    tj = small.node("TJ")
    new_signing_key(tj)
    small.pass_time(60)
    small.sync("TJ")
    send(tj, someone(tj, "rustam"), NewDraft("REQ", recipients=("KG",)))
    courier.sync_once(tj)
    kg = small.node("KG")
    with HubClient(kg) as client:
        collecting.step(kg, client, 0)
    assert (found(small), stored(small)) == ([], 1)


def test_a_hub_whose_log_went_back_is_not_followed(small: World) -> None:
    kg = small.node("KG")
    send(small.node("TJ"), someone(small.node("TJ"), "rustam"), NewDraft("REQ", recipients=("KG",)))
    small.sync()
    with kg.db.write() as session:
        cursor = session.get_one(CursorRow, "inbox")
        cursor.leaf = "0" * 64
    report = courier.sync_once(kg)
    assert report.failed == ["pull: EX-6036"]
    with kg.db.read() as session:
        assert session.get_one(CursorRow, "inbox").state == "LOG_ROLLED_BACK"
        assert "LOG_ROLLED_BACK" in session.scalars(select(AlertRow.cause)).all()


def test_a_forged_receipt_moves_nothing(small: World) -> None:
    request = send(small.node("TJ"), someone(small.node("TJ"), "rustam"), NewDraft("REQ", recipients=("KG",)))
    small.sync("TJ")

    def flip(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if request.url.path != "/v1/inbox" or not answer.content:
            return answer
        body = bytearray(answer.content)
        body[-40] ^= 1
        return httpx.Response(200, headers=answer.headers, content=bytes(body), request=request)

    small.sync("KG")
    small.units["TJ"].wire.after = flip
    courier.sync_once(small.node("TJ"))
    with small.node("TJ").db.read() as session:
        assert session.scalars(select(ReceiptRow.type)).all() == ["SUBMITTED"]
    assert request


def test_a_canary_is_nowhere_but_in_the_two_units(small: World) -> None:
    word = canary()
    tj = small.node("TJ")
    send(tj, someone(tj, "rustam"), NewDraft("REQ", recipients=("KG",)), {"subject_line": f"Lorry {word}"})
    small.sync()
    for path in small.folder.rglob("*"):
        if path.is_file():
            assert word.encode() not in path.read_bytes(), path
