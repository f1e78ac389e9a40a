"""Rows for spreadsheets: CSV in which no cell of somebody else's text is ever run as a formula."""

import csv
import io
import string
import unicodedata
from collections.abc import Iterable
from typing import Final

SKIPPED: Final = string.whitespace + "\ufeff"
FORMULA: Final = ("=", "+", "-", "@")


def line(cells: Iterable[object]) -> str:
    """Return one line of CSV; a cell that a spreadsheet would calculate is kept a text."""
    texts = ["" if cell is None else str(cell) for cell in cells]
    out = io.StringIO()
    csv.writer(out).writerow([f"'{text}" if calculates(text) else text for text in texts])
    return out.getvalue()


def calculates(text: str) -> bool:
    """Return whether some spreadsheet would calculate it: they skip spaces, and know the signs of East Asian forms."""
    return unicodedata.normalize("NFKC", text).lstrip(SKIPPED).startswith(FORMULA)
