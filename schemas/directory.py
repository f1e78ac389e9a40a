"""The directory's words: what the federation, a unit and the hub each sign about who is who (protocol.md §5).

Three signed parts. `Federation`: units, roots, agreements, the hub's and its log's keys, who witnesses that log and how
many must, under a threshold of roots. `KeyStatement` and `Revocation`: a unit's own keys. `Snapshot`: what the hub
holds for current. These are the forms and the builders of the authorities' side; what they prove together is decided by
`schemas.trust.Directory`.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError, model_validator

from crypto import canonical, signing, statements
from crypto.errors import CryptoError
from crypto.pae import tagged
from schemas.base import Binary, CodeText, Env, Hex64, Hex128, Name, Names, UnitId, UtcText, Wire, explain
from schemas.errors import Malformed
from schemas.receipts import HubName
from schemas.signed_policy import RightsPair, RuleSet, fault_of_pairs, fault_of_rules

FEDERATION_LABEL = "serai/federation/1"
STATEMENT_LABEL = "serai/statement/1"
SNAPSHOT_LABEL = "serai/snapshot/1"
NODE_POSSESSION_LABEL = "serai/node-possession/1"
NODE_KID_LABEL = "serai/node-kid/1"
STATEMENTS_LABEL = "serai/statements/1"

FEDERATION_LIFE = 365 * 86_400
SNAPSHOT_LIFE = 24 * 3_600
SNAPSHOT_GRACE = 96 * 3_600
"""Seconds after a snapshot's expiry in which nodes go on and say so; after them they refuse to seal."""

LEVELS: tuple[str, ...] = ("UNCL", "OFFUSE", "RESTR", "CONF")
"""Classification codes from the lowest to the highest; an accreditation or an agreement names the highest allowed."""

FAMILIES = frozenset({"operational", "financial", "judicial", "strategic", "control"})

Level = Literal["UNCL", "OFFUSE", "RESTR", "CONF"]
Family = Literal["operational", "financial", "judicial", "strategic", "control"]
UnitClass = Literal["MEMBER", "PARTNER", "REGIONAL_BODY", "INTERNATIONAL", "OBSERVER", "TRAINING"]
NodeName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]
NoteName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]*(/[a-z0-9.-]+)*$", max_length=255)]
"""The name of a pair of note keys: the origin of a log, or the name of a cosigner (C2SP signed-note)."""
Use = Literal["SIGNING", "ENCRYPTION", "NODE", "LOG", "WITNESS"]
NOTE_USES: frozenset[str] = frozenset({"LOG", "WITNESS"})
"""Uses of a pair of note keys (`crypto.note_keys`): it signs the unit's own log, or cosigns the logs of others."""


class Profile(Wire):
    """What a federation says about one of its units, but for the keys."""

    unit: UnitId
    unit_class: UnitClass = Field(validation_alias="class", serialization_alias="class")
    names: Names
    agencies: tuple[CodeText, ...]
    languages: tuple[Language, ...]
    time_zone: str = Field(max_length=64)
    accreditation: Level

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True, validate_by_alias=True)


class Unit(Profile):
    """A national unit as the federation admits it; its roots alone may introduce its signing keys."""

    roots: Annotated[tuple[Binary, ...], Field(min_length=1)]

    @classmethod
    def of(cls, profile: Profile, root: bytes) -> Self:
        """Return the unit of `profile` with one root."""
        return cls(**dict(profile), roots=(root,))


class Agreement(Wire):
    """`sender` may send `families` up to `classification` to `recipient`; what no agreement allows is refused."""

    sender: UnitId = Field(validation_alias="from", serialization_alias="from")
    recipient: UnitId = Field(validation_alias="to", serialization_alias="to")
    families: tuple[Family, ...]
    classification: Level

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True, validate_by_alias=True)


class HubKey(Wire):
    """One key of the hub and what it may sign: composite for RECEIPT and SNAPSHOT, Ed25519 for REQUEST."""

    use: Literal["RECEIPT", "SNAPSHOT", "REQUEST"]
    public: Binary
    not_before: UtcText
    not_after: UtcText


class HubCard(Wire):
    """The hub as the federation admits it.

    `log` lists the verifier keys of its log, all of which must sign; `witness` those with which it cosigns the logs of
    the units.
    """

    name: HubName
    keys: Annotated[tuple[HubKey, ...], Field(min_length=1)]
    log: Annotated[tuple[str, ...], Field(min_length=1)]
    witness: tuple[str, ...] | None = None


