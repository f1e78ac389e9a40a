"""Envelopes, receipts and contents against the log entries that record them (protocol.md sections 3, 8 and 9).

Each check raises EvidenceRefused with its reason, or returns what was proved. Entries given here are already proved to
stand in the log: their time is the time of the act.
"""

from dataclasses import dataclass
from hashlib import sha512
from typing import Final

from audit.checkpoints import Checkpoint
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
_NOT_RECORDED: Final = "no proved log entry records it"
_NAMED_BY: Final = {
    "MESSAGE": ("MESSAGE", "eid"),
    "REFUSAL": ("MESSAGE", "eid"),
    "RECEIPT": ("RECEIPT", "digest"),
    "STATEMENT": ("STATEMENT", "digest"),
    "DIRECTORY": ("FEDERATION", "digest"),
}
"""What sort of document an entry of a type records, and the member that names it."""

_SELF_LOGGED: Final = frozenset({"SUBMITTED", "REFUSED"})  # receipts that carry the envelope's own log entry


@dataclass(frozen=True)
class Place:
    """Where in the log an act is recorded, and when it was (unix seconds)."""

    index: int
    time: int


class Entries:
    """Log entries that were proved to stand in the log, and where the acts are that they record."""

    def __init__(self) -> None:
        self.at: dict[int, Members] = {}
        self._data: dict[int, bytes] = {}
        self._about: dict[tuple[str, str], int] = {}
        self._used: set[int] = set()
        self._anchors: dict[tuple[str, int, str], int] = {}

    def add(self, index: int, data: bytes) -> None:
        """Take in the proved entry `data` at `index`. Raises EvidenceRefused unless it is an entry of ours."""
        entry = parsed(data, ENTRY_LIMIT)
        sort, member = _NAMED_BY.get(text(entry, "type"), ("", ""))
        if sort and entry.get("part", sort) == sort:
            self._about.setdefault((sort, text(entry, member)), index)
        if text(entry, "type") == "ANCHOR":
            self._anchors[text(entry, "origin"), number(entry, "size"), text(entry, "root")] = instant(entry, "time")
        self.at[index], self._data[index] = entry, data

    def anchored(self, said: Checkpoint) -> int | None:
        """When the hub's log took in the head `said` of another log, or None."""
        return self._anchors.get((said.origin, said.size, said.root.hex()))

    def unused(self) -> list[int]:
        """The entries that record something whose document was not asked for, in order."""
        return sorted(set(self._about.values()) - self._used)

    def of_envelope(self, envelope: Envelope, wire: bytes) -> Place:
        """Where the hub took this envelope (MESSAGE) or refused it for good. Raises EvidenceRefused."""
        place = self._use("MESSAGE", envelope.eid)
        entry = self.at[place.index]
        if text(entry, "sha512") != sha512(wire).hexdigest() or text(entry, "from") != envelope.header.sender:
            raise EvidenceRefused("the log records other bytes under this message id")
        if "to" in entry and texts(entry, "to") != [addressee.unit for addressee in envelope.header.to]:
            raise EvidenceRefused("the log records other recipients")
        return place

    def of_receipt(self, receipt: Members, statement: bytes) -> Place:
        """Where the hub took this receipt, or the envelope whose entry it carries. Raises EvidenceRefused."""
        if text(receipt, "type") not in _SELF_LOGGED:
            place = self._use("RECEIPT", sha512(statement).hexdigest())
        elif self._data.get(number(receipt, "index")) == binary(receipt, "entry"):
            place = self._place(number(receipt, "index"))
        else:
            raise EvidenceRefused(_NOT_RECORDED)
        if text(self.at[place.index], "eid") != text(receipt, "eid"):
            raise EvidenceRefused(_NOT_RECORDED)
        return place

    def of_document(self, digest: str) -> Place:
        """Where a federation document of this SHA-512 was logged. Raises EvidenceRefused."""
        return self._use("FEDERATION", digest)

    def of_statement(self, index: int) -> Members:
        """The entry at `index`, which a file of the bundle is named after. Raises EvidenceRefused."""
        if index not in self.at:
            raise EvidenceRefused(_NOT_RECORDED)
        self._used.add(index)
        return self.at[index]

    def _use(self, sort: str, name: str) -> Place:
        index = self._about.get((sort, name))
        if index is None:
            raise EvidenceRefused(_NOT_RECORDED)
        self._used.add(index)
        return self._place(index)

    def _place(self, index: int) -> Place:
        return Place(index, instant(self.at[index], "time"))


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
        place = entries.of_envelope(envelope, wire)
        key = keys.signing_key(header.skid, header.sender, "SIGNING", place.time)
        proved = Proved(header.sender, place.time, key.status(place.time, place.index))
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
        place = entries.of_receipt(receipt, signed.statement_bytes)
        at, use = place.time, "SIGNING" if kind in _UNIT_TYPES else "RECEIPT"
        publics = keys.publics(by, use, at)
        signed.verify(RECEIPT_LABEL, publics)
        signers = [keys.signing_key(kid, by, use, at) for kid, _ in signed.signatures if kid in publics]
        states = [key.status(at, place.index) for key in signers]
        proved = Proved(by, at, min(states, key=list(KeyStatus).index))
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
