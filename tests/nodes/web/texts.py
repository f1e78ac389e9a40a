"""Every text of the pages that must be translated, found in templates and code as the translators' tools find it."""

from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

WEB = Path(__file__).parents[3] / "nodes" / "web"
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "noted": None}


def found() -> set[str | tuple[str, ...]]:
    """Return every message id: a text, or the pair of a singular and a plural."""
    options = {"templates/**.html": {"trimmed": "true", "newstyle_gettext": "false"}}
    extracted = extract_from_dir(str(WEB), METHODS, options, KEYWORDS)
    return {tuple(message) if isinstance(message, list | tuple) else message for _, _, message, _, _ in extracted}


def russian() -> Catalog:
    """Return the Russian catalogue."""
    with (WEB / "locale" / "ru" / "messages.po").open("rb") as source:
        return read_po(source, locale="ru")
