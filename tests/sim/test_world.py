"""One simulated world of the real services; `make test` lives through thirty, `make sim` through thousands."""

from tests.sim.lives import live


def test_no_promise_breaks_in_a_world() -> None:
    assert live(3)["SENT REQ"]
