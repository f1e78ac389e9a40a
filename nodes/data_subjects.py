"""Has anyone looked me up? What a unit can say to a person about the person: every act, recipient, date and purpose.

The contents that are still held are read by the node itself, never shown; the log's rows say who did what with the
messages that name the person, and the words of searches say who looked for the name. What was erased or may not be read
any more cannot be matched: how much that is, is said. What came from another unit is told only as far as that unit lets
it (article 15 of Directive (EU) 2016/680). The look-up itself stands in the log.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, defer

from crypto.canonical import Json
from exchange.policy.facts import Action
from nodes import audit_rows, concerns, drafts, log, storing
from nodes.drafts import NewDraft, Saved
from nodes.errors import BadInput, NotFound
from nodes.grant_tables import ConcernRow
from nodes.node import Node
from nodes.permissions import require
from nodes.tables import CaseRow, EventRow, MessageRow, ThreadRow
from nodes.views import Actor, DraftForm
from schemas import items as items_of
from schemas import subjects
from schemas.content import Content
from schemas.errors import SchemaError
from schemas.facts import records
from schemas.items import Item
from schemas.kind import Effect

(_CONSULTATION,) = concerns.kinds(Effect.CONSULTS)
SHORTEST_NAME: Final = 2
SHORTEST_REASON: Final = 10
ACTS: Final = frozenset(
    {
        "COLLECT",
        "RECEIVE",
        "ALTER",
        "CONSULT",
        "DISCLOSE",
        "COMBINE",
        "EXPORT",
        "AUDIT_EXPORT",
        "PRINT",
        "BREAK_GLASS",
        "ERASE",
    }
)
"""The operations on a message or its case of which a person is told."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks: names as written, date of birth `1987-03-14` or its beginning, number of a document; any may lack."""

    names: str = ""
    birth: str = ""
    document: str = ""

    @property
    def tokens(self) -> frozenset[str]:
        """The words of the names, in Latin letters and without case."""
        return frozenset(subjects.words(self.names))


@dataclass(frozen=True, slots=True)
class Held:
    """A message in which the person stands: where it came from, to whom it went, what for. No word of what it says.

    `objects`: the short references of the person in it.
    """

    message_id: str
    objects: frozenset[str]
    case_ref: str
    owner: str
    purpose: str
    at: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One act in the log: a consultation, a disclosure to `unit`, a search; `owner`: whose information it was about."""

    index: int
    at: int
    operation: str
    actor: str
    unit: str
    purpose: str
    owner: str


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of the person here. `searched`: contents that were read; `closed`: those that nobody can read."""

    held: tuple[Held, ...]
    entries: tuple[Entry, ...]
    searched: int
    closed: int


class Consent(StrEnum):
    """What the unit that gave the information answered when it was consulted."""

    DISCLOSE = "DISCLOSE"
    PARTIAL = "PARTIAL"
    REFUSE = "REFUSE"
    NEITHER = "NEITHER"
    WAITING = "WAITING"


@dataclass(frozen=True, slots=True)
class Told:
    """The draft of an answer: acts in full, acts of which only day and purpose are told, whether anything is withheld.

    `silent`: an owner wants neither yes nor no to be said, so nothing of his and no sign of it is in the draft.
    """

    full: tuple[Entry, ...]
    short: tuple[Entry, ...]
    withheld: bool
    silent: bool


def look_up(node: Node, actor: Actor, person: Person, reason: str) -> Found:
    """Return what is held of a person and everything that was done with it; logged with the reason before it is read.

    It reads every content, in a transaction of its own that nobody waits for. Raises `Denied`, and `BadInput` for no
    reason, or neither a name nor the number of a document.
    """
    require(actor, Action.PROTECT_DATA)
    words = " ".join(reason.split())
    named = any(len(token) >= SHORTEST_NAME for token in person.tokens)
    if not (named or person.document.strip()) or len(words) < SHORTEST_REASON:
        raise BadInput("person or reason")
    act = replace(log.by(actor, "SEARCH"), subject=_spoken(person), justification=words, codes=("DATA_SUBJECT",))
    with node.db.write() as session:
        log.record(session, node, act)
    with node.db.read() as session:
        return _find(session, node, person)


