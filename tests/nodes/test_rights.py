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
from tests.nodes.permits import arrived, lie, refused
from tests.nodes.world import World, agree, send, someone

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
    writer = someone(node, "dilnoza")
    with node.db.write() as session:
        draft = drafts.create(session, node, writer, NewDraft("REQ", recipients=(to,)))
        form = DraftForm((to,), {**form_labels(), **labels}, {**body, **rights, "objects": nobody()})
        return drafts.save(session, node, writer, Saved(draft.draft_id, 1, form)).draft_id


def answering(node: Node, request: str, **body: Any) -> str:
    """KG's answer to a request, labelled as of other crime; a member of the body that is None is left out."""
    writer = someone(node, "dilnoza")
    given = {name: value for name, value in {**BODIES["ANS"], **body}.items() if value is not None}
    with node.db.write() as session:
        draft = drafts.create(session, node, writer, NewDraft("ANS", in_reply_to=request))
        form = DraftForm(draft.recipients, form_labels(**OTHER_CRIME), given)
        return drafts.save(session, node, writer, Saved(draft.draft_id, 1, form)).draft_id


def faults(node: Node, draft_id: str) -> tuple[Fault, ...]:
    writer = someone(node, "dilnoza")
    with node.db.read() as session:
        return checking.own(session, node, writer, draft_id).faults


def needs(node: Node, draft_id: str) -> list[str]:
    writer = someone(node, "dilnoza")
    with node.db.write() as session:
        judged = checking.own(session, node, writer, draft_id)
        return [one.code for one in releasing.needs(session, node, writer, judged)]


def seal(node: Node, draft_id: str) -> str:
    writer = someone(node, "dilnoza")
    agree(node, writer, draft_id)
    with node.db.write() as session:
        revision = drafts.get(session, node, writer, draft_id).revision
        return outbox.seal(session, node, writer, Checked(draft_id, revision))


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
    unsure = written(tj, UNSURE)
    assert needs(tj, unsure) == ["HUMAN_RIGHTS"]
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


def asked_before(world: World, *pairs: RightsPair) -> str:
    """TJ asked KG about organised crime, then the federation listed these pairs."""
    tj = world.node("TJ")
    request = send(tj, someone(tj, "rustam"), NewDraft("REQ", recipients=("KG",)))
    world.sync()
    world.decide(rights_pairs=pairs)
    return request


def test_an_answer_that_tells_something_is_asked_whatever_crime_it_is_labelled_with(small: World) -> None:
    request, kg = asked_before(small, pair("KG", "TJ")), small.node("KG")
    small.sync("KG")
    silent = answering(kg, request, human_rights=None)
    assert [(one.code, one.field) for one in faults(kg, silent)] == [("HUMAN_RIGHTS_MISSING", "body.human_rights")]
    nothing = [{"item_no": number, "outcome": "NONE_HELD"} for number in (1, 2)]
    assert faults(kg, answering(kg, request, human_rights=None, items=nothing, outcome="NONE")) == ()
    unsure = answering(kg, request, **UNSURE)
    assert needs(kg, unsure) == ["HUMAN_RIGHTS"]
    assert seal(kg, unsure)


def test_an_answer_without_the_check_is_refused_unless_its_release_had_no_field_for_it(small: World) -> None:
    request = asked_before(small, pair("KG", "TJ", not_before=LONG_KNOWN))
    small.sync("TJ")
    lie(small, "KG", NewDraft("ANS", in_reply_to=request), "TJ", "1.1", human_rights=None)
    assert (refused(small, "TJ"), arrived(small, "TJ", "ANS")) == (["KIND_FORBIDDEN"], [])
    lie(small, "KG", NewDraft("ANS", in_reply_to=request), "TJ", human_rights=None)
    assert (refused(small, "TJ"), len(arrived(small, "TJ", "ANS"))) == (["KIND_FORBIDDEN"], 1)
