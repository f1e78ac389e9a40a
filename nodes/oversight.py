"""What an auditor of the unit sees: the acts in the node's own log, without content, each proven against the head.

Looking is itself an act and is logged, with what was looked for. The index rows one searches in are not believed: each
row shown is compared with its leaf, and a leaf without a row is reported. Opening a case to an auditor needs two people
and is not possible here.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from audit.errors import AuditError
from audit.merkle import verify_inclusion
from audit.store import Head
from crypto.merkle_hash import leaf_hash
from exchange.policy.facts import Action
from nodes import log
from nodes.audit_rows import agrees, words_of
from nodes.log import Act
from nodes.node import Node
from nodes.oversight_lookups import Aim, Lookup, aim_at
from nodes.oversight_mandates import mandate_of
from nodes.oversight_scope import within
from nodes.permissions import require
from nodes.tables import CaseRow, EventRow
from nodes.views import Actor
from schemas.entries import ActEntry, parse
from schemas.errors import SchemaError

PAGE = 25
BATCH = 500
MOST_MISSING = 10

Column = InstrumentedAttribute[str] | InstrumentedAttribute[str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedAct:
    """One entry of the log as its index row tells it; `fault` is empty only if the leaf proves every word of it.

    Faults: `CHANGED` (the bytes do not lead to the root), `MISTOLD` (the index row says something else than the leaf).
    """

    index: int
    operation: str
    at: int
    actor: str | None
    role: str | None
    unit: str | None
    case_ref: str | None
    message_id: str | None
    eid: str | None
    denied: bool
    leaf: str
    fault: str = ""

    @property
    def proven(self) -> bool:
        """Whether the stored bytes lead to the root and say what is shown."""
        return not self.fault


@dataclass(frozen=True, slots=True)
class Examined:
    """An act with its bytes, and with salt, subject and justification while their key is there (else empty)."""

    act: LoggedAct
    entry: bytes
    words: Mapping[str, str]

    @property
    def codes(self) -> tuple[str, ...]:
        """The coded circumstances of the act, from the entry itself."""
        try:
            entry = parse(self.entry)
        except SchemaError:
            return ()
        return entry.codes or () if isinstance(entry, ActEntry) else ()


@dataclass(frozen=True, slots=True)
class LogPage:
    """Entries, newest first, and the head they were proven against; `older` and `newer` are where the next pages start.

    `missing` are indices of leaves that no index row tells about: a search would not find them.
    """

    entries: tuple[LoggedAct, ...]
    size: int
    root: str
    total: int
    older: int | None
    newer: int | None
    missing: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Facets:
    """What the entries that match are about: code -> how many, the most frequent first."""

    operations: Mapping[str, int]
    units: Mapping[str, int]
    roles: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Export:
    """A view that is being taken out: how many entries, the head that it was cut at, and they in batches.

    `recorded` is the entry of the log that says so.
    """

    count: int
    size: int
    root: str
    entries: Iterator[list[LoggedAct]]
    recorded: int


def page(session: Session, node: Node, actor: Actor, lookup: Lookup) -> LogPage:
    """Return the entries that `lookup` asks for, and log that they were looked at.

    Raises `Denied`, and `MandateNeeded` for a search for a person or a case before the auditor said why.
    """
    require(actor, Action.READ_LOG)
    aim, head = aim_at(session, lookup.sought), node.log.head(session)
    chosen = [*within(actor), *aim.narrow(lookup.conditions())]
    rows = _rows(session, lookup, chosen)
    entries = tuple(one.act for one in examined(session, node, head, rows))
    total = session.scalar(select(func.count()).select_from(EventRow).where(*chosen)) or 0
    older, newer = _beyond(session, rows, chosen)
    missing = _missing(session, head.size)
    mandate = mandate_of(session, node, actor, demand=aim.personal or lookup.person is not None)
    act = replace(_looking(actor, lookup, aim), justification=mandate)
    log.record(session, node, replace(act, codes=("LOG", *aim.codes, *lookup.codes())))
    return LogPage(entries, head.size, head.root.hex(), total, older, newer, missing)


def facets(session: Session, actor: Actor, lookup: Lookup) -> Facets:
    """Return what there is to narrow `lookup` by; each facet counts as if it were not chosen itself."""
    aim = aim_at(session, lookup.sought)

    def counted(column: Column, wider: Lookup) -> dict[str, int]:
        chosen = [*within(actor), *aim.narrow(wider.conditions())]
        query = select(column, func.count()).where(*chosen, column.is_not(None)).group_by(column)
        found = {str(code): int(number) for code, number in session.execute(query)}
        return dict(sorted(found.items(), key=lambda one: (-one[1], one[0])))

    return Facets(
        counted(EventRow.operation, replace(lookup, operation=None)),
        counted(EventRow.unit, replace(lookup, unit=None)),
        counted(EventRow.role, replace(lookup, role=None)),
    )


def export(node: Node, actor: Actor, lookup: Lookup, form: str) -> Export:
    """Log that a view is taken out, then return it as a stream, newest first, that holds no transaction open.

    Raises `Denied`, and `MandateNeeded`: taking out needs a reason (article 25 of Directive (EU) 2016/680).
    """
    require(actor, Action.READ_LOG)
    with node.db.write() as session:
        aim, head = aim_at(session, lookup.sought), node.log.head(session)
        chosen = [*within(actor), *aim.narrow(lookup.conditions())]
        count = session.scalar(select(func.count()).select_from(EventRow).where(*chosen)) or 0
        mandate = mandate_of(session, node, actor, demand=True)
        act = replace(_looking(actor, lookup, aim), justification=mandate)
        codes = ("LOG", form, *aim.codes, *lookup.codes())
        recorded = log.record(session, node, replace(act, operation="AUDIT_EXPORT", codes=codes, count=count))
    return Export(count, head.size, head.root.hex(), _stream(node, actor, lookup, head.size), recorded)


def examined(session: Session, node: Node, head: Head, rows: Sequence[EventRow]) -> tuple[Examined, ...]:
    """Return the acts of `rows`, each hashed again from its stored bytes, led to the root and compared with its row."""
    cases = cases_of(session, rows)
    try:
        held = node.log.proved(session, [row.index for row in rows], head.size)
    except AuditError:
        held = {}
    found = []
    for row in rows:
        entry, path = held.get(row.index, (b"", []))
        words = words_of(node.store.kek, row, cases.get(row.case_id or ""))
        fault = _fault(head, row, entry, path) or _mistold(entry, row, words)
        found.append(Examined(replace(told(row, cases), fault=fault), entry, words or {}))
    return tuple(found)


def told(row: EventRow, cases: Mapping[str, CaseRow]) -> LoggedAct:
    """Return what an index row says; nothing of it is checked."""
    case = cases.get(row.case_id) if row.case_id is not None else None
    return LoggedAct(
        index=row.index,
        operation=row.operation,
        at=row.at,
        actor=row.actor,
        role=row.role,
        unit=row.unit,
        case_ref=case.case_ref if case is not None else None,
        message_id=row.message_id,
        eid=row.eid,
        denied=bool(row.denied),
        leaf=row.leaf,
    )


def cases_of(session: Session, rows: Iterable[EventRow]) -> dict[str, CaseRow]:
    """Return the cases that some index rows belong to, by their inner id."""
    wanted = {row.case_id for row in rows if row.case_id is not None}
    return {case.case_id: case for case in session.scalars(select(CaseRow).where(CaseRow.case_id.in_(wanted)))}


def _rows(session: Session, lookup: Lookup, chosen: list[ColumnElement[bool]]) -> list[EventRow]:
    """One page, newest first: pages are cut at indices, so what is appended meanwhile moves no entry between them."""
    query = select(EventRow).where(*chosen).limit(PAGE)
    if lookup.after is not None:
        return list(session.scalars(query.where(EventRow.index > lookup.after).order_by(EventRow.index)))[::-1]
    if lookup.before is not None:
        query = query.where(EventRow.index < lookup.before)
    return list(session.scalars(query.order_by(EventRow.index.desc())))


def _beyond(session: Session, rows: list[EventRow], chosen: list[ColumnElement[bool]]) -> tuple[int | None, int | None]:
    """Where the pages before and after begin, if there are any."""
    if not rows:
        return None, None
    last, first = rows[-1].index, rows[0].index
    older = session.scalar(select(EventRow.index).where(*chosen, EventRow.index < last).limit(1))
    newer = session.scalar(select(EventRow.index).where(*chosen, EventRow.index > first).limit(1))
    return last if older is not None else None, first if newer is not None else None


def _missing(session: Session, size: int) -> tuple[int, ...]:
    """The first leaves that no index row tells about: somebody with the database could hide an act in this way."""
    held = select(func.count()).select_from(EventRow).where(EventRow.index < size)
    if session.scalar(held) == size:
        return ()
    present = set(session.scalars(select(EventRow.index)))
    return tuple(index for index in range(size) if index not in present)[:MOST_MISSING]


def _looking(actor: Actor, lookup: Lookup, aim: Aim) -> Act:
    """The act of looking for something, but for its codes and its reason; what is personal is committed to."""
    named = " ".join(part for part in (aim.subject if aim.personal else "", lookup.person) if part)
    erased = aim.case is not None and aim.case.wrapped_key is None
    case = None if erased else aim.case
    return replace(log.by(actor, "AUDIT_ACCESS"), case=case, message_id=aim.message_id, subject=named)


def _stream(node: Node, actor: Actor, lookup: Lookup, size: int) -> Iterator[list[LoggedAct]]:
    below = size
    while below > 0:
        with node.db.read() as session:
            wanted = [*within(actor), *lookup.conditions(), EventRow.index < below]
            chosen = aim_at(session, lookup.sought).narrow(wanted)
            rows = session.scalars(select(EventRow).where(*chosen).order_by(EventRow.index.desc()).limit(BATCH)).all()
            cases = cases_of(session, rows)
            found = [told(row, cases) for row in rows]
        yield found
        below = found[-1].index if len(found) == BATCH else 0


def _fault(head: Head, row: EventRow, entry: bytes, path: list[bytes]) -> str:
    """Hash the stored bytes again and climb to the root; a failure is shown, not hidden."""
    try:
        verify_inclusion(leaf_hash(entry), row.index, head.size, path, head.root)
    except AuditError:
        return "CHANGED"
    return ""


def _mistold(entry: bytes, row: EventRow, words: Mapping[str, str] | None) -> str:
    try:
        said = leaf_hash(entry).hex() == row.leaf and agrees(parse(entry), row, words)
    except SchemaError:
        said = False
    return "" if said else "MISTOLD"
