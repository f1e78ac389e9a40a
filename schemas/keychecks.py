"""The checks that a unit's key must pass before anybody believes it (protocol.md §2.2, §5.2).

Statements are taken in the order of their leaves; each stands on those before it. The hub runs the same checks before
it logs a statement, so a directory that fails them is the hub's fault and is refused as a whole.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from crypto import curve25519, encryption, note_keys, signing, statements
from crypto.pae import bind
from schemas.directory import (
    NODE_POSSESSION_LABEL,
    NOTE_USES,
    STATEMENT_LABEL,
    AnyStatement,
    Federation,
    KeyStatement,
    LoggedStatement,
    Revocation,
    Use,
    any_statement,
    keys_by_id,
    node_kid,
)
from schemas.errors import SchemaError

STATEMENT_LIMIT = 65_536
NODE_PUBLIC_SIZE = 32


class StatementRefused(SchemaError):
    """The statement does not hold: wrong signer, no possession, a key seen before, or not in order."""

    code: ClassVar[str] = "STATEMENT_REFUSED"


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A believed key: whose, for what, when; `dormant` if the unit or the root that vouched for it has left.

    Of several revocations `revocation` is the one that takes effect first, `revoked_index` is where the first of them
    stands in the log, and `stolen_since` is the earliest time that any of them gives for a theft.
    """

    unit: str
    use: Use
    kid: str
    public: bytes
    keyid: str
    not_before: int
    not_after: int
    index: int
    statement: KeyStatement
    vouched_by: str
    revocation: Revocation | None = None
    revoked_index: int | None = None
    stolen_since: int | None = None
    dormant: bool = False

    def fault(self, at: int, index: int | None = None) -> Literal["REVOKED", "NOT_VALID"] | None:
        """Return why the key proves nothing at log time `at`, or None if it is good.

        With the `index` of what it signed, the order of the log counts and not the second that a unit wrote: what
        stands before the revocation was good, unless that says since when the key was stolen.
        """
        if self.revocation is not None and at >= self.revocation.effective and not self._preceded(at, index):
            return "REVOKED"
        if self.dormant or not self.not_before <= at < self.not_after:
            return "NOT_VALID"
        return None

    def _preceded(self, at: int, index: int | None) -> bool:
        if self.revoked_index is None or index is None or index >= self.revoked_index:
            return False
        return self.stolen_since is None or at < self.stolen_since

    def ended(self, at: int) -> bool:
        """Return whether the key was believed once and is not any more at log time `at`: revoked, or past its time."""
        revoked = self.revocation is not None and at >= self.revocation.effective
        return not self.dormant and (revoked or at >= self.not_after)


Records = Mapping[str, KeyRecord]
_VOUCHED_BY_SIGNING_KEY = frozenset({"ENCRYPTION", "NODE", *NOTE_USES})


def possession_nonce(env: str, stated: int) -> bytes:
    """Return the nonce that a proof of possession covers, so that a proof serves one statement of one environment."""
    return f"{env}/{stated}".encode()


def prove_node_possession(private: Ed25519PrivateKey, unit: str, nonce: bytes) -> bytes:
    """Return the signature (64 bytes) by which a node key shows that `unit` holds it."""
    public = private.public_key().public_bytes_raw()
    return private.sign(bind(NODE_POSSESSION_LABEL, unit.encode(), public, nonce))


def check_document(federation: Federation) -> None:
    """Return if every root and hub key is acceptable and stands once; raises `StatementRefused`, `KeyRefused`."""
    composite = [root for unit in federation.units for root in unit.roots]
    composite += [key.public for key in federation.hub.keys if key.use != "REQUEST"]
    for public in composite:
        signing.check_public(public)
    for key in federation.hub.keys:
        if key.use == "REQUEST":
            _check_node_public(key.public)
    every = [*composite, *federation.roots]
    if len(set(every)) != len(every):
        raise StatementRefused("one key stands for two in the federation document")


def in_order(federation: Federation, logged: Sequence[LoggedStatement], before: Records, last: int = -1) -> Records:
    """Return the keys that `logged` states, by id, standing on those of `before`, whose last leaf has the index `last`.

    Raises `StatementRefused`, `Malformed` or a crypto error at the first that fails.
    """
    records = dict(before)
    for one in logged:
        if one.index <= last:
            raise StatementRefused("statements are not in the order of their leaves")
        last = one.index
        record = take(federation, records, one)
        records[record.kid] = record
    return records


def believed(stated: Records) -> Records:
    """Return the keys of `stated`, by id, of which those are dormant that a key vouched for after its theft."""
    return {kid: _unless_vouched_by_a_stolen_key(record, stated) for kid, record in stated.items()}


def take(federation: Federation, records: Records, one: LoggedStatement) -> KeyRecord:
    """Return the record that statement `one` makes or changes, standing on `records`; changes nothing itself.

    The record is dormant if nobody of the present document vouches for it. Raises `StatementRefused`, `Malformed` or a
    crypto error.
    """
    signed = statements.parse(one.wire, limit=STATEMENT_LIMIT)
    statement = any_statement(signed.statement_bytes)
    if statement.env != federation.env:
        raise StatementRefused("of another environment")
    if len(signed.signatures) != 1:
        raise StatementRefused("not exactly one signature")
    vouched_by = signed.signatures[0][0]
    target = records.get(statement.kid) if isinstance(statement, Revocation) else None
    public = _voucher(federation, records, statement, vouched_by, target)
    if public is not None:
        signed.verify(STATEMENT_LABEL, {vouched_by: public})
    if isinstance(statement, Revocation):
        return _revoked(target, statement, one.index, counts=public is not None)
    _check_key(federation, records, statement)
    return KeyRecord(
        unit=statement.unit,
        use=statement.use,
        kid=statement.kid,
        public=statement.public,
        keyid=statement.keyid,
        not_before=statement.not_before,
        not_after=statement.not_after,
        index=one.index,
        statement=statement,
        vouched_by=vouched_by,
        dormant=public is None,
    )


