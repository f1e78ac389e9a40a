"""What a node keeps because it does not trust the hub's history: its own copy of the hub's hash tiles, and more.

The full tiles of a mirrored log are rows of `audit.store`, under the origin of that log; here is what they lack.
"""

from sqlalchemy.orm import Mapped, mapped_column

from nodes.row import Row


class MirrorRow(Row):
    """How far a log is mirrored: size, root, the leaf hashes of its unfinished tile, the newest checkpoint accepted.

    `note` has the size `accepted`, which is above `size` while the mirror is catching up.
    """

    __tablename__ = "node_mirror"
    log_id: Mapped[str] = mapped_column(primary_key=True)
    size: Mapped[int]
    root: Mapped[bytes]
    leaves: Mapped[bytes]
    accepted: Mapped[int]
    note: Mapped[bytes]
    since: Mapped[int]


class ForkRow(Row):
    """Two signed notes of one log that cannot both be true, and who showed the other one: the log's owner, or a unit.

    The first contradiction of each teller is kept; what it says later adds nothing to the proof.
    """

    __tablename__ = "node_fork"
    log_id: Mapped[str] = mapped_column(primary_key=True)
    told_by: Mapped[str] = mapped_column(primary_key=True)
    held: Mapped[bytes]
    other: Mapped[bytes]
    found: Mapped[int]


class SightingRow(Row):
    """What another unit last said, under its signature, about the hub's log, and what our mirror says to that.

    `heard` is our time of its last new word, `since` of the present state: SILENT before the first word, AHEAD while
    our mirror has not come as far, AGREES, FORKED.
    """

    __tablename__ = "node_sighting"
    unit: Mapped[str] = mapped_column(primary_key=True)
    time: Mapped[int]
    heard: Mapped[int]
    size: Mapped[int]
    root: Mapped[bytes]
    wire: Mapped[bytes]
    state: Mapped[str] = mapped_column(index=True)
    since: Mapped[int]


class LackRow(Row):
    """A message that a unit said it had sent here and that has not come, as its word `wire` names it."""

    __tablename__ = "node_lack"
    unit: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[int]
    wire: Mapped[bytes]


class SealedRow(Row):
    """Entries [start, end) of the hub's log, sealed to its recovery key: kept for it, unreadable here."""

    __tablename__ = "node_sealed"
    start: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    end: Mapped[int]
    sealed: Mapped[bytes]


class CollectedRow(Row):
    """An entry of the hub's log that came with our mail and is not among the sealed ones yet."""

    __tablename__ = "node_collected"
    index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    entry: Mapped[bytes]


class AnchorRow(Row):
    """A head of our own log that the hub cosigned and holds as an entry of its log.

    `note` carries its cosignature. `entry` stands at `index` of the hub's log once it said so; `proved` is when our
    mirror showed that leaf.
    """

    __tablename__ = "node_anchor"
    size: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    root: Mapped[bytes]
    note: Mapped[bytes]
    cosigned: Mapped[int]
    index: Mapped[int | None]
    entry: Mapped[bytes | None]
    proved: Mapped[int | None] = mapped_column(index=True)
