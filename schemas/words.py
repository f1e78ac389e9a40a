"""Text in the working languages of the federation. English and Russian are complete; other languages fall back.

A unit whose language has no translation yet reads Russian where that is the service language of the region, else
English. This module must not hold any text itself.
"""

from dataclasses import dataclass
from typing import Final

LANGUAGES: Final = ("en", "ru")
"""The languages in which every label, hint and message exists."""

_READS_RUSSIAN: Final = frozenset({"az", "be", "hy", "kk", "ky", "tg", "tk", "uz"})


def spoken(language: str) -> str:
    """Return the complete language that a reader of `language` (BCP 47, any case) gets."""
    base = language.replace("_", "-").split("-", 1)[0].lower()
    if base in LANGUAGES:
        return base
    return "ru" if base in _READS_RUSSIAN else "en"


@dataclass(frozen=True)
class Words:
    """One text in every complete language; `{name}` marks are filled by `say`."""

    en: str
    ru: str

    def __post_init__(self) -> None:
        if not (self.en.strip() and self.ru.strip()):
            raise ValueError("a text is missing in one of the languages")

    def filled(self, **values: object) -> "Words":
        """Return the text with its marks filled by values that are the same in every language."""
        return Words(self.en.format(**values), self.ru.format(**values))

    def say(self, language: str, **values: object) -> str:
        """Return the text for a reader of `language` with its marks filled."""
        text: str = getattr(self, spoken(language))
        return text.format(**values) if values else text
