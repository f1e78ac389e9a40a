"""The room on the disk of a service: who is told in time, what is refused, and when nothing is begun any more.

Below its floor a service takes nothing new, reads and delivers on; below an eighth of it no transaction begins that
might not end. Twice the floor is the time to make room. A floor of 0 asks for nothing.
"""

import shutil
from enum import StrEnum
from pathlib import Path

from exchange.errors import DiskLow

WARNING = 2
"""The warning comes at so many times the floor."""

RESERVE = 8
"""This part of the floor is left for what was begun: the copy of the write-ahead log, a repair by hand."""


class Room(StrEnum):
    """How much there is: ENOUGH, SHORT (make room now), LOW (nothing new is taken), FULL (nothing is written)."""

    ENOUGH = "ENOUGH"
    SHORT = "SHORT"
    LOW = "LOW"
    FULL = "FULL"


class Disk:
    """The disk under `folder`, of which `floor` bytes are to stay free."""

    def __init__(self, folder: Path, floor: int) -> None:
        self._folder = folder
        self._floor = floor

    def free(self) -> int:
        """Return the free bytes."""
        return shutil.disk_usage(self._folder).free

    def room(self, promised: int = 0) -> Room:
        """Return how much room there is once `promised` bytes, taken already and not written yet, are written."""
        left = self.free() - promised
        if left < self._floor // RESERVE:
            return Room.FULL
        if left < self._floor:
            return Room.LOW
        return Room.SHORT if left < self._floor * WARNING else Room.ENOUGH

    def check_new(self, promised: int = 0) -> None:
        """Raise `DiskLow` if nothing new may be taken."""
        if self.room(promised) in {Room.LOW, Room.FULL}:
            raise DiskLow

    def check_write(self) -> None:
        """Raise `DiskLow` if no transaction may begin."""
        if self.room() is Room.FULL:
            raise DiskLow
