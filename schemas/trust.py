"""The verified directory: which unit is which, whose key is whose, who may send what to whom (protocol.md §5).

`Directory.verify` takes the three parts as bytes and keeps nothing that it did not verify. A statement that the
present document no longer carries (its unit or root has left) stays in the list and proves nothing. Whether the
directory is fresh enough to act on is a question of its own, because evidence is checked with old directories too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field

from crypto import signing, statements
from crypto.errors import CryptoError
from schemas import keychecks
from schemas.base import Binary, Env, Wire
from schemas.directory import (
    FEDERATION_LABEL,
    LEVELS,
    SNAPSHOT_GRACE,
    SNAPSHOT_LABEL,
    Agreement,
    DirectoryParts,
    Federation,
    HubKey,
    Part,
    Snapshot,
    Suspension,
    Unit,
    digest_of,
    digest_of_statements,
    keys_by_id,
)
from schemas.errors import Malformed, SchemaError
from schemas.keychecks import KeyRecord

PART_LIMIT = 1 << 20
CLOCK_SKEW = 600
"""Seconds by which the hub's clock may be ahead of ours before we believe that one of the two is wrong."""


class DirectoryRefused(SchemaError):
    """The parts do not prove what they claim; the directory that is already held stays in force."""

    code: ClassVar[str] = "DIRECTORY_REFUSED"


class DirectoryRolledBack(DirectoryRefused):
    """A part is older than, or other than, what was already seen under its version."""

    code: ClassVar[str] = "DIRECTORY_ROLLED_BACK"


class DirectoryStale(SchemaError):
    """The directory is past its expiry and its grace: nothing may be sealed or accepted on its word."""

    code: ClassVar[str] = "DIRECTORY_STALE"


class UnitUnknown(SchemaError):
    """No unit of this id in the federation document."""

    code: ClassVar[str] = "UNIT_UNKNOWN"


class UnitSuspended(SchemaError):
    """The hub has suspended the unit: it neither sends nor collects."""

    code: ClassVar[str] = "UNIT_SUSPENDED"


class KeyUnknown(SchemaError):
    """No key of this id, or not of this unit or use."""

    code: ClassVar[str] = "KEY_UNKNOWN"


class KeyNotValid(SchemaError):
    """The key is known, but the instant is outside its validity."""

    code: ClassVar[str] = "KEY_NOT_VALID"


class KeyRevoked(SchemaError):
    """The key is known, but was revoked by the instant asked for."""

    code: ClassVar[str] = "KEY_REVOKED"


class NoAgreement(SchemaError):
    """The pair has no agreement for this family of messages."""

    code: ClassVar[str] = "NO_AGREEMENT"


class ClassificationTooHigh(SchemaError):
    """The classification is above the agreement or above the recipient's accreditation."""

    code: ClassVar[str] = "CLASSIFICATION_TOO_HIGH"


class Anchor(Wire):
    """The roots that a node, or an auditor, believes because people compared them on paper."""

    v: Literal[1] = 1
    type: Literal["ANCHOR"] = "ANCHOR"
    env: Env
    threshold: Annotated[int, Field(ge=1)]
    roots: Annotated[tuple[Binary, ...], Field(min_length=1)]


class Known(Wire):
    """The highest parts seen so far, kept by whoever verifies: versions never go back."""

    federation: Part
    snapshot: Part
    statements: Part