class Federation(Wire):
    """The document that the federation's roots sign: valid one year, its version never goes back.

    `witnesses` are the units whose cosignatures count for the hub's log, each once, under the WITNESS keys that it
    stated itself; `quorum` is how many of them a published checkpoint needs, and 0 means that none is asked for.
    `rights_pairs` and `rules` are absent from a document whose federation has not decided about them yet.
    """

    v: Literal[1] = 1
    type: Literal["FEDERATION"] = "FEDERATION"
    suite: Literal[1] = 1
    env: Env
    name: Name
    version: Annotated[int, Field(ge=1)]
    issued: UtcText
    expires: UtcText
    threshold: Annotated[int, Field(ge=1)]
    roots: Annotated[tuple[Binary, ...], Field(min_length=1)]
    hub: HubCard
    units: tuple[Unit, ...]
    agreements: tuple[Agreement, ...]
    witnesses: tuple[UnitId, ...] = ()
    quorum: Annotated[int, Field(ge=0)] = 0
    rights_pairs: tuple[RightsPair, ...] | None = None
    rules: tuple[RuleSet, ...] | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        units = [unit.unit for unit in self.units]
        pairs = [(one.sender, one.recipient, family) for one in self.agreements for family in one.families]
        if units != sorted(set(units)):
            raise ValueError("units: sorted by id, each once")
        if len(set(pairs)) != len(pairs) or not {unit for pair in pairs for unit in pair[:2]} <= set(units):
            raise ValueError("agreements: one for each pair and family, between units of this document")
        if self.threshold > len(set(self.roots)) or len(set(self.roots)) != len(self.roots):
            raise ValueError("roots: distinct, and at least as many as the threshold")
        if not 0 < self.expires - self.issued <= FEDERATION_LIFE:
            raise ValueError("expires: within one year of issued")
        if list(self.witnesses) != sorted(set(self.witnesses)) or not set(self.witnesses) <= set(units):
            raise ValueError("witnesses: units of this document, sorted by id, each once")
        if self.quorum and not len(self.witnesses) // 2 < self.quorum <= len(self.witnesses):
            raise ValueError("quorum: none, or more than half of the witnesses, so that any two quorums share one")
        return self

    @model_validator(mode="after")
    def _decided(self) -> Self:
        pairs, units = self.rights_pairs, frozenset(unit.unit for unit in self.units)
        fault = (pairs and fault_of_pairs(pairs, units)) or (self.rules is not None and fault_of_rules(self.rules))
        if fault:
            raise ValueError(fault)
        return self


class KeyStatement(Wire):
    """A unit introduces one of its keys, proves that it holds it, and says when it may be used.

    `possession` is the proof by the key itself; an encryption key cannot sign, so the signer of its statement answers
    for it, and no key is taken that was seen before. `node` names the machine of a node key; `name` is the name under
    which a pair of note keys signs, `genesis` the leaf hash of entry 0 of the log that a LOG pair signs. `prev` is the
    key of the same use that this one follows.
    """

    v: Literal[1] = 1
    type: Literal["KEY"] = "KEY"
    suite: Literal[1] = 1
    min_suite: Literal[1] = 1
    env: Env
    unit: UnitId
    use: Use
    node: NodeName | None = None
    name: NoteName | None = None
    genesis: Hex64 | None = None
    kid: Hex64
    public: Binary
    possession: Binary | None = None
    stated: UtcText
    not_before: UtcText
    not_after: UtcText
    prev: Hex64 | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.use == "NODE") != (self.node is not None):
            raise ValueError("node: required for a node key, forbidden elsewhere")
        if (self.use in NOTE_USES) != (self.name is not None):
            raise ValueError("name: required for note keys, forbidden elsewhere")
        if self.genesis is not None and self.use != "LOG":
            raise ValueError("genesis: only of a log")
        if self.name is not None and not self.name.startswith(f"node.{self.unit.lower()}."):
            raise ValueError("name: begins with `node.` and the unit's own id")
        if (self.use == "ENCRYPTION") != (self.possession is None):
            raise ValueError("possession: required for keys that sign, impossible for one that only opens")
        if not self.not_before < self.not_after:
            raise ValueError("not_after: later than not_before")
        return self

    @property
    def keyid(self) -> str:
        """The name under which a node key signs requests: `unit/node/kid`."""
        return f"{self.unit}/{self.node}/{self.kid}"


class Revocation(Wire):
    """A unit withdraws one of its keys; with `compromised_since`, nothing logged from then on is believed."""

    v: Literal[1] = 1
    type: Literal["REVOCATION"] = "REVOCATION"
    env: Env
    unit: UnitId
    kid: Hex64
    reason: Literal["COMPROMISED", "SUPERSEDED", "CEASED"]
    compromised_since: UtcText | None = None
    stated: UtcText

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.reason == "COMPROMISED") != (self.compromised_since is not None):
            raise ValueError("compromised_since: required for COMPROMISED, forbidden elsewhere")
        return self

    @property
    def effective(self) -> int:
        """The log time (unix seconds) from which the key proves nothing."""
        return self.stated if self.compromised_since is None else self.compromised_since


