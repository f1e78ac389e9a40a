"""The rows of a node held against the entries of its own log: acts, messages, cases, receipts, anchors.

It only reads. Without the key of the key store the commitments to persons and cases stay closed, and everything else is
compared; with it they are opened (protocol.md §9.9). A case whose key was erased keeps its rows and its entries.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from audit.audit_entries import Parsed
from audit.audit_findings import Finding, Findings
from audit.log import Log
from crypto import canonical, envelope
from crypto.at_rest import DataKey
from crypto.encoding import unb64
from crypto.errors import CryptoError
from crypto.merkle_hash import leaf_hash
from nodes import rest
from nodes.audit_evidence import Evidence
from nodes.tables import CaseRow, EventRow, MessageRow, VoidRow
from schemas.entries import ENTRY_LIMIT, ActEntry, AnyEntry, commitment

WORDS: Final = ("salt", "subject", "justification")
OF_MESSAGES: Final = frozenset({"RECEIVE", "DISCLOSE"})
"""Acts that were logged with the row of a message, or of a void, in one transaction."""


class NodeRows:
    """Observes the audit of a node's log; `kek` opens what is sealed beside it, if it is known."""

    def __init__(self, session: Session, findings: Findings, log: Log, kek: DataKey | None = None) -> None:
        self._session = session
        self._log = log
        self._findings = findings
        self._kek = kek
        self._end = 0

    def take(self, parsed: Sequence[Parsed]) -> None:
        """Compare the rows of the next entries."""
        if not parsed:
            return
        self._end = parsed[-1][0] + 1
        between = EventRow.index.between(parsed[0][0], parsed[-1][0])
        rows = {row.index: row for row in self._session.scalars(select(EventRow).where(between))}
        self._messages(parsed, rows)
        wanted = {row.case_id for row in rows.values() if row.case_id is not None}
        found = self._session.scalars(select(CaseRow).where(CaseRow.case_id.in_(wanted)))
        cases = {case.case_id: case for case in found}
        for index, entry in parsed:
            row = rows.pop(index, None)
            if row is None:
                self._add("ROW_MISSING", "event", index)
            else:
                self._compare(entry, row, cases)
        for index in rows:
            self._add("ROW_NOT_LOGGED", "event", index)
        self._session.expunge_all()

    def finish(self) -> None:
        """Name the rows of acts that the log does not have, and what does not fit among the rows from outside."""
        beyond = select(EventRow.index).where((EventRow.index >= self._end) | (EventRow.index < 0))
        for index in self._session.scalars(beyond.order_by(EventRow.index)):
            self._add("ROW_NOT_LOGGED", "event", index)
        Evidence(self._session, self._findings).compare(self._log)
        if self._kek is None:
            self._findings.add(Finding("WORDS_NOT_OPENED"))
        if not any(code.startswith(("ROW", "ENVELOPE", "RECEIPT", "ANCHOR")) for code in self._findings.counts):
            self._findings.add(Finding("ROWS_MATCH"))

    def _compare(self, entry: AnyEntry, row: EventRow, cases: Mapping[str, CaseRow]) -> None:
        case = cases.get(row.case_id or "")
        if row.case_id is not None and case is None:
            self._add("ROW_MISSING", "case", row.index)
        words = None if self._kek is None else words_of(self._kek, row, case)
        if leaf_hash(entry.to_bytes()).hex() != row.leaf or not agrees(entry, row, words):
            self._add("ROW_ALTERED", "event", row.index)
        erased = row.sealed is None or (case is not None and case.wrapped_key is None)
        if self._kek is not None and words is None and not erased:
            self._add("ROW_ALTERED", "words of event", row.index)
        if words is not None and isinstance(entry, ActEntry) and entry.case is not None:
            said = commitment(unb64(words["salt"]), case.case_ref) if case is not None else ""
            if said != entry.case:
                self._add("ROW_ALTERED", "case of event", row.index)

    def _messages(self, parsed: Sequence[Parsed], rows: Mapping[int, EventRow]) -> None:
        """Each message that was taken in or disclosed is there, with the envelope of its id, or a logged reason."""
        acts = [
            (index, entry.eid, rows[index].message_id)
            for index, entry in parsed
            if isinstance(entry, ActEntry) and entry.operation in OF_MESSAGES and entry.eid and index in rows
        ]
        ids, eids = [one for _, _, one in acts if one is not None], [eid for _, eid, _ in acts]
        columns = MessageRow.message_id, MessageRow.eid, MessageRow.envelope
        messages = self._session.execute(select(*columns).where(MessageRow.message_id.in_(ids)))
        voids = self._session.execute(select(VoidRow.eid, VoidRow.eid, VoidRow.envelope).where(VoidRow.eid.in_(eids)))
        held = {name: (eid, wire) for name, eid, wire in (*messages, *voids)}
        later = select(EventRow.operation, EventRow.message_id, EventRow.eid)
        later = later.where(EventRow.message_id.in_(ids), EventRow.operation.in_(("KEY_CHANGE", "ERASE")))
        explained = {tuple(row) for row in self._session.execute(later)}
        for index, eid, message_id in acts:
            now, wire = held.get(message_id or eid, ("", b""))
            if not now:
                self._add("ROW_MISSING", "message", index)
            elif now != eid and ("KEY_CHANGE", message_id, now) not in explained:  # sealed anew under another key
                self._add("ROW_ALTERED", "message eid", index)
            elif _eid(wire) != now and (wire or ("ERASE", message_id, now) not in explained):
                self._add("ENVELOPE_ALTERED", "message", index)

    def _add(self, code: str, subject: str, index: int) -> None:
        self._findings.add(Finding(code, subject, index))


def words_of(kek: DataKey, row: EventRow, case: CaseRow | None) -> dict[str, str] | None:
    """Return salt, subject and justification of an act; None once its case was erased, or if they do not open."""
    if row.sealed is None or (row.case_id is not None and (case is None or case.wrapped_key is None)):
        return None
    try:
        key = rest.case_key(kek, case) if case is not None else kek
        plain = key.open(row.sealed, *rest.place("event", str(row.index), "words"))
        words = canonical.loads(plain, limit=ENTRY_LIMIT)
    except CryptoError:
        return None
    return {name: str(words[name]) for name in WORDS} if isinstance(words, dict) else None


def agrees(entry: AnyEntry, row: EventRow, words: Mapping[str, str] | None) -> bool:
    """Whether an entry says what its row says; the person only while the salt of the commitment is held."""
    if not isinstance(entry, ActEntry):
        return (entry.type, entry.time) == (row.operation, row.at)
    said = entry.operation, entry.time, entry.role, entry.eid, entry.unit, entry.result == "DENIED"
    if said != (row.operation, row.at, row.role, row.eid, row.unit, bool(row.denied)):
        return False
    return words is None or entry.actor == commitment(unb64(words["salt"]), row.actor or "")


def _eid(wire: bytes) -> str:
    try:
        return envelope.parse(wire).eid
    except CryptoError:
        return ""
