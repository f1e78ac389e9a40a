"""Whose key was whose, and when: the federation document and the units' key statements, checked from their bytes.

Reads members from parsed statements; the forms themselves are declared in `schemas.directory` (protocol.md section 5).
A statement is believed only with the log entry that records it: the log's time decides, never a sender's claim.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha512
from typing import Final

from audit.checkpoints import LogKeys
from audit.evidence.findings import EvidenceRefused
from audit.evidence.members import Members, binary, inner, instant, number, objects, refusing, text, texts
from crypto import encryption, note_keys, signing, statements
from crypto.encoding import unb64
from crypto.statements import SignedStatement

FEDERATION_LABEL: Final = "serai/federation/1"
STATEMENT_LABEL: Final = "serai/statement/1"
PART_LIMIT: Final = 1 << 20
STATEMENT_LIMIT: Final = 65_536

_USES_OF_SIGNING_KEY: Final = frozenset({"ENCRYPTION", "NODE", "LOG", "WITNESS"})
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
    """A key and the log times (unix seconds) between which it proves something; `revoked` is from when it does not."""

    holder: str
    use: str
    kid: str
    public: bytes
    not_before: int
    not_after: int
    revoked: int | None = None

    def status(self, at: int) -> KeyStatus:
        """What the key proves about a signature logged at `at`."""
        if not self.not_before <= at < self.not_after:
            return KeyStatus.INVALID
        if self.revoked is None:
            return KeyStatus.VALID
        return KeyStatus.VALID_THEN_REVOKED if at < self.revoked else KeyStatus.INVALID


@dataclass(frozen=True)
class Federation:
    """What the evidence needs of a verified federation document."""

    env: str
    hub: str
    root_kids: tuple[str, ...]
    log_keys: LogKeys
    hub_keys: tuple[Key, ...]
    unit_roots: Mapping[str, Mapping[str, bytes]]


def read_federation(wire: bytes, roots: frozenset[str]) -> Federation:
    """The federation document in `wire`, signed by the threshold of its own roots.

    With `roots` (key ids known from elsewhere) the threshold must be met by those alone. Raises EvidenceRefused.
    """
    with refusing("the federation document"):
        signed = statements.parse(wire, PART_LIMIT)
        document = _of_type(signed, "FEDERATION")
        threshold = number(document, "threshold")
        if threshold < 1:
            raise EvidenceRefused("a threshold below one")
        publics = _by_kid(texts(document, "roots"))
        trusted = {kid: public for kid, public in publics.items() if not roots or kid in roots}
        signed.verify(FEDERATION_LABEL, trusted, threshold)
        hub = inner(document, "hub")
        vkeys = texts(hub, "log")
        if len(vkeys) != 2:
            raise EvidenceRefused("a log has two keys")
        return Federation(
            env=text(document, "env"),
            hub=text(hub, "name"),
            root_kids=tuple(publics),
            log_keys=LogKeys.parse(*vkeys),
            hub_keys=tuple(_hub_key(text(hub, "name"), key) for key in objects(hub, "keys") if _composite(key)),
            unit_roots={text(unit, "unit"): _by_kid(texts(unit, "roots")) for unit in objects(document, "units")},
        )


class Keys:
    """The keys of the units, taken from their statements in the order of the log."""

    def __init__(self, federation: Federation) -> None:
        self._federation = federation
        self._keys: dict[str, Key] = {key.kid: key for key in federation.hub_keys}

    def take(self, wire: bytes, entry: Members) -> Key:
        """Believe the key statement or revocation in `wire`, which the proved log entry `entry` records.

        Returns the key that it makes or changes. Raises EvidenceRefused.
        """
        with refusing("the statement"):
            signed = statements.parse(wire, STATEMENT_LIMIT)
            statement = signed.statement
            logged = entry.get("type"), entry.get("kid"), entry.get("digest")
            if logged != ("STATEMENT", text(statement, "kid"), sha512(wire).hexdigest()):
                raise EvidenceRefused("the log entry at its index is of something else")
            if text(statement, "env") != self._federation.env:
                raise EvidenceRefused("of another environment")
            if text(statement, "type") == "KEY":
                return self._state(signed, instant(entry, "time"))
            return self._revoke(signed, instant(entry, "time"))

    def signing_key(self, kid: str, holder: str, use: str) -> Key:
        """The key `kid`, which must be for `use` and belong to `holder`. Raises EvidenceRefused."""
        key = self._keys.get(kid)
        if key is None or (key.holder, key.use) != (holder, use):
            raise EvidenceRefused(f"no {use} key {kid} of {holder} is stated here")
        return key

    def publics(self, holder: str, use: str) -> dict[str, bytes]:
        """The public keys of `holder` for `use`, by key id."""
        return {kid: key.public for kid, key in self._keys.items() if (key.holder, key.use) == (holder, use)}

    def _state(self, signed: SignedStatement, logged_at: int) -> Key:
        statement = signed.statement
        unit, use, kid = text(statement, "unit"), text(statement, "use"), text(statement, "kid")
        public = binary(statement, "public")
        if kid in self._keys:
            raise EvidenceRefused("a key that was stated before")
        own = _KID_OF.get(use)
        if own is not None and own(public) != kid:
            raise EvidenceRefused("the key id is not the key's own")
        self._verify_voucher(signed, unit, use, logged_at)
        key = Key(unit, use, kid, public, instant(statement, "not_before"), instant(statement, "not_after"))
        self._keys[kid] = key
        return key

    def _revoke(self, signed: SignedStatement, logged_at: int) -> Key:
        statement = _of_type(signed, "REVOCATION")
        key = self._keys.get(text(statement, "kid"))
        if key is None or key.holder != text(statement, "unit"):
            raise EvidenceRefused("revokes a key that its unit does not have")
        self._verify_voucher(signed, key.holder, key.use, logged_at)
        since = instant(statement, "compromised_since" if "compromised_since" in statement else "stated")
        key = replace(key, revoked=since if key.revoked is None else min(since, key.revoked))
        self._keys[key.kid] = key
        return key

    def _verify_voucher(self, signed: SignedStatement, unit: str, use: str, logged_at: int) -> None:
        """A unit's root vouches for all its keys; its signing key only for those that sign nothing but requests."""
        publics = dict(self._federation.unit_roots.get(unit, {}))
        if use in _USES_OF_SIGNING_KEY:
            mine = [key for key in self._keys.values() if (key.holder, key.use) == (unit, "SIGNING")]
            publics |= {key.kid: key.public for key in mine if key.status(logged_at) != KeyStatus.INVALID}
        signed.verify(STATEMENT_LABEL, publics)


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
