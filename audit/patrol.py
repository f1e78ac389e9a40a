"""The check of a log in use, a tile at a time: entries still hash to their tiles, and the tiles to what was signed.

Bits rot and rows are changed while nobody looks. A patrol goes through the entries under the newest checkpoint, from
the first to the last and again from the first; one look costs about what it takes to parse 256 entries, and needs
nothing from the one before. What is wrong stays noted until a later look finds that place good again, and nothing is
signed over a damaged tree meanwhile (`Log.sign_checkpoint`). Nothing here writes an entry, a tile or a head.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from audit import damages
from audit.audit_checkpoints import CheckpointAudit, Trust
from audit.audit_database import DatabaseSource
from audit.audit_entries import EntryAudit, Parsed
from audit.audit_findings import Finding, Findings
from audit.audit_tree import TreeAudit
from audit.damages import Damage, Patrolled
from audit.errors import LogDamaged
from audit.evidence.findings import Level
from audit.log import Log
from audit.store import StoredCheckpoint
from audit.tiles import TILE_WIDTH
from schemas.entries import parse

TILES: Final = 16
"""Tiles in one round; after a round what was found is stored."""

MOST: Final = 16
"""Damaged places that a round looks at again before it goes on."""

Beside = Callable[[Connection, Findings, Sequence[Parsed]], None]
"""Compares the rows of a service with these entries of its log, and adds what differs."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one look came to: the entries [start, end) of the `size` that are signed, and what is wrong with them."""

    start: int
    end: int
    size: int
    damage: Damage | None


@dataclass(frozen=True, slots=True)
class Round:
    """Several looks: where the next round goes on, and whether this one reached the end of what is signed."""

    next: int
    came_round: bool
    looks: tuple[Look, ...]


class Patrol:
    """Looks at the log `log`, and by `beside` at the rows of the service that keeps it."""

    def __init__(self, log: Log, beside: Beside) -> None:
        self._log = log
        self._beside = beside

    def look(self, connection: Connection, start: int) -> Look | None:
        """Look at the tile of entries that begins at `start`, or at the first one; None if nothing is signed yet.

        It reads in the transaction of `connection`, which may see other commits meanwhile: what is signed stays.
        """
        signed, keys = self._log.checkpoint(connection), self._log.keys
        if signed is None or keys is None:
            return None
        start = start if start < signed.size else 0
        end = min(start + TILE_WIDTH, signed.size)
        tree, beside = Findings(), Findings()
        try:
            self._compare_head(connection, signed, tree)
            entries = self._compare_tile(connection, (start, end), Trust((keys,), pinned=True), tree)
            parsed = EntryAudit(beside, parse).take(start, entries)
            self._beside(connection, beside, parsed)
        except LogDamaged as error:
            tree.add(Finding("TILE_MISSING", found=str(error)))
        return Look(start, end, signed.size, _damage(start, tree, beside))

    def _compare_head(self, connection: Connection, signed: StoredCheckpoint, findings: Findings) -> None:
        """The log is not shorter than what was signed, and its tiles give the signed root."""
        head = self._log.head(connection)
        if head.size < signed.size:
            sizes = f"{signed.size} entries", f"{head.size} entries"
            findings.add(Finding("CHECKPOINT_AHEAD", "", signed.size, *sizes))
            return
        root = self._log.root(connection, signed.size)
        if root != signed.root:
            findings.add(Finding("CHECKPOINT_ROOT", "", signed.size, signed.root.hex(), root.hex()))

    def _compare_tile(
        self, connection: Connection, span: tuple[int, int], trust: Trust, findings: Findings
    ) -> Sequence[bytes | None]:
        """The entries of `span`, after they were held against leaf hashes, tile and the checkpoints of these sizes."""
        source = DatabaseSource(connection, self._log.log_id)
        if source.size < span[1]:
            return ()
        notes = list(source.checkpoints(*span))
        edge = self._log.edge(connection, span[0])
        (block,) = source.blocks(*span)
        tree, checkpoints = TreeAudit(source, findings, edge), CheckpointAudit(trust, findings, source.size)
        roots = {one.size: one for one in tree.take(block, [note.size for note in notes])}
        for note in notes:
            checkpoints.take(note, roots[note.size], None)
        return block.entries or ()


def walk(look: Callable[[int], Look | None], begin: int, damaged: Sequence[int], tiles: int = TILES) -> Round:
    """Look at damaged places again, and then at `tiles` tiles from `begin` on, no further than the end."""
    looks = [seen for start in damaged[:MOST] if (seen := look(start)) is not None]
    for _ in range(tiles):
        seen = look(begin)
        if seen is None:
            break
        looks.append(seen)
        begin = seen.end if seen.end < seen.size else 0
        if not begin:
            return Round(0, came_round=True, looks=tuple(looks))
    return Round(begin, came_round=False, looks=tuple(looks))


def keep(connection: Connection, log_id: str, done: Round, now: int) -> list[Damage]:
    """Store what a round found, in the caller's transaction; returns the damage that was not known before."""
    known = {one.start: one for one in damages.read_damage(connection, log_id)}
    found = {look.start: look.damage for look in done.looks}
    damages.remove_damage(connection, log_id, [start for start in found if start in known])
    present = [one for one in found.values() if one is not None]
    damages.put_damage(connection, log_id, present)
    came_round = now if done.came_round else damages.read_patrol(connection, log_id).came_round
    damages.put_patrol(connection, log_id, Patrolled(done.next, now, came_round))
    return [one for one in present if one.start not in known]


def _damage(start: int, tree: Findings, beside: Findings) -> Damage | None:
    for findings, of_tree in ((tree, True), (beside, False)):
        if findings.bad:
            first = next(one for one in findings.all() if one.level is Level.BAD)
            return Damage(start, first.code, first.text, of_tree)
    return None
