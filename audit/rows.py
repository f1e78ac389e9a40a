"""Many rows in one statement, by the shortest way of each database. It must not know what the rows mean.

A driver gives the interpreter lock back for every single row of an ordinary `executemany`, and each time waits for it
again behind the threads that verify: one statement for many rows is the difference between a batch of one lock and of a
hundred. The text of a statement never depends on how many keys are asked for, so it stays prepared.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain
from operator import itemgetter
from typing import Any, Final, TypeAlias

from sqlalchemy import BigInteger, Boolean, Connection, Integer, LargeBinary, String, Table, TextualSelect, column, text
from sqlalchemy import Row as SqlRow

Row = Mapping[str, Any]
Found: TypeAlias = "SqlRow[*tuple[Any, ...]]"

MOST_ROWS: Final = 256
"""Rows in one statement: a whole batch. The widest table has then 6,400 parameters; SQLite allows 32,766."""

_ELEMENTS: Final = {BigInteger: "bigint", Boolean: "boolean", Integer: "integer", LargeBinary: "bytea", String: "text"}
"""The arrays of PostgreSQL by the type of the column. A text that is too long is refused by the column itself: a cast
to its own type would cut it."""


def insert(connection: Connection, table: Table, rows: Sequence[Row], conflict: str = "") -> None:
    """Insert `rows`, each with all the columns of `table`; `conflict` is an ON CONFLICT clause."""
    if not rows:
        return
    take = itemgetter(*_names(table))
    if connection.dialect.name == "postgresql":
        columns = zip(*map(take, rows), strict=True)
        connection.exec_driver_sql(f"{_unnest(table)} {conflict}", tuple(list(column) for column in columns))
        return
    for at in range(0, len(rows), MOST_ROWS):
        some = rows[at : at + MOST_ROWS]
        values = tuple(chain.from_iterable(map(take, some)))
        connection.exec_driver_sql(f"{_values(table, len(some))} {conflict}", values)


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
    def sqlite(self) -> TextualSelect:
        """The question with a JSON list of keys. CROSS JOIN: the keys lead, and the table is only ever looked up."""
        several = len(self.by) > 1
        keys = [f"json_extract(w.value, '$[{at}]')" if several else "w.value" for at in range(len(self.by))]
        on = " AND ".join(f't."{name}" = {key}' for name, key in zip(self.by, keys, strict=True))
        return self._asked(f"FROM json_each(:keys) AS w CROSS JOIN {self.table.name} AS t ON {on} {self._order}")

    @cached_property
    def postgresql(self) -> TextualSelect:
        """The question with one array for each column of the key, `k0` and on."""
        arrays = ", ".join(f"CAST(:k{at} AS {_element(self.table, name)}[])" for at, name in enumerate(self.by))
        names = ", ".join(f'"{name}"' for name in self.by)
        found = f"FROM unnest({arrays}) AS w ({names}) JOIN {self.table.name} AS t USING ({names})"
        return self._asked(f"{found} {self._order} {'FOR UPDATE OF t' if self.lock else ''}")

    def _asked(self, found: str) -> TextualSelect:
        """Name the columns of the answer beforehand: what has to be read from each answer takes longer than the answer.

        They have no type, so values stay as the driver gives them.
        """
        wanted = ", ".join(f't."{name}"' for name in self.columns)
        return text(f"SELECT {wanted} {found}").columns(*map(column, self.columns))

    @property
    def _order(self) -> str:
        return "ORDER BY " + ", ".join(f't."{one.name}"' for one in self.table.primary_key) if self.lock else ""


def find(connection: Connection, wanted: Wanted, keys: Sequence[Any]) -> Sequence[Found]:
    """Return the wanted columns of the rows with these keys, each a value, or a tuple where `by` are several."""
    if not keys:
        return []
    if connection.dialect.name == "sqlite":
        return connection.execute(wanted.sqlite, {"keys": json.dumps(keys)}).all()
    arrays = zip(*keys, strict=True) if len(wanted.by) > 1 else (keys,)
    return connection.execute(wanted.postgresql, {f"k{at}": list(array) for at, array in enumerate(arrays)}).all()


def update(connection: Connection, table: Table, names: tuple[str, ...], rows: Sequence[Row]) -> None:
    """Write the columns `names` of `rows`, which are told by their primary key."""
    if not rows:
        return
    keys = tuple(column.name for column in table.primary_key)
    connection.exec_driver_sql(
        _set(table, names, keys, connection.dialect.name), list(map(itemgetter(*names, *keys), rows))
    )


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
