"""The human-rights gate as the signed list sets it: at the sender, at the recipient, and when the list changes."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest
from sqlalchemy import select

from nodes import checking, drafts, outbox, releasing
from nodes.drafts import NewDraft, Saved
from nodes.errors import Incomplete
from nodes.node import Node
from nodes.outbox import Checked
from nodes.tables import MessageRow, ReceiptRow
from nodes.views import DraftForm, Fault
from schemas.human_rights import KNOWN_AFTER
from schemas.signed_policy import RightsPair
from tests.federation import World as Federated
from tests.federation import pair
from tests.instants import NOW
from tests.messages import BODIES, form_labels, nobody
from tests.nodes.people import Clock
from tests.nodes.world import World, agree, someone

ANSWERED = {"human_rights": BODIES["REQ"]["human_rights"]}
UNSURE = {"human_rights": {**BODIES["REQ"]["human_rights"], "torture": "UNKNOWN"}}
LONG_KNOWN = NOW - KNOWN_AFTER
FEDERATION = Federated(NOW).add("KG", "KZ", "TJ")
OTHER_CRIME: dict[str, Any] = {"crime_areas": ["VEHICLE"]}


def written(
    node: Node, rights: Mapping[str, Any], to: str = "KG", labels: Mapping[str, Any] = MappingProxyType({})
) -> str:
    """A request with these answers about human rights, or none, as a draft."""
    body = {name: value for name, value in BODIES["REQ"].items() if name != "human_rights"}
    rustam = someone(node, "rustam")
    with node.db.write() as session:
        draft = drafts.create(session, node, rustam, NewDraft("REQ", recipients=(to,)))
        form = DraftForm((to,), {**form_labels(), **labels}, {**body, **rights, "objects": nobody()})
        return drafts.save(session, node, rustam, Saved(draft.draft_id, 1, form)).draft_id


def faults(node: Node, draft_id: str) -> tuple[Fault, ...]:
    rustam = someone(node, "rustam")
    with node.db.read() as session:
        return checking.own(session, node, rustam, draft_id).faults


def seal(node: Node, draft_id: str) -> str:
    rustam = someone(node, "rustam")
    agree(node, rustam, draft_id)
    with node.db.write() as session:
        revision = drafts.get(session, node, rustam, draft_id).revision
        return outbox.seal(session, node, rustam, Checked(draft_id, revision))


def fate(world: World, message_id: str) -> set[str]:
    """What TJ holds from KG about a message of its own."""
    with world.node("TJ").db.read() as session:
        eid = select(MessageRow.eid).where(MessageRow.message_id == message_id)
        chosen = select(ReceiptRow.type).where(ReceiptRow.eid == eid.scalar_subquery(), ReceiptRow.origin != "OWN")
        return set(session.scalars(chosen))


def listed(node: Node, *pairs: RightsPair) -> Node:
    """Let the node hold a directory whose list has these pairs."""
    node.held = FEDERATION.directory(document=FEDERATION.federation(rights_pairs=pairs))
    return node


def test_a_listed_pair_must_answer_and_a_supervisor_signs_what_is_unclear(node: Node) -> None:
    tj = listed(node, pair())
    silent = written(tj, {})
    (fault,) = faults(tj, silent)
    assert (fault.code, fault.field) == ("HUMAN_RIGHTS_MISSING", "body.human_rights")
    assert "TJ → KG; Convention against Torture, article 3" in fault.message["en"]
    assert "Конвенция против пыток" in fault.message["ru"]
    with pytest.raises(Incomplete):
        seal(tj, silent)
    rustam, unsure = someone(tj, "rustam"), written(tj, UNSURE)
    with tj.db.write() as session:
        needs = releasing.needs(session, tj, rustam, checking.own(session, tj, rustam, unsure))
    assert [one.code for one in needs] == ["HUMAN_RIGHTS"]
    assert seal(tj, unsure)


def test_other_crime_another_unit_and_the_way_back_are_not_asked(lone: Node) -> None:
    tj = listed(lone, pair("KG", "TJ"), pair())
    assert faults(tj, written(tj, {}, labels=OTHER_CRIME)) == ()
    assert faults(tj, written(tj, {}, "KZ")) == ()
    assert faults(tj, written(tj, {})) != ()
    assert faults(tj, written(tj, ANSWERED)) == ()


def test_until_the_federation_has_decided_every_request_is_asked(lone: Node) -> None:
    lone.held = FEDERATION.directory(document=FEDERATION.federation(rights_pairs=None))
    draft = written(lone, {}, labels=OTHER_CRIME)
    (fault,) = faults(lone, draft)
    assert "nobody is excused" in fault.message["en"]
    assert faults(listed(lone), draft) == ()


def test_a_pair_asks_until_it_ends(lone: Node, clock: Clock) -> None:
    draft = written(listed(lone, pair(not_after=NOW + 60)), {})
    assert faults(lone, draft)
    clock.now += 60
    assert faults(lone, draft) == ()


def test_the_recipient_refuses_what_its_sender_knew_it_had_to_answer(small: World) -> None:
    """The sender's node keeps to an older list: because the newer one did not reach it yet, or because it lies."""
    small.decide(rights_pairs=())
    small.sync(rounds=1)
    tj = small.node("TJ")
    blind = [seal(tj, written(tj, {}, to)) for to in ("KG", "KZ")]
    small.decide(rights_pairs=(pair("TJ", "KG", not_before=small.now), pair("TJ", "KZ", not_before=LONG_KNOWN)))
    small.sync("KG", "KZ", "TJ", rounds=1)
    small.sync("KG", "KZ", "TJ", rounds=1)
    assert ["REJECTED" in fate(small, one) for one in blind] == [False, True]
    assert "DELIVERED" in fate(small, blind[0])
