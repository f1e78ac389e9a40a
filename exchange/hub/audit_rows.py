"""The rows of a hub held against its log, entry by entry: nothing logged without its row, no row without its entry.

It only reads. It runs beside the audit of the log (`audit.audit`), which hands it the entries in their order; the rows
come in the order of their indices, so that neither side is ever held as a whole.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Select, and_, null, select

from audit.audit_entries import Parsed
from audit.audit_findings import Finding, Findings
from exchange.hub.audit_contents import Contents, Narrow, Read, as_text, number, sha512_of
from exchange.hub.batch import MESSAGE_KIND, RECEIPT_KIND
from exchange.hub.tables import ANCHOR, DELIVERY, EVIDENCE, FEDERATION, MAILBOX, MESSAGE, RECEIPT, SNAPSHOT, STATEMENT
from schemas import receipts
from schemas.entries import DirectoryEntry, MessageEntry, ReceiptEntry
from schemas.receipts import UNIT_TYPES
from schemas.trust import Directory

PAGE: Final = 1_000

_SENT: Final = and_(DELIVERY.c.eid == RECEIPT.c.eid, DELIVERY.c.unit == RECEIPT.c.unit)
_QUERIES: Final[Mapping[str, Select[Any]]] = {
    "message": select(
        *(MESSAGE.c[name] for name in ("idx", "eid", "sender", "seq", "time", "refused", "digest"))
    ).order_by(MESSAGE.c.idx),
    "receipt": select(
        *(RECEIPT.c[name] for name in ("idx", "eid", "unit", "type", "time", "digest")), DELIVERY.c.sender
    )
    .outerjoin(DELIVERY, _SENT)
    .order_by(RECEIPT.c.idx),
    "evidence": select(*(EVIDENCE.c[name] for name in ("idx", "sender", "seq", "eid"))).order_by(EVIDENCE.c.idx),
    "statement": select(*(STATEMENT.c[name] for name in ("idx", "unit", "kid", "digest"))).order_by(STATEMENT.c.idx),
    "anchor": select(*(ANCHOR.c[name] for name in ("idx", "origin", "size"))).order_by(ANCHOR.c.idx),
    "mailbox": select(*(MAILBOX.c[name] for name in ("idx", "unit", "kind", "eid", "about", "type"))).order_by(
        MAILBOX.c.idx, MAILBOX.c.unit
    ),
}
_ROWS: Final[Mapping[str, tuple[str, Callable[[Any], Mapping[str, object]]]]] = {
    "MESSAGE": (
        "message",
        lambda one: {"eid": one.eid, "sender": one.sender, "time": one.time, "refused": False, "digest": one.sha512},
    ),
    "REFUSAL": (
        "message",
        lambda one: {
            "eid": one.eid,
            "sender": one.sender,
            "seq": one.seq,
            "time": one.time,
            "refused": True,
            "digest": one.sha512,
        },
    ),
    "RECEIPT": (
        "receipt",
        lambda one: {
            "eid": one.eid,
            "unit": one.unit,
            "type": one.receipt,
            "time": one.time,
            "digest": one.digest,
        },
    ),
    "EQUIVOCATION": ("evidence", lambda one: {"sender": one.sender, "seq": one.seq, "eid": one.eid}),
    "ANCHOR": ("anchor", lambda one: {"origin": one.origin, "size": one.size}),
    "STATEMENT": ("statement", lambda one: {"unit": one.unit, "kid": one.kid, "digest": one.digest}),
}
"""Type of an entry -> the table with its row, and what that row must say."""


class Ordered:
    """The rows of one query in the order of their indices."""

    def __init__(self, connection: Connection, query: Select[Any]) -> None:
        found = connection.execute(query.execution_options(yield_per=PAGE))
        self._rows: Iterator[Any] = (row._mapping for row in found)  # noqa: SLF001 - SQLAlchemy's public name
        self._next = next(self._rows, None)

    def up_to(self, index: int | None) -> Iterator[Mapping[str, Any]]:
        """Take the rows of indices up to `index`, or all that are left."""
        while self._next is not None and (index is None or self._next["idx"] <= index):
            row, self._next = self._next, next(self._rows, None)
            yield row


class HubRows:
    """Observes the audit of a hub's log; `now` is when (unix seconds)."""

    def __init__(self, connection: Connection, findings: Findings, now: int, read: Read = receipts.parse) -> None:
        self._findings = findings
        self._contents = Contents.at(connection, findings, now, read)
        self._connection = connection
        self._rows = EntryRows(connection, findings)
        self._published: dict[tuple[str, int], tuple[int, str]] = {}

    def take(self, parsed: Sequence[Parsed]) -> None:
        """Compare the rows of the next entries."""
        self._rows.take(parsed)
        for index, entry in parsed:
            if isinstance(entry, DirectoryEntry):
                self._published[entry.part, entry.version] = index, entry.digest

    def finish(self) -> None:
        """Compare what is not in the order of the log: rows left over, the directory, contents, states."""
        self._rows.finish()
        self._compare_published("FEDERATION", select(FEDERATION.c.version, FEDERATION.c.wire, FEDERATION.c.idx))
        self._compare_published("SNAPSHOT", select(SNAPSHOT.c.version, SNAPSHOT.c.wire, null()))
        self._contents.compare()
        if not any(
            code.startswith(("ROW", "STATE", "ENVELOPE", "RECEIPT", "DIRECTORY")) for code in self._findings.counts
        ):
            self._findings.add(Finding("ROWS_MATCH"))

    def _compare_published(self, part: str, query: Select[Any]) -> None:
        logged = {version: at for (kind, version), at in self._published.items() if kind == part}
        for version, wire, stored in self._connection.execute(query.order_by("version")):
            index, expected = logged.pop(version, (None, ""))
            found = sha512_of(wire)
            if index is None:
                self._findings.add(Finding("ROW_NOT_LOGGED", f"{part.lower()} {version}", None, "", found))
            elif found != expected:
                self._findings.add(Finding("ROW_ALTERED", f"{part.lower()} {version}", index, expected, found))
            elif stored not in {None, index}:
                self._findings.add(Finding("ROW_ALTERED", f"{part.lower()} {version} idx", index, "", str(stored)))
        for version, (index, expected) in logged.items():
            self._findings.add(Finding("ROW_MISSING", f"{part.lower()} {version}", index, expected))


