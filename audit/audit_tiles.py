"""A log in the C2SP tlog-tiles layout, as an audit reads it: a folder or an address, behind one function.

Pure: `fetch` brings the bytes of a path such as `tile/0/000` or `checkpoint`, or None where nothing is.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from audit.audit_checkpoints import StoredLines, StoredNote
from audit.audit_findings import Finding
from audit.audit_tree import Block, StoredTile
from audit.checkpoints import Checkpoint
from audit.errors import AuditError, Malformed
from audit.evidence.findings import Unreadable
from audit.notes import Note
from audit.tiles import ENTRIES, TILE_WIDTH, TileAddress, unpack_bundle, width_at
from crypto.merkle_hash import HASH_SIZE

CHECKPOINT: Final = "checkpoint"
POLICY: Final = "policy"

Fetch = Callable[[str], bytes | None]


class TilesSource:
    """A log in tiles. `names` are all paths that are there, if that can be known: none may be unaccounted for."""

    stores_partial: Final = True
    head: Final = None

    def __init__(self, fetch: Fetch, names: Iterable[str] = ()) -> None:
        """Read the checkpoint. Raises Unreadable when there is none or it is none."""
        self._fetch = fetch
        self._names = names
        note = fetch(CHECKPOINT)
        if note is None:
            raise Unreadable("there is no checkpoint")
        try:
            self.size: Final = Checkpoint.parse(Note.parse(note).text).size
        except AuditError as error:
            raise Unreadable(f"the checkpoint is none: {error}") from error
        self._note = note
        bundles = dict.fromkeys((0, max(0, self.size - 1) // TILE_WIDTH))
        self.has_entries: Final = any(self._widest(ENTRIES, index) is not None for index in bundles)
        self._unreadable: list[Finding] = []

    def blocks(self) -> Iterator[Block]:
        """Return the leaves in order, 256 at a time."""
        for start in range(0, self.size, TILE_WIDTH):
            index, width = start // TILE_WIDTH, min(TILE_WIDTH, self.size - start)
            entries = self._bundle(index, width) if self.has_entries else None
            yield Block(start, width, entries, None, self.tile(0, index, width))

    def tile(self, level: int, index: int, width: int) -> StoredTile | None:
        """Return a stored tile; the first `width` hashes of the full one when there is no partial one."""
        data = self._fetch(TileAddress(level, index, width).path)
        if data is None and width < TILE_WIDTH:
            whole = self._fetch(TileAddress(level, index).path)
            data = whole[: width * HASH_SIZE] if whole is not None else None
        return StoredTile(data) if data is not None else None

    def checkpoints(self) -> Iterator[StoredNote]:
        """Return the one checkpoint."""
        yield StoredNote(self.size, self._note)

    def published(self) -> StoredNote:
        """Return that checkpoint: what is given out is published."""
        return StoredNote(self.size, self._note)

    def cosignatures(self) -> Iterator[StoredLines]:
        """Return none: they stand in the checkpoint."""
        yield from ()

    def strays(self) -> Iterator[Finding]:
        """Return bundles that are of no form, and files that a log of this size does not have."""
        yield from self._unreadable
        for name in self._names:
            if name not in {CHECKPOINT, POLICY}:
                yield from self._stray(name)

    def _stray(self, name: str) -> Iterator[Finding]:
        try:
            address = TileAddress.parse(name)
        except Malformed:
            yield Finding("TILE_UNKNOWN", name)
            return
        width = width_at(max(address.level, 0), address.index, self.size)
        if not width:
            yield Finding("TILE_UNKNOWN", name)
        elif address.width < width:  # left from a smaller log
            part, whole = self._fetch(name), self._widest(address.level, address.index)
            if part is None or whole is None or not whole.startswith(part):
                yield Finding("TILE_ALTERED", name)

    def _bundle(self, index: int, width: int) -> list[bytes | None]:
        data = self._widest(ENTRIES, index)
        if data is None:
            return [None] * width
        try:
            entries: list[bytes | None] = [*unpack_bundle(data)]
        except Malformed as error:
            self._unreadable.append(
                Finding("BUNDLE_UNREADABLE", TileAddress(ENTRIES, index, width).path, found=str(error))
            )
            return [None] * width
        return [*entries[:width], *[None] * (width - len(entries))]

    def _widest(self, level: int, index: int) -> bytes | None:
        """The tile or bundle as this size of the log has it, or the full one."""
        width = width_at(max(level, 0), index, self.size)
        data = self._fetch(TileAddress(level, index, width).path)
        return self._fetch(TileAddress(level, index).path) if data is None and width < TILE_WIDTH else data
