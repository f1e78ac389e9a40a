"""What needs a second person before a message may be sealed: asking, showing it to the decider, using the approval up.

A kind declares the reasons (`Kind.approvals_needed`), and the rules say who may send it then. What is approved is
exactly the text of the draft: its digest is among the parameters of the approval (`nodes.approvals`), so that a change
after it makes it void. Nothing is sealed here.
"""

import hashlib
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy.orm import Session

from exchange.policy.facts import Act
from nodes import approvals, checking, deciding, draft_rows, judging, log
from nodes.approvals import Approval, State, Wanted
from nodes.checking import Judged
from nodes.errors import NotApproved, NotFound, OutOfStep
from nodes.judging import Own, Standing
from nodes.node import Node
from nodes.permissions import require
from nodes.tables import DraftRow
from nodes.views import Actor, Draft
from schemas.content import Content
from schemas.kinds import kind_of
from schemas.words import Words

RESTRICTED: Final = "SEND_RESTRICTED"
"""The one approval that the rules ask for themselves: agreement to anything else opens no handling code."""


@dataclass(frozen=True, slots=True)
class Need:
    """One reason for which a second person must agree, and how far that is: None if it was not asked for this text."""

    code: str
    words: Words
    approval: Approval | None

    @property
    def met(self) -> bool:
        """Whether the second person has agreed to exactly this text."""
        return self.approval is not None and self.approval.state is State.APPROVED


def needs(session: Session, node: Node, actor: Actor, judged: Judged) -> tuple[Need, ...]:
    """Return what a draft of the author's needs before it may be sealed; nothing while something is wrong with it.

    Raises `Refused` where the rules let the author not send it at all, or not decide what it decides.
    """
    draft = judged.written.draft
    if judged.content is None:
        return ()
    judging.require_own(node, actor, _own(draft), Act.RELEASE, approved=True)
    deciding.require(session, node, actor, draft.kind, judged.content.body)
    found = judged.content.declared.approvals_needed(judged.content.facts())
    return tuple(Need(one.code, one.words, _standing(session, node, _wanted(one.code, draft))) for one in found)


def ask(session: Session, node: Node, actor: Actor, draft_id: str, reason: str) -> None:
    """Ask for everything that the draft, as it stands, still needs; what was asked for an older text is taken back.

    Raises `NotFound`, `OutOfStep` where nothing is needed, and what `needs` and `approvals.ask` raise.
    """
    judged = checking.own(session, node, actor, draft_id)
    open_ = [need for need in needs(session, node, actor, judged) if need.approval is None]
    if not open_:
        raise OutOfStep
    draft = judged.written.draft
    for need in open_:
        wanted = _wanted(need.code, draft)
        older = approvals.waiting(session, node, wanted.what, wanted.target)
        if older is not None:
            approvals.withdraw(session, node, actor, older.approval_id)
        approvals.ask(session, node, actor, wanted, reason)


def use(session: Session, node: Node, actor: Actor, draft: Draft, content: Content) -> None:
    """Use up every approval that sealing needs, in the transaction that seals; raises `NotApproved`, `Refused`."""
    needed = [one.code for one in content.declared.approvals_needed(content.facts())]
    for code in needed:
        approvals.take(session, node, actor, _wanted(code, draft))
    judging.require_own(node, actor, _own(draft), Act.RELEASE, approved=RESTRICTED in needed)
    deciding.require(session, node, actor, draft.kind, content.body)


def shown(session: Session, node: Node, actor: Actor, approval_id: str) -> Draft:
    """Return the draft that an approval is about, to whoever decides it, and log the look.

    Raises `NotFound`, `Denied`, `Refused` where the rules keep it from him, and `NotApproved` once the draft is another
    than the one asked about.
    """
    approval = approvals.get(session, node, actor, approval_id)
    require(actor, approvals.RULES[approval.wanted.what].decides)
    row = session.get(DraftRow, approval.wanted.target)
    if row is None:
        raise NotFound
    draft = draft_rows.view(session, node, row)
    if _wanted(approval.wanted.what, draft) != approval.wanted:
        raise NotApproved
    to_case = judging.standing(session, node, actor, row.case_id) if row.case_id is not None else Standing()
    judging.require_own(node, actor, replace(_own(draft), standing=to_case), Act.APPROVE)
    log.record(session, node, replace(log.by(actor, "CONSULT"), subject=draft.draft_id, codes=("DRAFT", draft.kind)))
    return draft


def _own(draft: Draft) -> Own:
    return Own(draft.author, kind_of(draft.kind), draft.common)


def _wanted(code: str, draft: Draft) -> Wanted:
    told = {
        "kind": draft.kind,
        "units": ", ".join((*draft.recipients, *draft.copies)),
        "text": hashlib.sha512(draft_rows.plain(draft.form)).hexdigest(),
    }
    return Wanted(code, draft.draft_id, told, author=draft.author)


def _standing(session: Session, node: Node, wanted: Wanted) -> Approval | None:
    found = approvals.waiting(session, node, wanted.what, wanted.target)
    return found if found is not None and found.wanted == wanted else None