class Part(Wire):
    """The identity of a part: its version (for statements: how many) and its digest."""

    version: Annotated[int, Field(ge=0)]
    sha512: Hex128


class Suspension(Wire):
    """A unit that may neither send nor collect until the hub lifts it."""

    unit: UnitId
    since: UtcText
    reason: CodeText


class Snapshot(Wire):
    """What the hub holds for current: it can suspend a unit, it can neither add nor replace a key."""

    v: Literal[1] = 1
    type: Literal["SNAPSHOT"] = "SNAPSHOT"
    env: Env
    version: Annotated[int, Field(ge=1)]
    issued: UtcText
    expires: UtcText
    federation: Part
    statements: Part
    suspended: tuple[Suspension, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not 0 < self.expires - self.issued <= SNAPSHOT_LIFE:
            raise ValueError("expires: within 24 hours of issued")
        units = [one.unit for one in self.suspended]
        if units != sorted(set(units)):
            raise ValueError("suspended: sorted by unit, each once")
        return self


AnyStatement = Annotated[KeyStatement | Revocation, Field(discriminator="type")]
_ANY: TypeAdapter[AnyStatement] = TypeAdapter(AnyStatement)


class LoggedStatement(Wire):
    """A statement's wire form and the index of its leaf in the hub's log."""

    wire: Binary
    index: Annotated[int, Field(ge=0)]


class DirectoryParts(Wire):
    """The answer of `GET /v1/directory`: the three parts as bytes, nothing of them verified yet."""

    federation: Binary
    snapshot: Binary
    statements: tuple[LoggedStatement, ...]


class UnitCard(Wire):
    """What a unit hands to the federation at enrolment: its root, its names, its first key statements (wire forms)."""

    v: Literal[1] = 1
    type: Literal["UNIT_CARD"] = "UNIT_CARD"
    env: Env
    unit: Unit
    stated: UtcText
    possession: Binary
    statements: tuple[Binary, ...]


def any_statement(data: bytes) -> AnyStatement:
    """Return the key statement or revocation in `data` (canonical statement bytes); raises `Malformed`."""
    try:
        canonical.loads(data, limit=16_384)
        statement = _ANY.validate_json(data)
    except CryptoError as error:
        raise Malformed(f"Statement: {error}") from error
    except ValidationError as error:
        raise Malformed(f"Statement: {explain(error)}") from error
    if statement.to_bytes() != data:
        raise Malformed("Statement: not in canonical form")
    return statement


def members(value: Wire) -> dict[str, Any]:
    """Return `value` as the wire carries it, ready to be signed."""
    return value.model_dump(mode="json", exclude_none=True)


def digest_of(wire: bytes) -> str:
    """Return the digest (128 hex digits) by which a snapshot names one signed part."""
    return tagged(STATEMENTS_LABEL, wire).hex()


def digest_of_statements(logged: Sequence[LoggedStatement]) -> str:
    """Return the digest by which a snapshot names the list of statements, with their indices, in order."""
    return tagged(STATEMENTS_LABEL, *(part for one in logged for part in (str(one.index).encode(), one.wire))).hex()


def node_kid(public: bytes) -> str:
    """Return the id of a node's Ed25519 public key (32 bytes) as 64 hex digits."""
    return tagged(NODE_KID_LABEL, public)[:32].hex()


def sign_federation(document: Federation, roots: Sequence[signing.SigningKey]) -> bytes:
    """Return the wire form of `document` under the signatures of `roots` (any k of the n root keys)."""
    return statements.sign_batch(roots, FEDERATION_LABEL, [members(document)])[0]


def sign_statement(statement: KeyStatement | Revocation, signer: signing.SigningKey) -> bytes:
    """Return the wire form of a unit's statement under its root or its signing key."""
    return statements.sign_batch([signer], STATEMENT_LABEL, [members(statement)])[0]


def sign_snapshot(snapshot: Snapshot, key: signing.SigningKey) -> bytes:
    """Return the wire form of `snapshot` under the hub's snapshot key."""
    return statements.sign_batch([key], SNAPSHOT_LABEL, [members(snapshot)])[0]


def keys_by_id(publics: Sequence[bytes]) -> Mapping[str, bytes]:
    """Return composite public keys by their ids, in the form that statement verification takes."""
    return {signing.kid_of(public): public for public in publics}
