"""Rows of a table as lines of canonical JSON, and back: a logical copy that either database engine takes.

The first line names the columns. One row is one line, a list of them in that order: `{}` for null, `{"b": …}` for
bytes, `{"is": …}` for truth values. It must not know any table.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

from sqlalchemy import RowMapping, Table, bindparam, select
from sqlalchemy.orm import Session

from crypto import canonical
from crypto.canonical import Json
from crypto.encoding import b64, unb64
from crypto.errors import CryptoError
from exchange.archive import ArchiveRefused

ROWS_AT_ONCE = 200
LINE_LIMIT = 64 * 1024 * 1024

Instead: TypeAlias = Callable[[RowMapping], bytes | None]


def lines(session: Session, table: Table, instead: Mapping[str, Instead] = MappingProxyType({})) -> Iterator[bytes]:
    """Return the names of the columns, then the rows of `table` in the order of its key, one line each.

    `instead`: name of a column -> what is written of a row in place of what stands there.
    """
    yield canonical.dumps([str(column.name) for column in table.columns]) + b"\n"
    query = select(table).order_by(*table.primary_key.columns).execution_options(yield_per=ROWS_AT_ONCE)
    for row in session.execute(query).mappings():
        values = {**row, **{name: made(row) for name, made in instead.items()}}
        yield canonical.dumps([_out(value) for value in values.values()]) + b"\n"


def column_lines(session: Session, table: Table, name: str) -> Iterator[bytes]:
    """Return the lines of one column of `table` with its key, without the rows that have nothing in it."""
    chosen = [*table.primary_key.columns, table.columns[name]]
    yield canonical.dumps([str(column.name) for column in chosen]) + b"\n"
    query = select(*chosen).where(table.columns[name].is_not(None)).order_by(*table.primary_key.columns)
    for row in session.execute(query.execution_options(yield_per=ROWS_AT_ONCE)):
        yield canonical.dumps([_out(value) for value in row]) + b"\n"


def fill(session: Session, table: Table, path: Path) -> None:
    """Insert the lines of the file `path` into the empty `table`; raises `ArchiveRefused` for what is no row of it."""
    for found in batches(path, table):
        session.execute(table.insert(), found)


def batches(path: Path, table: Table) -> Iterator[list[dict[str, object]]]:
    """Give the rows that the lines of the file `path` spell, some at a time; raises `ArchiveRefused`."""
    return _batches(path, table, table.columns.keys())


def fill_column(session: Session, table: Table, path: Path, name: str) -> None:
    """Put what `column_lines` gave back into rows that are there; raises `ArchiveRefused` for what is no such line."""
    keys = table.primary_key.columns.keys()
    which = [table.columns[key] == bindparam(f"of_{key}") for key in keys]
    statement = table.update().where(*which).values({name: bindparam("put")})
    for found in _batches(path, table, [*keys, name]):
        values = [{**{f"of_{key}": row[key] for key in keys}, "put": row[name]} for row in found]
        session.connection().execute(statement, values)


def _batches(path: Path, table: Table, columns: list[str]) -> Iterator[list[dict[str, object]]]:
    waiting: list[dict[str, object]] = []
    with path.open("rb") as file:
        names = [str(name) for name in _values(file.readline(), len(columns), table.name)]
        if set(names) != set(columns):
            raise ArchiveRefused(f"table {table.name}: other columns")
        for line in file:
            waiting.append(dict(zip(names, _values(line, len(names), table.name), strict=True)))
            if len(waiting) == ROWS_AT_ONCE:
                yield waiting
                waiting = []
    if waiting:
        yield waiting


def _values(line: bytes, count: int, name: str) -> list[object]:
    try:
        values = canonical.loads(line.rstrip(b"\n"), limit=LINE_LIMIT)
        if not isinstance(values, list) or len(values) != count:
            raise ArchiveRefused(f"table {name}")
        return [_in(value) for value in values]
    except CryptoError as error:
        raise ArchiveRefused(f"table {name}") from error


def _out(value: object) -> Json:
    if value is None:
        return {}
    if isinstance(value, bytes):
        return {"b": b64(value)}
    if isinstance(value, bool):
        return {"is": int(value)}
    if isinstance(value, str | int):
        return value
    raise ArchiveRefused("a value that is no text, number or bytes")


def _in(value: Json) -> object:
    if not isinstance(value, dict):
        return value
    if "is" in value:
        return bool(value["is"])
    wrapped = value.get("b")
    return unb64(wrapped) if isinstance(wrapped, str) else None
