"""Which tests are run without counting the lines that they reach: to trace a test costs half as much again as the test.

It must not leave out what alone reaches some line of the core, nor so much that `tools/coverage_gate.py` sees too
little of a package: its figures are then too low, never too high.
"""

from typing import Final

import pytest

WHOLE_WAYS: Final = frozenset(
    f"tests/nodes/{name}.py"
    for name in (
        *("test_absences", "test_adversity", "test_backup", "test_duty", "test_erased_everywhere", "test_exchange"),
        *("test_figures", "test_following", "test_grants", "test_onward", "test_pages_of_mail", "test_pushing"),
        *("test_recalls", "test_resealing", "test_rotation", "test_upkeep", "test_voids", "web/test_insiders"),
    )
)
"""Long stories between several nodes and the hub: nearly every line of theirs is reached by shorter tests as well."""


GENERATED: Final = ("tests/architecture/", "tests/exchange/policy/test_rules.py", "tests/fuzz/")
"""Thousands of cases that look at sources, or go over a few lines that tests of their own reach."""


def leave_out(items: list[pytest.Item]) -> None:
    """Mark what is not counted: those, and on PostgreSQL what is counted on SQLite."""
    for item in items:
        file = item.location[0]
        if file in WHOLE_WAYS or file.startswith(GENERATED) or item.get_closest_marker("postgresql"):
            item.add_marker(pytest.mark.no_cover)
