"""A whole log as a folder in the C2SP tlog-tiles layout: checkpoint, hash tiles, entry bundles, and its keys.

Any tool for such logs reads it, and `serai log audit` does. Nothing here decides what a reader may see: that is asked
before a folder is handed to him.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from sqlmodel import Session

from audit.audit_tiles import CHECKPOINT, POLICY
from audit.checkpoints import LogKeys
from audit.log import Log
from audit.policy import NONE, Party, Policy
from audit.store import StoredCheckpoint
from audit.tiles import ENTRIES, TILE_HEIGHT, TILE_WIDTH, TileAddress, width_at


def addresses(size: int) -> Iterator[TileAddress]:
    """Every tile and bundle of a log of `size`, each as wide as it is."""
    for index in range(-(-size // TILE_WIDTH)):
        yield TileAddress(ENTRIES, index, width_at(0, index, size))
    level = 0
    while size >> (TILE_HEIGHT * level):
        for index in range(-(-(size >> (TILE_HEIGHT * level)) // TILE_WIDTH)):
            yield TileAddress(level, index, width_at(level, index, size))
        level += 1


def write_tiles(log: Log, session: Session, signed: StoredCheckpoint, folder: Path) -> int:
    """Write the log under `signed` into a new folder; returns how many files. Raises FileExistsError, LogDamaged."""
    folder.mkdir(parents=True)
    count = 0
    for address in addresses(signed.size):
        _write(folder / address.path, log.tile(session, address))
        count += 1
    keys = LogKeys.parse(*signed.vkeys)
    policy = Policy((Party(keys.ed25519), Party(keys.mldsa44)), {}, {}, NONE)
    _write(folder / POLICY, policy.to_bytes())
    _write(folder / CHECKPOINT, signed.note)  # last: without it the folder is no log
    return count + 2


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
        target.write(data)
