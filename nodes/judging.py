"""What the rules say about a case or a message of this unit: the facts are gathered here, `exchange.policy` decides.

A refusal for want of need to know shows as `NotFound`, so that nothing can be probed; once somebody may read the case,
a refusal names its rules. Nothing here is a rule of its own.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import Session

from crypto.canonical import Json
from exchange.policy.facts import CASE_ITSELF, Act, Circumstances, Item, Person, Question, rank_of
from exchange.policy.rulebook import Decision
from nodes import fates, grants, recalled
from nodes.account_tables import UserRow
from nodes.approvals import State
from nodes.errors import Refused, RestrictionUnread
from nodes.fates import Fate
from nodes.grants import Grant
from nodes.node import Node
from nodes.protection_tables import ApprovalRow, EmergencyRow
from nodes.tables import CaseRow, MemberRow, MessageRow
from nodes.views import Actor
from schemas.items import Item as Received
from schemas.kind import Kind
from schemas.kinds import KINDS

_CONFIRM: Final = "CONFIRM_TEXT"
PROTECTION: Final = frozenset(kind.code for kind in KINDS.values() if kind.protection)
"""The kinds of message that are about data protection itself."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a person stands to a case: works on it or not, opened it in an emergency, and whose agencies work on it.

    `protection`: the case is about data protection itself; `fate`: what has become of it.
    """

    on_team: bool = False
    agencies: frozenset[str] = frozenset()
    emergency: bool = False
    protection: bool = False
    fate: Fate = fates.NOTHING


@dataclass(frozen=True, slots=True)
class Subject:
    """A message as the rules see it: its row, its labels, how the person stands to its case, and permissions.

    `recalled`: another unit says that it was sent here by mistake.
    """

    row: MessageRow
    labels: Mapping[str, Json]
    standing: Standing
    recalled: bool
    permissions: tuple[Grant, ...] = ()


@dataclass(frozen=True, slots=True)
class Wish:
    """An act with a message: to whom, for which purpose if another than its own, and what was done before it.

    `inspects`: two auditors opened it to the one who asks. `approved`: a second person agrees to it, and `proved`: the
    person is there; both are seen to where it is done (`nodes.approvals`, `nodes.proofs`).
    """

    act: Act
    to: str = ""
    purpose: str = ""
    text_confirmed: bool = False
    approved: bool = False
    proved: bool = False
    inspects: bool = False


@dataclass(frozen=True, slots=True)
class Own:
    """A message of this unit that was not sent yet: its author, kind and labels, and how one stands to its case."""

    author: str
    kind: Kind
    labels: Mapping[str, Json]
    standing: Standing = Standing()


def standing(session: Session, node: Node, actor: Actor, case_id: str) -> Standing:
    """Return how `actor` stands to one case."""
    return standings(session, node, actor, [case_id])[case_id]


def standings(session: Session, node: Node, actor: Actor, case_ids: Iterable[str]) -> dict[str, Standing]:
    """Return how `actor` stands to each of these cases, with three queries."""
    wanted = set(case_ids)
    chosen = (
        select(MemberRow.case_id, MemberRow.user_id, UserRow.agency)
        .join(UserRow, UserRow.user_id == MemberRow.user_id)
        .where(MemberRow.case_id.in_(wanted))
    )
    teams: dict[str, dict[str, str]] = {case_id: {} for case_id in wanted}
    for case_id, user_id, agency in session.execute(chosen):
        teams[case_id][user_id] = agency
    opened = set(session.scalars(opened_by(actor, node.now())))
    protected = exists().where(MessageRow.case_id == CaseRow.case_id, MessageRow.kind.in_(PROTECTION))
    known = select(CaseRow.case_id, protected, *fates.columns(node.now())).where(CaseRow.case_id.in_(wanted))
    found = {case_id: (protection, Fate(*fate)) for case_id, protection, *fate in session.execute(known)}
    return {
        case: Standing(actor.user_id in team, frozenset(team.values()), case in opened, *found.get(case, ()))
        for case, team in teams.items()
    }


def opened_by(actor: Actor, now: int) -> Select[str]:
    """Return the query for the cases that `actor` opened in an emergency and that are open to him at `now`."""
    approved = EmergencyRow.approval_id == ApprovalRow.approval_id
    chosen = select(EmergencyRow.case_id).join(ApprovalRow, approved).where(ApprovalRow.state != State.REFUSED)
    return chosen.where(EmergencyRow.user_id == actor.user_id, EmergencyRow.ends > now)


def subject(session: Session, node: Node, actor: Actor, row: MessageRow, labels: Mapping[str, Json]) -> Subject:
    """Return a message as the rules see it for `actor`, with the permissions that hold for it now."""
    held = grants.covering(session, node.now(), Received(row.message_id))
    return Subject(row, labels, standing(session, node, actor, row.case_id), is_recalled(session, node, row), held)


def is_recalled(session: Session, node: Node, row: MessageRow) -> bool:
    """Return whether another unit says that a message was sent here by mistake."""
    return bool(recalled.among(session, node.unit, [row.message_id]))


def reads_case(node: Node, actor: Actor, to_case: Standing) -> bool:
    """Return whether `actor` may look into the case as such: what any message of it would need, whatever its codes."""
    return _reads(node, actor, to_case, CASE_ITSELF)


def reads_of_case(node: Node, actor: Actor, to_case: Standing, family: str) -> bool:
    """Return whether `actor` may look into the case, or at least into the messages of one family that belong to it.

    Whoever decides about permissions reads what is asked about a case without working on it.
    """
    return _reads(node, actor, to_case, CASE_ITSELF) or _reads(node, actor, to_case, family)


def _reads(node: Node, actor: Actor, to_case: Standing, family: str) -> bool:
    plain = replace(_case(node, to_case), family=family, expired=False, erased=False)
    now = Circumstances(node.settings.env, on_team=to_case.on_team, emergency=to_case.emergency)
    return actor.rules.decide(Question(person(node, actor), Act.READ, plain, now)).allowed


def _case(node: Node, to_case: Standing) -> Item:
    """Return the case itself as the rules see it; a message of it differs in what its row and its labels say."""
    return Item(
        holder=node.unit,
        originator=node.unit,
        env=node.settings.env,
        family=CASE_ITSELF,
        classification=0,
        handling=frozenset({"H0"}),
        purposes=frozenset(),
        agencies=to_case.agencies,
        held=to_case.fate.held,
        expired=to_case.fate.expired,
        erased=to_case.fate.erased,
        protection=to_case.protection,
    )


def decide_case(node: Node, actor: Actor, to_case: Standing, wish: Wish) -> Decision:
    """Return what the rules say about `wish` with the case itself, whatever its messages are."""
    now = Circumstances(
        node.settings.env,
        on_team=to_case.on_team,
        approved=wish.approved,
        emergency=to_case.emergency,
        fresh_factor=wish.proved,
    )
    return actor.rules.decide(Question(person(node, actor), wish.act, _case(node, to_case), now))


def decide(node: Node, actor: Actor, subject: Subject, wish: Wish) -> Decision:
    """Return what the rules say about `wish` with one message; a permission counts for its own purpose alone."""
    row, labels = subject.row, subject.labels
    given = str(labels.get("purpose", ""))
    purpose = wish.purpose or given
    whole = _case(node, subject.standing)
    item = replace(
        whole,
        originator=row.sender,
        env=row.env,
        family=row.family,
        classification=rank_of(row.classification),
        handling=_codes(labels.get("handling")),
        purposes=frozenset({given}),
        permissions=frozenset(one.action for one in subject.permissions if one.purpose == purpose),
        erased=whole.erased or not row.sealed,
        recalled=subject.recalled,
        protection=row.kind in PROTECTION,
    )
    now = Circumstances(
        env=node.settings.env,
        on_team=subject.standing.on_team,
        author=row.author == actor.user_id,
        approved=wish.approved,
        inspects=wish.inspects,
        emergency=subject.standing.emergency,
        purpose=purpose,
        to=wish.to,
        text_confirmed=wish.text_confirmed,
        fresh_factor=wish.proved,
    )
    return actor.rules.decide(Question(person(node, actor), wish.act, item, now))


def require(node: Node, actor: Actor, subject: Subject, wish: Wish) -> None:
    """Return if the rules allow it.

    Raises `RestrictionUnread` where only the reading of the sender's own words is missing, and else `Refused`, which
    names the rules and is logged by its handler.
    """
    decision = decide(node, actor, subject, wish)
    if decision.allowed:
        return
    if decision.rules and all(rule.remedy == _CONFIRM for rule in decision.rules):
        raise RestrictionUnread
    raise Refused(wish.act.value, decision.rules)


def require_own(node: Node, actor: Actor, own: Own, act: Act, *, approved: bool = False) -> None:
    """Return if the rules let `actor` send or approve what an author of this unit wrote; raises `Refused`.

    `approved`: a second person agreed to it. That whoever approves is there is proved at the decision itself.
    """
    purpose = str(own.labels.get("purpose", ""))
    item = replace(
        _case(node, own.standing),
        family=own.kind.family,
        classification=rank_of(str(own.labels.get("classification", "UNCL"))),
        handling=_codes(own.labels.get("handling")),
        purposes=frozenset({purpose}),
        protection=own.kind.protection,
    )
    now = Circumstances(
        env=node.settings.env,
        on_team=own.standing.on_team,
        author=own.author == actor.user_id,
        approved=approved,
        purpose=purpose,
        fresh_factor=True,
    )
    decision = actor.rules.decide(Question(person(node, actor), act, item, now))
    if not decision.allowed:
        raise Refused(act.value, decision.rules)


def person(node: Node, actor: Actor) -> Person:
    """Return an account of this unit as the rules see it."""
    return Person(node.unit, actor.agency, actor.roles, rank_of(actor.clearance))


def _codes(listed: "Json | None") -> frozenset[str]:
    return frozenset(str(code) for code in listed) if isinstance(listed, list) else frozenset()
