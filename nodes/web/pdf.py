"""A page as PDF, where this machine can make one.

WeasyPrint loads pango and harfbuzz from the system. It is loaded when the first PDF is made, because that takes a
second, and a node without those libraries works: whoever prints then gives the page itself to the browser.
"""

from functools import lru_cache
from importlib import import_module
from types import ModuleType
from typing import Final

NEEDED: Final = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
"""The system packages of Debian that the engine loads."""


@lru_cache(maxsize=1)
def engine() -> ModuleType | None:
    """Return the module that makes documents; None where it or a library that it loads is missing."""
    try:
        return import_module("nodes.web.pdf_engine")
    except (ImportError, OSError):
        return None


def document(html: str) -> bytes | None:
    """Return the page as PDF, the same bytes for the same page; None where this machine cannot make one."""
    found = engine()
    return bytes(found.document(html)) if found is not None else None
