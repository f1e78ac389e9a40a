"""Fifty simulated worlds: no promise breaks in any of them, and every trouble really came."""

from collections import Counter
from typing import Final

import pytest

from tests.sim.lives import live

WORLDS: Final = 52
SHARES: Final = 4

SOMETIMES: Final = (
    "SENT REQ",
    "REQUEST_LOST",
    "ANSWER_LOST",
    "DOUBLED",
    "DELAYED",
    "REQUEST_FLIPPED",
    "ANSWER_FLIPPED",
    "ANSWER_REPLACED",
    "PARTITIONED",
    "HUB_RESTARTED",
    "NODE_RESTARTED",
)
"""What each share of the worlds must reach: a trouble that never comes tests nothing."""


@pytest.mark.slow
@pytest.mark.parametrize("share", range(SHARES))
def test_no_promise_breaks_in_any_world(share: int) -> None:
    seen: Counter[str] = Counter()
    for seed in range(share, WORLDS, SHARES):
        seen += live(seed)
    assert [name for name in SOMETIMES if not seen[name]] == []
