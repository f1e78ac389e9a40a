"""The directory as the hub holds it: read from the rows, checked as a node checks it, changed only as a whole.

Whatever the hub is about to publish must first pass the same `Directory.verify` that every node runs, standing on the
directory in force: a statement, document or suspension that a node would refuse is never logged.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import Final, Literal

from sqlalchemy import Connection, select

from audit import rows
from crypto import statements
from crypto.errors import CryptoError
from crypto.signing import SigningKey
from exchange.errors import AlreadyThere, BadStatement, NotReady
from exchange.hub.batch import Batch
from exchange.hub.tables import FEDERATION, SNAPSHOT, STATEMENT, SUSPENSION
from schemas.base import Env
from schemas.directory import (
    SNAPSHOT_LIFE,
    DirectoryParts,
    Federation,
    LoggedStatement,
    Part,
    Snapshot,
    Suspension,
    any_statement,
    digest_of,
    digest_of_statements,
    sign_snapshot,
)
from schemas.entries import DirectoryEntry, StatementEntry
from schemas.errors import SchemaError
from schemas.trust import PART_LIMIT, Anchor, Directory

REFRESH = 6 * 3_600
"""Seconds after which an unchanged snapshot is signed again: nodes then always hold one that lives 18 hours more."""

_NEWEST: Final = "SELECT max(version) FROM snapshot"
"""Asked in every batch, so it is not put together and compiled each time."""


class Register:
    """The directory in force in this process."""

    def __init__(self, snapshot_key: Callable[[], SigningKey], env: Env) -> None:
        self._key = snapshot_key
        self._env = env
        self._current: Directory | None = None

    @property
    def current(self) -> Directory:
        """The directory in force; raises `NotReady` before the first federation document is published."""
        if self._current is None:
            raise NotReady("no federation document is published: run the enrolment first")
        return self._current

    @property
    def version(self) -> int:
        """The version of the snapshot in force; 0 before the first."""
        return 0 if self._current is None else self._current.snapshot.version

    def refresh(self, connection: Connection, now: int) -> None:
        """Take up what another process of this hub has published meanwhile."""
        ((newest,),) = rows.ask(connection, _NEWEST)
        if newest is None or newest == self.version:
            return
        parts = read_parts(connection)
        if parts is not None:
            self._current = Directory.verify(parts, own_anchor(parts), now, held=self._current)

    def publish(
        self, batch: Batch, federation: bytes | None = None, new: Sequence[bytes] = (), *, above: int = 0
    ) -> tuple[int, ...]:
        """Put the next directory in force: what is held, with `federation` and the statements `new` (wire forms).

        The version of the snapshot is the next, and larger than `above`.

        It holds once the batch is committed. Returns the leaf indices of `new`. Raises `BadStatement` for what a node
        would refuse, `AlreadyThere` for a statement that is logged already; nothing is written then.
        """
        held = self._current
        document = federation or (held.parts.federation if held else b"")
        statements_before = held.parts.statements if held else ()
        entries = [_statement_entry(batch, wire) for wire in new]
        logged = tuple(
            LoggedStatement(wire=wire, index=batch.log(entry)) for wire, entry in zip(new, entries, strict=True)
        )
        checked = self._checked(self._signed(batch, document, (*statements_before, *logged), above), batch.now)
        for entry in entries:
            record = checked.keys[entry.kid]
            if record.dormant:
                raise BadStatement("nobody in the federation document vouches for this statement")
        for entry, one in zip(entries, logged, strict=True):
            row = {"idx": one.index, "unit": entry.unit, "kid": entry.kid, "digest": digest(one.wire), "wire": one.wire}
            batch.insert(STATEMENT, row)
        if federation is not None:
            index = batch.log(_directory_entry(batch, "FEDERATION", checked.federation.version, federation))
            batch.insert(FEDERATION, {"version": checked.federation.version, "idx": index, "wire": federation})
        version, wire = checked.snapshot.version, checked.parts.snapshot
        batch.log(_directory_entry(batch, "SNAPSHOT", version, wire))
        batch.insert(SNAPSHOT, {"version": version, "issued": batch.now, "wire": wire})
        batch.changed |= {unit.unit for one in (held, checked) if one for unit in one.units()}
        batch.after_commit.append(lambda: self._take_up(checked))
        return tuple(one.index for one in logged)

    def _take_up(self, directory: Directory) -> None:
        self._current = directory

    def _signed(self, batch: Batch, document: bytes, logged: tuple[LoggedStatement, ...], above: int) -> DirectoryParts:
        try:
            version = Federation.from_bytes(statements.parse(document, limit=PART_LIMIT).statement_bytes).version
        except (CryptoError, SchemaError) as error:
            raise BadStatement("not a signed federation document") from error
        rows = batch.connection.execute(select(SUSPENSION).order_by(SUSPENSION.c.unit))
        snapshot = Snapshot(
            env=self._env,
            version=max(self.version, above) + 1,
            issued=batch.now,
            expires=batch.now + SNAPSHOT_LIFE,
            federation=Part(version=version, sha512=digest_of(document)),
            statements=Part(version=len(logged), sha512=digest_of_statements(logged)),
            suspended=tuple(Suspension(unit=row.unit, since=row.since, reason=row.reason) for row in rows),
        )
        return DirectoryParts(federation=document, snapshot=sign_snapshot(snapshot, self._key()), statements=logged)

    def _checked(self, parts: DirectoryParts, now: int) -> Directory:
        held = self._current
        try:
            if held is None:
                return Directory.verify(parts, own_anchor(parts), now)
            return Directory.verify(parts, held.anchor(), now, held.known(), held)
        except SchemaError as error:
            raise BadStatement(f"{error.code}: {error}") from error


def digest(wire: bytes) -> bytes:
    """Return the SHA-512 by which rows and log entries name a signed form."""
    return hashlib.sha512(wire).digest()


def read_parts(connection: Connection) -> DirectoryParts | None:
    """Return the stored parts in force, or None before the first document."""
    federation = connection.execute(select(FEDERATION.c.wire).order_by(FEDERATION.c.version.desc()).limit(1)).scalar()
    snapshot = connection.execute(select(SNAPSHOT.c.wire).order_by(SNAPSHOT.c.version.desc()).limit(1)).scalar()
    if federation is None or snapshot is None:
        return None
    rows = connection.execute(select(STATEMENT.c.idx, STATEMENT.c.wire).order_by(STATEMENT.c.idx))
    logged = tuple(LoggedStatement(wire=row.wire, index=row.idx) for row in rows)
    return DirectoryParts(federation=federation, snapshot=snapshot, statements=logged)


def own_anchor(parts: DirectoryParts) -> Anchor:
    """Return the anchor that the document itself names: the hub believes what its own operators published."""
    document = Federation.from_bytes(statements.parse(parts.federation, limit=PART_LIMIT).statement_bytes)
    return Anchor(env=document.env, threshold=document.threshold, roots=document.roots)


def stored_directory(connection: Connection) -> Directory | None:
    """Return the stored directory in force, verified as of its own time, for who only looks at the database."""
    parts = read_parts(connection)
    if parts is None:
        return None
    issued = Snapshot.from_bytes(statements.parse(parts.snapshot, limit=PART_LIMIT).statement_bytes).issued
    return Directory.verify(parts, own_anchor(parts), issued)


def _statement_entry(batch: Batch, wire: bytes) -> StatementEntry:
    """Return the leaf of a statement; raises `BadStatement`, or `AlreadyThere` if it is logged."""
    try:
        statement = any_statement(statements.parse(wire, limit=PART_LIMIT).statement_bytes)
    except (CryptoError, SchemaError) as error:
        raise BadStatement(str(error)) from error
    if batch.connection.execute(select(STATEMENT.c.idx).where(STATEMENT.c.digest == digest(wire))).first():
        raise AlreadyThere
    return StatementEntry(
        time=batch.now, nonce=batch.nonce(), unit=statement.unit, kid=statement.kid, digest=digest(wire).hex()
    )


def _directory_entry(
    batch: Batch, part: Literal["FEDERATION", "SNAPSHOT"], version: int, wire: bytes
) -> DirectoryEntry:
    return DirectoryEntry(time=batch.now, nonce=batch.nonce(), part=part, version=version, digest=digest(wire).hex())