def _voucher(
    federation: Federation,
    records: Records,
    statement: AnyStatement,
    kid: str,
    target: KeyRecord | None,
) -> bytes | None:
    """Return the public key that may vouch for `statement`, or None if it is not in the present document."""
    roots = next((unit.roots for unit in federation.units if unit.unit == statement.unit), ())
    root = keys_by_id(roots).get(kid)
    if root is not None:
        return root
    record = records.get(kid)
    if record is None:
        return None
    use = statement.use if isinstance(statement, KeyStatement) else (target.use if target else None)
    if record.unit != statement.unit or record.use != "SIGNING" or use not in _VOUCHED_BY_SIGNING_KEY:
        raise StatementRefused("the signer may not vouch for this")
    if record.dormant:
        return None
    # `stated` is the signer's own word; the order of the log is not: what a revocation precedes came after it.
    if record.revocation is not None or record.fault(statement.stated) is not None:
        raise StatementRefused("the signer was not valid when this was stated")
    return record.public


def _revoked(target: KeyRecord | None, statement: Revocation, index: int, *, counts: bool) -> KeyRecord:
    """Return the target with its revocations; none of them ever makes good what another made bad."""
    if target is None or target.unit != statement.unit:
        raise StatementRefused("revokes a key that the unit does not have")
    if not counts:
        return target
    before, thefts = target.revocation, [target.stolen_since, statement.compromised_since]
    return replace(
        target,
        revocation=before if before is not None and before.effective <= statement.effective else statement,
        revoked_index=index if target.revoked_index is None else target.revoked_index,
        stolen_since=min((one for one in thefts if one is not None), default=None),
    )


def _check_key(federation: Federation, records: Records, statement: KeyStatement) -> None:
    """Return if the key itself is acceptable, its id is its own, it was never seen, and possession is proved."""
    if statement.kid in records or statement.kid in _document_kids(federation):
        raise StatementRefused("a key that was seen before")
    if statement.prev is not None and statement.prev not in records:
        raise StatementRefused("follows a key that is not there")
    if _KID[statement.use](statement.public) != statement.kid:
        raise StatementRefused("the id is not the key's own")
    _check_public[statement.use](statement.public)
    nonce = possession_nonce(statement.env, statement.stated)
    if statement.use == "SIGNING":
        signing.verify_possession(statement.public, statement.unit, nonce, statement.possession or b"")
    elif statement.use == "NODE":
        _verify_node_possession(statement, nonce)
    elif statement.use in NOTE_USES:
        _check_unshared(records, statement)
        said = (statement.unit, statement.name or "", nonce)
        note_keys.verify_possession(statement.public, said, statement.possession or b"")


def _check_unshared(records: Records, statement: KeyStatement) -> None:
    """Return if neither half of a pair of note keys stands in another: a line of one must not count for two."""
    mine = set(note_keys.split(statement.public))
    others = (note_keys.split(record.public) for record in records.values() if record.use in NOTE_USES)
    if any(mine & set(pair) for pair in others):
        raise StatementRefused("half of the pair was seen before")


def _document_kids(federation: Federation) -> frozenset[str]:
    publics = [root for unit in federation.units for root in unit.roots]
    publics += [key.public for key in federation.hub.keys if key.use != "REQUEST"]
    return frozenset(keys_by_id([*publics, *federation.roots]))


def _verify_node_possession(statement: KeyStatement, nonce: bytes) -> None:
    message = bind(NODE_POSSESSION_LABEL, statement.unit.encode(), statement.public, nonce)
    try:
        Ed25519PublicKey.from_public_bytes(statement.public).verify(statement.possession or b"", message)
    except InvalidSignature as error:
        raise StatementRefused("possession of the node key is not proved") from error


def _check_node_public(public: bytes) -> None:
    if len(public) != NODE_PUBLIC_SIZE:
        raise StatementRefused("a node key is 32 bytes")
    curve25519.check_ed25519(public)


def _unless_vouched_by_a_stolen_key(record: KeyRecord, records: Records) -> KeyRecord:
    """Return the record, dormant if its voucher was compromised by the time it vouched."""
    voucher = records.get(record.vouched_by)
    if voucher is not None and voucher.fault(record.statement.stated, record.index) == "REVOKED":
        return replace(record, dormant=True)
    return record


_KID = {"SIGNING": signing.kid_of, "ENCRYPTION": encryption.kid_of, "NODE": node_kid} | dict.fromkeys(
    NOTE_USES, note_keys.kid_of
)
_check_public = {
    "SIGNING": signing.check_public,
    "ENCRYPTION": encryption.check_public,
    "NODE": _check_node_public,
} | dict.fromkeys(NOTE_USES, note_keys.check_public)