@dataclass(frozen=True, slots=True)
class Directory:
    """What the three parts prove together. Only `verify` makes one."""

    parts: DirectoryParts
    federation: Federation
    snapshot: Snapshot
    keys: Mapping[str, KeyRecord]
    _units: Mapping[str, Unit] = field(repr=False)
    _agreements: Mapping[tuple[str, str, str], Agreement] = field(repr=False)
    _suspended: Mapping[str, Suspension] = field(repr=False)
    stated: keychecks.Records = field(repr=False)

    @classmethod
    def verify(
        cls, parts: DirectoryParts, anchor: Anchor, now: int, known: Known | None = None, held: Self | None = None
    ) -> Self:
        """Return the verified directory; raises `DirectoryRefused` (or `DirectoryRolledBack`) and keeps nothing.

        `known` is what was seen before; `held` a directory verified before: what is unchanged since needs no second
        check, so that the work is that of the new statements.
        """
        if held is not None and (held.parts.federation != parts.federation or held.anchor() != anchor):
            held = None  # under another document whoever vouches is another: everything is checked anew
        try:
            federation = federation_of(parts.federation, anchor) if held is None else held.federation
            snapshot = _snapshot(parts, federation)
            if known is not None:
                _never_back(parts, federation, snapshot, known)
            if snapshot.issued > now + CLOCK_SKEW or federation.issued > now + CLOCK_SKEW:
                raise DirectoryRefused("issued in the future: this clock or the hub's is wrong")
            stated = _stated(parts, federation, held)
        except (CryptoError, Malformed, keychecks.StatementRefused) as error:
            raise DirectoryRefused(str(error)) from error
        return cls(
            parts,
            federation,
            snapshot,
            MappingProxyType(keychecks.believed(stated)),
            {unit.unit: unit for unit in federation.units},
            {(one.sender, one.recipient, name): one for one in federation.agreements for name in one.families},
            {one.unit: one for one in snapshot.suspended},
            stated,
        )

    def known(self) -> Known:
        """Return what a later directory must not fall behind."""
        version = Part(version=self.federation.version, sha512=digest_of(self.parts.federation))
        snapshot = Part(version=self.snapshot.version, sha512=digest_of(self.parts.snapshot))
        return Known(federation=version, snapshot=snapshot, statements=self.snapshot.statements)

    def anchor(self) -> Anchor:
        """Return the anchor for the next version of the document."""
        document = self.federation
        return Anchor(env=document.env, threshold=document.threshold, roots=document.roots)

    def freshness(self, now: int) -> Literal["FRESH", "GRACE"]:
        """Return how far the directory may be acted on at `now`; raises `DirectoryStale` after the grace."""
        if now >= self.federation.expires:
            raise DirectoryStale("the federation document has expired: the federation must publish a new one")
        if now >= self.snapshot.expires + SNAPSHOT_GRACE:
            raise DirectoryStale("no fresh snapshot from the hub within its grace: check the way to the hub")
        return "FRESH" if now < self.snapshot.expires else "GRACE"

    def unit(self, unit: str) -> Unit:
        """Return the unit's entry; raises `UnitUnknown`."""
        try:
            return self._units[unit]
        except KeyError:
            raise UnitUnknown("no such unit in the federation document") from None

    def units(self) -> tuple[Unit, ...]:
        """Return every unit of the document, suspended ones too, sorted by id."""
        return self.federation.units

    def suspension(self, unit: str) -> Suspension | None:
        """Return the unit's suspension, if the hub has stated one."""
        return self._suspended.get(unit)

    def check_active(self, unit: str) -> None:
        """Return if the unit is known and not suspended; raises `UnitUnknown` or `UnitSuspended`."""
        self.unit(unit)
        if unit in self._suspended:
            raise UnitSuspended("the unit is suspended")

    def signing_key(self, kid: str, at: int, index: int | None = None) -> KeyRecord:
        """Return signing key `kid`, good at log time `at`; raises `KeyUnknown`, `KeyNotValid` or `KeyRevoked`.

        With the `index` of what it signed in the hub's log, a revocation that stands behind it there does not count.
        """
        return self._good(self._of_use(kid, "SIGNING"), at, index)

    def node_key(self, keyid: str, at: int) -> KeyRecord:
        """Return the node key named `unit/node/kid`, good at `at`; raises as `signing_key`."""
        record = self._of_use(keyid.rpartition("/")[2], "NODE")
        if record.keyid != keyid:
            raise KeyUnknown("no such node key")
        return self._good(record, at)

    def recipient_key(self, unit: str, ekid: str, at: int) -> KeyRecord:
        """Return encryption key `ekid` of `unit`, good at `at`; raises as `signing_key`."""
        record = self._of_use(ekid, "ENCRYPTION")
        if record.unit != unit:
            raise KeyUnknown("no such encryption key of this unit")
        return self._good(record, at)

    def encryption_key(self, unit: str, at: int) -> KeyRecord:
        """Return the key to seal to `unit` with at `at`, the newest of the good ones; raises `KeyNotValid`."""
        good = [
            record
            for record in self.keys.values()
            if record.unit == unit and record.use == "ENCRYPTION" and record.fault(at) is None
        ]
        if not good:
            raise KeyNotValid("the unit has no valid encryption key: its node must publish one")
        return max(good, key=lambda record: (record.not_before, record.index))

    def log_key(self, name: str, at: int) -> KeyRecord:
        """Return the pair that signs the unit log of origin `name` at `at`, the newest of the good ones.

        A unit's log outlives its keys: what was signed is checked at the time when it was. Raises `KeyNotValid`.
        """
        good = [record for record in self._note_keys("LOG", at) if record.statement.name == name]
        if not good:
            raise KeyNotValid("no valid keys of such a log: its node must publish them")
        return max(good, key=lambda record: (record.not_before, record.index))

    def witness_keys(self, at: int) -> Mapping[str, tuple[KeyRecord, ...]]:
        """Return for every witness of the document its WITNESS pairs that are good at `at`, which may be none.

        However many pairs a unit has, it counts once.
        """
        good = self._note_keys("WITNESS", at)
        return {unit: tuple(one for one in good if one.unit == unit) for unit in self.federation.witnesses}

    def _note_keys(self, use: str, at: int) -> tuple[KeyRecord, ...]:
        return tuple(one for one in self.keys.values() if one.use == use and one.fault(at) is None)

    def hub_keys(self, use: Literal["RECEIPT", "SNAPSHOT", "REQUEST"], at: int) -> tuple[bytes, ...]:
        """Return the hub's public keys for `use` that are valid at `at`."""
        return _hub_keys(self.federation.hub.keys, use, at)

    def check_agreement(self, sender: str, recipient: str, family: str, classification: str) -> None:
        """Return if the pair's agreement and the recipient's accreditation allow it; empty means no.

        Raises `NoAgreement`, `ClassificationTooHigh` or `UnitUnknown`.
        """
        agreement = self._agreements.get((sender, recipient, family))
        if agreement is None:
            raise NoAgreement("no agreement allows this family of messages between the two units")
        highest = min(LEVELS.index(agreement.classification), LEVELS.index(self.unit(recipient).accreditation))
        if classification not in LEVELS or LEVELS.index(classification) > highest:
            raise ClassificationTooHigh("above what the agreement or the recipient's accreditation allows")

    def check_pair(self, sender: str, recipient: str) -> None:
        """Return if any agreement lets `sender` write to `recipient`; raises `NoAgreement` or `UnitUnknown`."""
        self.unit(recipient)
        if not any((one.sender, one.recipient) == (sender, recipient) for one in self.federation.agreements):
            raise NoAgreement("no agreement between the two units")

    def _of_use(self, kid: str, use: str) -> KeyRecord:
        record = self.keys.get(kid)
        if record is None or record.use != use:
            raise KeyUnknown("no such key for this use")
        return record

    @staticmethod
    def _good(record: KeyRecord, at: int, index: int | None = None) -> KeyRecord:
        fault = record.fault(at, index)
        if fault == "REVOKED":
            raise KeyRevoked("the key was revoked")
        if fault is not None:
            raise KeyNotValid("the key is outside its validity")
        return record


