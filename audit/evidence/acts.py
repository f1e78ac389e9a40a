"""Envelopes, receipts and contents against the log entries that record them (protocol.md sections 3, 8 and 9).

Each check raises EvidenceRefused with its reason, or returns what was proved. Entries given here are already proved to
stand in the log: their time is the time of the act.
"""

from dataclasses import dataclass
from hashlib import sha512
from typing import Final

from audit.evidence.directory import Federation, Keys, KeyStatus
from audit.evidence.findings import EvidenceRefused
from audit.evidence.members import Members, binary, instant, number, parsed, refusing, text, texts
from crypto import envelope as envelopes
from crypto import statements
from crypto.envelope import Envelope
from crypto.sealing import commitment

RECEIPT_LABEL: Final = "serai/receipt/1"
RECEIPT_LIMIT: Final = 32_768
ENTRY_LIMIT: Final = 65_535

_UNIT_TYPES: Final = frozenset({"DELIVERED", "OPENED", "REJECTED"})
_SELF_LOGGED: Final = frozenset({"SUBMITTED", "REFUSED"})  # receipts that carry the envelope's own log entry


class Entries:
    """Log entries that were proved to stand in the log, and where the acts are that they record."""

    def __init__(self) -> None:
        self.at: dict[int, Members] = {}
        self._data: dict[int, bytes] = {}
        self._envelopes: dict[str, Members] = {}
        self._receipts: dict[str, Members] = {}

    def add(self, index: int, data: bytes) -> None:
        """Take in the proved entry `data` at `index`. Raises EvidenceRefused unless it is an entry of ours."""
        entry = parsed(data, ENTRY_LIMIT)
        kind = text(entry, "type")
        if kind in {"MESSAGE", "REFUSAL"}:
            self._envelopes.setdefault(text(entry, "eid"), entry)
        elif kind == "RECEIPT":
            self._receipts.setdefault(text(entry, "digest"), entry)
        self.at[index], self._data[index] = entry, data

    def of_envelope(self, envelope: Envelope, wire: bytes) -> Members:
        """The hub's entry about this envelope: accepted (MESSAGE) or refused for good. Raises EvidenceRefused."""
        entry = self._envelopes.get(envelope.eid)
        if entry is None:
            raise EvidenceRefused("no proved log entry records it")
        if text(entry, "sha512") != sha512(wire).hexdigest() or text(entry, "from") != envelope.header.sender:
            raise EvidenceRefused("the log records other bytes under this message id")
        if "to" in entry and texts(entry, "to") != [addressee.unit for addressee in envelope.header.to]:
            raise EvidenceRefused("the log records other recipients")
        return entry

    def of_receipt(self, receipt: Members, statement: bytes) -> Members:
        """The hub's entry about this receipt, or the envelope's own that it carries. Raises EvidenceRefused."""
        if text(receipt, "type") not in _SELF_LOGGED:
            entry = self._receipts.get(sha512(statement).hexdigest())
        else:
            index = number(receipt, "index")
            entry = self.at.get(index) if self._data.get(index) == binary(receipt, "entry") else None
        if entry is None or text(entry, "eid") != text(receipt, "eid"):
            raise EvidenceRefused("no proved log entry records it")
        return entry


@dataclass(frozen=True)
class Proved:
    """What was proved: who signed, at which log time (unix seconds), and whether the key was revoked later."""

    signer: str
    time: int
    status: KeyStatus


def check_envelope(wire: bytes, federation: Federation, keys: Keys, entries: Entries) -> tuple[Envelope, Proved]:
    """The envelope in `wire`, signed by its sender with a key good at the time at which the hub logged it.

    Raises EvidenceRefused.
    """
    with refusing("the envelope"):
        envelope = envelopes.parse(wire)
        header = envelope.header
        if header.env != federation.env:
            raise EvidenceRefused("of another environment")
        entry = entries.of_envelope(envelope, wire)
        key = keys.signing_key(header.skid, header.sender, "SIGNING")
        proved = Proved(header.sender, instant(entry, "time"), key.status(instant(entry, "time")))
        _demand_valid(proved)
        envelopes.verify_signature(envelope, key.public)
    return envelope, proved


def check_receipt(wire: bytes, federation: Federation, keys: Keys, entries: Entries) -> tuple[Members, Proved]:
    """The receipt statement in `wire`, signed by who says it with a key good at the time at which the hub logged it.

    Raises EvidenceRefused.
    """
    with refusing("the receipt"):
        signed = statements.parse(wire, RECEIPT_LIMIT)
        receipt = signed.statement
        kind, by = text(receipt, "type"), text(receipt, "by")
        if text(receipt, "env") != federation.env:
            raise EvidenceRefused("of another environment")
        if by != (text(receipt, "unit") if kind in _UNIT_TYPES else federation.hub):
            raise EvidenceRefused(f"{by} cannot say {kind}")
        use = "SIGNING" if kind in _UNIT_TYPES else "RECEIPT"
        signed.verify(RECEIPT_LABEL, keys.publics(by, use))
        entry = entries.of_receipt(receipt, signed.statement_bytes)
        time = instant(entry, "time")
        states = [
            keys.signing_key(kid, by, use).status(time) for kid, _ in signed.signatures if kid in keys.publics(by, use)
        ]
        proved = Proved(by, time, min(states, key=list(KeyStatus).index))
        _demand_valid(proved)
    return receipt, proved


def check_content(envelope: Envelope, salt: bytes, content: bytes) -> None:
    """Return if `content` is what the signed header commits to; no key and no ciphertext is needed.

    Raises EvidenceRefused.
    """
    if commitment(salt, content) != envelope.header.ptc:
        raise EvidenceRefused("salt and content give another commitment")


def _demand_valid(proved: Proved) -> None:
    if proved.status is KeyStatus.INVALID:
        raise EvidenceRefused("the signing key was not valid when this was logged")
