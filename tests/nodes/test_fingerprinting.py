"""Requests of before there were fingerprints get theirs after the upgrade, some at a time, and are then found."""

from sqlalchemy import select, update

from nodes import asking, checking, drafts, fingerprinting, timers
from nodes.drafts import NewDraft, Saved
from nodes.fingerprint_tables import FingerprintDueRow, FingerprintRow
from nodes.node import MIGRATIONS, Node
from nodes.tables import MessageRow
from nodes.views import DraftForm
from tests.messages import BODIES, form_labels, lorry, person
from tests.nodes.world import World, send, someone


def due(node: Node) -> set[str]:
    with node.db.read() as session:
        return set(session.scalars(select(FingerprintDueRow.message_id)))


def found(node: Node) -> set[str]:
    """The earlier requests that a new one about the same person would repeat."""
    body = {**BODIES["REQ"], "objects": [person(), lorry()]}
    rustam, form = someone(node, "rustam"), DraftForm(("KZ",), form_labels(), body)
    with node.db.write() as session:
        draft = drafts.create(session, node, rustam, NewDraft("REQ", recipients=("KZ",)))
        drafts.save(session, node, rustam, Saved(draft.draft_id, draft.revision, form))
        before = asking.by_us(session, node, rustam, checking.own(session, node, rustam, draft.draft_id))
    return {one.message_id for one in before.earlier}


def test_old_requests_are_taken_in_some_at_a_time_and_an_erased_one_never(world: World) -> None:
    node = world.node("TJ")
    sent = [send(node, someone(node, "rustam"), NewDraft("REQ", recipients=("KG",))) for _ in range(3)]
    assert (found(node), due(node)) == (set(sent), set())
    node.db.downgrade(MIGRATIONS, "0034")
    node.db.upgrade(MIGRATIONS)
    assert (found(node), due(node)) == (set(), set(sent))
    erased, first, second = sorted(sent)
    with node.db.write() as session:
        session.execute(update(MessageRow).where(MessageRow.message_id == erased).values(sealed=b""))
        fingerprinting.run(session, node, most=2)
    assert (found(node), due(node)) == ({first}, {second})
    timers.run(node)
    timers.run(node)
    assert (found(node), due(node)) == ({first, second}, set())
    with node.db.read() as session:
        assert set(session.scalars(select(FingerprintRow.message_id))) == {first, second}


def test_one_request_that_is_damaged_holds_up_neither_the_others_nor_the_timers(world: World) -> None:
    node = world.node("TJ")
    sent = sorted(send(node, someone(node, "rustam"), NewDraft("REQ", recipients=("KG",))) for _ in range(2))
    node.db.downgrade(MIGRATIONS, "0034")
    node.db.upgrade(MIGRATIONS)
    with node.db.write() as session:
        session.execute(update(MessageRow).where(MessageRow.message_id == sent[0]).values(sealed=bytes(64)))
    timers.run(node)
    assert (sent[0] in found(node), sent[1] in found(node), due(node) & set(sent)) == (False, True, set())
