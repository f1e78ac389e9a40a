"""Gives the requests that an older release stored the fingerprints they lack, some at each turn of the timers.

Which they are, the migration wrote down; each is struck off in the transaction that keeps its fingerprints, so a node
that ends in between goes on where it was. What cannot be read any more is struck off without.
"""

from contextlib import suppress
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from crypto.errors import CryptoError
from nodes import fingerprints, storing
from nodes.errors import NotFound
from nodes.fingerprint_tables import FingerprintDueRow
from nodes.node import Node
from nodes.work import Work
from schemas.errors import SchemaError

AT_ONCE: Final = 50
"""So many requests are opened in one turn: a small part of a second, in which nobody else writes."""


def run(session: Session, node: Node, most: int = AT_ONCE) -> None:
    """Make the fingerprints of the next requests that lack them, at most so many; nothing once all have them."""
    due = select(FingerprintDueRow.message_id).order_by(FingerprintDueRow.message_id).limit(most)
    numbers = session.scalars(due).all()
    if not numbers:
        return
    work = Work(session, node)
    for row in work.messages.read(numbers):
        with suppress(NotFound, SchemaError, CryptoError):  # erased, past its time, of an unknown form, or damaged
            fingerprints.note(work, storing.content_of(node, work.case(row.case_id), work.whole(row)))
    work.finish()
    session.execute(delete(FingerprintDueRow).where(FingerprintDueRow.message_id.in_(numbers)))
