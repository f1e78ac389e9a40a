"""Which characters may travel: NFC, no control but newline, nothing that hides or reorders what a reader sees.

Bidirectional controls can make a name, an amount or a file name read differently from its bytes (Unicode TR 36), so
they are refused rather than escaped; the joiners that Persian spelling needs stay. This module must not know fields.
"""

import unicodedata
from typing import Final

from schemas.faults import Refused

_JOINERS: Final = frozenset("\u200c\u200d")
_BIDI: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_REFUSED_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})


def clean(text: str, *, newlines: bool = False) -> str:
    """Return `text` in NFC without outer white space; raises `Refused` for a character that may not travel."""
    for character in dict.fromkeys(text):  # each once, in the order of the text
        if character in _BIDI:
            raise Refused("BIDI_CONTROL")
        if character == "\n" and newlines:
            continue
        if character not in _JOINERS and unicodedata.category(character) in _REFUSED_CATEGORIES:
            raise Refused("CONTROL_CHARACTER")
    return unicodedata.normalize("NFC", text).strip()


def typed(text: str) -> str:
    """Return what a browser sent with its line ends and tabs made plain, before `clean` judges it."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ").strip()
