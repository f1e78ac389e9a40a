"""What a node keeps from outside, held against its mirror of the hub's log: receipts, and the anchors of its own log.

It only reads, and asks nobody: each entry that came with a receipt or an anchor must be a leaf of the mirrored tree.
"""

from collections.abc import Iterator
from hashlib import sha512
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from audit import store
from audit.audit_anchors import UnitAnchors
from audit.audit_findings import Finding, Findings
from audit.errors import AuditError
from audit.log import Log
from audit.tiles import FULL_TILE_BYTES, TILE_WIDTH
from crypto.merkle_hash import HASH_SIZE, leaf_hash
from nodes.mirror import Mirror
from nodes.tables import MessageRow, ReceiptRow
from nodes.watch_tables import AnchorRow, MirrorRow
from schemas import entries, receipts
from schemas.entries import MessageEntry, ReceiptEntry, RefusalEntry
from schemas.errors import SchemaError
from schemas.receipts import Receipt

LATE: Final = 3_600
"""Seconds after which an entry must stand in the mirror: four times what is an alarm of the publication."""

PAGE: Final = 500


def anchors_of(session: Session, log: Log, now: int) -> UnitAnchors:
    """Return what this node keeps of the anchors of its own log; `now` is when (unix seconds)."""

    def root_at(size: int) -> bytes | None:
        try:
            return log.root(session, size)
        except AuditError:
            return None

    rows = session.execute(select(AnchorRow.size, AnchorRow.root, AnchorRow.index))
    return UnitAnchors(log.log_id, {size: (root, index) for size, root, index in rows}, root_at, now)


class Evidence:
    """Compares what came from outside with the mirror; the place of a finding is the receipt or anchor it names."""

    def __init__(self, session: Session, findings: Findings) -> None:
        self._session = session
        self._findings = findings
        self._wanted: dict[bytes, str] = {}  # leaf hash of an entry that must be mirrored -> what it belongs to

    def compare(self, log: Log) -> None:
        """Name every difference."""
        held = self._session.scalars(select(MirrorRow)).first()
        mirrored_at = 0 if held is None else held.since
        for row in self._session.scalars(select(ReceiptRow).execution_options(yield_per=PAGE)):
            self._receipt(row, mirrored_at)
        if held is not None:
            self._anchors(anchors_of(self._session, log, held.since), Mirror(self._session, held.log_id))
            for leaf in self._leaves(held):
                self._wanted.pop(leaf, None)
        for subject in self._wanted.values():
            self._add("RECEIPT_ALTERED", subject, "an entry of the hub's log", "none in the mirror")

    def _receipt(self, row: ReceiptRow, mirrored_at: int) -> None:
        subject = f"{row.type} of {row.eid} by {row.unit}"
        try:
            said = Receipt.from_bytes(row.statement)
            signed = None if row.wire is None else receipts.parse(row.wire).signed.statement_bytes
            entry = None if row.entry is None else entries.parse(row.entry)
        except SchemaError as error:
            self._add("RECEIPT_ALTERED", subject, "", str(error))
            return
        columns = (row.eid, row.unit, row.type, row.time)
        if (said.eid, said.unit, said.type, said.time) != columns or signed not in {None, row.statement}:
            self._add("RECEIPT_ALTERED", subject, "what was signed", "something else in its row")
        if entry is None or row.entry is None:
            return
        if isinstance(entry, ReceiptEntry):
            about = (entry.eid, entry.unit, entry.receipt, entry.digest)
            good = about == (row.eid, row.unit, row.type, sha512(row.statement).hexdigest())
        else:
            good = said.entry == row.entry and self._carries(entry, row.eid)
        if not good:
            self._add("RECEIPT_ALTERED", subject, "its entry", "one about something else")
        if entry.time < mirrored_at - LATE:
            self._wanted[leaf_hash(row.entry)] = subject

    def _carries(self, entry: entries.AnyEntry, eid: str) -> bool:
        """Whether the message that an entry is about has the envelope that was logged; a void has no such row."""
        if not isinstance(entry, MessageEntry | RefusalEntry) or entry.eid != eid:
            return False
        wire = self._session.scalar(select(MessageRow.envelope).where(MessageRow.eid == eid))
        return wire is None or sha512(wire).hexdigest() == entry.sha512

    def _anchors(self, unit: UnitAnchors, mirror: Mirror) -> None:
        """Each anchor is a head of our own log, and stands in the mirror where the hub said."""
        for row in self._session.scalars(select(AnchorRow).order_by(AnchorRow.size)):
            subject, own = f"{unit.origin} at {row.size}", unit.root_at(row.size)
            if own != row.root:
                self._add("ANCHOR_NOT_OWN", subject, row.root.hex(), "" if own is None else own.hex())
            if row.index is None or row.entry is None or row.index >= mirror.size:
                continue
            expected, shown = leaf_hash(row.entry).hex(), _mirrored(mirror, row.index)
            if shown != expected:
                self._add("ANCHOR_DROPPED", subject, expected, shown)

    def _leaves(self, held: MirrorRow) -> Iterator[bytes]:
        """Every leaf hash of the mirror."""
        for at in range(held.size // TILE_WIDTH):
            tile = store.read_tile(self._session.connection(), held.log_id, 0, at)
            yield from _hashes(tile.data if tile else b"")
        yield from _hashes(held.leaves)

    def _add(self, code: str, subject: str, expected: str, found: str) -> None:
        self._findings.add(Finding(code, subject, None, expected, found))


def _mirrored(mirror: Mirror, index: int) -> str:
    """The leaf hash that the mirror has at `index`, or why it has none."""
    try:
        return mirror.leaf_hash(index).hex()
    except AuditError as error:
        return error.code


def _hashes(data: bytes) -> Iterator[bytes]:
    yield from (data[at : at + HASH_SIZE] for at in range(0, min(len(data), FULL_TILE_BYTES), HASH_SIZE))
