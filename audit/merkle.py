"""The RFC 6962 / RFC 9162 tree, pure: which nodes a proof needs, and whether a proof leads to a root.

Nodes are named (height, index): height 0 are the leaf hashes. This module stores nothing and does not know tiles.
"""

from collections.abc import Callable, Sequence
from typing import Final

from audit.errors import Malformed, NotInLog, ProofRefused
from crypto.errors import BadProof
from crypto.merkle_hash import EMPTY_ROOT, HASH_SIZE, node_hash, verify_path

MAX_SIZE: Final = 2**63 - 1

NodeAt = Callable[[int, int], bytes]
"""(height, index) -> hash of the perfect subtree over leaves [index << height, (index + 1) << height)."""


def fold(perfect: Sequence[bytes]) -> bytes:
    """The root over perfect subtrees ordered from the largest (left) to the smallest (right); RFC 6962 section 2.1."""
    if not perfect:
        return EMPTY_ROOT
    root = perfect[-1]
    for left in reversed(perfect[:-1]):
        root = node_hash(left, root)
    return root


def inclusion_path(index: int, size: int, node: NodeAt) -> list[bytes]:
    """The audit path of leaf `index` in the tree of `size` leaves, the leaf's sibling first (RFC 9162 section 2.1.3.1).

    Raises NotInLog unless 0 <= index < size.
    """
    if not 0 <= index < size:
        raise NotInLog(f"leaf {index} is not in a tree of {size}")
    return _path(index, 0, size, node)


def consistency_path(old: int, new: int, node: NodeAt) -> list[bytes]:
    """The proof that the tree of `old` leaves is a prefix of the tree of `new` leaves (RFC 9162 section 2.1.4.1).

    Empty for old == 0 (which proves nothing) and old == new. Raises NotInLog unless 0 <= old <= new.
    """
    if not 0 <= old <= new:
        raise NotInLog(f"a tree of {old} is no prefix of a tree of {new}")
    if old in (0, new):
        return []
    position, height = old - 1, 0
    while position & 1:
        position, height = position >> 1, height + 1
    seed = [node(height, position)] if position else []
    return seed + _path(position, height, new, node)


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """RFC 9162 section 2.1.3.2, with every length checked first. Raises ProofRefused."""
    _check_lengths((leaf, root, *path))
    if not 0 <= index < size <= MAX_SIZE:
        raise ProofRefused(f"leaf {index} cannot be in a tree of {size}")
    try:
        verify_path(leaf, (index, size), path, root)
    except BadProof as error:
        raise ProofRefused(f"leaf {index} of {size}: {error.reason}") from error


def verify_consistency(old: int, old_root: bytes, new: int, new_root: bytes, path: Sequence[bytes]) -> None:
    """RFC 9162 section 2.1.4.2, with every length checked first. Raises ProofRefused.

    A proof from size 0 is accepted only with no hashes and the root of the empty tree: it is evidence of nothing.
    """
    _check_lengths((old_root, new_root, *path))
    if not 0 <= old <= new <= MAX_SIZE:
        raise ProofRefused(f"a tree of {old} is no prefix of a tree of {new}")
    if old in (0, new):
        expected = new_root if old == new else EMPTY_ROOT
        if path or old_root != expected or (new == 0 and new_root != EMPTY_ROOT):
            raise ProofRefused(f"sizes {old} and {new} leave no room for this proof")
        return
    _walk_consistency(old, new, [old_root, *path] if old & (old - 1) == 0 else list(path), (old_root, new_root))


def _walk_consistency(old: int, new: int, path: list[bytes], roots: tuple[bytes, bytes]) -> None:
    if not path:
        raise ProofRefused("the consistency path is empty")
    shift = (old & -old).bit_length() - 1  # RFC 9162 2.1.4.2 step 4: past the levels where the old tree is perfect
    position, last = (old - 1) >> shift, (new - 1) >> shift
    old_computed = new_computed = path[0]
    for sibling in path[1:]:
        if not last:
            raise ProofRefused("the consistency path is too long")
        if position & 1 or position == last:
            old_computed, new_computed = node_hash(sibling, old_computed), node_hash(sibling, new_computed)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            new_computed = node_hash(new_computed, sibling)
        position, last = position >> 1, last >> 1
    if last:
        raise ProofRefused("the consistency path is too short")
    if (old_computed, new_computed) != roots:
        raise ProofRefused(f"the path does not connect the trees of {old} and {new}")


def check_hash(value: bytes) -> bytes:
    """`value` when it is 32 bytes. Raises Malformed: RFC 9162 taken literally would accept empty ones."""
    if len(value) != HASH_SIZE:
        raise Malformed(f"a hash has {HASH_SIZE} bytes, not {len(value)}")
    return value


def _check_lengths(hashes: Sequence[bytes]) -> None:
    if any(len(value) != HASH_SIZE for value in hashes):
        raise ProofRefused(f"every hash of a proof has {HASH_SIZE} bytes")


def _path(position: int, height: int, size: int, node: NodeAt) -> list[bytes]:
    """The siblings on the way from node (height, position) to the root of `size` leaves."""
    path = []
    last = (size - 1) >> height
    while last:
        if position & 1:
            path.append(node(height, position - 1))
        elif position < last:
            start, end = (position + 1) << height, (position + 2) << height
            path.append(node(height, position + 1) if end <= size else _span(start, size, node))
        position, last, height = position >> 1, last >> 1, height + 1
    return path


def _span(start: int, end: int, node: NodeAt) -> bytes:
    """The hash of leaves [start, end), start being a multiple of a power of two that is not below end - start."""
    parts = []
    while end > start:
        height = (end & -end).bit_length() - 1
        end -= 1 << height
        parts.append(node(height, end >> height))
    return fold(parts[::-1])
