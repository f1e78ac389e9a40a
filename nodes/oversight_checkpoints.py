"""Checkpoints as this node holds them, of its own log and of the hub's that it mirrors, and that any two of them fit.

The hub's log is judged from the mirrored tiles alone: no hub is asked, so none can answer one auditor otherwise than
another.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from audit import history, store
from audit.checkpoints import LogKeys, verify_checkpoint
from audit.errors import AuditError
from audit.merkle import MAX_SIZE, verify_consistency
from nodes import forks
from nodes.errors import NotFound, NotReady
from nodes.forks import Fork
from nodes.mirror import Mirror
from nodes.mirroring import hub_keys
from nodes.node import Node
from nodes.oversight_keys import Witnessed, own_keys, witnessed
from nodes.oversight_steps import Join, join
from nodes.watch_tables import SightingRow

OWN: Final = "own"
HUB: Final = "hub"
PAGE: Final = 25


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint that is held: what it says, when it was signed, and why it does not hold (empty if it does)."""

    size: int
    root: str
    time: int
    note: bytes
    fault: str


@dataclass(frozen=True, slots=True)
class Followed:
    """The hub's log as far as this node follows it: its newest checkpoint, and how much is mirrored since when.

    `witnessed` is of the one that the hub published last, of size `published`; the newest waits for its witnesses.
    """

    origin: str
    newest: Signed
    published: int
    witnessed: Witnessed
    mirrored: int
    asked: int


@dataclass(frozen=True, slots=True)
class Told:
    """What another unit last said, under its signature, about the hub's log, and what our mirror says to that."""

    unit: str
    time: int
    size: int
    state: str


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """Everything on the page of checkpoints, the newest first; `older` is where the next page starts, or None."""

    origin: str
    own: tuple[Signed, ...]
    older: int | None
    hub: Followed | None
    told: tuple[Told, ...]
    forks: tuple[Fork, ...]


@dataclass(frozen=True, slots=True)
class Side:
    """One of two trees that are compared; `signed` says that a checkpoint of this size is held."""

    size: int
    root: str
    signed: bool


@dataclass(frozen=True, slots=True)
class Consistency:
    """Whether the larger tree begins with the smaller; `reason` is empty if it does, else the code of the refusal."""

    origin: str
    old: Side
    new: Side
    steps: tuple[Join, ...]
    reason: str


def held(session: Session, node: Node, below: int = MAX_SIZE) -> Checkpoints:
    """Return the checkpoints that this node holds, its own smaller than `below`, each with its signatures verified."""
    keys = own_keys(node)
    rows = store.checkpoints_below(session.connection(), node.log.log_id, below, PAGE + 1)
    own = tuple(signed_of(row.note, keys) for row in rows[:PAGE])
    older = rows[PAGE - 1].size if len(rows) > PAGE else None
    words = session.scalars(select(SightingRow).order_by(SightingRow.unit))
    told = tuple(Told(row.unit, row.time, row.size, row.state) for row in words)
    return Checkpoints(keys.origin, own, older, _followed(session, node), told, forks.found(session))


def consistency(session: Session, node: Node, log: str, sizes: tuple[int, int]) -> Consistency:
    """Return whether the tree of the larger size begins with that of the smaller.

    Raises `NotFound` for a size that is not held: of the own log those of its checkpoints, of the hub's what is
    mirrored.
    """
    old, new = min(sizes), max(sizes)
    if log == HUB:
        return _of_hub(session, node, old, new)
    first, second = (store.read_checkpoint(session.connection(), node.log.log_id, size) for size in (old, new))
    if first is None or second is None:
        raise NotFound
    sides = Side(old, first.root.hex(), signed=True), Side(new, second.root.hex(), signed=True)
    origin, path = node.log.log_id, list[bytes]()
    try:
        for one in (first, second):
            verify_checkpoint(one.note, own_keys(node))
        path = node.log.consistency(session, old, new)
        verify_consistency(old, first.root, new, second.root, path)
    except AuditError as error:
        return Consistency(origin, *sides, (), error.code)
    return Consistency(origin, *sides, join(old, new, first.root, path), "")


def _of_hub(session: Session, node: Node, old: int, new: int) -> Consistency:
    mirror = Mirror(session, hub_keys(node).origin)
    known = mirror.held
    if known is None or not 0 < old <= new <= mirror.size:
        raise NotFound
    try:
        roots = mirror.root(old), mirror.root(new)
        path = mirror.consistency(old, new)
        verify_consistency(old, roots[0], new, roots[1], path)
    except AuditError as error:
        sides = Side(old, "", signed=False), Side(new, "", signed=False)
        return Consistency(hub_keys(node).origin, *sides, (), error.code)
    connection, origin = session.connection(), hub_keys(node).origin
    kept = (history.kept(connection, origin, size + 1, 1) for size in (old, new))
    signed = {known.accepted, *(one.size for some in kept for one in some)}
    sides = Side(old, roots[0].hex(), old in signed), Side(new, roots[1].hex(), new in signed)
    return Consistency(origin, *sides, join(old, new, roots[0], path), "")


def _followed(session: Session, node: Node) -> Followed | None:
    try:
        keys = hub_keys(node)
    except NotReady:
        return None
    mirror = Mirror(session, keys.origin)
    known = mirror.held
    if known is None:
        return None
    newest = signed_of(known.note, keys)
    told = history.kept(session.connection(), keys.origin, most=1)
    size, note = (told[0].size, told[0].note) if told else (known.accepted, known.note)
    return Followed(keys.origin, newest, size, witnessed(node, note), known.size, mirror.asked)


def signed_of(note: bytes, keys: LogKeys) -> Signed:
    """Return what a checkpoint says, and whether the keys of its log signed it."""
    try:
        found = verify_checkpoint(note, keys)
    except AuditError as error:
        return Signed(0, "", 0, note, error.code)
    return Signed(found.checkpoint.size, found.checkpoint.root.hex(), found.time, note, "")