class EntryRows:
    """Holds entries, as they come, against the rows with their indices: all of them, or those that are `narrow`."""

    def __init__(self, connection: Connection, findings: Findings, narrow: Narrow | None = None) -> None:
        self._findings = findings
        chosen = {name: query if narrow is None else query.where(narrow[name]) for name, query in _QUERIES.items()}
        self._tables = {name: Ordered(connection, query) for name, query in chosen.items()}

    def take(self, parsed: Sequence[Parsed]) -> None:
        """Compare the rows of the next entries."""
        for index, entry in parsed:
            table, members = _ROWS.get(entry.type, ("", None))
            here = {name: self._at(name, index) for name in self._tables}
            own = here.get(table, [])
            if members is not None:
                self._compare(table, index, members(entry), own)
            for name, rows in here.items():
                if name not in {table, "mailbox"}:
                    self._unlogged(name, rows)
            self._compare_mail(index, _mail(entry, own), here["mailbox"])

    def finish(self) -> None:
        """Name the rows that are left over."""
        for name, rows in self._tables.items():
            self._unlogged(name, list(rows.up_to(None)))

    def _at(self, name: str, index: int) -> list[Mapping[str, Any]]:
        """The rows of `index`; those before it have no entry of their kind."""
        rows = list(self._tables[name].up_to(index))
        at = [row for row in rows if row["idx"] == index]
        self._unlogged(name, [row for row in rows if row["idx"] != index])
        return at

    def _compare(
        self, table: str, index: int, members: Mapping[str, object], rows: Sequence[Mapping[str, Any]]
    ) -> None:
        if not rows:
            self._findings.add(Finding("ROW_MISSING", table, index))
            return
        self._unlogged(table, rows[1:])
        for name, expected in members.items():
            found = as_text(rows[0][name])
            if found != as_text(expected):
                self._findings.add(Finding("ROW_ALTERED", f"{table} {name}", index, as_text(expected), found))

    def _compare_mail(self, index: int, expected: set[tuple[object, ...]], rows: Sequence[Mapping[str, Any]]) -> None:
        found = {tuple(row[name] for name in ("unit", "kind", "eid", "about", "type")) for row in rows}
        for code, mails in (("ROW_MISSING", expected - found), ("ROW_NOT_LOGGED", found - expected)):
            for mail in sorted(mails, key=repr):
                self._findings.add(Finding(code, f"mailbox {mail[0]}", index))

    def _unlogged(self, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
        for row in rows:
            self._findings.add(Finding("ROW_NOT_LOGGED", name, number(row["idx"])))


def compare_some(
    connection: Connection, findings: Findings, parsed: Sequence[Parsed], directory: Directory | None
) -> None:
    """Hold a few entries that stand together against the rows with their indices, and what those carry."""
    if parsed:
        narrow = _beside(connection, parsed)
        rows = EntryRows(connection, findings, narrow)
        rows.take(parsed)
        rows.finish()
        Contents(connection, findings, directory).compare_rows(narrow)


def _beside(connection: Connection, parsed: Sequence[Parsed]) -> Narrow:
    """Which rows say that they belong to these entries: all with their indices, of mailboxes those of units named."""
    span = parsed[0][0], parsed[-1][0]
    units = {unit for _, one in parsed if isinstance(one, MessageEntry) for unit in (one.sender, *one.to)}
    received = [one for _, one in parsed if isinstance(one, ReceiptEntry)]
    senders = select(DELIVERY.c.sender).where(DELIVERY.c.eid.in_([one.eid for one in received])).distinct()
    units.update(one.unit for one in received)
    units.update(connection.execute(senders).scalars())
    tables = {"message": MESSAGE, "receipt": RECEIPT, "evidence": EVIDENCE, "statement": STATEMENT, "anchor": ANCHOR}
    return {
        **{name: table.c.idx.between(*span) for name, table in tables.items()},
        "mailbox": and_(MAILBOX.c.unit.in_(units), MAILBOX.c.idx.between(*span)),
    }


def _mail(entry: Any, rows: Sequence[Mapping[str, Any]]) -> set[tuple[object, ...]]:
    """The mailbox rows that an entry makes (unit, kind, eid, about, type); `rows` are the entry's own rows."""
    if entry.type == "MESSAGE":
        return {(unit, MESSAGE_KIND, entry.eid, "", "") for unit in entry.to}
    if entry.type == "RECEIPT" and rows:
        boxes = {rows[0]["sender"]} if entry.receipt in UNIT_TYPES else {rows[0]["sender"], entry.unit}
        return {(unit, RECEIPT_KIND, entry.eid, entry.unit, entry.receipt) for unit in boxes}
    return set()
