"""One transaction of the sequencer: what its jobs want logged, signed and stored, all of it or nothing.

The head of the log is locked before the first job looks at anything, so the index of each entry is known as soon as it
is asked for. Receipts are signed once for the whole batch, after the last job and inside the transaction: a batch that
does not commit has told nobody anything (protocol.md §6.8).
"""

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from sqlalchemy import Connection, Table
from sqlmodel import Session

from audit import rows, store
from audit.log import Log
from audit.rows import Row
from crypto.signing import SigningKey
from crypto.statements import Parts
from exchange.hub import hints
from exchange.hub.tables import MAILBOX, RECEIPT, SIGNATURES
from schemas import receipts
from schemas.entries import Entry, ReceiptEntry
from schemas.receipts import Receipt
from schemas.trust import Directory

MESSAGE_KIND: Final = 1
RECEIPT_KIND: Final = 2
QUIET: Final = frozenset({"RELAYED"})
"""Receipts that wake nobody: what became of the message follows soon, and they are collected with it."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One thing for a mailbox: the message `eid`, or the receipt (eid, about, type), and the index of its leaf."""

    index: int
    eid: str
    kind: int
    about: str = ""
    type: str = ""


@dataclass(frozen=True, slots=True)
class Unsigned:
    """A receipt of the hub, the index of its leaf, and what becomes of its parts once they are signed."""

    receipt: Receipt
    index: int
    then: Callable[[Parts], None]


class Register(Protocol):
    """Where the directory in force is held."""

    @property
    def current(self) -> Directory:
        """The directory in force."""

    def refresh(self, connection: Connection, now: int) -> None:
        """Take up what another process has published."""


class Batch:
    """What the jobs of one transaction add up to. `now` is the hub's time for all of them (unix seconds)."""

    def __init__(self, session: Session, log: Log, register: Register, receipt_key: SigningKey, now: int) -> None:
        self.connection: Final[Connection] = session.connection()
        self.now: Final = now
        self.changed: set[str] = set()
        self.after_commit: list[Callable[[], None]] = []
        self._log = log
        self._key = receipt_key
        self._first = store.lock_head(self.connection, log.log_id).size
        self._entries: list[bytes] = []
        self._unsigned: list[Unsigned] = []
        self._signatures: dict[bytes, int] = {}
        self._rows: dict[Table, list[Row]] = {}
        self._register = register
        register.refresh(self.connection, now)

    @property
    def directory(self) -> Directory:
        """The directory in force for this batch; raises `NotReady` before the first is published."""
        return self._register.current

    @staticmethod
    def nonce() -> str:
        """Return what keeps an entry's leaf hash from being guessed: 32 random hex digits."""
        return os.urandom(16).hex()

    def log(self, entry: Entry) -> int:
        """Add an entry to the log and return the index that it will have."""
        return self.log_bytes(entry.to_bytes())

    def log_bytes(self, entry: bytes) -> int:
        """Add an entry that is already in its wire form and return the index that it will have."""
        self._entries.append(entry)
        return self._first + len(self._entries) - 1

    def sign(self, unsigned: Unsigned) -> None:
        """Let a receipt be signed with the batch; its `then` gets the parts and may add rows."""
        self._unsigned.append(unsigned)

    def kept(self, parts: Parts, index: int) -> Row:
        """Return the columns that keep the receipt of leaf `index`; signatures that many share are stored once."""
        signed = self._signatures.get(parts.signatures)
        if signed is None:
            signed = self._signatures[parts.signatures] = index
            self.insert(SIGNATURES, {"idx": index, "signatures": parts.signatures})
        return {"signed": signed, "proof": parts.proof, "statement": parts.statement}

    def insert(self, table: Table, row: Row) -> None:
        """Insert `row` with the others of its table, at the end of the batch."""
        self._rows.setdefault(table, []).append(row)

    def post(self, unit: str, mail: Mail) -> None:
        """Put `mail` into the mailbox of `unit`, and wake who waits there for it once the batch is committed."""
        self.insert(
            MAILBOX,
            {
                "unit": unit,
                "idx": mail.index,
                "kind": mail.kind,
                "eid": mail.eid,
                "about": mail.about,
                "type": mail.type,
            },
        )
        if mail.type not in QUIET:
            self.changed.add(unit)

    def state(self, receipt: Receipt, boxes: Sequence[str]) -> None:
        """Make a receipt of the hub about a delivery: leaf, signature, row, and a copy into each of `boxes`."""
        digest = hashlib.sha512(receipt.to_bytes()).digest()
        index = self.log_receipt(receipt, digest)

        def then(parts: Parts) -> None:
            self.keep(receipt, index, digest, parts)

        self.sign(Unsigned(receipt, index, then))
        for unit in dict.fromkeys(boxes):  # who writes to himself hears of it once
            self.post(unit, Mail(index, receipt.eid, RECEIPT_KIND, receipt.unit, receipt.type))

    def keep(self, receipt: Receipt, index: int, digest: bytes, parts: Parts) -> None:
        """Store a receipt about a delivery, whose leaf is `index` and whose statement has the SHA-512 `digest`."""
        row = {
            "eid": receipt.eid,
            "unit": receipt.unit,
            "type": receipt.type,
            "idx": index,
            "time": self.now,
            "digest": digest,
        }
        self.insert(RECEIPT, {**row, **self.kept(parts, index)})

    def log_receipt(self, receipt: Receipt, digest: bytes) -> int:
        """Add the leaf of a receipt, whose statement has the SHA-512 `digest`, and return its index."""
        return self.log(
            ReceiptEntry(
                time=self.now,
                nonce=self.nonce(),
                eid=receipt.eid,
                unit=receipt.unit,
                receipt=receipt.type,
                digest=digest.hex(),
            )
        )

    def finish(self) -> None:
        """Append, sign and insert everything; the transaction is then complete and may be committed."""
        if self._unsigned:
            signed = receipts.sign_parts([self._key], [one.receipt for one in self._unsigned])
            for one, parts in zip(self._unsigned, signed, strict=True):
                one.then(parts)
        if self._entries:
            self._log.append(self.connection, self._entries, self.now)
        for table, waiting in self._rows.items():
            rows.insert(self.connection, table, waiting)
        if self.changed:
            hints.give(self.connection, self.changed)
