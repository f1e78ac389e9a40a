from hypothesis import given
from hypothesis import strategies as st

from exchange import pairs
from exchange.courier import FIRST_PREV
from exchange.pairs import Link, Pair


def test_a_gap_is_seen_when_the_predecessor_is_not_the_one_named() -> None:
    def held(_number: int) -> Link | None:
        return Link("a" * 64, shown=True)

    def nothing(_number: int) -> Link | None:
        return None

    assert not pairs.pair_gap(Pair(1, FIRST_PREV), nothing)
    assert pairs.pair_gap(Pair(1, "a" * 64), nothing)
    assert not pairs.pair_gap(Pair(2, "a" * 64), held)
    assert pairs.pair_gap(Pair(2, "a" * 64), nothing)
    assert pairs.pair_gap(Pair(2, "b" * 64), held)


@given(st.lists(st.sampled_from(["message", "void", "closed", "missing"]), max_size=8))
def test_a_mark_says_exactly_that_something_before_it_is_missing_and_unexplained(order: list[str]) -> None:
    """Every number below is a message, a void's own, closed by a void, or missing; a message bears its own mark."""
    links = {}
    for number, kind in enumerate(order, start=1):
        if kind == "message":
            links[number] = Link("a" * 64, shown=True)
        elif kind in {"void", "closed"}:
            links[number] = Link("a" * 64 if kind == "void" else None, below=number - 1)
    since = order[::-1][: order[::-1].index("message")] if "message" in order else order
    seq = len(order) + 1
    pair = Pair(seq, FIRST_PREV if seq == 1 else "a" * 64)
    assert pairs.pair_gap(pair, links.get) == ("missing" in since)
