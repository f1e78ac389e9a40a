"""What the page of a message is made of, in the words of its reader: facts, clocks, owner, receipts, next steps.

It gathers and words; what may be done is decided where it is done.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from exchange.policy.facts import Action
from nodes import concerns
from nodes.permissions import allowed
from nodes.views import Assignment, Clock, Delivery, InboxRow, MessageDetail
from nodes.web import moments, next_steps, onward_pages, permit_words, wording
from nodes.web.duty_pages import colleagues_of
from nodes.web.inbox_pages import kind_label, rows_of
from nodes.web.languages import gettext
from nodes.web.moments import Deadline
from nodes.web.reading import labels_of, people_of, sections_of
from nodes.web.site import Desk
from schemas.kind import Effect
from schemas.kinds import KINDS

_ASKED_FROM_RULES: Final = frozenset(concerns.kinds(Effect.ASKS))
"""Kinds for which a button stands under the rule that forbids something, so that the form begins with what it is."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the summary list: a text, or a moment."""

    label: str
    text: str = ""
    at: int | None = None


@dataclass(frozen=True, slots=True)
class TimeBox:
    """The legal clock of one unit."""

    title: str
    deadline: Deadline
    state: str


@dataclass(frozen=True, slots=True)
class Step:
    """One receipt of a delivery."""

    text: str
    at: int


