"""Two histories of one log, for those who must act on it: what was signed, by whom, and both as a file for anybody.

Nobody here decides which of the two is true. The file is a bundle without messages: `serai log verify` finds
HISTORY_CONTRADICTED in it with no network, if the two heads are of one size.
"""

from dataclasses import dataclass, replace
from typing import BinaryIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from audit.evidence import archive
from audit.evidence.bundle import BundleParts, write_bundle
from exchange.policy.facts import Action
from nodes import log
from nodes.errors import NotFound, NotReady
from nodes.node import Node
from nodes.oversight_checkpoints import Signed, signed_of
from nodes.oversight_keys import log_keys, witnessed
from nodes.permissions import allowed, require
from nodes.tables import DirectoryRow
from nodes.trust import FEDERATION
from nodes.views import Actor
from nodes.watch_tables import ForkRow


@dataclass(frozen=True, slots=True)
class Head:
    """One of the two heads: what it says, and the units that cosigned it."""

    signed: Signed
    cosigned: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two heads of the log `log_id` that cannot both be true: the one held here, and the one that `told_by` showed."""

    log_id: str
    told_by: str
    found: int
    held: Head
    other: Head

    @property
    def plain(self) -> bool:
        """Whether the two notes prove it by themselves: both signed, one size, two roots."""
        held, other = self.held.signed, self.other.signed
        return not held.fault and not other.fault and held.size == other.size and held.root != other.root

    @property
    def on_both(self) -> tuple[str, ...]:
        """The units that cosigned both histories."""
        return tuple(sorted(set(self.held.cosigned) & set(self.other.cosigned)))


def contradictions(session: Session, node: Node, actor: Actor) -> tuple[Contradiction, ...]:
    """Return every contradiction that was found, the newest first; raises `Denied`."""
    require(actor, Action.SEE_STATUS)
    rows = session.scalars(select(ForkRow).order_by(ForkRow.found.desc(), ForkRow.told_by))
    return tuple(
        Contradiction(
            row.log_id, row.told_by, row.found, _head(node, row.log_id, row.held), _head(node, row.log_id, row.other)
        )
        for row in rows
    )


def export(session: Session, node: Node, actor: Actor, which: tuple[str, str], out: BinaryIO) -> None:
    """Write both heads with the federation's document to `out`, and log that they leave; `which`: log and teller.

    Raises `Denied`, `NotFound`, and `NotReady` before the first directory.
    """
    require(actor, Action.SEE_STATUS)
    row, federation = session.get(ForkRow, which), session.get(DirectoryRow, FEDERATION)
    if row is None:
        raise NotFound
    if federation is None:
        raise NotReady("no directory yet")
    parts = BundleParts(
        created=node.now(),
        federations=(federation.wire,),
        statements={},
        checkpoint=row.held,
        logged=(),
        forks=((row.held, row.other),),
    )
    archive.write(out, write_bundle(parts))
    operation = "AUDIT_EXPORT" if allowed(actor, Action.READ_LOG) else "EXPORT"
    log.record(session, node, replace(log.by(actor, operation), codes=("LOG_FORKED",)))


def _head(node: Node, log_id: str, note: bytes) -> Head:
    keys = log_keys(node, log_id)
    signed = signed_of(note, keys) if keys is not None else Signed(0, "", 0, note, "LOG_UNKNOWN")
    return Head(signed, tuple(unit for unit, _ in witnessed(node, note).cosigned))
