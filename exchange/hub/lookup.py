"""What the hub holds: the heads of senders, envelopes that came before, and receipts, put together from their rows.

One statement a question, whatever the size of the batch, and an index for each. The wanted keys go in as one value (an
array on PostgreSQL, a JSON list on SQLite), so the text never changes and stays compiled; on SQLite CROSS JOIN fixes
the order, so that the wanted keys lead and `message` is only ever looked up.
"""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select

from audit import rows
from crypto.statements import Parts
from exchange.hub.tables import MESSAGE, RECEIPT, SIGNATURES

_HEADS: Final = {
    "sqlite": "SELECT unit, seq, eid FROM sender WHERE unit IN (SELECT value FROM json_each(?))",
    "postgresql": "SELECT unit, seq, eid FROM sender WHERE unit = ANY(%s)",
}
_COLUMNS: Final = "m.sender, m.id, m.seq, m.eid, m.digest, m.refused, m.proof, s.signatures, m.statement"
_SIGNED: Final = "JOIN signatures AS s ON s.idx = m.signed"
_BY_IDS: Final = {
    "sqlite": f"SELECT {_COLUMNS} FROM json_each(?) AS w CROSS JOIN message AS m "  # noqa: S608 - our own names
    "ON m.id = json_extract(w.value, '$[0]') " + _SIGNED,
    "postgresql": f"SELECT {_COLUMNS} FROM unnest(%s::text[]) AS w (id) JOIN message AS m ON m.id = w.id "  # noqa: S608 - our own names
    + _SIGNED,
}
_BY_NUMBERS: Final = {
    "sqlite": f"SELECT {_COLUMNS} FROM json_each(?) AS w CROSS JOIN message AS m "  # noqa: S608 - our own names
    "ON m.sender = json_extract(w.value, '$[0]') AND m.seq = json_extract(w.value, '$[1]') " + _SIGNED,
    "postgresql": f"SELECT {_COLUMNS} FROM unnest(%s::text[], %s::bigint[]) AS w (sender, seq) "  # noqa: S608 - our own names
    "JOIN message AS m ON m.sender = w.sender AND m.seq = w.seq " + _SIGNED,
}


@dataclass(frozen=True, slots=True)
class Known:
    """An envelope that consumed a number, and its receipt as it was answered."""

    sender: str
    id: str
    seq: int
    eid: str
    digest: bytes
    refused: bool
    receipt: bytes


def heads(connection: Connection, units: Collection[str]) -> Sequence[Any]:
    """(unit, seq, eid) of the last envelope of each of `units` that sent one."""
    wanted = list(units)
    given = (json.dumps(wanted),) if connection.dialect.name == "sqlite" else (wanted,)
    return rows.ask(connection, _HEADS[connection.dialect.name], given)


def by_ids(connection: Connection, wanted: Sequence[str]) -> list[Known]:
    """Return the envelopes that are stored under these ids, whoever sent them."""
    return _known(connection, _BY_IDS, [(one,) for one in wanted])


def by_numbers(connection: Connection, wanted: Sequence[tuple[str, int]]) -> list[Known]:
    """Return the envelopes that are stored under these (sender, seq)."""
    return _known(connection, _BY_NUMBERS, wanted)


def _known(connection: Connection, queries: dict[str, str], wanted: Sequence[tuple[Any, ...]]) -> list[Known]:
    dialect = connection.dialect.name
    given = (json.dumps(wanted),) if dialect == "sqlite" else tuple(map(list, zip(*wanted, strict=True)))
    return [
        Known(sender, one, seq, eid, digest, bool(refused), Parts(proof, signatures, statement).wire())
        for sender, one, seq, eid, digest, refused, proof, signatures, statement in rows.ask(
            connection, queries[dialect], given
        )
    ]


def every_receipt(connection: Connection) -> Iterator[tuple[str, bytes]]:
    """Return (eid, wire form) of every receipt that this hub holds, of messages and of deliveries."""
    for table in (MESSAGE, RECEIPT):
        query = select(table.c.eid, table.c.proof, SIGNATURES.c.signatures, table.c.statement)
        for eid, *parts in connection.execute(query.join(SIGNATURES, SIGNATURES.c.idx == table.c.signed)):
            yield eid, Parts(*parts).wire()