@dataclass(frozen=True, slots=True)
class Recipient:
    """How far a message came at one unit."""

    unit: str
    sign: str
    state: wording.State
    steps: tuple[Step, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class ThreadLine:
    """A message of the same exchange."""

    message_id: str
    at: int
    kind: str
    subject: str
    from_to: str
    ours: bool
    here: bool


@dataclass(frozen=True, slots=True)
class Hand:
    """One owner the message had."""

    text: str
    at: int
    note: str | None


def content(desk: Desk, found: MessageDetail) -> dict[str, Any]:
    """Return what the message itself says."""
    kind = KINDS[found.row.kind]
    return {
        **marks(desk, found),
        "m": rows_of(desk, (found.row,))[0],
        "language": str(found.common.get("language", "")),
        "facts": _facts(desk, found),
        "parts": (*sections_of(kind, found.body), *labels_of(found.common)),
        "people": people_of(kind, found.body),
    }


def marks(desk: Desk, found: MessageDetail) -> dict[str, Any]:
    """Return the banner that every page of a message bears: its handling, and what is permitted all the same."""
    handling, restriction = [str(code) for code in found.row.handling], str(found.common.get("handling_text", ""))
    return {"banner": wording.banner(handling, restriction, permit_words.held(desk, found.row.message_id))}


def around(desk: Desk, found: MessageDetail, hands: tuple[Assignment, ...]) -> dict[str, Any]:
    """Return what stands beside the message: facts, clocks, owner, thread, receipts, next steps."""
    row, arrived = found.row, found.row.direction == "IN"
    may_give = allowed(desk.actor, Action.ASSIGN) or row.assignee == desk.actor.user_id
    onward = onward_pages.beside(desk, found)
    there = _ASKED_FROM_RULES if onward_pages.asks(onward["onward"]) else frozenset()
    return {
        "arrived": arrived,
        "clocks": _clocks(desk, found),
        "ahead": found.ahead,
        "thread": [_thread_line(desk, one, row.message_id) for one in found.thread],
        "replies": [next_steps.answering(code) for code in found.replies],
        "begins": [next_steps.begun(desk, row, code) for code in found.begins if code not in there],
        "follows": next_steps.follows(row),
        "about": [_thread_line(desk, one, row.message_id) for one in found.about],
        "deliveries": [_recipient(desk, one) for one in found.deliveries] if not arrived else [],
        "assignments": [_hand(one) for one in hands],
        "colleagues": colleagues_of(desk) if may_give and arrived else (),
        "may_take": arrived and row.assignee is None and allowed(desk.actor, Action.TAKE),
        "may_give": arrived and may_give,
        "may_escalate": arrived and row.assignee == desk.actor.user_id,
        "evidence": _evidence(found),
        "leaves": found.leaves,
        **onward,
    }


def _facts(desk: Desk, found: MessageDetail) -> list[Fact]:
    row, common = found.row, found.common
    facts = [
        Fact(gettext("From"), f"{wording.unit_name(desk.node, row.sender)} · {found.author}"),
        Fact(gettext("To"), _names(desk, found.to)),
        Fact(gettext("Received") if row.direction == "IN" else gettext("Sealed"), at=row.at),
        Fact(gettext("Urgency"), wording.label("urgency", row.urgency)),
        Fact(gettext("Classification"), wording.label("classification", row.classification)),
    ]
    if found.copies:
        facts.insert(2, Fact(gettext("Copy to"), _names(desk, found.copies)))
    if found.reason:
        facts.append(Fact(gettext("Why these handling codes"), found.reason))
    if common.get("purpose"):
        facts.append(Fact(gettext("Purpose"), wording.label("purposes", str(common["purpose"]))))
    return facts


def _names(desk: Desk, units: Iterable[str]) -> str:
    return ", ".join(wording.unit_name(desk.node, unit) for unit in units)


def _clocks(desk: Desk, found: MessageDetail) -> list[TimeBox]:
    now = desk.node.now()
    if found.row.direction == "IN":
        given = [(gettext("Time left to answer"), found.row.clock)]
    else:
        given = [(wording.unit_name(desk.node, one.unit), one.clock) for one in found.deliveries]
    return [TimeBox(title, moments.deadline(clock, now), _clock_words(clock)) for title, clock in given if clock]


def _clock_words(clock: Clock) -> str:
    if clock.stopped:
        return gettext("The clock stands still while a clarification is awaited.")
    if clock.state == "ENDED":
        return gettext("The clock has ended with the answer.")
    if clock.started is None:
        return gettext("The clock starts when the message is delivered.")
    return gettext("Runs on calendar time since the proven delivery.")


def _thread_line(desk: Desk, row: InboxRow, here: str) -> ThreadLine:
    from_to = f"{wording.unit_name(desk.node, row.sender)} → {_names(desk, (*row.recipients, *row.copies))}"
    subject = row.subject if row.subject is not None else gettext("Not open to you")
    ours = row.direction == "OUT"
    return ThreadLine(row.message_id, row.at, kind_label(row.kind), subject, from_to, ours, row.message_id == here)


_BAD: Final = frozenset({"REJECTED", "REFUSED", "NOT_DELIVERED", "EXPIRED"})
_GOOD: Final = frozenset({"DELIVERED", "OPENED"})


def _recipient(desk: Desk, one: Delivery) -> Recipient:
    sign = "bad" if one.state in _BAD else "good" if one.state in _GOOD else "wait"
    steps = (
        (gettext("Handed out"), one.handed_out),
        (gettext("Delivered"), one.delivered),
        (gettext("Opened"), one.opened),
    )
    done = tuple(Step(text, at) for text, at in steps if at is not None)
    state = "NOT_COLLECTED" if one.not_collected else one.state
    reason = wording.label("rejection_reasons", one.reason) if one.reason else ""
    return Recipient(wording.unit_name(desk.node, one.unit), sign, wording.state(state), done, reason)


def _hand(one: Assignment) -> Hand:
    texts = {
        "TAKE": gettext("%s took it") % one.to_name,
        "ASSIGN": gettext("%s was given it") % one.to_name,
        "HAND_OVER": gettext("handed over to %s") % one.to_name,
        "FOLLOWS": gettext("came to %s, who owns the exchange") % one.to_name,
        "TAKE_BACK": gettext("%s took it back") % one.to_name,
        "STAND_IN": gettext("%s stands in for the owner of the exchange, who is absent") % one.to_name,
    }
    return Hand(texts.get(one.how, one.how), one.at, one.note)


def _evidence(found: MessageDetail) -> list[Fact]:
    index = gettext("not yet") if found.hub_index is None else str(found.hub_index)
    return [
        Fact(gettext("Envelope"), found.eid),
        Fact(gettext("Entry in the hub's log"), index),
        Fact(gettext("Signed with key"), found.key_id),
    ]
