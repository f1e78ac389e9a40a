"""What the rows of a hub carry, held against the log and against each other: envelopes, receipts, states, senders.

It only reads, each table once, in whatever order that table has.
"""

from collections.abc import Callable, Mapping
from hashlib import sha512
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, Self

from sqlalchemy import ColumnElement, Connection, and_, select, true

from audit.audit_findings import Finding, Findings
from audit.errors import AuditError
from audit.policy import Policy
from audit.store import ENTRY
from crypto import envelope
from crypto.errors import CryptoError
from crypto.signing import kid_of
from crypto.statements import Parts
from exchange.arrivals import FINAL, TRANSITIONS, State
from exchange.hub.batch import MESSAGE_KIND
from exchange.hub.register import own_anchor, read_parts
from exchange.hub.tables import DELIVERY, EVIDENCE, MAILBOX, MESSAGE, RECEIPT, SENDER, SIGNATURES, STATEMENT
from exchange.quorum import policy_of
from schemas import receipts
from schemas.errors import SchemaError
from schemas.receipts import HUB_TYPES, SignedReceipt
from schemas.trust import Directory

PAGE: Final = 200

Read = Callable[[bytes], SignedReceipt]
"""Wire form -> receipt, not yet verified; raises SchemaError."""


Narrow = Mapping[str, ColumnElement[bool]]
"""Name of a table -> which of its rows are looked at."""

ALL: Final[Narrow] = dict.fromkeys(("message", "receipt", "evidence", "statement"), true())


