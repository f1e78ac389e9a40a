"""RFC 6962 §2.1 Merkle tree hashing: leaf and node hash, the root of a small list, and audit paths in it.

Holds a whole list in memory, for batches. The log, which grows without bound, builds on `leaf_hash` and `node_hash`.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

from crypto.errors import BadProof

HASH_SIZE: Final = 32
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()

_LEAF: Final = hashlib.sha256(b"\x00")
_NODE: Final = hashlib.sha256(b"\x01")


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 || entry)."""
    state = _LEAF.copy()
    state.update(entry)
    return state.digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right), both 32 bytes."""
    state = _NODE.copy()
    state.update(left + right)
    return state.digest()


def leaf_hashes(entries: Iterable[bytes]) -> list[bytes]:
    """The leaf hash of each entry: what an audit does a million times, without a call for each."""
    hashes, copy = [], _LEAF.copy
    for entry in entries:
        state = copy()
        state.update(entry)
        hashes.append(state.digest())
    return hashes


def row_above(row: bytes) -> bytes:
    """The hashes above a row of hashes, both as one string: a node hash of each pair; a lone last one gives none."""
    hashes, copy = [], _NODE.copy
    for at in range(0, len(row) - 2 * HASH_SIZE + 1, 2 * HASH_SIZE):
        state = copy()
        state.update(row[at : at + 2 * HASH_SIZE])
        hashes.append(state.digest())
    return b"".join(hashes)


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Root over leaf hashes; SHA-256 of nothing for an empty list."""
    if not leaves:
        return EMPTY_ROOT
    return _levels(leaves)[-1][0]


def path_of(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Audit path of leaf `index` (RFC 6962 §2.1.1), sibling of the leaf first. Raises BadProof outside the list."""
    if not 0 <= index < len(leaves):
        raise BadProof("no leaf at this index")
    return paths_of(leaves)[index]


def paths_of(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """Audit paths of all leaves; the tree is hashed once."""
    paths: list[list[bytes]] = [[] for _ in leaves]
    for height, level in enumerate(_levels(leaves)):
        for index, path in enumerate(paths):
            sibling = (index >> height) ^ 1
            if sibling < len(level):
                path.append(level[sibling])
    return paths


def root_from_path(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """Root that `path` gives for `leaf` at `index` of `size` (RFC 9162 §2.1.3.2). Raises BadProof on wrong lengths."""
    if not 0 <= index < size:
        raise BadProof("index outside the tree")
    if len(leaf) != HASH_SIZE or any(len(sibling) != HASH_SIZE for sibling in path):
        raise BadProof("a hash is not 32 bytes")
    node, last, result, siblings = index, size - 1, leaf, iter(path)
    while last:
        if node & 1 or node < last:
            sibling = next(siblings, None)
            if sibling is None:
                raise BadProof("path too short")
            result = node_hash(sibling, result) if node & 1 else node_hash(result, sibling)
        node, last = node >> 1, last >> 1
    if next(siblings, None) is not None:
        raise BadProof("path too long")
    return result


def verify_path(leaf: bytes, place: tuple[int, int], path: Sequence[bytes], root: bytes) -> None:
    """Raise BadProof unless `path` leads from the leaf hash at `place` = (index, size) to `root`."""
    index, size = place
    if root_from_path(leaf, index, size, path) != root:
        raise BadProof("path leads to another root")


def _levels(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """All rows of the tree, leaves first; a lone last node is carried up unchanged, as RFC 6962's split implies."""
    rows = [list(leaves)]
    while len(rows[-1]) > 1:
        row = rows[-1]
        above = [node_hash(row[i], row[i + 1]) for i in range(0, len(row) - 1, 2)]
        if len(row) % 2:
            above.append(row[-1])
        rows.append(above)
    return rows
