import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import Malformed, NotInLog, ProofRefused
from audit.merkle import NodeAt, check_hash, consistency_path, inclusion_path, verify_consistency, verify_inclusion
from crypto.merkle_hash import EMPTY_ROOT, leaf_hash, node_hash
from tests.audit import trees
from tests.audit.vectors import b64, load

LARGEST = 1 << 17
REFERENCE = load("merkle/rfc6962_reference.json")
SHORT_ROOTS = "sizes-are-equal-one-and-proof-is-empty"


@pytest.mark.parametrize("case", load("merkle/inclusion.json"), ids=lambda case: case["file"])
def test_a_published_inclusion_proof_is_judged_as_published(case: dict[str, Any]) -> None:
    proof = [b64(text) for text in case["proof"] or ()]
    given = b64(case["leafHash"]), case["leafIdx"], case["treeSize"], proof, b64(case["root"])
    if case["wantErr"] or not given[0]:  # the literal algorithm accepts an empty leaf under an empty root
        with pytest.raises(ProofRefused):
            verify_inclusion(*given)
    else:
        verify_inclusion(*given)


@pytest.mark.parametrize("case", load("merkle/consistency.json"), ids=lambda case: case["file"])
def test_a_published_consistency_proof_is_judged_as_published(case: dict[str, Any]) -> None:
    proof = [b64(text) for text in case["proof"] or ()]
    given = case["size1"], b64(case["root1"]), case["size2"], b64(case["root2"]), proof
    if case["wantErr"] or SHORT_ROOTS in case["file"]:  # that one has roots of 12 bytes
        with pytest.raises(ProofRefused):
            verify_consistency(*given)
    else:
        verify_consistency(*given)


def test_the_reference_tree_of_rfc_6962_has_its_published_roots() -> None:
    entries = [bytes.fromhex(text) for text in REFERENCE["leaf_inputs_hex"]]
    for size, expected in enumerate(REFERENCE["root_hash_by_size"]):
        assert trees.edge_of(entries[:size]).root.hex() == expected


def test_the_reference_tree_of_rfc_6962_has_its_published_proofs() -> None:
    node = trees.nodes_of([bytes.fromhex(text) for text in REFERENCE["leaf_inputs_hex"]])
    for case in REFERENCE["inclusion_proofs"]:
        assert [one.hex() for one in inclusion_path(case["index"], case["size"], node)] == case["proof_hex"]
    for case in REFERENCE["consistency_proofs"]:
        assert [one.hex() for one in consistency_path(case["size1"], case["size2"], node)] == case["proof_hex"]


def agrees(recursion: trees.Recursion, node: NodeAt, size: int, index: int, old: int) -> None:
    """The proofs of the fast code are those of the recursion, and verify."""
    path, proof, root = inclusion_path(index, size, node), consistency_path(old, size, node), recursion.root(size)
    assert path == recursion.path(index, size)
    assert proof == recursion.proof(old, size)
    verify_inclusion(recursion.root(index + 1, index), index, size, path, root)
    verify_consistency(old, recursion.root(old), size, root, proof)


@pytest.mark.parametrize("hundred", range(6))
def test_roots_and_proofs_of_every_tree_up_to_600_are_those_of_the_recursion(hundred: int) -> None:
    entries = trees.some_entries(600)
    recursion, node, rng = trees.Recursion(entries), trees.nodes_of(entries), random.Random(hundred)
    edge = trees.edge_of(entries[: hundred * 100])
    for size in range(hundred * 100 + 1, hundred * 100 + 101):
        edge, _ = edge.extended([trees.leaf(entries[size - 1])])
        assert edge.root == recursion.root(size)
        every = range(size) if size <= 70 else [0, size - 1, *rng.sample(range(size), 12)]
        for index in every:
            agrees(recursion, node, size, index, index + 1)


@pytest.fixture(scope="module")
def large() -> tuple[trees.Recursion, NodeAt, list[bytes]]:
    entries = trees.some_entries(LARGEST, 2)
    return trees.Recursion(entries), trees.nodes_of(entries), entries


@pytest.mark.parametrize("seed", range(8))
def test_roots_and_proofs_of_large_random_trees_are_those_of_the_recursion(
    large: tuple[trees.Recursion, NodeAt, list[bytes]], seed: int
) -> None:
    recursion, node, entries = large
    rng = random.Random(seed)
    size = LARGEST if not seed else rng.randrange(2, LARGEST)
    for _ in range(20):
        agrees(recursion, node, size, rng.randrange(size), rng.randrange(1, size))
    if not seed:
        assert trees.edge_of(entries).root == recursion.root(size)


