"""Rows that a transaction reads by their keys, many at a time, and writes back if they changed.

The classes of `nodes.tables` without a unit of work, which costs a quarter of a millisecond for each question and a
tenth for each row. What is read twice is one object, and what is not there is remembered as absent. It decides nothing.
"""

from collections.abc import Iterable
from operator import attrgetter
from typing import Any, Final, Generic, TypeVar, cast

from sqlalchemy import Connection, Table
from sqlalchemy.orm import InstrumentedAttribute

from audit import rows
from audit.rows import Wanted
from nodes.row import Row
from nodes.tables import MessageRow

R = TypeVar("R", bound=Row)
Column = InstrumentedAttribute[Any]
Names = tuple[str, ...]

_HEAVY: Final = ("envelope", "sealed", "salt_sealed")
"""Most of a message's row, and rarely asked for: `Held.fill` gets it."""


def table_of(row_type: type[Row]) -> Table:
    """Return the table of a class of rows."""
    return Row.metadata.tables[row_type.__tablename__]


class Look(Generic[R]):
    """One way to find rows of a table: by the value of one column, or of several.

    With `unique` there is at most one row for a key; with `lock` nobody else changes what was found.
    """

    def __init__(self, row_type: type[R], *columns: Column, unique: bool = False, lock: bool = False) -> None:
        table = table_of(row_type)
        names = tuple(one.name for one in table.columns if row_type is not MessageRow or one.name not in _HEAVY)
        self.row_type = row_type
        self.unique = unique
        self.key = attrgetter(*(column.key for column in columns))
        self.identity = attrgetter(*table.primary_key.columns.keys())
        self.wanted = Wanted(table, names, tuple(column.key for column in columns), lock=lock)


class Held:
    """Every row that one transaction has read, once, and the values that it was read with."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: dict[tuple[type[Row], Any], tuple[Row, Names, rows.Found]] = {}

    def read(self, look: Look[R], keys: list[Any]) -> list[R]:
        """Return the rows with these keys."""
        return [self._once(look, values) for values in rows.find(self._connection, look.wanted, keys)]

    def _once(self, look: Look[R], values: rows.Found) -> R:
        names = look.wanted.columns
        row: R = look.row_type.__mapper__.class_manager.new_instance()
        vars(row).update(zip(names, values, strict=True))
        held = self._rows.setdefault((look.row_type, look.identity(row)), (row, names, values))[0]
        return cast("R", held)

    def fill(self, row: MessageRow) -> MessageRow:
        """Return a message with its bytes."""
        if _HEAVY[0] not in vars(row):
            (values,) = rows.find(self._connection, _BYTES, [row.message_id])
            vars(row).update(zip(_HEAVY, values, strict=True))
        return row

    def write(self) -> frozenset[type[Row]]:
        """Write every value that is not any more what was read; returns the types of the rows that changed."""
        changed: dict[tuple[type[Row], Names], list[rows.Row]] = {}
        for row, names, before in self._rows.values():
            now = vars(row)
            other = tuple(name for name, value in zip(names, before, strict=True) if now[name] != value)
            if other:
                changed.setdefault((type(row), other), []).append(now)
        for (row_type, names), found in changed.items():
            rows.update(self._connection, table_of(row_type), names, found)
        return frozenset(row_type for row_type, _ in changed)

    def insert(self, new: list[Row]) -> None:
        """Write new rows of one table; what was not set is empty."""
        if new:
            table = table_of(type(new[0]))
            empty = dict.fromkeys(table.columns.keys())
            rows.insert(self._connection, table, [empty | vars(row) for row in new])

    def delete(self, look: Look[R], row: R) -> None:
        """Delete a row that was read."""
        table = look.wanted.table
        del self._rows[look.row_type, look.identity(row)]
        which = [column == getattr(row, column.key) for column in table.primary_key]
        self._connection.execute(table.delete().where(*which))


_BYTES: Final = Wanted(table_of(MessageRow), _HEAVY, ("message_id",))


class Shelf(Generic[R]):
    """What one transaction has found in one way, and what it adds."""

    def __init__(self, held: Held, look: Look[R]) -> None:
        self.look = look
        self._held = held
        self._rows: dict[Any, list[R]] = {}
        self._added: dict[Any, list[R]] = {}

    def read(self, keys: Iterable[Any]) -> list[R]:
        """Return all rows with one of these keys; those not read before are read with one query."""
        wanted = dict.fromkeys(keys)
        unread = [key for key in wanted if key not in self._rows]
        if unread:
            self._rows.update((key, []) for key in unread)
            for row in self._held.read(self.look, unread):
                self._rows[self.look.key(row)].append(row)
            for key in unread:
                self._rows[key] += self._added.pop(key, ())
        return [row for key in wanted for row in self._rows[key]]

    def one(self, key: Any) -> R | None:
        """Return the row with this key, of which there is at most one."""
        found = self.read([key])
        return found[0] if found else None

    def put(self, row: R) -> None:
        """Place a new row; where its key may have others, they are read only if somebody asks."""
        key = self.look.key(row)
        if key in self._rows or self.look.unique:
            self._rows.setdefault(key, []).append(row)
        else:
            self._added.setdefault(key, []).append(row)

    def lack(self, keys: Iterable[Any]) -> None:
        """Take it that there is no row with any of these keys."""
        for key in keys:
            self._rows.setdefault(key, [])

    def know(self, rows: Iterable[R]) -> None:
        """Place rows that were found in another way; only for a unique key."""
        for row in rows:
            self._rows.setdefault(self.look.key(row), [row])

    def take(self, row: R) -> None:
        """Forget a row that is being deleted."""
        self._rows[self.look.key(row)].remove(row)
