"""Whom or what a message is about, as tokens that are equal for one subject however it was written.

A document is known by its number. A person without one is known by family and given name together with the date of
birth: names are compared by their consonants in Latin letters, so that Рахмонов, Rahmonov, Rakhmonov and Raxmonov are
one, in either order and with or without a patronymic. Without a date of birth there is no token: thousands share a
name. A token is as telling as the person's papers: whoever keeps one keeps a keyed fingerprint of it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from types import MappingProxyType
from typing import Final

from crypto.canonical import Json
from schemas.facts import records
from schemas.objects import Object, latin_form

_PERSON: Final = "PERSON"
SHORTEST_NUMBER: Final = 4
"""A shorter number tells nobody from anybody."""

_NUMBERS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "ORGANISATION": ("registration", "lei", "tax_number"),
        "VEHICLE": ("plate", "vin", "imo_number"),
        "PHONE": ("number", "imsi", "imei"),
        "ACCOUNT": ("iban", "number"),
        "DOCUMENT": ("number",),
    }
)
"""Type of object -> the members that tell it from all others. Wagons and containers carry other goods each time."""

_LOOK_ALIKE: Final = str.maketrans("АВЕКМНОРСТУХ", "ABEKMHOPCTYX")
"""Letters that are printed in both scripts on plates and documents."""

_SOUNDS: Final = (
    ("shch", "ş"),
    ("sch", "ş"),
    ("sh", "ş"),
    ("dzh", "z"),
    ("zh", "z"),
    ("dj", "z"),
    ("j", "z"),
    ("ks", "h"),
    ("kh", "h"),
    ("x", "h"),
    ("gh", "g"),
    ("q", "k"),
    ("ş", "s"),
    ("ch", "c"),
    ("ts", "c"),
    ("ph", "v"),
    ("f", "v"),
    ("w", "v"),
)
"""What the scripts and romanisations of the region write differently, in the order in which it is folded.

The sound sh stands apart until `ks` has been folded: in Кшесинская it follows a k.
"""

_VOWELS: Final = re.compile(r"[aeiouy]")
_TWICE: Final = re.compile(r"(.)\1+")


def words(text: str) -> tuple[str, ...]:
    """Return the words of a name in plain small Latin letters and digits; marks within a word are left out."""
    spaced = latin_form(text).casefold().replace("-", " ")
    return tuple(filter(None, (re.sub(r"[^a-z0-9]", "", word) for word in spaced.split())))


def plain_number(text: str) -> str:
    """Return a number without blanks and signs, its look-alike letters in Latin."""
    return "".join(sign for sign in text.upper().translate(_LOOK_ALIKE) if sign.isalnum())


def sound(word: str) -> str:
    """Return the consonants of one of `words`, which its romanisations share; a word without any is itself."""
    folded = word
    for written, spoken in _SOUNDS:
        folded = folded.replace(written, spoken)
    return _TWICE.sub(r"\1", _VOWELS.sub("", folded)).rstrip("h") or word


def document_numbers(person: Object) -> list[str]:
    """Return the numbers of a person's documents, plain."""
    return [plain_number(str(row.get("number", ""))) for row in records(person.get("identity"))]


def tokens(objects: Sequence[Object]) -> frozenset[str]:
    """Return what tells the persons and things of a message from all others, as one token each."""
    return frozenset(token for one in objects for token in (*_by_number(one), *_by_name(one)))


def _by_number(one: Object) -> Iterator[str]:
    kind = str(one["object_type"])
    found = [(f"{kind}.{name}", plain_number(str(one.get(name, "")))) for name in _NUMBERS.get(kind, ())]
    found += [("DOCUMENT.number", number) for number in document_numbers(one)]
    yield from (f"{name}:{number}" for name, number in found if len(number) >= SHORTEST_NUMBER)


def _by_name(one: Object) -> Iterator[str]:
    birth = one.get("birth")
    born = str(birth.get("date", "")) if isinstance(birth, dict) else ""
    if born:
        pairs = (pair for name in records(one.get("names")) for pair in _pairs(name) if pair)
        yield from (f"{_PERSON}:{' '.join(sorted(map(sound, pair)))}:{born}" for pair in pairs)


def _pairs(name: Mapping[str, Json]) -> Iterator[tuple[str, ...]]:
    """Yield each family name with each given name, also as a document prints them; a single name stands alone."""
    family, given = (words(str(name.get(part, ""))) for part in ("family", "given"))
    yield from product(family, given) if given else [family]
    printed = words(str(name.get("latin", "")))
    if given and len(printed) > 1:
        yield printed[:2]
