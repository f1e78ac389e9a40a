"""The steps of a proof that people read: they end at the root that the verifier demands, and name every entry once."""

from hypothesis import given
from hypothesis import strategies as st

from audit.edge import Edge
from audit.merkle import consistency_path, inclusion_path, verify_consistency, verify_inclusion
from crypto.merkle_hash import leaf_hash, node_hash
from nodes.oversight_steps import climb, join

LEAVES = [leaf_hash(str(number).encode()) for number in range(70)]


def node(height: int, index: int) -> bytes:
    """The hash of a perfect subtree."""
    if height == 0:
        return LEAVES[index]
    return node_hash(node(height - 1, 2 * index), node(height - 1, 2 * index + 1))


def root(size: int) -> bytes:
    return Edge().extended(LEAVES[:size])[0].root


@given(st.data(), st.integers(1, 70))
def test_the_last_step_of_an_inclusion_is_the_root(data: st.DataObject, size: int) -> None:
    index = data.draw(st.integers(0, size - 1))
    path = inclusion_path(index, size, node)
    verify_inclusion(LEAVES[index], index, size, path, root(size))
    steps = climb(LEAVES[index], index, size, path)
    assert (steps[-1].result if steps else LEAVES[index].hex()) == root(size).hex()
    assert [step.given for step in steps] == [one.hex() for one in path]
    assert sorted([index, *(n for s in steps for n in range(s.first, s.last + 1))]) == list(range(size))


@given(st.data(), st.integers(2, 70))
def test_the_steps_of_a_consistency_end_at_both_roots(data: st.DataObject, new: int) -> None:
    old = data.draw(st.integers(1, new - 1))
    path = consistency_path(old, new, node)
    verify_consistency(old, root(old), new, root(new), path)
    steps = join(old, new, root(old), path)
    assert steps[-1].new == root(new).hex()
    assert next(step.old for step in reversed(steps) if step.old) == root(old).hex()
    assert sorted(n for s in steps for n in range(s.first, s.last + 1)) == list(range(new))


def test_equal_trees_need_no_steps() -> None:
    assert join(5, 5, root(5), []) == join(0, 5, root(0), []) == ()


def test_a_path_that_is_too_short_ends_early() -> None:
    path = inclusion_path(3, 70, node)
    assert len(climb(LEAVES[3], 3, 70, path[:2])) == 2
    assert len(join(6, 70, root(6), consistency_path(6, 70, node)[:2])) == 2
