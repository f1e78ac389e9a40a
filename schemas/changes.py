"""What one federation document changes about another, member by member, in words that a keeper reads before he signs.

Every member of both documents is walked through, so none is left out because nobody thought of it here. Of the lists
whose items have a name of their own the order says nothing and is not shown. Whether the change is wise is no concern
of this module.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from crypto.encoding import b64
from schemas.directory import Federation, members
from schemas.invitations import fingerprint

_NAMED: Final[Mapping[str, tuple[str, frozenset[str]]]] = {
    "roots": ("root {it}", frozenset({"it"})),
    "units": ("unit {unit}", frozenset({"unit"})),
    "agreements": ("agreement {from} to {to} about {families}", frozenset({"from", "to", "families"})),
    "keys": ("{use} key {public}", frozenset({"use", "public"})),
    "rights_pairs": (
        "human-rights pair {from} to {to} about {areas} from {not_before}",
        frozenset({"from", "to", "areas", "not_before"}),
    ),
    "rules": ("rules of access {version}", frozenset({"version"})),
}
"""Lists of what has a name -> how an item is called, and the members that its name says already."""

_LONG: Final = frozenset({"public", "roots", "log", "witness", "it"})
"""Members that are keys: they are shown by their fingerprints."""

_WORDS: Final = {"en": "in English", "ru": "in Russian", "names": "name", "sha512": "SHA-512"}


@dataclass(frozen=True, slots=True)
class Change:
    """What stands at one place of the two documents; None where nothing does."""

    place: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        if self.before is None:
            return f"{self.place}: new: {self.after}"
        if self.after is None:
            return f"{self.place}: gone: {self.before}"
        return f"{self.place}: {self.before} → {self.after}"


def changes(before: Federation, after: Federation) -> tuple[Change, ...]:
    """Return every difference between two documents, in the order of the later one, then what is gone."""
    old, new = dict(_facts(before)), dict(_facts(after))
    differing = [place for place in {**new, **old} if old.get(place) != new.get(place)]
    return tuple(Change(place, _shown(old, place), _shown(new, place)) for place in differing)


_Fact = tuple[str, object]
"""The name of the member, and its value: compared as it is, whatever is shown of it."""


def _facts(document: Federation) -> Iterator[tuple[str, _Fact]]:
    return _walk(members(document), (), "")


def _walk(value: Any, place: tuple[str, ...], name: str) -> Iterator[tuple[str, _Fact]]:
    if isinstance(value, dict):
        for member, inner in value.items():
            yield from _walk(inner, (*place, _WORDS.get(member, member.replace("_", " "))), member)
    elif name in _NAMED:
        yield ", ".join(place), ("", len(value))
        yield from _items(value, place, name)
    else:
        yield ", ".join(place), (name, value)


def _items(value: list[Any], place: tuple[str, ...], name: str) -> Iterator[tuple[str, _Fact]]:
    called, said = _NAMED[name]
    seen: Counter[str] = Counter()
    for one in value:
        item = one if isinstance(one, dict) else {"it": one}
        label = called.format_map({member: _text(member, inner) for member, inner in item.items()})
        seen[label] += 1
        where = (*place[:-1], label if seen[label] == 1 else f"{label} ({seen[label]})")
        rest = {member: inner for member, inner in item.items() if member not in said}
        yield from _walk(rest, where, "") if rest else iter([(", ".join(where), ("", "stands"))])


def _shown(facts: Mapping[str, _Fact], place: str) -> str | None:
    return None if place not in facts else _text(*facts[place])


def name_of_key(public: bytes) -> str:
    """Return the fingerprint by which a change names a public key, so that people can read it to each other."""
    return fingerprint(b64(public).encode())


def _text(name: str, value: object) -> str:
    """Return one line for a value, in which nothing can hide: what a terminal would not show as a sign is spelt out."""
    if isinstance(value, list):
        return ", ".join(_text(name, one) for one in value) or "none"
    text = fingerprint(str(value).encode()) if name in _LONG else str(value)
    return "".join(sign if sign.isprintable() else f"\\u{ord(sign):04x}" for sign in text)
