"""The base of all rows: values as they are given, and nothing that is no column."""

import pytest

from nodes.tables import CounterRow


def test_a_new_row_has_the_values_that_it_was_given() -> None:
    row = CounterRow(name="case:2026", value=1)
    row.value += 1
    assert (row.name, row.value) == ("case:2026", 2)


def test_a_value_for_a_column_that_is_not_there_is_refused() -> None:
    with pytest.raises(TypeError, match="CounterRow has no column year"):
        CounterRow(name="case", value=1, year=2026)
