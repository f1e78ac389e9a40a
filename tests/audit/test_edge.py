import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.edge import Edge, row_widths
from audit.tiles import TILE_WIDTH
from tests.audit import trees


@pytest.mark.parametrize("size", range(301))
def test_the_root_of_every_small_log_is_that_of_the_recursion(size: int) -> None:
    entries = trees.some_entries(size)
    assert trees.edge_of(entries).root == trees.root(entries)


@given(st.lists(st.integers(0, 700), max_size=5))
def test_batches_and_single_appends_give_the_same_edge_and_tiles(batches: list[int]) -> None:
    leaves = list(map(trees.leaf, trees.some_entries(sum(batches))))
    edge, tiles, at = Edge(), [], 0
    for batch in batches:
        edge, full = edge.extended(leaves[at : at + batch])
        tiles += full
        at += batch
    assert (edge, tiles) == Edge().extended(leaves)


def test_an_edge_stays_good_after_it_was_extended() -> None:
    edge = trees.edge_of(trees.some_entries(255))
    before = edge.root, [list(row) for row in edge.rows]
    edge.extended([trees.leaf(b"next")] * 300)
    assert (edge.root, [list(row) for row in edge.rows]) == before


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 511, 65_535, 65_536, 65_537, 66_000])
def test_an_edge_is_rebuilt_from_its_unfinished_tiles(size: int) -> None:
    edge = trees.edge_of([b"entry"] * size)
    assert [len(row) for row in edge.rows] == row_widths(size)
    assert Edge.of_rows(size, edge.rows) == edge


def test_full_tiles_hold_the_leaves_in_order_and_their_root_stands_above() -> None:
    leaves = list(map(trees.leaf, trees.some_entries(TILE_WIDTH**2 + 1)))
    edge, tiles = Edge().extended(leaves)
    below, above = [tile for tile in tiles if tile.level == 0], [tile for tile in tiles if tile.level == 1]
    assert b"".join(tile.data for tile in below) == b"".join(leaves[:-1])
    assert [tile.index for tile in below] == list(range(TILE_WIDTH))
    assert above[0].data == b"".join(tile.root for tile in below)
    assert edge.perfect == (above[0].root, leaves[-1])
