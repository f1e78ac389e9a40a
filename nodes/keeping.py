"""What this node keeps for the hub, so that a hub that lost its last hours can be filled again.

Entries that only the hub knows are kept sealed to its recovery key, which is offline: nobody here can read them. Those
that came with our mail are kept as they are until the sealed ones reach them (protocol.md §9.7).
"""

from collections.abc import Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from audit import rows
from audit.tiles import TILE_WIDTH
from exchange.errors import Unfound
from nodes import mirroring
from nodes.answers import Frame
from nodes.errors import HubProblem
from nodes.hub_client import HubClient
from nodes.mirror import Mirror
from nodes.node import Node
from nodes.shelves import table_of
from nodes.watch_tables import CollectedRow, SealedRow

PIECES_AT_ONCE = 16
"""Sealed pieces of 256 entries in one round."""


def keep(session: Session, frames: Sequence[Frame]) -> None:
    """Keep the entries of items of the inbox, in the transaction that takes them; the mark moves on with them."""
    kept = [{"index": one.index, "entry": one.entry} for one in frames]
    rows.insert(session.connection(), table_of(CollectedRow), kept, "ON CONFLICT DO NOTHING")


def step(node: Node, client: HubClient) -> bool:
    """Fetch the sealed entries that the mirror has and we do not; returns whether more are left.

    A hub without a recovery key has none to give.
    """
    with node.db.read() as session:
        end = Mirror(session, mirroring.hub_keys(node).origin).size
        start = _sealed_to(session)
    for _ in range(PIECES_AT_ONCE):
        if start >= end:
            return False
        upto = min(end, start - start % TILE_WIDTH + TILE_WIDTH)
        try:
            sealed = client.sealed(start, upto)
        except HubProblem as error:
            if error.problem != Unfound.code:
                raise
            return False
        with node.db.write() as session:
            session.merge(SealedRow(start=start, end=upto, sealed=sealed))
            session.execute(delete(CollectedRow).where(CollectedRow.index < upto))
        start = upto
    return start < end


def _sealed_to(session: Session) -> int:
    return session.scalar(select(func.max(SealedRow.end))) or 0
