"""A small federation for tests: units with all their keys, and the signed parts of its directory."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from crypto import note_keys, signing
from crypto.encryption import EncryptionKey
from crypto.merkle_hash import leaf_hash
from crypto.signing import SigningKey
from exchange.policy import rulebook
from schemas import keychecks
from schemas.base import Names
from schemas.directory import (
    Agreement,
    DirectoryParts,
    Federation,
    HubCard,
    HubKey,
    KeyStatement,
    LoggedStatement,
    Part,
    Profile,
    Revocation,
    Snapshot,
    Suspension,
    Unit,
    UnitCard,
    digest_of,
    digest_of_statements,
    node_kid,
    sign_federation,
    sign_snapshot,
    sign_statement,
)
from schemas.signed_policy import RightsPair, RuleSet
from schemas.trust import Anchor, Directory

DAY = 86_400
GENESIS = b"entry 0 of a unit's log"
HUB = "hub.serai.example"
VKEY = "hub.serai.example/log+00000000+AAAA"


def new_node_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def profile(unit: str, accreditation: str = "RESTR") -> Profile:
    return Profile(
        unit=unit,
        unit_class="MEMBER",
        names=Names(en=f"Unit {unit}", ru=f"Орган {unit}"),
        agencies=("POLICE",),
        languages=("en", "ru"),
        time_zone="Asia/Dushanbe",
        accreditation=accreditation,  # type: ignore[arg-type]  # tests also try what is no level
    )


@dataclass
class UnitKeys:
    """Everything private of one unit."""

    unit: str
    root: SigningKey = field(default_factory=SigningKey.generate)
    signing: SigningKey = field(default_factory=SigningKey.generate)
    encryption: EncryptionKey = field(default_factory=EncryptionKey.generate)
    node: Ed25519PrivateKey = field(default_factory=new_node_key)
    log: bytes = field(default_factory=note_keys.new_seeds)
    witness: bytes = field(default_factory=note_keys.new_seeds)
    accreditation: str = "RESTR"

    @property
    def node_public(self) -> bytes:
        return self.node.public_key().public_bytes_raw()

    @property
    def keyid(self) -> str:
        return f"{self.unit}/main/{node_kid(self.node_public)}"

    def entry(self) -> Unit:
        return Unit.of(profile(self.unit, self.accreditation), self.root.public)

    def key_statements(self, now: int, env: str = "live") -> list[bytes]:
        """The unit's first statements: signing key by the root, encryption and node key by the signing key."""
        nonce = keychecks.possession_nonce(env, now)
        proof = signing.prove_possession(self.signing, self.unit, nonce)
        node_proof = keychecks.prove_node_possession(self.node, self.unit, nonce)
        return [
            sign_statement(key_statement(self, "SIGNING", self.signing.public, now, env, proof), self.root),
            sign_statement(key_statement(self, "ENCRYPTION", self.encryption.public, now, env, None), self.signing),
            sign_statement(key_statement(self, "NODE", self.node_public, now, env, node_proof), self.signing),
        ]

    def note_statement(self, use: str, now: int, env: str = "live", **changes: object) -> bytes:
        """The unit's pair of note keys for LOG or WITNESS, by the signing key; `changes` bend what is signed."""
        seeds = {"LOG": self.log, "WITNESS": self.witness}[use]
        name = f"node.{self.unit.lower()}.serai" + ("/witness" if use == "WITNESS" else "")
        proof = note_keys.prove_possession(seeds, self.unit, name, keychecks.possession_nonce(env, now))
        statement = key_statement(self, use, note_keys.public_of(seeds), now, env, proof, name=name)
        genesis = {"genesis": leaf_hash(GENESIS).hex()} if use == "LOG" else {}
        return sign_statement(statement.model_copy(update=genesis | changes), self.signing)

    def card(self, now: int, env: str = "live") -> UnitCard:
        nonce = keychecks.possession_nonce(env, now)
        return UnitCard(
            env=env,  # type: ignore[arg-type]  # tests also try what is no environment
            unit=self.entry(),
            stated=now,
            possession=signing.prove_possession(self.root, self.unit, nonce),
            statements=tuple(self.key_statements(now, env)),
        )


KID = {"SIGNING": signing.kid_of, "NODE": node_kid, "LOG": note_keys.kid_of, "WITNESS": note_keys.kid_of}


def key_statement(
    keys: UnitKeys, use: str, public: bytes, now: int, env: str, possession: bytes | None, name: str | None = None
) -> KeyStatement:
    from_kid = KID.get(use)
    return KeyStatement(
        env=env,  # type: ignore[arg-type]  # tests also try what is no environment
        unit=keys.unit,
        use=use,  # type: ignore[arg-type]  # one of the five
        node="main" if use == "NODE" else None,
        name=name,
        kid=from_kid(public) if from_kid else keys.encryption.kid,
        public=public,
        possession=possession,
        stated=now,
        not_before=now - 60,
        not_after=now + 395 * DAY,
    )


