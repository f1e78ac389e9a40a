"""Writing the evidence bundle: everything that a court's expert needs, in the layout of `layout`. Pure.

Files come one after the other, each when it is its turn: whoever writes them to an archive holds one at a time.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from audit.evidence import layout
from audit.evidence.directory import PART_LIMIT
from audit.evidence.members import number
from audit.proof import LogProof
from crypto import statements


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
class BundleParts:
    """What goes into a bundle. Messages and opened contents are found by their eid and may be read when asked for.

    `statements` are wires by log index. Each of them and of the federation documents needs its entry among `logged`.
    """

    created: int
    federations: Sequence[bytes]
    statements: Mapping[int, bytes]
    checkpoint: bytes
    logged: Sequence[Logged]
    messages: Mapping[str, bytes] = field(default_factory=dict)
    receipts: Sequence[bytes] = ()
    opened: Mapping[str, Opened] = field(default_factory=dict, repr=False)


def write_bundle(parts: BundleParts) -> Iterator[tuple[str, bytes]]:
    """The files of a bundle with their names, in order, the manifest last; the same parts give the same bytes.

    Raises crypto.errors.CryptoError for a federation document that cannot be read.
    """
    return layout.with_manifest(parts.created, _files(parts))


def _files(parts: BundleParts) -> Iterator[tuple[str, bytes]]:
    yield from sorted((f"directory/federation-{_version(wire)}.json", wire) for wire in parts.federations)
    yield from sorted((f"directory/statements/{index}", wire) for index, wire in parts.statements.items())
    yield layout.CHECKPOINT, parts.checkpoint
    logged = sorted(parts.logged, key=lambda one: f"{one.index}.")
    yield from ((f"log/entries/{one.index}.json", one.entry) for one in logged)
    for one in logged:
        proof = LogProof(one.index, tuple(one.path), parts.checkpoint)
        yield f"log/proofs/{one.index}.tlog-proof", proof.to_bytes()
    yield from ((f"messages/{eid}.cme", parts.messages[eid]) for eid in sorted(parts.messages))
    for eid in sorted(parts.opened):
        opened = parts.opened[eid]
        yield f"opened/{eid}.content", opened.content
        yield f"opened/{eid}.salt", opened.salt
    yield from sorted((f"receipts/{sha256(wire).hexdigest()}.json", wire) for wire in parts.receipts)


def _version(wire: bytes) -> int:
    return number(statements.parse(wire, PART_LIMIT).statement, "version")
