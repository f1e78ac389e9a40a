"""What many threads want at once is done once: nobody's order is lost, doubled or mixed up with another's."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from nodes.errors import Incomplete
from nodes.together import Together


def test_who_comes_alone_waits_for_nobody() -> None:
    together: Together[int, str] = Together(4)
    assert together.do(1, lambda orders: [f"{orders}"]) == "[1]"


def test_what_comes_while_another_is_at_work_is_done_at_once_and_in_order() -> None:
    together, done, busy, free = Together[int, int](4), [], threading.Event(), threading.Event()

    def act(orders: Sequence[int]) -> list[int]:
        busy.set()
        free.wait(5)
        done.append(list(orders))
        return [10 * order for order in orders]

    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(together.do, 0, act)
        assert busy.wait(5)
        rest = [pool.submit(together.do, order, act) for order in range(1, 7)]
        while len(together._waiting) < 6:
            pass
        free.set()
        assert [one.result(5) for one in (first, *rest)] == [0, 10, 20, 30, 40, 50, 60]
    assert sorted(map(len, done)) == [1, 2, 4]
    assert [order for orders in done for order in orders] == list(range(7))


def test_an_error_reaches_the_one_who_ordered_it() -> None:
    together: Together[int, int] = Together(4)
    with pytest.raises(Incomplete):
        together.do(1, lambda _: [Incomplete(())])
    assert together.do(2, lambda orders: [*orders]) == 2


def test_what_the_act_itself_raises_reaches_everybody_and_the_next_one_is_served() -> None:
    together: Together[int, int] = Together(4)

    def broken(_: Sequence[int]) -> list[int]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        together.do(1, broken)
    assert together.do(2, lambda orders: [*orders]) == 2
