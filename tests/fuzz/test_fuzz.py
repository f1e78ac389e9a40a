"""A short run of the fuzzer over every parser, and the fuzzer itself on parsers that are broken on purpose."""

import json

import pytest

from tests.fuzz.mutation import inputs
from tests.fuzz.run import MOST_FINDINGS, Target, TooSlow, Watch, fuzz, load

SHORT = 2_000
TARGETS = load()


@pytest.mark.parametrize("name", TARGETS)
def test_a_parser_accepts_its_good_inputs(name: str) -> None:
    target = TARGETS[name]
    assert target.seeds
    for seed in target.seeds:
        target.parse(seed)


@pytest.mark.parametrize("name", TARGETS)
def test_a_parser_raises_nothing_but_its_own_error(name: str) -> None:
    tally = fuzz(TARGETS[name], f"test/{name}", SHORT)
    assert tally.findings == []
    assert tally.tried == SHORT
    assert tally.refused > SHORT // 10


def test_the_same_seed_gives_the_same_inputs() -> None:
    seeds = [b'{"a":1}', b"0123456789"]
    assert list(inputs("one", seeds, 200)) == list(inputs("one", seeds, 200))
    assert list(inputs("one", seeds, 200)) != list(inputs("two", seeds, 200))


def test_a_foreign_exception_is_found() -> None:
    target = Target("planted", json.loads, UnicodeDecodeError, (b'{"a":[1,2,3]}',))
    assert "JSONDecodeError" in fuzz(target, "planted", SHORT).findings[0]


def test_a_parser_that_breaks_always_is_not_tried_for_ever() -> None:
    tally = fuzz(Target("broken", lambda _: 1 // 0, ValueError, (b"x",)), "broken", SHORT)
    assert len(tally.findings) == MOST_FINDINGS


def test_an_input_that_is_seen_at_two_looks_took_too_long() -> None:
    watch = Watch()
    for watch.at in (1, 2):
        watch._look(0, None)
    with pytest.raises(TooSlow):
        watch._look(0, None)
