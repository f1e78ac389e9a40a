"""A message that needs a second person leaves with exactly the text that he agreed to, and not before."""

from dataclasses import replace

import pytest

from nodes import approvals, checking, drafts, outbox, releasing
from nodes.approvals import Step
from nodes.drafts import NewDraft, Saved
from nodes.errors import Denied, NotApproved, NotFound, OutOfStep, Refused
from nodes.node import Node
from nodes.outbox import Checked
from nodes.views import Actor, DraftForm
from tests.messages import BODIES, form_labels, lorry, person
from tests.nodes.world import World, someone

RESTRICTED = {"handling": ["H2"], "source_at_risk": "YES", "handling_reason": "A source in Osh."}
REASON = "the source is at risk in this case"


def written(node: Node, actor: Actor, **changes: object) -> str:
    """A complete request under H2, as a draft."""
    with node.db.write() as session:
        draft = drafts.create(session, node, actor, NewDraft("REQ", recipients=("KG",)))
        common = {**form_labels(), **(changes or RESTRICTED)}
        form = DraftForm(("KG",), common, {**BODIES["REQ"], "objects": [person(), lorry()]})
        return drafts.save(session, node, actor, Saved(draft.draft_id, 1, form)).draft_id


def ask(node: Node, actor: Actor, draft_id: str) -> None:
    with node.db.write() as session:
        releasing.ask(session, node, actor, draft_id, REASON)


def decide(node: Node, actor: Actor, step: Step = Step.APPROVE) -> None:
    with node.db.write() as session:
        for one in approvals.pending(session, node, actor):
            approvals.decide(session, node, actor, (one.approval_id, one.digest), step)


def seal(node: Node, actor: Actor, draft_id: str) -> str:
    with node.db.write() as session:
        revision = drafts.get(session, node, actor, draft_id).revision
        return outbox.seal(session, node, actor, Checked(draft_id, revision))


@pytest.fixture
def tj(small: World) -> Node:
    return small.node("TJ")


def test_a_restricted_message_leaves_once_a_supervisor_has_agreed(tj: Node) -> None:
    rustam, farida = someone(tj, "rustam"), someone(tj, "farida")
    draft = written(tj, rustam)
    with pytest.raises(NotApproved):
        seal(tj, rustam, draft)
    ask(tj, rustam, draft)
    with pytest.raises(NotApproved):
        seal(tj, rustam, draft)
    decide(tj, farida)
    assert seal(tj, rustam, draft)


def test_a_change_after_the_agreement_makes_it_void_and_it_is_asked_for_again(tj: Node) -> None:
    rustam, farida = someone(tj, "rustam"), someone(tj, "farida")
    draft = written(tj, rustam)
    ask(tj, rustam, draft)
    decide(tj, farida)
    with tj.db.write() as session:
        kept = drafts.get(session, tj, rustam, draft)
        form = DraftForm(kept.recipients, {**kept.common, "subject_line": "Something else"}, kept.body)
        drafts.save(session, tj, rustam, Saved(draft, kept.revision, form))
    with pytest.raises(NotApproved):
        seal(tj, rustam, draft)
    ask(tj, rustam, draft)
    decide(tj, farida)
    assert seal(tj, rustam, draft)


def test_a_refusal_is_final_for_this_text_and_nothing_leaves(tj: Node) -> None:
    rustam, farida = someone(tj, "rustam"), someone(tj, "farida")
    draft = written(tj, rustam)
    ask(tj, rustam, draft)
    decide(tj, farida, Step.REFUSE)
    with pytest.raises(NotApproved):
        seal(tj, rustam, draft)


def test_the_decider_reads_what_he_decides_about_and_nobody_else_does(tj: Node) -> None:
    rustam, farida, otabek = (someone(tj, name) for name in ("rustam", "farida", "otabek"))
    draft = written(tj, rustam)
    ask(tj, rustam, draft)
    with tj.db.write() as session:
        (waiting,) = approvals.pending(session, tj, farida)
        assert releasing.shown(session, tj, farida, waiting.approval_id).draft_id == draft
        with pytest.raises(NotFound):
            releasing.shown(session, tj, otabek, waiting.approval_id)
        with pytest.raises(Denied):
            approvals.decide(session, tj, rustam, (waiting.approval_id, waiting.digest), Step.APPROVE)


def test_a_message_without_a_reason_needs_nobody(tj: Node) -> None:
    rustam = someone(tj, "rustam")
    draft = written(tj, rustam, **form_labels())
    with pytest.raises(OutOfStep):
        ask(tj, rustam, draft)
    assert seal(tj, rustam, draft)


def test_a_doubt_about_human_rights_is_a_supervisors_to_decide(tj: Node) -> None:
    rustam = someone(tj, "rustam")
    draft = written(tj, rustam)
    with tj.db.write() as session:
        kept = drafts.get(session, tj, rustam, draft)
        rights = {"human_rights": {**BODIES["REQ"]["human_rights"], "death_penalty": "UNKNOWN"}}
        form = DraftForm(kept.recipients, kept.common, {**kept.body, **rights})
        drafts.save(session, tj, rustam, Saved(draft, kept.revision, form))
        found = [need.code for need in releasing.needs(session, tj, rustam, checking.own(session, tj, rustam, draft))]
    assert found == ["SEND_RESTRICTED", "HUMAN_RIGHTS"]


def test_who_is_not_cleared_for_a_message_neither_reads_nor_approves_it(tj: Node) -> None:
    rustam, farida = someone(tj, "rustam"), replace(someone(tj, "farida"), clearance="UNCL")
    draft = written(tj, rustam)
    ask(tj, rustam, draft)
    with tj.db.write() as session:
        (waiting,) = approvals.pending(session, tj, farida)
        with pytest.raises(Refused):
            releasing.shown(session, tj, farida, waiting.approval_id)
