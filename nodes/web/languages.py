"""Which language a page speaks. English text is the key; Russian is complete (a test walks every text of the pages).

The language of the request stands in a context variable that the one template environment reads: an environment per
language or per request would share or recompile what must not be shared. Free text of officers is never translated.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from gettext import NullTranslations
from importlib.resources import files
from io import BytesIO
from types import MappingProxyType
from typing import Final

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

LANGUAGES: Final = MappingProxyType({"en": "English", "ru": "Русский"})
"""The languages of the pages, each named in itself."""

_current: ContextVar[str] = ContextVar("language", default="en")


def _load(language: str) -> NullTranslations:
    source = files("nodes.web").joinpath("locale", language, "messages.po").read_bytes()
    compiled = BytesIO()
    write_mo(compiled, read_po(BytesIO(source), locale=language))
    compiled.seek(0)
    return Translations(compiled)


_catalogues: Final = MappingProxyType({"en": NullTranslations(), "ru": _load("ru")})


def language() -> str:
    """Return the language that the current request speaks."""
    return _current.get()


def choose(cookie: str | None, accepted: str) -> str:
    """Return the language for a browser: what its cookie says, else the first known one of `Accept-Language`."""
    if cookie in LANGUAGES:
        return str(cookie)
    wanted = (part.split(";")[0].strip()[:2].lower() for part in accepted.split(","))
    return next((code for code in wanted if code in LANGUAGES), "en")


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """Let everything inside the block speak `code`; requests that run at the same time are not touched."""
    token = _current.set(code if code in LANGUAGES else "en")
    try:
        yield
    finally:
        _current.reset(token)


def gettext(text: str) -> str:
    """Return `text` in the language of the request."""
    return _catalogues[_current.get()].gettext(text)


def ngettext(one: str, many: str, number: int) -> str:
    """Return the plural form for `number` in the language of the request; Russian has three."""
    return _catalogues[_current.get()].ngettext(one, many, number)


def noted(text: str) -> str:
    """Mark a text of a table for translation; whoever shows it calls `gettext`."""
    return text
