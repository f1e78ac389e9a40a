"""Two simulated worlds of the real services; `make test` lives through fifty, `make sim` through thousands."""

import pytest

from tests.sim.lives import live


@pytest.mark.parametrize("seed", [3, 4])
def test_no_promise_breaks_in_a_world(seed: int) -> None:
    assert live(seed)["SENT REQ"]
