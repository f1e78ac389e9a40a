"""Writing the evidence bundle: everything that a court's expert needs, in the layout of `layout`. Pure.

Files come one after the other, each when it is its turn: whoever writes them to an archive holds one at a time.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256

from audit.checkpoints import verify_checkpoint
from audit.evidence import layout
from audit.evidence.acts import Entries
from audit.evidence.directory import PART_LIMIT, Federations, Keys, read_federation
from audit.evidence.findings import EvidenceRefused
from audit.evidence.members import number, refusing
from audit.policy import Policy
from audit.proof import LogProof
from crypto import statements
from crypto.canonical import dumps


@dataclass(frozen=True)
class Logged:
    """A log entry with its index and its audit path in the tree of the bundle's checkpoint."""

    index: int
    entry: bytes
    path: Sequence[bytes]


@dataclass(frozen=True)
class Opened:
    """The content of one message with the salt of its commitment."""

    salt: bytes
    content: bytes


@dataclass(frozen=True)
class Stamped:
    """An earlier checkpoint, its time-stamp (DER of an RFC 3161 response), and the path from it to the bundle's own."""

    size: int
    checkpoint: bytes
    token: bytes
    path: Sequence[bytes]


@dataclass(frozen=True)
class UnitLog:
    """A checkpoint of a unit's own log, and acts with their paths under it."""

    checkpoint: bytes
    logged: Sequence[Logged]


@dataclass(frozen=True)
class BundleParts:
    """What goes into a bundle. Messages and opened contents are found by their eid and may be read when asked for.

    `statements` are wires by log index; each of them and of the federation documents needs its entry among `logged`.
    `forks` are pairs of contradicting checkpoints.
    """

    created: int
    federations: Sequence[bytes]
    statements: Mapping[int, bytes]
    checkpoint: bytes
    logged: Sequence[Logged]
    messages: Mapping[str, bytes] = field(default_factory=dict)
    receipts: Sequence[bytes] = ()
    opened: Mapping[str, Opened] = field(default_factory=dict, repr=False)
    forks: Sequence[tuple[bytes, bytes]] = ()
    stamped: Sequence[Stamped] = ()
    unit: UnitLog | None = None


def write_bundle(parts: BundleParts) -> Iterator[tuple[str, bytes]]:
    """The files of a bundle with their names, in order, the manifest last; the same parts give the same bytes.

    Raises EvidenceRefused for a federation document that cannot be read.
    """
    return layout.with_manifest(parts.created, _files(parts))


def _files(parts: BundleParts) -> Iterator[tuple[str, bytes]]:
    yield from sorted((f"directory/federation-{_version(wire)}.json", wire) for wire in parts.federations)
    yield from sorted((f"directory/statements/{index}", wire) for index, wire in parts.statements.items())
    yield layout.CHECKPOINT, parts.checkpoint
    yield from _entries("log", parts.logged)
    for number_of_fork, (held, other) in enumerate(parts.forks):
        yield f"log/forks/{number_of_fork}.held", held
        yield f"log/forks/{number_of_fork}.other", other
    # Where documents, statements and entries do not fit together there is no policy: the verifier says what is wrong.
    with suppress(EvidenceRefused):
        policy = _policy(parts).to_bytes()
        yield layout.POLICY, policy
    yield from _proofs("log", parts.logged, parts.checkpoint)
    for stamped in sorted(parts.stamped, key=lambda one: f"{one.size}."):
        yield f"log/stamped/{stamped.size}.checkpoint", stamped.checkpoint
        yield f"log/stamped/{stamped.size}.consistency", dumps({"path": [node.hex() for node in stamped.path]})
        yield f"log/stamped/{stamped.size}.tsr", stamped.token
    yield from ((f"messages/{eid}.cme", parts.messages[eid]) for eid in sorted(parts.messages))
    for eid in sorted(parts.opened):
        opened = parts.opened[eid]
        yield f"opened/{eid}.content", opened.content
        yield f"opened/{eid}.salt", opened.salt
    yield from sorted((f"receipts/{sha256(wire).hexdigest()}.json", wire) for wire in parts.receipts)
    if parts.unit is not None:
        yield layout.UNIT_CHECKPOINT, parts.unit.checkpoint
        yield from _entries("unit", parts.unit.logged)
        yield from _proofs("unit", parts.unit.logged, parts.unit.checkpoint)


def _entries(folder: str, logged: Sequence[Logged]) -> Iterator[tuple[str, bytes]]:
    return ((f"{folder}/entries/{one.index}.json", one.entry) for one in _by_name(logged))


def _proofs(folder: str, logged: Sequence[Logged], checkpoint: bytes) -> Iterator[tuple[str, bytes]]:
    for one in _by_name(logged):
        yield f"{folder}/proofs/{one.index}.tlog-proof", LogProof(one.index, tuple(one.path), checkpoint).to_bytes()


def _by_name(logged: Sequence[Logged]) -> list[Logged]:
    return sorted(logged, key=lambda one: f"{one.index}.")


def _policy(parts: BundleParts) -> Policy:
    """Who must have signed the checkpoint, by the documents and statements that are in the bundle."""
    entries, federations = Entries(), Federations()
    for one in parts.logged:
        entries.add(one.index, one.entry)
    for federation in sorted(map(read_federation, parts.federations), key=lambda one: one.version):
        federations.add(federation)
        federations.enter(federation, entries.of_document(federation.digest).time)
    keys = Keys(federations)
    for index, wire in sorted(parts.statements.items()):
        keys.take(wire, index, entries.of_statement(index))
    with refusing("the checkpoint"):
        signed = verify_checkpoint(parts.checkpoint, federations.newest.log_keys)
    return keys.policy(signed.time)


def _version(wire: bytes) -> int:
    with refusing("the federation document"):
        return number(statements.parse(wire, PART_LIMIT).statement, "version")