@dataclass
class World:
    """A federation with its roots, its hub's keys and its units; `parts` signs what `GET /v1/directory` answers."""

    now: int
    env: str = "live"
    units: dict[str, UnitKeys] = field(default_factory=dict)
    roots: list[SigningKey] = field(default_factory=lambda: [SigningKey.generate() for _ in range(3)])
    receipt: SigningKey = field(default_factory=SigningKey.generate)
    snapshot: SigningKey = field(default_factory=SigningKey.generate)
    request: Ed25519PrivateKey = field(default_factory=new_node_key)
    statements: list[LoggedStatement] = field(default_factory=list)
    wires: dict[bytes, bytes] = field(default_factory=dict)
    card: HubCard | None = None

    def copy(self) -> "World":
        """The same federation with the same keys, and a future of its own."""
        units = {unit: replace(keys) for unit, keys in self.units.items()}
        return replace(self, units=units, roots=[*self.roots], statements=[*self.statements], wires={**self.wires})

    def add(self, *units: str) -> "World":
        for unit in units:
            self.units[unit] = UnitKeys(unit)
            for wire in self.units[unit].key_statements(self.now, self.env):
                self.append(wire)
        return self

    def witnessed(self, *units: str) -> "World":
        """State the WITNESS pairs of these units; the document must name them."""
        for unit in units:
            self.append(self.units[unit].note_statement("WITNESS", self.now, self.env))
        return self

    def follow(self, unit: str) -> SigningKey:
        """Introduce a second signing key of a unit, by its root, and return it."""
        keys, following = self.units[unit], SigningKey.generate()
        proof = signing.prove_possession(following, unit, keychecks.possession_nonce(self.env, self.now))
        statement = key_statement(keys, "SIGNING", following.public, self.now, self.env, proof)
        self.append(sign_statement(statement, keys.root))
        return following

    def append(self, wire: bytes) -> None:
        self.statements.append(LoggedStatement(wire=wire, index=len(self.statements)))

    def anchor(self, threshold: int = 2) -> Anchor:
        roots = tuple(root.public for root in self.roots)
        return Anchor(env=self.env, threshold=threshold, roots=roots)  # type: ignore[arg-type]  # as above

    def federation(self, version: int = 1, **changes: object) -> Federation:
        members: dict[str, object] = {
            "env": self.env,
            "name": "Test federation",
            "version": version,
            "issued": self.now,
            "expires": self.now + 300 * DAY,
            "threshold": 2,
            "roots": tuple(root.public for root in self.roots),
            "hub": self.card or HubCard(name=HUB, keys=self.hub_keys(), log=(VKEY,)),
            "units": tuple(self.units[unit].entry() for unit in sorted(self.units)),
            "agreements": tuple(everybody(self.units)),
            "rules": (rule_set(self.now - DAY),),
        }
        return Federation(**(members | changes))  # type: ignore[arg-type]  # the model itself checks them

    def hub_keys(self) -> tuple[HubKey, ...]:
        publics = {
            "RECEIPT": self.receipt.public,
            "SNAPSHOT": self.snapshot.public,
            "REQUEST": self.request.public_key().public_bytes_raw(),
        }
        return tuple(
            HubKey(use=use, public=public, not_before=self.now - DAY, not_after=self.now + 395 * DAY)  # type: ignore[arg-type]  # one of the three
            for use, public in publics.items()
        )

    def parts(
        self,
        version: int = 1,
        document: Federation | None = None,
        suspended: Sequence[Suspension] = (),
        signers: Iterable[SigningKey] | None = None,
    ) -> DirectoryParts:
        document = document or self.federation()
        wire = self.wires.setdefault(
            document.to_bytes(), sign_federation(document, list(self.roots[:2] if signers is None else signers))
        )
        statements = tuple(self.statements)
        snapshot = Snapshot(
            env=self.env,  # type: ignore[arg-type]  # as above
            version=version,
            issued=self.now,
            expires=self.now + DAY,
            federation=Part(version=document.version, sha512=digest_of(wire)),
            statements=Part(version=len(statements), sha512=digest_of_statements(statements)),
            suspended=tuple(suspended),
        )
        return DirectoryParts(federation=wire, snapshot=sign_snapshot(snapshot, self.snapshot), statements=statements)

    def directory(self, **changes: object) -> Directory:
        return Directory.verify(self.parts(**changes), self.anchor(), self.now)  # type: ignore[arg-type]  # passed on

    def revocation(self, unit: str, kid: str, reason: str, at: int, since: int | None = None) -> Revocation:
        return Revocation(
            env=self.env,  # type: ignore[arg-type]  # as above
            unit=unit,
            kid=kid,
            reason=reason,  # type: ignore[arg-type]  # as above
            compromised_since=since,
            stated=at,
        )


def rule_set(not_before: int, **changes: Any) -> RuleSet:
    """The rules of access that this release ships, or others."""
    members: dict[str, Any] = {"version": 1, "not_before": not_before, "sha512": rulebook.federation().federal}
    return RuleSet(**(members | changes))


def pair(sender: str = "TJ", recipient: str = "KG", *areas: str, **changes: Any) -> RightsPair:
    """A pair of the signed list, about organised crime and terrorism unless others are named."""
    source = Names(en="Convention against Torture, article 3", ru="Конвенция против пыток, статья 3")
    members: dict[str, Any] = {"areas": areas or ("ORGCRIME", "TERROR"), "not_before": 0, "source": source}
    return RightsPair(sender=sender, recipient=recipient, **(members | changes))


def everybody(units: Iterable[str]) -> list[Agreement]:
    """Agreements by which each may send the others everything up to RESTR."""
    families = ("control", "financial", "judicial", "operational", "strategic")
    pairs = [(one, other) for one in sorted(units) for other in sorted(units) if one != other]
    return [Agreement(sender=one, recipient=other, families=families, classification="RESTR") for one, other in pairs]  # type: ignore[arg-type]  # codes of the table
