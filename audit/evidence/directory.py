"""Whose key was whose, and when: the federation document and the units' key statements, checked from their bytes.

Reads members from parsed statements; the forms themselves are declared in `schemas.directory` (protocol.md section 5).
A statement is believed only with the log entry that records it: the log's time decides, never a sender's claim.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from hashlib import sha512
from typing import Final

from audit.checkpoints import Checkpoint, LogKeys, SignedCheckpoint, verify_checkpoint
from audit.cosignatures import CosignerKeys
from audit.errors import AuditError
from audit.evidence.findings import EvidenceRefused
from audit.evidence.members import Members, binary, inner, instant, number, objects, refusing, text, texts
from audit.notes import ED25519, MLDSA44, Note, VerifierKey
from audit.policy import Policy
from crypto import encryption, note_keys, signing, statements
from crypto.encoding import unb64
from crypto.statements import SignedStatement

FEDERATION_LABEL: Final = "serai/federation/1"
STATEMENT_LABEL: Final = "serai/statement/1"
PART_LIMIT: Final = 1 << 20
STATEMENT_LIMIT: Final = 65_536

_USES_OF_SIGNING_KEY: Final = frozenset({"ENCRYPTION", "NODE", "LOG", "WITNESS"})
_NOTE_USES: Final = frozenset({"LOG", "WITNESS"})
_KID_OF: Final = {
    "SIGNING": signing.kid_of,
    "ENCRYPTION": encryption.kid_of,
    "LOG": note_keys.kid_of,
    "WITNESS": note_keys.kid_of,
}


class KeyStatus(StrEnum):
    """What a key proves about a signature that was logged at some time."""

    VALID = "valid"
    VALID_THEN_REVOKED = "valid-then-revoked"
    INVALID = "invalid"


@dataclass(frozen=True)
class Key:
    """A key and the log times (unix seconds) between which it proves something; `revoked` is from when it does not.

    `revoked_index` is where its first revocation stands in the log, `stolen_since` the earliest time of a theft.
    `voucher` is the id of the key that signed its statement, logged at `stated`; a unit's keys stand and fall with
    that root. `name` is the name under which a pair of note keys signs.
    """

    holder: str
    use: str
    kid: str
    public: bytes
    not_before: int
    not_after: int
    revoked: int | None = None
    revoked_index: int | None = None
    stolen_since: int | None = None
    voucher: str = ""
    stated: int = 0
    name: str = ""

    def status(self, at: int, index: int | None = None) -> KeyStatus:
        """What the key proves about a signature logged at `at`.

        With the `index` of what was signed, the order of the log counts and not the second that a unit wrote: what
        stands before the revocation was good, unless that says since when the key was stolen (protocol.md §5.2).
        """
        if not self.not_before <= at < self.not_after:
            return KeyStatus.INVALID
        if self.revoked is None:
            return KeyStatus.VALID
        good = at < self.revoked or self._preceded(at, index)
        return KeyStatus.VALID_THEN_REVOKED if good else KeyStatus.INVALID

    def _preceded(self, at: int, index: int | None) -> bool:
        if self.revoked_index is None or index is None or index >= self.revoked_index:
            return False
        return self.stolen_since is None or at < self.stolen_since


@dataclass(frozen=True)
class Federation:
    """What the evidence needs of one federation document; `digest` is SHA-512 of its wire form, as the log names it."""

    version: int
    digest: str
    env: str
    hub: str
    threshold: int
    roots: Mapping[str, bytes]
    log_keys: LogKeys
    hub_keys: tuple[Key, ...]
    unit_roots: Mapping[str, Mapping[str, bytes]]
    witnesses: tuple[str, ...]
    quorum: int
    signed: SignedStatement = field(repr=False)


def read_federation(wire: bytes) -> Federation:
    """The federation document in `wire`, signed by the threshold of its own roots. Raises EvidenceRefused."""
    with refusing("the federation document"):
        signed = statements.parse(wire, PART_LIMIT)
        document = _of_type(signed, "FEDERATION")
        threshold, roots = number(document, "threshold"), _by_kid(texts(document, "roots"))
        if threshold < 1:
            raise EvidenceRefused("a threshold below one")
        signed.verify(FEDERATION_LABEL, roots, threshold)
        hub = inner(document, "hub")
        vkeys = texts(hub, "log")
        if len(vkeys) != 2:
            raise EvidenceRefused("a log has two keys")
        return Federation(
            version=number(document, "version"),
            digest=sha512(wire).hexdigest(),
            env=text(document, "env"),
            hub=text(hub, "name"),
            threshold=threshold,
            roots=roots,
            log_keys=LogKeys.parse(*vkeys),
            hub_keys=tuple(_hub_key(text(hub, "name"), key) for key in objects(hub, "keys") if _composite(key)),
            unit_roots={text(unit, "unit"): _by_kid(texts(unit, "roots")) for unit in objects(document, "units")},
            witnesses=tuple(texts(document, "witnesses")),
            quorum=number(document, "quorum"),
            signed=signed,
        )


class Federations:
    """The federation documents of the time in question: the first trusted by its roots, each other by the one before.

    Which of them was in force is told by the log alone: `enter` takes the time from its proved entry.
    """

    def __init__(self, roots: frozenset[str] = frozenset()) -> None:
        self._pinned = roots
        self._all: list[Federation] = []
        self._since: dict[str, int] = {}

    def add(self, federation: Federation) -> None:
        """Take in the next document, versions rising by one. Raises EvidenceRefused when nothing vouches for it."""
        before = self._all[-1] if self._all else None
        with refusing("the federation document"):
            if before is not None:
                _demand_same_log(before, federation)
                federation.signed.verify(FEDERATION_LABEL, before.roots, before.threshold)
            elif self._pinned:
                trusted = {kid: public for kid, public in federation.roots.items() if kid in self._pinned}
                federation.signed.verify(FEDERATION_LABEL, trusted, federation.threshold)
        self._all.append(federation)

    def enter(self, federation: Federation, since: int) -> None:
        """Say that `federation` was logged at `since`: acts of that time and later stand under it."""
        self._since[federation.digest] = since

    @property
    def newest(self) -> Federation:
        """The newest document, whose log keys and hub name are those of all. Raises EvidenceRefused without any."""
        if not self._all:
            raise EvidenceRefused("no federation document holds")
        return self._all[-1]

    def at(self, time: int) -> Federation:
        """The document in force when something was logged at `time`. Raises EvidenceRefused when none is proved."""
        for federation in reversed(self._all):
            if self._since.get(federation.digest, time + 1) <= time:
                return federation
        raise EvidenceRefused("no federation document is proved to have been in force when this was logged")

    def roots_of(self, unit: str) -> dict[str, bytes]:
        """Every root key that the unit had in any of the documents, by key id."""
        return {kid: public for one in self._all for kid, public in one.unit_roots.get(unit, {}).items()}


class Keys:
    """The keys of the units, taken from their statements in the order of the log, and those of the hub."""

    def __init__(self, federations: Federations) -> None:
        self._federations = federations
        self._keys: dict[str, Key] = {}

    def take(self, wire: bytes, index: int, entry: Members) -> Key:
        """Believe the key statement or revocation in `wire`, which the proved log entry `entry` at `index` records.

        Returns the key that it makes or changes. Raises EvidenceRefused.
        """
        with refusing("the statement"):
            signed = statements.parse(wire, STATEMENT_LIMIT)
            statement = signed.statement
            logged = entry.get("type"), entry.get("kid"), entry.get("digest")
            if logged != ("STATEMENT", text(statement, "kid"), sha512(wire).hexdigest()):
                raise EvidenceRefused("the log entry at its index is of something else")
            if text(statement, "env") != self._federations.newest.env:
                raise EvidenceRefused("of another environment")
            if text(statement, "type") == "KEY":
                return self._state(signed, instant(entry, "time"))
            return self._revoke(signed, index, instant(entry, "time"))

    def publics(self, holder: str, use: str, at: int) -> dict[str, bytes]:
        """The public keys of `holder` for `use`, by key id, as far as they were vouched for at the log time `at`.

        Raises EvidenceRefused when no document in force at `at` is proved, or it has no such unit.
        """
        return {kid: key.public for kid, key in self._of(holder, use, at).items()}

    def signing_key(self, kid: str, holder: str, use: str, at: int) -> Key:
        """The key `kid`, which must be for `use` and of `holder` at the log time `at`. Raises EvidenceRefused."""
        key = self._of(holder, use, at).get(kid)
        if key is None:
            raise EvidenceRefused(f"no {use} key {kid} of {holder} is stated here")
        return key

    def policy(self, at: int) -> Policy:
        """Who must have signed a checkpoint of the hub's log at `at`, by the document and the witness keys good then.

        Raises EvidenceRefused, also when fewer witnesses than the quorum have stated their keys.
        """
        federation = self._federations.at(at)
        with refusing("the policy"):
            pairs = {unit: self._pairs(unit, at) for unit in federation.witnesses}
            return Policy.federated(federation.log_keys, pairs, federation.quorum)

    def unit_checkpoint(self, note: bytes) -> tuple[str, SignedCheckpoint]:
        """The unit and the checkpoint of its own log in `note`, under a pair of keys that it stated and was good then.

        Raises EvidenceRefused.
        """
        with refusing("the checkpoint of the unit's log"):
            origin = Checkpoint.parse(Note.parse(note).text).origin
        for key in [one for one in self._keys.values() if (one.use, one.name) == ("LOG", origin)]:
            with suppress(AuditError):
                signed = verify_checkpoint(note, _log_keys(key))
                good = self._of(key.holder, "LOG", signed.time).get(key.kid)
                if good is not None and good.status(signed.time) is not KeyStatus.INVALID:
                    return key.holder, signed
        raise EvidenceRefused(f"no keys of {origin} that were good then have signed it")

    def _pairs(self, unit: str, at: int) -> list[CosignerKeys]:
        good = [key for key in self._of(unit, "WITNESS", at).values() if key.status(at) is not KeyStatus.INVALID]
        return [CosignerKeys.of(key.name, key.public) for key in good]

    def _of(self, holder: str, use: str, at: int) -> dict[str, Key]:
        federation = self._federations.at(at)
        if holder == federation.hub:
            return {key.kid: key for key in federation.hub_keys if key.use == use}
        roots = federation.unit_roots.get(holder)
        if roots is None:
            raise EvidenceRefused(f"{holder} was not in the federation when this was logged")
        mine = [key for key in self._keys.values() if (key.holder, key.use) == (holder, use)]
        return {key.kid: key for key in mine if self._rooted(key, roots)}

    def _rooted(self, key: Key, roots: Mapping[str, bytes]) -> bool:
        """Whether one of `roots` vouched for the key, or for the signing key that did before it was stolen."""
        if key.voucher in roots:
            return True
        voucher = self._keys.get(key.voucher)
        if voucher is None or voucher.voucher not in roots:
            return False
        return voucher.stolen_since is None or key.stated < voucher.stolen_since

    def _state(self, signed: SignedStatement, logged_at: int) -> Key:
        statement = signed.statement
        unit, use, kid = text(statement, "unit"), text(statement, "use"), text(statement, "kid")
        public = binary(statement, "public")
        if kid in self._keys:
            raise EvidenceRefused("a key that was stated before")
        own = _KID_OF.get(use)
        if own is not None and own(public) != kid:
            raise EvidenceRefused("the key id is not the key's own")
        voucher = self._verify_voucher(signed, unit, use, logged_at)
        span = instant(statement, "not_before"), instant(statement, "not_after")
        name = text(statement, "name") if use in _NOTE_USES else ""
        self._keys[kid] = Key(unit, use, kid, public, *span, voucher=voucher, stated=logged_at, name=name)
        return self._keys[kid]

    def _revoke(self, signed: SignedStatement, index: int, logged_at: int) -> Key:
        """The key with its revocations; none of them ever makes good what another made bad."""
        statement = _of_type(signed, "REVOCATION")
        key = self._keys.get(text(statement, "kid"))
        if key is None or key.holder != text(statement, "unit"):
            raise EvidenceRefused("revokes a key that its unit does not have")
        self._verify_voucher(signed, key.holder, key.use, logged_at)
        stolen = instant(statement, "compromised_since") if "compromised_since" in statement else None
        key = replace(
            key,
            revoked=_earliest(key.revoked, instant(statement, "stated") if stolen is None else stolen),
            revoked_index=_earliest(key.revoked_index, index),
            stolen_since=_earliest(key.stolen_since, stolen),
        )
        self._keys[key.kid] = key
        return key

    def _verify_voucher(self, signed: SignedStatement, unit: str, use: str, logged_at: int) -> str:
        """A unit's root vouches for all its keys; its signing key only for those that sign nothing but requests.

        Returns the id of the key that signed.
        """
        publics = self._federations.roots_of(unit)
        if use in _USES_OF_SIGNING_KEY:
            mine = [key for key in self._keys.values() if (key.holder, key.use) == (unit, "SIGNING")]
            publics |= {key.kid: key.public for key in mine if key.status(logged_at) != KeyStatus.INVALID}
        signed.verify(STATEMENT_LABEL, publics)
        return next(kid for kid, _ in signed.signatures if kid in publics)


def _earliest(*times: int | None) -> int | None:
    return min((time for time in times if time is not None), default=None)


def _log_keys(key: Key) -> LogKeys:
    ed25519, mldsa44 = note_keys.split(key.public)
    return LogKeys(VerifierKey(key.name, ED25519, ed25519), VerifierKey(key.name, MLDSA44, mldsa44))


def _demand_same_log(before: Federation, after: Federation) -> None:
    if after.version != before.version + 1:
        raise EvidenceRefused(f"version {before.version + 1} is not here")
    if (before.env, before.hub, before.log_keys) != (after.env, after.hub, after.log_keys):
        raise EvidenceRefused("of another federation than the document before it")


def _of_type(signed: SignedStatement, kind: str) -> Members:
    if text(signed.statement, "type") != kind:
        raise EvidenceRefused(f"not a {kind} statement")
    return signed.statement


def _by_kid(publics: list[str]) -> dict[str, bytes]:
    return {signing.kid_of(public): public for public in map(unb64, publics)}


def _composite(key: Members) -> bool:
    return text(key, "use") != "REQUEST"  # an Ed25519 key, which signs requests and no evidence


def _hub_key(hub: str, key: Members) -> Key:
    public = binary(key, "public")
    span = instant(key, "not_before"), instant(key, "not_after")
    return Key(hub, text(key, "use"), signing.kid_of(public), public, *span)
