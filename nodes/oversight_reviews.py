"""Access reviews: simple rules that say which reading is worth a question, each finding with the entries behind it.

Logs serve lawfulness, self-monitoring, security and criminal proceedings alone (article 25(2) of Directive (EU)
2016/680): a finding names one occasion, nothing is added up by person, and nobody is compared with anybody.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, exists, select
from sqlalchemy.orm import Session

from exchange.policy.facts import Action
from nodes import log
from nodes.account_tables import RoleRow
from nodes.node import Node
from nodes.oversight_proofs import look
from nodes.oversight_scope import within
from nodes.permissions import require
from nodes.tables import EventRow, MemberRow
from nodes.views import Actor

Query = Select[int, int, str | None, str | None]

HOUR: Final = 3600
QUARTER: Final = 900
MANY_CASES: Final = 10
"""More different cases than this, read by one person within an hour, are shown."""
MANY_REFUSALS: Final = 5
WORKING_HOURS: Final = (7, 20)
"""Local hours in which reading needs no explanation on a working day."""
ON_DUTY: Final = ("SPOC_DUTY", "SUPERVISOR")
"""Roles whose holders are meant to read at night."""
MOST: Final = 100


class Rule(StrEnum):
    """Why an occasion is shown."""

    BREAK_GLASS = "BREAK_GLASS"
    NOT_ASSIGNED = "NOT_ASSIGNED"
    MANY_CASES = "MANY_CASES"
    OUT_OF_HOURS = "OUT_OF_HOURS"
    NO_CASE = "NO_CASE"
    REFUSALS = "REFUSALS"


@dataclass(frozen=True, slots=True)
class Occasion:
    """One occasion: who, from when to when (unix seconds), in how many cases, and the entries of the log behind it."""

    rule: Rule
    actor: str
    first: int
    last: int
    cases: int
    entries: tuple[int, ...]


class Event(NamedTuple):
    """What the rules look at: an entry of the index without words."""

    entry: int
    at: int
    actor: str
    case_id: str | None


def review(session: Session, node: Node, actor: Actor, since: int, until: int) -> dict[Rule, tuple[Occasion, ...]]:
    """Return the occasions of [since, until) under their rules, newest first, and log the look; raises `Denied`."""
    require(actor, Action.READ_LOG)
    period = EventRow.at >= since, EventRow.at < until, EventRow.actor != log.SYSTEM, *within(actor)
    events = select(EventRow.index, EventRow.at, EventRow.actor, EventRow.case_id).where(*period)
    read = _events(session, events.where(EventRow.operation.in_(("CONSULT", "SEARCH"))))
    refused = _events(session, events.where(EventRow.denied == 1))
    found = {
        Rule.BREAK_GLASS: _emergencies(session, actor, events),
        Rule.NOT_ASSIGNED: _alone(Rule.NOT_ASSIGNED, session, events.where(_not_assigned())),
        Rule.MANY_CASES: crowded(Rule.MANY_CASES, read, MANY_CASES, lambda one: one.case_id),
        Rule.OUT_OF_HOURS: out_of_hours(_without(read, _on_duty(session)), ZoneInfo(node.settings.time_zone)),
        Rule.NO_CASE: _alone(Rule.NO_CASE, session, events.where(*_SEARCHED)),
        Rule.REFUSALS: crowded(Rule.REFUSALS, refused, MANY_REFUSALS, lambda one: str(one.entry)),
    }
    look(session, node, actor, "REVIEW", f"SINCE.{_day(since)}", f"UNTIL.{_day(until)}")
    return {rule: tuple(sorted(some, key=lambda one: -one.first)[:MOST]) for rule, some in found.items()}


def crowded(rule: Rule, events: Sequence[Event], most: int, what: Callable[[Event], str | None]) -> list[Occasion]:
    """Return for each person the hours with more than `most` different things, each hour beginning with its first."""
    by_person: dict[str, list[Event]] = {}
    for one in events:
        if what(one) is not None:
            by_person.setdefault(one.actor, []).append(one)
    found = []
    for mine in by_person.values():
        held: Counter[str | None] = Counter()
        start = end = 0
        while start < len(mine):
            while end < len(mine) and mine[end].at < mine[start].at + HOUR:
                held[what(mine[end])] += 1
                end += 1
            if len(held) > most:
                found.append(_occasion(rule, mine[start:end]))
                held.clear()
                start = end
                continue
            first = what(mine[start])
            held[first] -= 1
            if not held[first]:
                del held[first]
            start += 1
    return found


def out_of_hours(events: Iterable[Event], zone: ZoneInfo) -> list[Occasion]:
    """Return reading at night or at a weekend in `zone`, one occasion for each person and night."""
    nights: dict[tuple[str, str], list[Event]] = {}
    known: dict[int, str] = {}
    for one in events:
        quarter = one.at // QUARTER  # no zone is off by less
        if quarter not in known:
            known[quarter] = _night(datetime.fromtimestamp(one.at, zone))
        if known[quarter]:
            nights.setdefault((one.actor, known[quarter]), []).append(one)
    return [_occasion(Rule.OUT_OF_HOURS, some) for some in nights.values()]


_SEARCHED: Final = (EventRow.operation == "SEARCH", EventRow.case_id.is_(None))


def _not_assigned() -> ColumnElement[bool]:
    member = exists().where(
        MemberRow.case_id == EventRow.case_id, MemberRow.user_id == EventRow.actor, MemberRow.since <= EventRow.at
    )
    return (EventRow.operation == "CONSULT") & EventRow.case_id.is_not(None) & ~member


def _night(local: datetime) -> str:
    """The night or day off that a moment belongs to, named by the day on which it began; empty in working hours."""
    if local.weekday() < 5 and WORKING_HOURS[0] <= local.hour < WORKING_HOURS[1]:
        return ""
    return (local - timedelta(hours=WORKING_HOURS[0])).date().isoformat()


def _emergencies(session: Session, actor: Actor, events: Query) -> list[Occasion]:
    """Each emergency access, with what the same person read in the hour that it opens."""
    found = []
    for opened in _events(session, events.where(EventRow.operation == "BREAK_GLASS")):
        query = select(EventRow.index, EventRow.at, EventRow.actor, EventRow.case_id).where(
            EventRow.actor == opened.actor,
            EventRow.at >= opened.at,
            EventRow.at < opened.at + HOUR,
            EventRow.index >= opened.entry,
            *within(actor),
        )
        found.append(_occasion(Rule.BREAK_GLASS, _events(session, query)))
    return found


def _on_duty(session: Session) -> frozenset[str]:
    return frozenset(session.scalars(select(RoleRow.user_id).where(RoleRow.role.in_(ON_DUTY))))


def _without(events: Iterable[Event], people: frozenset[str]) -> list[Event]:
    return [one for one in events if one.actor not in people]


def _events(session: Session, query: Query) -> list[Event]:
    rows = session.execute(query.order_by(EventRow.index))
    return [Event(index, at, actor or "", case_id) for index, at, actor, case_id in rows.all()]


def _alone(rule: Rule, session: Session, query: Query) -> list[Occasion]:
    """Each of the newest entries that the query finds is an occasion by itself."""
    rows = session.execute(query.order_by(EventRow.index.desc()).limit(MOST)).all()
    return [_occasion(rule, [Event(index, at, actor or "", case_id)]) for index, at, actor, case_id in rows]


def _occasion(rule: Rule, events: Sequence[Event]) -> Occasion:
    cases = len({one.case_id for one in events if one.case_id is not None})
    first, last = events[0], events[-1]
    return Occasion(rule, first.actor, first.at, last.at, cases, tuple(one.entry for one in events))


def _day(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()
