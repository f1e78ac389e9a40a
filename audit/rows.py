"""Many rows in one statement, by the shortest way of each database. It must not know what the rows mean.

A driver gives the interpreter lock back for every single row of an ordinary `executemany`, and each time waits for it
again behind the threads that verify: one statement for many rows is the difference between a batch of one lock and of a
hundred.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, Connection, Integer, LargeBinary, String, Table

Row = Mapping[str, Any]

MOST_ROWS: Final = 256
"""Rows in one statement: a whole batch. The widest table has then 2,816 parameters; SQLite allows 32,766."""

_ELEMENTS: Final = {BigInteger: "bigint", Boolean: "boolean", Integer: "integer", LargeBinary: "bytea", String: "text"}
"""The arrays of PostgreSQL by the type of the column. A text that is too long is refused by the column itself: a cast
to its own type would cut it."""


def insert(connection: Connection, table: Table, rows: Sequence[Row], conflict: str = "") -> None:
    """Insert `rows`, each with exactly the columns of `table`; `conflict` is an ON CONFLICT clause."""
    if not rows:
        return
    take = itemgetter(*table.c.keys())
    if connection.dialect.name == "postgresql":
        columns = zip(*map(take, rows), strict=True)
        connection.exec_driver_sql(f"{_unnest(table)} {conflict}", tuple(list(column) for column in columns))
        return
    for at in range(0, len(rows), MOST_ROWS):
        some = rows[at : at + MOST_ROWS]
        values = tuple(chain.from_iterable(map(take, some)))
        connection.exec_driver_sql(f"{_values(table, len(some))} {conflict}", values)


@lru_cache(maxsize=1024)
def _values(table: Table, count: int) -> str:
    """The statement with `count` rows of parameters, for SQLite."""
    row = f"({', '.join('?' * len(table.c))})"
    return f"{_into(table)} VALUES {', '.join([row] * count)}"


@lru_cache(maxsize=64)
def _unnest(table: Table) -> str:
    """The statement with one array for each column, for PostgreSQL."""
    arrays = [f"%b::{_ELEMENTS[type(column.type)]}[]" for column in table.c]
    return f"{_into(table)} SELECT * FROM unnest({', '.join(arrays)})"  # noqa: S608 - our own names


def _into(table: Table) -> str:
    return f"INSERT INTO {table.name} ({', '.join(table.c.keys())})"
