"""The code tables: one TOML file a table in this folder, each with a version, loaded strictly on first use.

Codes are upper-case ASCII and stable for ever; a code that is `retired` is still read but no longer offered. Labels
exist in every complete language. `verified = false` marks a row that was not checked against its source and must not
be shown as law. This module must not know what any table is for.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Final

from schemas.errors import TableInvalid, UnknownCode
from schemas.words import LANGUAGES, Words

_CODE: Final = re.compile(r"[A-Z0-9][A-Z0-9_.+-]{0,39}")
_COLUMN_TYPES: Final[Mapping[str, type]] = {"text": str, "number": int, "flag": bool, "list": list}
_HEAD: Final = {"table": str, "version": str, "title": dict, "source": str, "columns": dict, "codes": list}
_ALWAYS: Final = frozenset({"code", *LANGUAGES})
_MARKS: Final = frozenset({"retired", "verified"})


@dataclass(frozen=True)
class Code:
    """One row: the code, its label, and the further columns of the table (a list column is a tuple)."""

    code: str
    label: Words
    extra: Mapping[str, Any]
    retired: bool = False
    verified: bool = True

    def text(self, column: str) -> str:
        """Return a text column; empty when the row has none."""
        return str(self.extra.get(column, ""))

    def listed(self, column: str) -> tuple[str, ...]:
        """Return a list column; empty when the row has none."""
        return tuple(self.extra.get(column, ()))


@dataclass(frozen=True)
class CodeTable(Mapping[str, Code]):
    """A table in its order: `table[code]`, `code in table`, `for code in table`."""

    name: str
    version: str
    title: Words
    source: str
    codes: Mapping[str, Code]

    def __getitem__(self, code: str) -> Code:
        if code not in self.codes:
            raise UnknownCode(f"table {self.name} has no such code")
        return self.codes[code]

    def __contains__(self, code: object) -> bool:
        return code in self.codes

    def __iter__(self) -> Iterator[str]:
        return iter(self.codes)

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def offered(self) -> tuple[str, ...]:
        """The codes that a form may offer."""
        return tuple(code for code, row in self.codes.items() if not row.retired)

    def label(self, code: str, language: str) -> str:
        """Return the label of `code` for a reader of `language`; raises `UnknownCode`."""
        return self[code].label.say(language)


@cache
def table(name: str) -> CodeTable:
    """Return the table; raises `UnknownCode` for a table that does not exist, `TableInvalid` for a bad file."""
    path = resources.files(__name__) / f"{name}.toml"
    if not re.fullmatch(r"[a-z0-9_]+", name) or not path.is_file():
        raise UnknownCode("no such code table")
    return load(name, path.read_text(encoding="utf-8"))


def names() -> tuple[str, ...]:
    """Return the names of all tables."""
    files = (entry.name for entry in resources.files(__name__).iterdir())
    return tuple(sorted(file.removesuffix(".toml") for file in files if file.endswith(".toml")))


def load(name: str, text: str) -> CodeTable:
    """Return the table in `text`; raises `TableInvalid` for an unknown member, a repeated code, a missing label."""
    try:
        head = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TableInvalid(f"{name}: {error}") from error
    if {member: type(value) for member, value in head.items()} != _HEAD or head["table"] != name:
        raise TableInvalid(f"{name}: the head of the table has other members than it must have")
    columns = [isinstance(kind, str) and kind in _COLUMN_TYPES for kind in head["columns"].values()]
    if not re.fullmatch(r"[0-9]{4}\.[0-9]+", head["version"]) or not all(columns):
        raise TableInvalid(f"{name}: version or column types")
    if not all(isinstance(row, dict) for row in head["codes"]):
        raise TableInvalid(f"{name}: a row is not a record")
    rows = [_row(name, row, head["columns"]) for row in head["codes"]]
    if len({row.code for row in rows}) < len(rows) or not rows:
        raise TableInvalid(f"{name}: empty, or a code stands twice")
    codes = MappingProxyType({row.code: row for row in rows})
    return CodeTable(name, head["version"], _words(name, head["title"]), head["source"], codes)


def _row(name: str, row: Mapping[str, Any], columns: Mapping[str, str]) -> Code:
    where = f"{name}: {row.get('code')}"
    if not _CODE.fullmatch(str(row.get("code", ""))):
        raise TableInvalid(f"{where}: not a code")
    if unknown := row.keys() - _ALWAYS - _MARKS - columns.keys():
        raise TableInvalid(f"{where}: unknown member {sorted(unknown)}")
    extra = {column: row[column] for column in columns if column in row}
    for column, value in {**extra, **{mark: row[mark] for mark in _MARKS if mark in row}}.items():
        if type(value) is not _COLUMN_TYPES[columns.get(column, "flag")]:
            raise TableInvalid(f"{where}: {column} is not a {columns.get(column, 'flag')}")
        if isinstance(value, list) and not all(isinstance(one, str) for one in value):
            raise TableInvalid(f"{where}: {column} lists something else than texts")
    frozen = {column: tuple(value) if isinstance(value, list) else value for column, value in extra.items()}
    label = _words(where, {language: row.get(language, "") for language in LANGUAGES})
    return Code(row["code"], label, MappingProxyType(frozen), row.get("retired", False), row.get("verified", True))


def _words(where: str, labels: Mapping[str, Any]) -> Words:
    if labels.keys() != set(LANGUAGES) or not all(isinstance(text, str) and text.strip() for text in labels.values()):
        raise TableInvalid(f"{where}: a label is missing")
    return Words(**labels)