def _hub_keys(keys: tuple[HubKey, ...], use: str, at: int) -> tuple[bytes, ...]:
    return tuple(key.public for key in keys if key.use == use and key.not_before <= at < key.not_after)


def federation_of(wire: bytes, anchor: Anchor) -> Federation:
    """Return the document in `wire`: canonical, of the anchor's environment, under its threshold and its own.

    Steps 1 to 3 (protocol.md §5). Raises `DirectoryRefused`, `Malformed`, or an error of `crypto`.
    """
    signed = statements.parse(wire, limit=PART_LIMIT)
    document = Federation.from_bytes(signed.statement_bytes)
    if document.env != anchor.env:
        raise DirectoryRefused("the document is of another environment")
    for root in document.roots:
        signing.check_public(root)
    signed.verify(FEDERATION_LABEL, keys_by_id(anchor.roots), threshold=anchor.threshold)
    if anchor.roots != document.roots or anchor.threshold != document.threshold:
        signed.verify(FEDERATION_LABEL, keys_by_id(document.roots), threshold=document.threshold)
    keychecks.check_document(document)
    return document


def _snapshot(parts: DirectoryParts, federation: Federation) -> Snapshot:
    """Take steps 4 to 6: canonical, by a snapshot key of the document valid then, and of exactly these parts."""
    signed = statements.parse(parts.snapshot, limit=PART_LIMIT)
    snapshot = Snapshot.from_bytes(signed.statement_bytes)
    signed.verify(SNAPSHOT_LABEL, keys_by_id(_hub_keys(federation.hub.keys, "SNAPSHOT", snapshot.issued)))
    if snapshot.env != federation.env:
        raise DirectoryRefused("the snapshot is of another environment")
    if snapshot.federation != Part(version=federation.version, sha512=digest_of(parts.federation)):
        raise DirectoryRefused("the snapshot is of another federation document")
    if snapshot.statements != _first(parts, len(parts.statements)):
        raise DirectoryRefused("the snapshot is of another list of statements")
    return snapshot


def _first(parts: DirectoryParts, count: int) -> Part:
    """Return what names the first `count` statements of the list, or all of a shorter one."""
    first = parts.statements[:count]
    return Part(version=len(first), sha512=digest_of_statements(first))


def _stated(parts: DirectoryParts, federation: Federation, held: Directory | None) -> keychecks.Records:
    """Return the keys stated in the list, checked after those that stand in the same place under `held`."""
    if held is None or _first(parts, len(held.parts.statements)) != held.snapshot.statements:
        return keychecks.in_order(federation, parts.statements, {})
    before = held.parts.statements
    last = before[-1].index if before else -1
    return keychecks.in_order(federation, parts.statements[len(before) :], held.stated, last)


def _never_back(parts: DirectoryParts, federation: Federation, snapshot: Snapshot, known: Known) -> None:
    """Take step 7: no version below the highest seen, no other bytes at an equal one, no statement taken away."""
    held = (
        (known.federation, Part(version=federation.version, sha512=digest_of(parts.federation))),
        (known.snapshot, Part(version=snapshot.version, sha512=digest_of(parts.snapshot))),
    )
    for before, after in held:
        if after.version < before.version or (after.version == before.version and after != before):
            raise DirectoryRolledBack("a part is older than the one held, or differs under an equal version")
    if _first(parts, known.statements.version) != known.statements:
        raise DirectoryRolledBack("a statement that was there before is gone or changed")