@given(st.integers(1, 200), st.data())
def test_any_changed_byte_of_an_inclusion_proof_is_refused(size: int, data: st.DataObject) -> None:
    entries = trees.some_entries(size)
    index = data.draw(st.integers(0, size - 1))
    parts = [trees.leaf(entries[index]), trees.root(entries), *trees.path(index, entries)]
    at, byte, flip = (data.draw(st.integers(low, high)) for low, high in ((0, len(parts) - 1), (0, 31), (1, 255)))
    parts[at] = parts[at][:byte] + bytes([parts[at][byte] ^ flip]) + parts[at][byte + 1 :]
    with pytest.raises(ProofRefused):
        verify_inclusion(parts[0], index, size, parts[2:], parts[1])


@given(st.integers(2, 200), st.data())
def test_any_changed_byte_of_a_consistency_proof_is_refused(size: int, data: st.DataObject) -> None:
    entries = trees.some_entries(size)
    old = data.draw(st.integers(1, size - 1))
    parts = [trees.root(entries[:old]), trees.root(entries), *trees.proof(old, entries)]
    at, byte, flip = (data.draw(st.integers(low, high)) for low, high in ((0, len(parts) - 1), (0, 31), (1, 255)))
    parts[at] = parts[at][:byte] + bytes([parts[at][byte] ^ flip]) + parts[at][byte + 1 :]
    with pytest.raises(ProofRefused):
        verify_consistency(old, parts[0], size, parts[1], parts[2:])


@given(st.integers(2, 100), st.data())
def test_a_proof_with_a_hash_too_many_or_too_few_is_refused(size: int, data: st.DataObject) -> None:
    entries = trees.some_entries(size)
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size - 1))
    path, proof, whole = trees.path(index, entries), trees.proof(old, entries), trees.root(entries)
    for wrong in ([*path, whole], path[:-1]):
        with pytest.raises(ProofRefused):
            verify_inclusion(trees.leaf(entries[index]), index, size, wrong, whole)
    for wrong in ([*proof, whole], proof[:-1]):
        with pytest.raises(ProofRefused):
            verify_consistency(old, trees.root(entries[:old]), size, whole, wrong)


def test_a_proof_from_the_empty_tree_proves_nothing_and_is_empty() -> None:
    whole = trees.root([b"a"])
    assert consistency_path(0, 1, trees.nodes_of([b"a"])) == []
    verify_consistency(0, EMPTY_ROOT, 1, whole, [])
    for old_root, size, new_root, proof in (
        (whole, 1, whole, []),
        (EMPTY_ROOT, 1, whole, [whole]),
        (whole, 0, whole, []),
    ):
        with pytest.raises(ProofRefused):
            verify_consistency(0, old_root, size, new_root, proof)


def test_equal_sizes_need_equal_roots() -> None:
    one, other = trees.root([b"a"]), trees.root([b"b"])
    verify_consistency(1, one, 1, one, [])
    with pytest.raises(ProofRefused):
        verify_consistency(1, one, 1, other, [])


@pytest.mark.parametrize(("index", "size"), [(-1, 1), (1, 1), (0, 0), (0, 2**63)])
def test_an_index_outside_the_tree_is_refused(index: int, size: int) -> None:
    with pytest.raises(ProofRefused):
        verify_inclusion(leaf_hash(b""), index, size, [], leaf_hash(b""))
    if size < 2:
        with pytest.raises(NotInLog):
            inclusion_path(index, size, node_hash_of_nothing)


@pytest.mark.parametrize(("old", "new"), [(-1, 1), (2, 1), (1, 2**63)])
def test_sizes_that_do_not_follow_are_refused(old: int, new: int) -> None:
    with pytest.raises(ProofRefused):
        verify_consistency(old, EMPTY_ROOT, new, EMPTY_ROOT, [])
    if new == 1:
        with pytest.raises(NotInLog):
            consistency_path(old, new, node_hash_of_nothing)


def test_a_hash_that_is_not_32_bytes_is_refused() -> None:
    assert check_hash(EMPTY_ROOT) == EMPTY_ROOT
    with pytest.raises(Malformed):
        check_hash(b"bananas")


def node_hash_of_nothing(height: int, index: int) -> bytes:
    return node_hash(bytes([height]), bytes([index]))