def _find(session: Session, node: Node, person: Person) -> Found:
    held: dict[str, Held] = {}
    searched = closed = 0
    for case, row in _messages(session):
        content = _content(node, case, row)
        searched, closed = searched + (content is not None), closed + (content is None)
        things = content.objects if content is not None else ()
        named = frozenset(str(one["object_id"]) for one in things if matches(one, person))
        if content is not None and named:
            purpose = content.label("purpose")
            held[row.message_id] = Held(row.message_id, named, case.case_ref, row.sender, purpose, row.stored)
    found = {entry.index: entry for entry in (*_acts(session, held, node.unit), *_searches(session, node, person))}
    entries = tuple(sorted(found.values(), key=lambda one: (one.at, one.index)))
    return Found(tuple(held.values()), entries, searched, closed)


def matches(thing: Mapping[str, Json], person: Person) -> bool:
    """Return whether an object of a message is the person: by the document, or by all names and no other birth date."""
    if thing.get("object_type") != "PERSON":
        return False
    number = subjects.plain_number(person.document)
    if number and number in subjects.document_numbers(thing):
        return True
    birth = thing.get("birth")
    born = str(birth.get("date", "")) if isinstance(birth, dict) else ""
    if person.birth and born and not (born.startswith(person.birth) or person.birth.startswith(born)):
        return False
    return bool(person.tokens) and any(person.tokens <= _parts(name) for name in records(thing.get("names")))


def draft(found: Found, consents: Mapping[str, Consent], unit: str) -> Told:
    """Return what the answer to the person may say, from what each owner answered; one's own acts are told in full.

    An owner that has not answered yet counts as withheld. Acts of searching belong to the unit itself.
    """
    ways = {owner: consents.get(owner, Consent.WAITING) for owner in owners(found, unit)} | {unit: Consent.DISCLOSE}
    given: dict[Consent, list[Entry]] = {consent: [] for consent in Consent}
    for entry in found.entries:
        told = entry if entry.owner else replace(entry, purpose="")  # an officer's own words are not for the person
        given[ways[entry.owner or unit]].append(told)
    silent = Consent.NEITHER in ways.values()
    withheld = bool(given[Consent.REFUSE] or given[Consent.WAITING] or given[Consent.PARTIAL])
    short = tuple(replace(entry, unit="", actor="") for entry in given[Consent.PARTIAL])
    return Told(tuple(given[Consent.DISCLOSE]), short, withheld, silent)


def owners(found: Found, unit: str) -> tuple[str, ...]:
    """Return the other units whose information it is, and that are consulted before anything of it is told."""
    return tuple(sorted({one.owner for one in found.held} - {unit}))


def items(found: Found, owner: str) -> tuple[Item, ...]:
    """Return the persons in messages of `owner` about whom it is consulted."""
    return tuple(Item(one.message_id, name) for one in found.held if one.owner == owner for name in sorted(one.objects))


def consents(session: Session, found: Found, unit: str) -> dict[str, Consent]:
    """Return what each owner answered for everything of its own in what was found: its strictest answer.

    An owner that was not asked about all of it, or has not answered, is waited for.
    """
    return {owner: _consent(session, items(found, owner), owner) for owner in owners(found, unit)}


def _consent(session: Session, asked: Iterable[Item], owner: str) -> Consent:
    answers = dict.fromkeys(asked, Consent.WAITING)
    chosen = (
        select(ConcernRow.item, ConcernRow.object_id, ThreadRow.state)
        .join(ThreadRow, ThreadRow.opening == ConcernRow.message_id)
        .join(MessageRow, MessageRow.message_id == ConcernRow.message_id)
        .where(ThreadRow.unit == owner, ConcernRow.item.in_({item.message for item in answers}))
        .where(ConcernRow.kind.in_(concerns.kinds(Effect.CONSULTS)))
        .order_by(MessageRow.stored, MessageRow.message_id)
    )
    for message, name, state in session.execute(chosen):
        answered = [item for item in answers if state in _ANSWERS and Item(message, name).covers(item)]
        answers |= dict.fromkeys(answered, _ANSWERS.get(state, Consent.WAITING))
    return min(answers.values(), key=_STRICTEST.index)


