from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.checkpoints import CHECKS, Checkpoint
from audit.edge import Edge
from audit.errors import Malformed
from audit.notes import Note, VerifierKey
from audit.tiles import (
    ENTRIES,
    TILE_WIDTH,
    TileAddress,
    TileCache,
    expand,
    node_of,
    pack_bundle,
    split_tile,
    unpack_bundle,
    width_at,
)
from crypto.merkle_hash import leaf_hash
from tests.audit import trees
from tests.audit.vectors import FOLDER
from tests.audit.vectors import load as vectors

LAYOUT = vectors("tiles/layout.json")
LOG = FOLDER / "tiles" / "tessera_log"


@pytest.mark.parametrize("case", LAYOUT["parse_level_index_partial"], ids=lambda case: case["pathIndex"])
def test_a_published_tile_address_is_judged_as_published(case: dict[str, Any]) -> None:
    path = f"tile/{case['pathLevel']}/{case['pathIndex']}"
    if case.get("wantErr"):
        with pytest.raises(Malformed):
            TileAddress.parse(path)
    else:
        address = TileAddress(case["wantLevel"], case["wantIndex"], case["wantP"] or TILE_WIDTH)
        assert TileAddress.parse(path) == address
        assert address.path == path


@pytest.mark.parametrize("case", [*LAYOUT["tile_path"], *LAYOUT["entries_path"]], ids=lambda case: case["wantPath"])
def test_a_published_address_is_written_as_published(case: dict[str, Any]) -> None:
    level, index = (case["level"], case["index"]) if "level" in case else (ENTRIES, case["N"])
    address = TileAddress(level, index, case.get("p") or TILE_WIDTH)
    assert address.path == case["wantPath"]
    assert TileAddress.parse(address.path) == address


@pytest.mark.parametrize(
    "path", [*LAYOUT["golang_bad_paths"], "tile/0/x000/001", "tile/0/000.p/0", "/tile/0/000", "tile/0/٠٠٠"]
)
def test_other_spellings_of_an_address_are_refused(path: str) -> None:
    with pytest.raises(Malformed):
        TileAddress.parse(path)


def test_a_bundle_is_addressed_by_index_and_log_size_as_published() -> None:
    for case in LAYOUT["entries_path_for_log_index"]:
        index = case["seq"] // TILE_WIDTH
        width = width_at(0, index, case["logSize"])
        assert TileAddress(ENTRIES, index, width).path == case["wantPath"]


def test_partial_widths_are_those_of_the_specification() -> None:
    assert [width_at(0, 273, 70_000), width_at(1, 1, 70_000), width_at(2, 0, 70_000)] == [112, 17, 1]
    assert [width_at(0, 272, 70_000), width_at(1, 0, 70_000), width_at(1, 1, 256)] == [256, 256, 0]


def test_a_tile_exists_from_the_size_that_its_address_implies() -> None:
    assert TileAddress(0, 0, 1).end == 1
    assert TileAddress(ENTRIES, 1, 2).end == 258
    assert TileAddress(1, 0, 2).end == 512


@pytest.mark.parametrize("case", LAYOUT["entry_bundle_unmarshal"], ids=lambda case: case["desc"])
def test_a_published_bundle_is_judged_as_published(case: dict[str, Any]) -> None:
    data = bytes.fromhex(case["hex"])
    if case["wantErr"]:
        with pytest.raises(Malformed):
            unpack_bundle(data)
    else:
        assert pack_bundle(unpack_bundle(data)) == data


def test_a_bundle_has_at_most_256_entries_of_65535_bytes() -> None:
    assert unpack_bundle(pack_bundle([b"x" * 65_535])) == [b"x" * 65_535]
    with pytest.raises(Malformed):
        pack_bundle([b"x" * 65_536])
    with pytest.raises(Malformed):
        unpack_bundle(b"\x00\x00" * 257)


@pytest.mark.parametrize("size", range(16))
def test_the_published_log_is_rebuilt_tile_by_tile_and_root_by_root(size: int) -> None:
    key = VerifierKey.parse(vectors("tiles/tessera_log/INFO.json")["vkey"])
    note = Note.parse((LOG / f"checkpoint.{size}").read_bytes())
    assert note.verified([key], CHECKS).keys() == {key}
    bundle = (LOG / f"tile/entries/000.p/{size}").read_bytes() if size else b""
    edge = Edge().extended(map(leaf_hash, unpack_bundle(bundle)))[0]
    assert Checkpoint.parse(note.text) == Checkpoint(key.name, size, edge.root)
    if size:
        assert b"".join(edge.rows[0]) == (LOG / TileAddress(0, 0, size).path).read_bytes()


@given(st.integers(1, 256), st.data())
def test_every_perfect_node_is_found_in_an_expanded_tile(width: int, data: st.DataObject) -> None:
    entries = trees.some_entries(width)
    expanded = expand(b"".join(map(trees.leaf, entries)))
    height = data.draw(st.integers(0, width.bit_length() - 1))
    position = data.draw(st.integers(0, (width >> height) - 1))
    assert node_of(expanded, width, height, position) == trees.nodes_of(entries)(height, position)


def test_a_full_expanded_tile_is_one_object_of_16352_bytes() -> None:
    assert len(expand(bytes(32) * 256)) == 16_352


@pytest.mark.parametrize("data", [b"", b"x" * 31, b"x" * 8193, b"x" * 8224])
def test_a_tile_that_is_not_whole_hashes_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        split_tile(data)


def test_a_tile_is_split_into_its_hashes() -> None:
    assert split_tile(b"a" * 32 + b"b" * 32) == [b"a" * 32, b"b" * 32]


def test_the_cache_keeps_the_tiles_used_last_and_loads_each_once() -> None:
    cache = TileCache(2)
    loaded: list[int] = []

    def tile(index: int) -> bytes:
        def load() -> bytes:
            loaded.append(index)
            return bytes([index])

        return cache.get((0, index, 256), load)

    assert [tile(one) for one in (1, 2, 1, 3, 1, 2)] == [b"\1", b"\2", b"\1", b"\3", b"\1", b"\2"]
    assert loaded == [1, 2, 3, 2]
