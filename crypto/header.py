"""The signed clear header of an envelope (`core`): what the hub may read, in strict patterns.

It knows the spelling of a code, never a code table: whether `URG_LIFE` exists is for the layers above. All members are
required and no other is allowed, so one header has one spelling (docs/protocol.md §3).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, TypeVar

from crypto import instants
from crypto.canonical import LARGEST, Json, dumps, loads
from crypto.errors import Malformed, WrongSuite

VERSION: Final = 1
SUITE_NUMBER: Final = 1
MAX_CORE: Final = 65_536
MAX_RECIPIENTS: Final = 64
MAX_BLOBS: Final = 64
MAX_HANDLING: Final = 8
GENESIS: Final = "0" * 64
"""`prev` of a sender's first envelope, which has seq 1."""

ENVIRONMENTS: Final = frozenset({"live", "exercise"})
CTYPES: Final = frozenset({"message", "grant", "revoke", "heartbeat", "void"})

_UNIT: Final = re.compile(r"[A-Z][A-Z0-9-]{1,15}")
_CODE: Final = re.compile(r"[A-Z][A-Z0-9_-]{0,31}")
_FAMILY: Final = re.compile(r"[a-z][a-z0-9-]{1,31}")
_HEX16: Final = re.compile(r"[0-9a-f]{32}")
_HEX32: Final = re.compile(r"[0-9a-f]{64}")

_T = TypeVar("_T")


@dataclass(frozen=True)
class Addressee:
    """A recipient unit and the id of the encryption key that the envelope is sealed to."""

    unit: str
    ekid: str


@dataclass(frozen=True)
class Blob:
    """An attachment's ciphertext: its id (32 hex), size in bytes and SHA-256 (64 hex)."""

    id: str
    size: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class HeaderDraft:
    """What the caller decides. Times in unix seconds; `seq` counts from 1; `prev` is the sender's previous eid."""

    env: str
    ctype: str
    id: str
    sender: str
    created: int
    expires: int
    seq: int
    prev: str
    family: str
    urgency: str
    classification: str
    handling: tuple[str, ...]
    blobs: tuple[Blob, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Header(HeaderDraft):
    """The complete header: the draft, the sender's key id, the recipients sorted by unit, the content commitment."""

    skid: str
    to: tuple[Addressee, ...]
    ptc: str

    def to_core(self) -> bytes:
        """Write the canonical JSON that is signed. Raises Malformed if a member breaks its pattern."""
        members: dict[str, Any] = {
            name: write(getattr(self, _ATTRIBUTES.get(name, name))) for name, (_, write) in _MEMBERS.items()
        }
        core = dumps({"v": VERSION, "suite": SUITE_NUMBER, **members})
        parse(core)
        return core


def parse(core: bytes) -> Header:
    """Read a header. Raises TooLarge, NotCanonical, WrongSuite, or Malformed naming the member that is wrong."""
    value = loads(core, limit=MAX_CORE)
    if not isinstance(value, dict) or value.keys() != _NAMES:
        raise Malformed("header has not exactly the members of the format")
    if value["v"] != VERSION:
        raise Malformed("header of another version")
    if value["suite"] != SUITE_NUMBER:
        raise WrongSuite("header of another suite")
    read = {_ATTRIBUTES.get(name, name): _member(name, value[name]) for name in _MEMBERS}
    header = Header(**read)
    if header.expires <= header.created:
        raise Malformed("expires is not after created")
    return header


def _member(name: str, value: Json) -> Any:
    try:
        return _MEMBERS[name][0](value)
    except Malformed as error:
        raise Malformed(f"header member {name}: {error.reason}") from error


def _text(pattern: re.Pattern[str]) -> Callable[[Json], str]:
    """Make a reader of strings that match the whole pattern."""

    def read(value: Json) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise Malformed("not of its pattern")
        return value

    return read


def _one_of(allowed: frozenset[str]) -> Callable[[Json], str]:
    def read(value: Json) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise Malformed("not one of its values")
        return value

    return read


def _counter(value: Json) -> int:
    if not isinstance(value, int) or not 1 <= value <= LARGEST:
        raise Malformed("not a counter from 1")
    return value


def _instant(value: Json) -> int:
    if not isinstance(value, str):
        raise Malformed("not an instant")
    return instants.from_text(value)


def _list(read: Callable[[Json], _T], most: int, key: Callable[[_T], str]) -> Callable[[Json], tuple[_T, ...]]:
    """Make a reader of lists of at most `most` items, sorted by `key` and without repetition."""

    def read_list(value: Json) -> tuple[_T, ...]:
        if not isinstance(value, list) or len(value) > most:
            raise Malformed(f"not a list of at most {most}")
        items = tuple(map(read, value))
        keys = [key(item) for item in items]
        if any(first >= second for first, second in pairwise(keys)):
            raise Malformed("not sorted, or an item twice")
        return items

    return read_list


def _addressee(value: Json) -> Addressee:
    if not isinstance(value, dict) or value.keys() != {"unit", "ekid"}:
        raise Malformed("recipient has not exactly unit and ekid")
    return Addressee(_unit(value["unit"]), _digest(value["ekid"]))


def _blob(value: Json) -> Blob:
    if not isinstance(value, dict) or value.keys() != {"id", "size", "sha256"}:
        raise Malformed("blob has not exactly id, size and sha256")
    return Blob(_identifier(value["id"]), _counter(value["size"]), _digest(value["sha256"]))


def _recipients(value: Json) -> tuple[Addressee, ...]:
    addressees = _addressees(value)
    if not addressees:
        raise Malformed("no recipient")
    return addressees


_unit: Final = _text(_UNIT)
_code: Final = _text(_CODE)
_digest: Final = _text(_HEX32)
_identifier: Final = _text(_HEX16)
_addressees: Final = _list(_addressee, MAX_RECIPIENTS, lambda addressee: addressee.unit)


def _same(value: Any) -> Any:
    return value


def _write_to(to: tuple[Addressee, ...]) -> list[dict[str, str]]:
    return [{"unit": addressee.unit, "ekid": addressee.ekid} for addressee in to]


def _write_blobs(blobs: tuple[Blob, ...]) -> list[dict[str, str | int]]:
    return [{"id": blob.id, "size": blob.size, "sha256": blob.sha256} for blob in blobs]


_MEMBERS: Final[dict[str, tuple[Callable[[Json], Any], Callable[[Any], Any]]]] = {
    "env": (_one_of(ENVIRONMENTS), _same),
    "ctype": (_one_of(CTYPES), _same),
    "id": (_identifier, _same),
    "from": (_unit, _same),
    "skid": (_digest, _same),
    "to": (_recipients, _write_to),
    "created": (_instant, instants.to_text),
    "expires": (_instant, instants.to_text),
    "seq": (_counter, _same),
    "prev": (_digest, _same),
    "ptc": (_digest, _same),
    "blobs": (_list(_blob, MAX_BLOBS, lambda blob: blob.id), _write_blobs),
    "family": (_text(_FAMILY), _same),
    "urgency": (_code, _same),
    "classification": (_code, _same),
    "handling": (_list(_code, MAX_HANDLING, str), list),
}
_ATTRIBUTES: Final = {"from": "sender"}
_NAMES: Final = {"v", "suite", *_MEMBERS}
