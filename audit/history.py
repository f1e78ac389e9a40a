"""The history of what was published: checkpoints with their cosignatures, at least an hour apart.

A log keeps what it published itself: the newest one stands elsewhere, and gains signatures while it does; it comes here
when the next one takes its place. Who mirrors a log follows what it publishes, the newest included. Nothing here
commits.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, delete, func, select

from audit.merkle import MAX_SIZE
from audit.store import PUBLICATION, UPSERT

EVERY: Final = 3_600
"""Seconds between two that are kept: with five witnesses a note has 20 kB, so a year has 175 MB at most."""


@dataclass(frozen=True, slots=True)
class Publication:
    """A checkpoint that was published: its size, when that was (unix seconds), and the note with all signatures."""

    size: int
    time: int
    note: bytes


def keep(connection: Connection, log_id: str, one: Publication) -> bool:
    """Keep `one`, unless the last that was kept is not an hour older; returns whether it was kept."""
    last = connection.execute(select(func.max(PUBLICATION.c.time)).where(PUBLICATION.c.log_id == log_id)).scalar()
    if last is not None and one.time < last + EVERY:
        return False
    _put(connection, log_id, one)
    return True


def follow(connection: Connection, log_id: str, one: Publication) -> None:
    """Keep `one` as the newest; the one that it follows stays only if it is an hour younger than that before it.

    The same note again changes nothing.
    """
    last = kept(connection, log_id, most=2)
    if last and last[0].note == one.note:
        return
    if len(last) > 1 and last[0].time < last[1].time + EVERY:
        here = PUBLICATION.c.log_id == log_id, PUBLICATION.c.size == last[0].size, PUBLICATION.c.time == last[0].time
        connection.execute(delete(PUBLICATION).where(*here))
    _put(connection, log_id, one)


def _put(connection: Connection, log_id: str, one: Publication) -> None:
    values = {"log_id": log_id, "size": one.size, "time": one.time, "note": one.note}
    connection.execute(UPSERT[connection.dialect.name](PUBLICATION).values(values).on_conflict_do_nothing())


def kept(connection: Connection, log_id: str, below: int = MAX_SIZE, most: int = 100) -> list[Publication]:
    """Return at most `most` of those that are smaller than `below`, the newest first."""
    columns = PUBLICATION.c
    query = select(columns.size, columns.time, columns.note).where(columns.log_id == log_id, columns.size < below)
    rows = connection.execute(query.order_by(columns.size.desc(), columns.time.desc()).limit(most))
    return [Publication(*row) for row in rows]
