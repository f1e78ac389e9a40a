"""The golden vectors of CME/1: rebuilt, opened, refused, and read by a second decoder that shares no code."""

from pathlib import Path
from typing import Any

import pytest

from crypto.envelope import parse
from tests.crypto import independent
from tests.crypto.builders import encryption_key, signing_key, signing_seeds
from tests.vectors.cme1 import build
from tests.vectors.cme1.refusals import CORE, FRAMING, HALVES, OPENERS, SIGNED, WHOLE, Opener

VALID = build.read("valid.json")
REFUSALS = list(build.refusals())


@pytest.mark.parametrize("record", VALID["vectors"], ids=lambda record: record["name"])
def test_a_valid_vector_is_rebuilt_byte_for_byte_and_opens(record: dict[str, Any]) -> None:
    build.check_valid(record)


@pytest.mark.parametrize("record", VALID["vectors"], ids=lambda record: record["name"])
def test_a_second_decoder_reads_the_same(record: dict[str, Any]) -> None:
    case, wire = build.VALID[record["name"]], wire_of(record["name"])
    for unit in case.units:
        seed, public = encryption_key(unit).seed, signing_key("TJ").public
        pieces, content, *pair = independent.decode(wire, unit, seed, public)
        assert (content, pieces.eid, tuple(pair)) == (case.content, record["eid"], case.pair)
        assert pieces.core.decode() == record["core"]


@pytest.mark.parametrize(("name", "code", "wire", "opener"), REFUSALS, ids=[refusal[0] for refusal in REFUSALS])
def test_an_invalid_vector_is_refused_with_its_code(name: str, code: str, wire: bytes, opener: Opener) -> None:
    assert build.refusal_of(wire, opener) == code, name


def test_the_stored_edits_are_the_ones_that_the_tables_make() -> None:
    build.check()


def test_the_files_hold_every_vector_of_the_tables_and_no_other() -> None:
    assert [record["name"] for record in VALID["vectors"]] == list(build.VALID)
    tables: list[str] = [*FRAMING, *CORE, *SIGNED, *HALVES, *OPENERS, *WHOLE]
    assert [name for name, *_ in REFUSALS] == tables
    assert {path.stem for path in Path(build.HERE / "invalid").iterdir()} == set(WHOLE)
    assert len(VALID["vectors"]) >= 20
    assert len(tables) >= 60


def test_the_published_keys_are_the_ones_used() -> None:
    assert {unit: encryption_key(unit).seed.hex() for unit in VALID["keys"]["encryption"]} == VALID["keys"][
        "encryption"
    ]
    assert {unit: signing_seeds(unit).hex() for unit in VALID["keys"]["signing"]} == VALID["keys"]["signing"]


def test_parsing_gives_back_the_very_bytes() -> None:
    for name in build.VALID:
        assert parse(wire_of(name)).to_bytes() == wire_of(name)


def wire_of(name: str) -> bytes:
    return (build.HERE / "valid" / f"{name}.bin").read_bytes()
