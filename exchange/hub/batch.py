"""One transaction of the sequencer: what its jobs want logged, signed and stored, all of it or nothing.

The head of the log is locked before the first job looks at anything, so the index of each entry is known as soon as it
is asked for. Receipts are signed once for the whole batch, after the last job and inside the transaction: a batch that
does not commit has told nobody anything (protocol.md §6.8).
"""

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from sqlalchemy import Connection, Table
from sqlmodel import Session

from audit import store
from audit.log import Log
from crypto import canonical
from crypto.signing import SigningKey
from exchange.hub.tables import MAILBOX, RECEIPT
from schemas import receipts
from schemas.entries import Entry, ReceiptEntry
from schemas.receipts import Receipt
from schemas.trust import Directory

MESSAGE_KIND: Final = 1
RECEIPT_KIND: Final = 2

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Mail:
    """One thing for a mailbox: the message `eid`, or the receipt (eid, about, type), and the index of its leaf."""

    index: int
    eid: str
    kind: int
    about: str = ""
    type: str = ""


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
        self._unsigned: list[tuple[Receipt, Callable[[bytes], None]]] = []
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

    def sign(self, receipt: Receipt, then: Callable[[bytes], None]) -> None:
        """Let `receipt` be signed with the batch; `then` gets its wire form and may add rows."""
        self._unsigned.append((receipt, then))

    def insert(self, table: Table, row: Row) -> None:
        """Insert `row` with the others of its table, at the end of the batch."""
        self._rows.setdefault(table, []).append(row)

    def post(self, unit: str, mail: Mail) -> None:
        """Put `mail` into the mailbox of `unit`, and wake who waits there once the batch is committed."""
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
        self.changed.add(unit)

    def state(self, receipt: Receipt, boxes: Sequence[str]) -> None:
        """Make a receipt of the hub about a delivery: leaf, signature, row, and a copy into each of `boxes`."""
        digest = hashlib.sha512(canonical.dumps(receipt.statement())).digest()
        index = self.log_receipt(receipt, digest)

        def then(wire: bytes) -> None:
            self.insert(RECEIPT, receipt_row(receipt, index, digest, wire))

        self.sign(receipt, then)
        for unit in dict.fromkeys(boxes):  # who writes to himself hears of it once
            self.post(unit, Mail(index, receipt.eid, RECEIPT_KIND, receipt.unit, receipt.type))

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
            wires = receipts.sign([self._key], [receipt for receipt, _ in self._unsigned])
            for (_, then), wire in zip(self._unsigned, wires, strict=True):
                then(wire)
        if self._entries:
            self._log.append(self.connection, self._entries, self.now)
        for table, rows in self._rows.items():
            self.connection.execute(table.insert(), rows)


def receipt_row(receipt: Receipt, index: int, digest: bytes, wire: bytes) -> Row:
    """Return the row of a receipt about a delivery."""
    return {
        "eid": receipt.eid,
        "unit": receipt.unit,
        "type": receipt.type,
        "idx": index,
        "time": receipt.time,
        "digest": digest,
        "wire": wire,
    }
