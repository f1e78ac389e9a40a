"""Rows for spreadsheets: CSV in which no cell of somebody else's text is ever run as a formula."""

import csv
import io
from collections.abc import Iterable
from typing import Final

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


def line(cells: Iterable[object]) -> str:
    """Return one line of CSV; a cell that a spreadsheet would calculate is kept a text."""
    texts = ["" if cell is None else str(cell) for cell in cells]
    out = io.StringIO()
    csv.writer(out).writerow([f"'{text}" if text.startswith(FORMULA) else text for text in texts])
    return out.getvalue()
