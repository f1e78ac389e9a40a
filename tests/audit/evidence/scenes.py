"""One message from TJ to KG with everything that happened to it, as the services would log and bundle it."""

from dataclasses import dataclass, field
from hashlib import sha512

from audit.checkpoints import Checkpoint, LogSigner
from audit.cosignatures import Cosigner, with_lines
from audit.evidence.acts import Entries
from audit.evidence.bundle import BundleParts, Logged, Opened, write_bundle
from audit.evidence.directory import Federation, Federations, Keys, read_federation
from audit.evidence.members import number
from audit.merkle import inclusion_path
from crypto import statements
from crypto.header import HeaderDraft
from crypto.sealing import Recipient, Sealed, seal
from crypto.signing import SigningKey
from schemas import receipts
from schemas.directory import HubCard, sign_federation, sign_statement
from schemas.entries import DirectoryEntry, Entry, MessageEntry, ReceiptEntry, RefusalEntry, StatementEntry
from schemas.receipts import Receipt, ReceiptType
from tests.audit import trees
from tests.federation import HUB, World
from tests.instants import DAY, NOW

CONTENT = b'{"subject":"consent to a controlled delivery"}'
SIGNER = LogSigner.from_seeds(f"{HUB}/live/log", bytes(range(64)))
NONCE = "00" * 16


@dataclass
class Scene:
    """A federation, the hub's log in memory, and what was exchanged."""

    world: World
    entries: list[bytes] = field(default_factory=list)
    statements: dict[int, bytes] = field(default_factory=dict)
    messages: dict[str, bytes] = field(default_factory=dict)
    receipts: list[bytes] = field(default_factory=list)
    opened: dict[str, Opened] = field(default_factory=dict)
    federations: list[bytes] = field(default_factory=list)
    signer: LogSigner = SIGNER
    cosigners: tuple[str, ...] = ()

    def log(self, entry: Entry) -> int:
        self.entries.append(entry.to_bytes())
        return len(self.entries) - 1

    def state(self, wire: bytes, time: int = NOW) -> int:
        """Log a key statement or revocation."""
        statement = statements.parse(wire, 65_536).statement
        unit, kid = str(statement["unit"]), str(statement["kid"])
        index = self.log(StatementEntry(time=time, nonce=NONCE, unit=unit, kid=kid, digest=sha512(wire).hexdigest()))
        self.statements[index] = wire
        return index

    def publish(self, wire: bytes, time: int = NOW) -> int:
        """Log a federation document."""
        version = number(statements.parse(wire, 1 << 20).statement, "version")
        digest = sha512(wire).hexdigest()
        self.federations.append(wire)
        return self.log(DirectoryEntry(time=time, nonce=NONCE, part="FEDERATION", version=version, digest=digest))

    def send(self, time: int = NOW, *, refused: bool = False, message_id: str = "ab" * 16) -> Sealed:
        """Seal a message from TJ to KG and log it, accepted or refused."""
        to = Recipient("KG", self.world.units["KG"].encryption.public, 1, "0" * 64)
        sealed = seal(draft(id=message_id), CONTENT, self.world.units["TJ"].signing, [to])
        digest = sha512(sealed.wire).hexdigest()
        accepted = MessageEntry(time=time, nonce=NONCE, eid=sealed.eid, sender="TJ", sha512=digest, to=("KG",))
        consumed = RefusalEntry(
            time=time, nonce=NONCE, eid=sealed.eid, sender="TJ", sha512=digest, seq=1, reason="EXPIRED"
        )
        entry = consumed if refused else accepted
        index = self.log(entry)
        self.messages[sealed.eid] = sealed.wire
        own = Receipt(
            env="live",
            type="REFUSED" if refused else "SUBMITTED",
            eid=sealed.eid,
            by=HUB,
            unit="TJ",
            time=time,
            reason="EXPIRED" if refused else None,
            index=index,
            entry=entry.to_bytes(),
        )
        self.receipts += receipts.sign([self.world.receipt], [own])
        return sealed

    def acknowledge(self, kind: ReceiptType, by: str, eid: str, key: SigningKey, time: int = NOW) -> bytes:
        """A receipt about KG's copy, signed by `key` and logged."""
        receipt = Receipt(env="live", type=kind, eid=eid, by=by, unit="KG", time=time)
        wire = receipts.sign([key], [receipt])[0]
        digest = sha512(statements.parse(wire, 65_536).statement_bytes).hexdigest()
        self.log(ReceiptEntry(time=time, nonce=NONCE, eid=eid, unit="KG", receipt=receipt.type, digest=digest))
        self.receipts.append(wire)
        return wire

    def parts(self, **changes: object) -> BundleParts:
        node = trees.nodes_of(self.entries)
        size = len(self.entries)
        logged = [Logged(index, entry, inclusion_path(index, size, node)) for index, entry in enumerate(self.entries)]
        members: dict[str, object] = {
            "created": NOW,
            "federations": self.federations,
            "statements": self.statements,
            "checkpoint": self.checkpoint(),
            "logged": logged,
            "messages": self.messages,
            "receipts": self.receipts,
            "opened": self.opened,
        }
        return BundleParts(**(members | changes))  # type: ignore[arg-type]  # members of the dataclass

    def checkpoint(self, now: int = NOW) -> bytes:
        """The checkpoint of the log as it is, cosigned by whoever witnesses it."""
        size, root = len(self.entries), trees.root(self.entries)
        said = Checkpoint(self.signer.keys.origin, size, root)
        lines = [line for unit in self.cosigners for line in self.cosigner(unit).cosign(said, now)]
        return with_lines(self.signer.sign(size, root, now), lines)

    def cosigner(self, unit: str) -> Cosigner:
        return Cosigner(f"node.{unit.lower()}.serai/witness", self.world.units[unit].witness)

    def files(self, **changes: object) -> dict[str, bytes]:
        return dict(write_bundle(self.parts(**changes)))


