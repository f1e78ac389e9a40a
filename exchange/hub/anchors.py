"""Anchors: the head of a unit's own log as an entry of the hub's log, in the transaction that records the head.

With it a unit cannot rewrite what it had logged before, and the hub cannot drop it without breaking its own witnessed
history. The unit asks here where its anchor stands, also when the first answer was lost.
"""

import hashlib
from dataclasses import dataclass

from sqlalchemy import select

from audit.checkpoints import Checkpoint
from exchange.errors import Unfound
from exchange.hub.batch import Batch
from exchange.hub.hub import Hub
from exchange.hub.tables import ANCHOR
from schemas.entries import AnchorEntry
from schemas.errors import SchemaError


@dataclass(frozen=True, slots=True)
class Anchored:
    """Where the anchor stands, and the entry itself."""

    index: int
    entry: bytes


def anchor(batch: Batch, said: Checkpoint, note: bytes) -> None:
    """Log the head of a unit's log that was just recorded; a head that is anchored is not anchored twice."""
    here = (ANCHOR.c.origin == said.origin, ANCHOR.c.size == said.size)
    if batch.connection.execute(select(ANCHOR.c.idx).where(*here)).first() is not None:
        return
    index = batch.log(
        AnchorEntry(
            time=batch.now,
            nonce=batch.nonce(),
            origin=said.origin,
            size=said.size,
            root=said.root.hex(),
            digest=hashlib.sha512(note).hexdigest(),
        )
    )
    batch.connection.execute(ANCHOR.insert(), {"origin": said.origin, "size": said.size, "idx": index})


def find(hub: Hub, unit: str, origin: str, size: int) -> Anchored:
    """The anchor of the log `origin` of `unit` at `size`; raises `Unfound`, also for the log of another unit."""
    try:
        record = hub.register.current.log_key(origin, hub.clock())
    except SchemaError as error:
        raise Unfound from error
    with hub.db.read() as session:
        query = select(ANCHOR.c.idx).where(ANCHOR.c.origin == origin, ANCHOR.c.size == size)
        index = session.connection().execute(query).scalar_one_or_none()
        if index is None or record.unit != unit:
            raise Unfound
        return Anchored(index, hub.log.entry(session, index))
