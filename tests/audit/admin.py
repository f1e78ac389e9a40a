"""An administrator with every right on a hub's database, and what the audit must say about what he did."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, text

from audit.audit_findings import Finding
from audit.checkpoints import LogSigner
from audit.edge import Edge
from audit.tiles import TILE_WIDTH
from crypto.merkle_hash import leaf_hash
from schemas import entries


@dataclass(frozen=True)
class Expected:
    """A finding that must be there; the index may be None where the finding has none."""

    code: str
    index: int | None = None

    def is_named_by(self, finding: Finding) -> bool:
        if finding.code != self.code:
            return False
        first = finding.index
        return self.index is None or (first is not None and first <= self.index < first + finding.count)


@dataclass
class Admin:
    """One transaction of his; he never touches the same tile of 256 entries twice in it."""

    connection: Connection
    rng: random.Random
    signer: LogSigner
    used: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.size: int = self.one("SELECT size FROM log_head")
        self.signed: list[int] = [row[0] for row in self.run("SELECT size FROM log_checkpoint ORDER BY size")]
        self.full = self.size // TILE_WIDTH

    def run(self, statement: str, **values: Any) -> Any:
        done = self.connection.execute(text(statement), values)
        assert done.returns_rows or done.rowcount != 0, statement
        return done

    def one(self, statement: str, **values: Any) -> Any:
        return self.run(statement, **values).scalar_one()

    def tile(self) -> int:
        """A full tile that was left alone so far."""
        free = [n for n in range(self.full) if n not in self.used] or list(range(self.full))
        n = self.rng.choice(free)
        self.used.add(n)
        return n

    def index(self) -> int:
        """An entry under a full tile that was left alone so far."""
        return self.tile() * TILE_WIDTH + self.rng.randrange(TILE_WIDTH)

    def entry(self, index: int) -> bytes:
        data = self.one("SELECT entry FROM log_entry WHERE idx = :at", at=index)
        assert isinstance(data, bytes)
        return data

    def put(self, index: int, entry: bytes) -> None:
        """Put `entry` and its leaf hash in the place of another."""
        self.run(
            "UPDATE log_entry SET entry = :e, leaf_hash = :h WHERE idx = :at", e=entry, h=leaf_hash(entry), at=index
        )

    def row(self, table: str, where: str = "1 = 1") -> Any:
        """A row of a table whose entry stands in a tile that was left alone so far, and that was there before him."""
        start = self.tile() * TILE_WIDTH
        query = f"SELECT * FROM {table} WHERE idx >= :start AND idx < :end AND {where} ORDER BY idx LIMIT 8"  # noqa: S608 - our own names
        found = self.run(query, start=start, end=self.size).all() or self.run(query, start=0, end=self.size).all()
        row = self.rng.choice(found)
        self.used.add(row.idx // TILE_WIDTH)
        return row

    def flipped(self, data: bytes) -> bytes:
        at = self.rng.randrange(len(data))
        return data[:at] + bytes([data[at] ^ self.rng.randrange(1, 256)]) + data[at + 1 :]

    def other_time(self, entry: bytes, seconds: int) -> bytes:
        """The same entry, dated back."""
        parsed = entries.parse(entry)
        return parsed.model_copy(update={"time": parsed.time - seconds}).to_bytes()

    def rewrite(self, index: int, entry: bytes) -> None:
        """Put `entry` in the place of another and everything over it right again: leaf, tiles, head."""
        self.put(index, entry)
        leaves = [row[0] for row in self.run("SELECT leaf_hash FROM log_entry ORDER BY idx")]
        edge, full = Edge().extended(leaves)
        for tile in full:
            if tile.index == index >> (8 * (tile.level + 1)):
                values = {"data": tile.data, "root": tile.root, "level": tile.level, "n": tile.index}
                self.run("UPDATE log_tile SET data = :data, root = :root WHERE level = :level AND n = :n", **values)
        self.run("UPDATE log_head SET root = :root", root=edge.root)

    def sign_again(self, start: int) -> None:
        """With the signing keys of the log: sign every checkpoint from `start` on anew, over what is there now."""
        leaves = [row[0] for row in self.run("SELECT leaf_hash FROM log_entry ORDER BY idx")]
        edge = Edge()
        for size, time in self.run("SELECT size, time FROM log_checkpoint ORDER BY size").all():
            edge, _ = edge.extended(leaves[edge.size : size])
            if size > start:
                note = self.signer.sign(size, edge.root, time)
                self.run(
                    "UPDATE log_checkpoint SET root = :root, note = :note WHERE size = :size",
                    root=edge.root, note=note, size=size,
                )  # fmt: skip


@dataclass(frozen=True)
class Act:
    """What he does; `whole` acts reach over the whole log and are tried alone."""

    commit: Callable[[Admin], Sequence[Expected]]
    whole: bool = False
