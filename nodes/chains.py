"""The last link of each chain that this node seals: its own sequence, and the order of each pair."""

from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from crypto.header import GENESIS
from nodes.tables import ChainRow
from nodes.work import Work

OWN = "own"


def to_unit(unit: str) -> str:
    """Return the name of the chain of what we send to `unit`."""
    return f"out:{unit}"


def last(session: Session, names: Sequence[str]) -> dict[str, ChainRow]:
    """Return the last links of chains; before the first, number 0 and zeros.

    They are locked until the transaction ends: two sealings never get one number. Who asks for a new one a second time
    in a transaction has flushed it.
    """
    query = select(ChainRow).where(ChainRow.chain.in_(names)).order_by(ChainRow.chain).with_for_update()
    with session.no_autoflush:
        found = {row.chain: row for row in session.scalars(query)}
    new = [ChainRow(chain=name, seq=0, eid=GENESIS) for name in names if name not in found]
    session.add_all(new)
    return found | {row.chain: row for row in new}


def last_in(work: Work, names: Sequence[str]) -> dict[str, ChainRow]:
    """Return the last links of chains as `last` does, from what the transaction works on."""
    work.chains.read(names)
    return {name: work.chains.one(name) or _first(work, name) for name in names}


def _first(work: Work, name: str) -> ChainRow:
    row = ChainRow(chain=name, seq=0, eid=GENESIS)
    work.add(row)
    return row


def advance(chains: Iterable[ChainRow], eid: str) -> None:
    """Let `eid` be the next link of each."""
    for chain in chains:
        chain.seq, chain.eid = chain.seq + 1, eid