def draft(**changes: object) -> HeaderDraft:
    members: dict[str, object] = {
        "env": "live",
        "ctype": "message",
        "id": "ab" * 16,
        "sender": "TJ",
        "created": NOW,
        "expires": NOW + DAY,
        "seq": 1,
        "prev": "0" * 64,
        "family": "operational",
        "urgency": "URGENT",
        "classification": "RESTR",
        "handling": ("H1",),
    }
    return HeaderDraft(**(members | changes))  # type: ignore[arg-type]  # members of the dataclass


def stated(*units: str, quorum: int = 0) -> Scene:
    """A federation whose units have stated their keys, and nothing sent yet; with a quorum all of them witness."""
    scene = Scene(World(NOW))
    scene.world.card = HubCard(name=HUB, keys=scene.world.hub_keys(), log=SIGNER.keys.vkeys)
    scene.world.add("KG", "TJ", *units)
    for statement in scene.world.statements:
        scene.state(statement.wire)
    if quorum:
        scene.cosigners = tuple(sorted(scene.world.units))
        for unit in scene.cosigners:
            scene.state(scene.world.units[unit].note_statement("WITNESS", NOW))
    document = scene.world.federation(witnesses=scene.cosigners, quorum=quorum)
    scene.publish(sign_federation(document, scene.world.roots[:2]))
    return scene


def delivered(*units: str, quorum: int = 0) -> Scene:
    """The message was sent, handed out, delivered and opened; TJ opens its content for the court."""
    scene = stated(*units, quorum=quorum)
    sealed = scene.send()
    kg = scene.world.units["KG"].signing
    scene.acknowledge("RELAYED", HUB, sealed.eid, scene.world.receipt)
    scene.acknowledge("DELIVERED", "KG", sealed.eid, kg)
    scene.acknowledge("OPENED", "KG", sealed.eid, kg)
    scene.opened[sealed.eid] = Opened(sealed.salt, CONTENT)
    return scene


def revoke(scene: Scene, unit: str, at: int, since: int | None = None) -> int:
    """The unit's root revokes its signing key; with `since` because it was compromised."""
    keys = scene.world.units[unit]
    reason = "SUPERSEDED" if since is None else "COMPROMISED"
    revocation = scene.world.revocation(unit, keys.signing.kid, reason, at, since)
    return scene.state(sign_statement(revocation, keys.root), at)


def federation_of(scene: Scene) -> Federation:
    return read_federation(scene.federations[-1])


def federations_of(scene: Scene) -> Federations:
    """The documents of a scene, in force from when they were logged."""
    federations, entries = Federations(), entries_of(scene)
    for wire in scene.federations:
        federation = read_federation(wire)
        federations.add(federation)
        federations.enter(federation, entries.of_document(federation.digest).time)
    return federations


def entries_of(scene: Scene) -> Entries:
    entries = Entries()
    for index, data in enumerate(scene.entries):
        entries.add(index, data)
    return entries


def keys_of(scene: Scene) -> Keys:
    keys, entries = Keys(federations_of(scene)), entries_of(scene)
    for index, wire in scene.statements.items():
        keys.take(wire, index, entries.at[index])
    return keys
