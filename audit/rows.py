"""Many rows in one statement, by the shortest way of each database. It must not know what the rows mean.

A driver gives the interpreter lock back for every single row of an ordinary `executemany`, and each time waits for it
again behind the threads that verify: one statement for many rows is the difference between a batch of one lock and of a
hundred. The text of a statement never depends on how many keys are asked for, so it stays prepared. It goes to the
driver as it is, in the caller's transaction: what SQLAlchemy does around a statement takes several times as long as the
statement itself.
"""

import json
from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain
from operator import itemgetter
from typing import Any, Final, TypeAlias

from sqlalchemy import BigInteger, Boolean, Connection, Integer, LargeBinary, String, Table
from sqlalchemy.exc import DBAPIError

Row = Mapping[str, Any]
Found: TypeAlias = Any
"""A tuple whose places have the names of the wanted columns; values are as the driver gives them."""

MOST_ROWS: Final = 256
"""Rows in one statement: a whole batch. The widest table has then 6,400 parameters; SQLite allows 32,766."""

_ELEMENTS: Final = {BigInteger: "bigint", Boolean: "boolean", Integer: "integer", LargeBinary: "bytea", String: "text"}
"""The arrays of PostgreSQL by the type of the column. A text that is too long is refused by the column itself: a cast
to its own type would cut it."""


def ask(connection: Connection, statement: str, parameters: Sequence[Any] = ()) -> list[Any]:
    """Return the rows, as tuples, that a constant statement finds; its marks are those of the driver.

    Errors are SQLAlchemy's, as for every other statement.
    """
    with _cursor(connection, statement) as cursor:
        connection.engine.dialect.do_execute(cursor, statement, parameters)
        return list(cursor.fetchall())


def change(connection: Connection, statement: str, parameters: Sequence[Any] = ()) -> int:
    """Run a constant statement that returns nothing, as `ask` does; returns how many rows it changed."""
    with _cursor(connection, statement) as cursor:
        connection.engine.dialect.do_execute(cursor, statement, parameters)
        return int(cursor.rowcount)


@contextmanager
def _cursor(connection: Connection, statement: str) -> Iterator[Any]:
    dialect = connection.engine.dialect
    driver_error = dialect.loaded_dbapi.Error
    try:
        cursor = connection.connection.cursor()
        try:
            yield cursor
        finally:
            cursor.close()
    except driver_error as error:
        said = DBAPIError.instance(statement, None, error, driver_error, hide_parameters=True, dialect=dialect)
        raise said from error


def insert(connection: Connection, table: Table, rows: Sequence[Row], conflict: str = "") -> None:
    """Insert `rows`, each with all the columns of `table`; `conflict` is an ON CONFLICT clause."""
    if not rows:
        return
    take = itemgetter(*_names(table))
    if connection.dialect.name == "postgresql":
        columns = zip(*map(take, rows), strict=True)
        change(connection, f"{_unnest(table)} {conflict}", tuple(list(column) for column in columns))
        return
    for at in range(0, len(rows), MOST_ROWS):
        some = rows[at : at + MOST_ROWS]
        values = tuple(chain.from_iterable(map(take, some)))
        change(connection, f"{_values(table, len(some))} {conflict}", values)


@dataclass(frozen=True)
class Wanted:
    """Which rows: those of `table` whose columns `by` have one of the keys; and which of their columns.

    With `lock` they come in the order of the primary key, and nobody else changes them until the transaction ends.
    """

    table: Table
    columns: tuple[str, ...]
    by: tuple[str, ...]
    lock: bool = False

    @cached_property
    def sqlite(self) -> str:
        """The question with a JSON list of keys. CROSS JOIN: the keys lead, and the table is only ever looked up."""
        several = len(self.by) > 1
        keys = [f"json_extract(w.value, '$[{at}]')" if several else "w.value" for at in range(len(self.by))]
        on = " AND ".join(f't."{name}" = {key}' for name, key in zip(self.by, keys, strict=True))
        return f"{self._asked} FROM json_each(?) AS w CROSS JOIN {self.table.name} AS t ON {on} {self._order}"

    @cached_property
    def postgresql(self) -> str:
        """The question with one array for each column of the key."""
        arrays = ", ".join(f"%s::{_element(self.table, name)}[]" for name in self.by)
        names = ", ".join(f'"{name}"' for name in self.by)
        found = f"FROM unnest({arrays}) AS w ({names}) JOIN {self.table.name} AS t USING ({names})"
        return f"{self._asked} {found} {self._order} {'FOR UPDATE OF t' if self.lock else ''}"

    @cached_property
    def named(self) -> Callable[..., Found]:
        """What makes a row of its values."""
        return namedtuple("Found", self.columns)  # noqa: PYI024 - its names are known when the question is

    @property
    def _asked(self) -> str:
        return "SELECT " + ", ".join(f't."{name}"' for name in self.columns)

    @property
    def _order(self) -> str:
        return "ORDER BY " + ", ".join(f't."{one.name}"' for one in self.table.primary_key) if self.lock else ""


def find(connection: Connection, wanted: Wanted, keys: Sequence[Any]) -> Sequence[Found]:
    """Return the wanted columns of the rows with these keys, each a value, or a tuple where `by` are several."""
    if not keys:
        return []
    if connection.dialect.name == "sqlite":
        found = ask(connection, wanted.sqlite, (json.dumps(keys),))
    else:
        arrays = zip(*keys, strict=True) if len(wanted.by) > 1 else (keys,)
        found = ask(connection, wanted.postgresql, tuple(list(array) for array in arrays))
    return [wanted.named(*row) for row in found]


def update(connection: Connection, table: Table, names: tuple[str, ...], rows: Sequence[Row]) -> None:
    """Write the columns `names` of `rows`, which are told by their primary key."""
    if not rows:
        return
    keys = tuple(column.name for column in table.primary_key)
    statement = _set(table, names, keys, connection.dialect.name)
    with _cursor(connection, statement) as cursor:
        connection.engine.dialect.do_executemany(cursor, statement, list(map(itemgetter(*names, *keys), rows)))


@lru_cache(maxsize=256)
def _set(table: Table, names: tuple[str, ...], keys: tuple[str, ...], dialect: str) -> str:
    mark = "?" if dialect == "sqlite" else "%s"
    values = ", ".join(f'"{name}" = {mark}' for name in names)
    which = " AND ".join(f'"{name}" = {mark}' for name in keys)
    return f"UPDATE {table.name} SET {values} WHERE {which}"  # noqa: S608 - our own names


@lru_cache(maxsize=1024)
def _values(table: Table, count: int) -> str:
    """The statement with `count` rows of parameters, for SQLite."""
    row = f"({', '.join('?' * len(table.c))})"
    return f"{_into(table)} VALUES {', '.join([row] * count)}"


@lru_cache(maxsize=64)
def _unnest(table: Table) -> str:
    """The statement with one array for each column, for PostgreSQL."""
    arrays = [f"%b::{_element(table, name)}[]" for name in _names(table)]
    return f"{_into(table)} SELECT * FROM unnest({', '.join(arrays)})"  # noqa: S608 - our own names


def _into(table: Table) -> str:
    names = ", ".join(f'"{name}"' for name in _names(table))
    return f"INSERT INTO {table.name} ({names})"


def _names(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.columns)


def _element(table: Table, name: str) -> str:
    return _ELEMENTS[type(table.c[name].type)]
