"""Merkle hashing against the recursive definition of RFC 6962 §2.1."""

import hashlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import BadProof
from crypto.merkle_hash import EMPTY_ROOT, leaf_hash, node_hash, path_of, paths_of, root_from_path, root_of, verify_path

SALTED = hashlib.sha256(b"another root").digest()
LEAVES = [leaf_hash(bytes([number])) for number in range(70)]


def split_of(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def defined_root(leaves: list[bytes]) -> bytes:
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.sha256().digest()
    split = split_of(len(leaves))
    children = defined_root(leaves[:split]) + defined_root(leaves[split:])
    return hashlib.sha256(b"\x01" + children).digest()


def defined_path(leaves: list[bytes], index: int) -> list[bytes]:
    if len(leaves) == 1:
        return []
    split = split_of(len(leaves))
    if index < split:
        return [*defined_path(leaves[:split], index), defined_root(leaves[split:])]
    return [*defined_path(leaves[split:], index - split), defined_root(leaves[:split])]


def test_the_hashes_of_the_standard() -> None:
    assert leaf_hash(b"") == hashlib.sha256(b"\x00").digest()
    assert node_hash(LEAVES[0], LEAVES[1]) == hashlib.sha256(b"\x01" + LEAVES[0] + LEAVES[1]).digest()
    assert root_of([]) == EMPTY_ROOT == hashlib.sha256().digest()


@pytest.mark.parametrize("size", range(1, 70))
def test_every_root_and_path_is_the_defined_one(size: int) -> None:
    leaves = LEAVES[:size]
    assert root_of(leaves) == defined_root(leaves)
    assert paths_of(leaves) == [defined_path(leaves, index) for index in range(size)]
    for index, path in enumerate(paths_of(leaves)):
        verify_path(leaves[index], (index, size), path, root_of(leaves))


@given(st.integers(1, 70), st.data())
def test_a_path_fits_no_other_index_leaf_or_root(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    path, root = path_of(LEAVES[:size], index), root_of(LEAVES[:size])
    other = data.draw(st.integers(0, 69).filter(lambda number: number != index))
    for leaf, at, claimed in (
        (LEAVES[other], index, root),
        (LEAVES[index], other, root),
        (LEAVES[index], index, SALTED),
    ):
        with pytest.raises(BadProof):
            verify_path(leaf, (at, size), path, claimed)


@pytest.mark.parametrize(
    "change", [lambda path: path[:-1], lambda path: [*path, SALTED], lambda path: [path[0][:31], *path[1:]]]
)
def test_a_path_of_another_length_is_refused(change: Callable[[list[bytes]], list[bytes]]) -> None:
    with pytest.raises(BadProof):
        root_from_path(LEAVES[3], 3, 7, change(path_of(LEAVES[:7], 3)))


@pytest.mark.parametrize(("index", "size"), [(0, 0), (-1, 3), (3, 3)])
def test_an_index_outside_the_tree_is_refused(index: int, size: int) -> None:
    with pytest.raises(BadProof):
        root_from_path(LEAVES[0], index, size, [])
    with pytest.raises(BadProof):
        path_of(LEAVES[:size], index)


def test_a_leaf_that_is_no_hash_is_refused() -> None:
    with pytest.raises(BadProof):
        root_from_path(b"", 0, 1, [])