_ANSWERS: Final[Mapping[str, Consent]] = MappingProxyType(
    {
        "MAY_TELL": Consent.DISCLOSE,
        "TELL_PART": Consent.PARTIAL,
        "REFUSED": Consent.REFUSE,
        "NEITHER": Consent.NEITHER,
    }
)
"""The state of a consultation -> what the owner answered; any other is no answer."""

_STRICTEST: Final = (Consent.NEITHER, Consent.WAITING, Consent.REFUSE, Consent.PARTIAL, Consent.DISCLOSE)


def consult(session: Session, node: Node, actor: Actor, owner: str, asked: Iterable[Item]) -> str:
    """Begin the message that asks `owner` whether a person may be told; returns the id of the draft.

    Raises `Denied`, and `BadInput` for nothing to ask about.
    """
    rows = items_of.rows(asked)
    if not rows:
        raise BadInput("items")
    draft = drafts.create(session, node, actor, NewDraft(_CONSULTATION, recipients=(owner,)))
    form = DraftForm((owner,), draft.common, {"items": rows})
    return drafts.save(session, node, actor, Saved(draft.draft_id, draft.revision, form)).draft_id


def _messages(session: Session) -> Iterator[tuple[CaseRow, MessageRow]]:
    query = select(CaseRow, MessageRow).join(MessageRow, MessageRow.case_id == CaseRow.case_id)
    found = session.execute(query.options(defer(MessageRow.envelope)).order_by(MessageRow.stored))
    yield from ((case, row) for case, row in found)


def _content(node: Node, case: CaseRow, row: MessageRow) -> Content | None:
    try:
        return storing.content_of(node, case, row)
    except (NotFound, SchemaError):  # erased, past its time, or of a kind that this release does not know
        return None


def _acts(session: Session, held: Mapping[str, Held], unit: str) -> Iterator[Entry]:
    """The acts on the messages, and those on their cases as a whole; a case with something of another unit is its."""
    cases = {one.case_ref: one for one in sorted(held.values(), key=lambda one: one.owner != unit)}
    ids = select(CaseRow.case_id).where(CaseRow.case_ref.in_(cases))
    whole = EventRow.message_id.is_(None) & EventRow.case_id.in_(ids)
    about = select(EventRow, CaseRow.case_ref).outerjoin(CaseRow, CaseRow.case_id == EventRow.case_id)
    chosen = about.where(EventRow.operation.in_(ACTS), or_(EventRow.message_id.in_(held), whole))
    for row, case_ref in session.execute(chosen):
        one = held.get(row.message_id or "") or cases[case_ref]
        yield _entry(row, one.purpose, one.owner)


def _searches(session: Session, node: Node, person: Person) -> Iterator[Entry]:
    """The searches whose words name the person, with the reasons given; not the look-ups for the person's own sake."""
    rows = select(EventRow, CaseRow).outerjoin(CaseRow, CaseRow.case_id == EventRow.case_id)
    number = subjects.plain_number(person.document)
    others = or_(EventRow.role.is_(None), EventRow.role != "DPO")
    for row, case in session.execute(rows.where(EventRow.operation == "SEARCH", others)):
        words = audit_rows.words_of(node.store.kek, row, case)
        told = (words or {}).get("subject", "")
        parts = frozenset(subjects.words(told))
        longest = max(person.tokens, key=len, default="")
        if (longest and longest in parts) or (number and number in subjects.plain_number(told)):
            yield _entry(row, (words or {}).get("justification", ""), "")


def _entry(row: EventRow, purpose: str, owner: str) -> Entry:
    return Entry(row.index, row.at, row.operation, row.actor or "", row.unit or "", purpose, owner)


def _parts(name: Mapping[str, Json]) -> frozenset[str]:
    """Every word of a name as it was written, and of its Latin form."""
    told = (str(name.get(part, "")) for part in ("family", "given", "patronymic", "latin"))
    return frozenset(subjects.words(" ".join(told)))


def _spoken(person: Person) -> str:
    return " ".join(part for part in (person.names, person.birth, person.document) if part)