class Contents:
    """What hangs on the entries of a hub's log. Without a directory no signature of a receipt is verified."""

    def __init__(
        self, connection: Connection, findings: Findings, directory: Directory | None, read: Read = receipts.parse
    ) -> None:
        self._connection = connection
        self._findings = findings
        self._read = read
        self._signed: set[object] = set()
        self._directory = directory
        self._verified: dict[tuple[object, ...], str] = {}

    @classmethod
    def at(cls, connection: Connection, findings: Findings, now: int, read: Read) -> Self:
        """With the directory in the rows as of `now` (unix seconds); one that does not hold is a finding."""
        directory = None
        try:
            directory = stored_directory(connection, now)
        except (CryptoError, SchemaError) as error:
            findings.add(Finding("DIRECTORY_REFUSED", found=str(error)))
        return cls(connection, findings, directory, read)

    def compare(self) -> None:
        """Name every difference, in one pass over everything."""
        self.compare_rows(ALL)
        self._signatures()
        self._deliveries()
        self._senders()

    def compare_rows(self, narrow: Narrow) -> None:
        """Name what differs in the rows that are `narrow`, each by itself."""
        self._messages(narrow["message"])
        self._evidence(narrow["evidence"])
        self._receipts(narrow["receipt"])
        self._statements(narrow["statement"])

    def _messages(self, which: ColumnElement[bool]) -> None:
        columns = MESSAGE.c
        query = (
            select(MESSAGE, ENTRY.c.entry, SIGNATURES.c.signatures)
            .outerjoin(ENTRY, and_(ENTRY.c.log_id == "hub", ENTRY.c.idx == columns.idx))
            .outerjoin(SIGNATURES, SIGNATURES.c.idx == columns.signed)
        )
        for row in self._rows(query.where(which)):
            stated = self._receipt(row, "SUBMITTED or REFUSED")
            if stated is not None:
                one = stated.receipt
                kind = "REFUSED" if row["refused"] else "SUBMITTED"
                expected = (kind, row["eid"], row["sender"], row["idx"], row["entry"], row["time"])
                if (one.type, one.eid, one.unit, one.index, one.entry, one.time) != expected:
                    self._add("RECEIPT_ALTERED", kind, row["idx"], f"of {row['eid']}", f"of {one.eid}")
            if row["envelope"] is not None:
                self._envelope(row)

    def _evidence(self, which: ColumnElement[bool]) -> None:
        query = select(EVIDENCE.c.eid, EVIDENCE.c.idx, EVIDENCE.c.envelope)
        for row in self._rows(query.where(which)):
            found = _eid(row["envelope"])
            if found != row["eid"]:
                self._add("ENVELOPE_ALTERED", "evidence", row["idx"], row["eid"], found)

    def _envelope(self, row: Mapping[str, Any]) -> None:
        digest = sha512_of(row["envelope"])
        if digest != as_text(row["digest"]):
            self._add("ENVELOPE_ALTERED", "", row["idx"], as_text(row["digest"]), digest)
            return
        header = envelope.parse(row["envelope"]).header
        for name in ("sender", "id", "seq", "expires"):
            expected, found = str(getattr(header, name)), str(row[name])
            if expected != found:
                self._add("ROW_ALTERED", f"message {name}", row["idx"], expected, found)

    def _receipts(self, which: ColumnElement[bool]) -> None:
        query = select(RECEIPT, SIGNATURES.c.signatures).where(which)
        for row in self._rows(query.outerjoin(SIGNATURES, SIGNATURES.c.idx == RECEIPT.c.signed)):
            stated = self._receipt(row, row["type"])
            if stated is None:
                continue
            one, digest = stated.receipt, sha512_of(stated.signed.statement_bytes)
            if digest != as_text(row["digest"]):
                self._add("RECEIPT_ALTERED", row["type"], row["idx"], as_text(row["digest"]), digest)
            elif (one.eid, one.unit, one.type) != (row["eid"], row["unit"], row["type"]):
                self._add("RECEIPT_ALTERED", row["type"], row["idx"], f"of {row['eid']}", f"of {one.eid}")

    def _statements(self, which: ColumnElement[bool]) -> None:
        for row in self._rows(select(STATEMENT).where(which)):
            expected, found = as_text(row["digest"]), sha512_of(row["wire"])
            if expected != found:
                self._add("ROW_ALTERED", "statement wire", row["idx"], expected, found)

    def _signatures(self) -> None:
        for row in self._rows(select(SIGNATURES.c.idx)):
            if row["idx"] not in self._signed:
                self._add("ROW_NOT_LOGGED", "signatures", row["idx"])

    def _receipt(self, row: Mapping[str, Any], kind: str) -> SignedReceipt | None:
        """The receipt that a row keeps in parts, if it is one; says why it does not hold, if it does not."""
        self._signed.add(row["signed"])
        parts = [row[name] for name in ("proof", "signatures", "statement")]
        wire = Parts(*parts).wire() if all(isinstance(part, bytes) for part in parts) else b""
        try:
            stated = self._read(wire)
            refused = self._refused(stated, number(row["time"]) or 0, number(row["idx"]) or 0)
        except SchemaError as error:
            stated, refused = None, str(error)
        if refused:
            self._add("RECEIPT_ALTERED", kind, row["idx"], "", refused)
        return stated

    def _refused(self, stated: SignedReceipt, logged: int, index: int) -> str:
        """Why a receipt logged at `index` does not count; one signature of a batch is verified once."""
        if self._directory is None:
            return ""
        try:
            publics = _publics(stated, self._directory, logged, index)
        except SchemaError as error:
            return str(error)
        signed = stated.signed
        key = (signed.size, signed.root, signed.signatures, tuple(publics))
        if key not in self._verified:
            if len(self._verified) >= PAGE:
                self._verified.clear()
            self._verified[key] = _fault(stated, publics)
        return self._verified[key]

    def _deliveries(self) -> None:
        """Every delivery belongs to a message in a mailbox, and is in the state that its receipts make."""
        box = and_(MAILBOX.c.eid == DELIVERY.c.eid, MAILBOX.c.unit == DELIVERY.c.unit, MAILBOX.c.kind == MESSAGE_KIND)
        lost = select(MAILBOX.c.idx, MAILBOX.c.unit).outerjoin(DELIVERY, box)
        lost = lost.where(MAILBOX.c.kind == MESSAGE_KIND, DELIVERY.c.eid.is_(None)).order_by(MAILBOX.c.idx)
        for row in self._rows(lost):
            self._add("ROW_MISSING", f"delivery {row['unit']}", row["idx"])
        query = (
            select(DELIVERY, MESSAGE.c.idx, MESSAGE.c.sender.label("author"), MESSAGE.c.time)
            .add_columns(MESSAGE.c.envelope.is_(None).label("gone"), MESSAGE.c.expires.label("end"))
            .add_columns(RECEIPT.c.type, RECEIPT.c.time.label("stated"))
            .outerjoin(MESSAGE, MESSAGE.c.eid == DELIVERY.c.eid)
            .outerjoin(RECEIPT, and_(RECEIPT.c.eid == DELIVERY.c.eid, RECEIPT.c.unit == DELIVERY.c.unit))
            .order_by(DELIVERY.c.eid, DELIVERY.c.unit, RECEIPT.c.idx)
        )
        for _, group in groupby(self._rows(query), itemgetter("eid", "unit")):
            self._delivery(list(group))

    def _delivery(self, rows: list[Mapping[str, Any]]) -> None:
        row, subject = rows[0], f"delivery {rows[0]['unit']}"
        if row["idx"] is None:
            self._findings.add(Finding("ROW_NOT_LOGGED", subject))
            return
        state: State | None = State.QUEUED
        for kind in (one["type"] for one in rows if one["type"] is not None):
            state = TRANSITIONS[state].get(kind) if state else None
        handed = next((one["stated"] for one in rows if one["type"] == "RELAYED"), None)
        if row["state"] != state:
            self._add("STATE_ALTERED", subject, row["idx"], str(state or "none"), str(row["state"]))
        pairs = {"sender": "author", "queued_at": "time", "expires": "end"}
        wrong = [(name, row[other], row[name]) for name, other in pairs.items() if row[name] != row[other]]
        wrong += [("handed_at", handed, row["handed_at"])] if row["handed_at"] != handed else []
        for name, expected, found in wrong:
            self._add("ROW_ALTERED", f"{subject} {name}", row["idx"], str(expected), str(found))
        if row["gone"] and state not in FINAL:
            self._add("ENVELOPE_ALTERED", subject, row["idx"], "the envelope", "nothing, and it is not delivered yet")

    def _senders(self) -> None:
        """Every number of a sender was consumed once, in order, and the last one is where the sender stands."""
        last: dict[str, tuple[int, str]] = {}
        query = select(MESSAGE.c.sender, MESSAGE.c.seq, MESSAGE.c.eid, MESSAGE.c.idx)
        for row in self._rows(query.order_by(MESSAGE.c.sender, MESSAGE.c.seq)):
            expected = last.get(row["sender"], (0, ""))[0] + 1
            if row["seq"] != expected:
                self._add("ROW_ALTERED", f"message seq of {row['sender']}", row["idx"], str(expected), str(row["seq"]))
            last[row["sender"]] = row["seq"], row["eid"]
        stored = {row["unit"]: (row["seq"], row["eid"]) for row in self._rows(select(SENDER))}
        for unit in sorted(last.keys() | stored.keys()):
            expected_head, found = last.get(unit), stored.get(unit)
            if expected_head != found:
                self._findings.add(Finding("ROW_ALTERED", f"sender {unit}", None, str(expected_head), str(found)))

    def _rows(self, query: Any) -> Any:
        return self._connection.execute(query.execution_options(yield_per=PAGE)).mappings()

    def _add(self, code: str, subject: str, index: object, expected: str = "", found: str = "") -> None:
        self._findings.add(Finding(code, subject, number(index), expected, found))


def stored_directory(connection: Connection, now: int) -> Directory | None:
    """The directory in the rows, under the roots that it names itself. Raises CryptoError or SchemaError."""
    parts = read_parts(connection)
    return Directory.verify(parts, own_anchor(parts), now) if parts is not None else None


def stated_policy(connection: Connection, now: int) -> Policy | None:
    """Who must sign the hub's log, by the directory in the rows; None where that says nothing that holds."""
    try:
        directory = stored_directory(connection, now)
        return policy_of(directory, now) if directory is not None else None
    except (AuditError, CryptoError, SchemaError):
        return None


def _publics(stated: SignedReceipt, directory: Directory, logged: int, index: int) -> Mapping[str, bytes]:
    """The keys that may have signed a receipt whose leaf stands at `index`. Raises SchemaError."""
    one = stated.receipt
    if one.type in HUB_TYPES:
        return {kid_of(public): public for public in directory.hub_keys("RECEIPT", one.time)}
    found = [directory.signing_key(kid, logged, index) for kid in stated.kids]
    return {key.kid: key.public for key in found if key.unit == one.unit}


def _fault(stated: SignedReceipt, publics: Mapping[str, bytes]) -> str:
    try:
        stated.verify(publics)
    except CryptoError as error:
        return str(error)
    return ""


def _eid(wire: object) -> str:
    try:
        return envelope.parse(wire if isinstance(wire, bytes) else b"").eid
    except CryptoError as error:
        return str(error)


def sha512_of(value: object) -> str:
    """The digest by which the log names a signed form; a value that is no bytes has none."""
    return sha512(value).hexdigest() if isinstance(value, bytes) else "no bytes"


def as_text(value: object) -> str:
    """A value of a row or an entry as findings show it, equal for equal values."""
    return value.hex() if isinstance(value, bytes) else str(value)


def number(value: object) -> int | None:
    """An index, if a column that should hold one does."""
    return value if isinstance(value, int) else None
