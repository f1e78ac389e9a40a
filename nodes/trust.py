"""The directory that this node holds: pinned roots, the newest verified parts, never an older one again.

What is stored was verified before it was stored, and is verified again whenever it is loaded. Which hub answers is of
no concern here: the three parts carry their own signatures (protocol.md §5).
"""

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from crypto.errors import CryptoError
from nodes.errors import BadInput, NotReady
from nodes.tables import DirectoryRow, StatementRow
from schemas.base import Wire
from schemas.directory import DirectoryParts, LoggedStatement
from schemas.errors import SchemaError
from schemas.trust import Anchor, Directory, Known

ANCHOR = "anchor"
FEDERATION = "federation"
SNAPSHOT = "snapshot"
KNOWN = "known"


def pin(session: Session, anchor_wire: bytes, now: int) -> None:
    """Believe the federation roots in `anchor_wire`, whose fingerprint a person compared; raises `BadInput`.

    Roots are pinned once: later versions of the federation must be signed by the threshold of the one before.
    """
    try:
        Anchor.from_bytes(anchor_wire)
    except SchemaError as error:
        raise BadInput("anchor") from error
    if session.get(DirectoryRow, ANCHOR) is not None:
        raise BadInput("already pinned")
    session.add(DirectoryRow(part=ANCHOR, version=0, wire=anchor_wire, fetched=now))


def load(session: Session, now: int) -> Directory | None:
    """Return the stored directory, verified again, or None before the first; raises `NotReady` if it does not hold."""
    federation, snapshot = session.get(DirectoryRow, FEDERATION), session.get(DirectoryRow, SNAPSHOT)
    if federation is None or snapshot is None:
        return None
    rows = session.scalars(select(StatementRow).order_by(StatementRow.position))
    statements = tuple(LoggedStatement(wire=row.wire, index=row.index) for row in rows)
    parts = DirectoryParts(federation=federation.wire, snapshot=snapshot.wire, statements=statements)
    try:
        # Later clocks only: a clock set back must not keep the node from reading what it had accepted.
        return Directory.verify(parts, _anchor(session), max(now, snapshot.fetched), _known(session))
    except (SchemaError, CryptoError) as error:
        raise NotReady("the stored directory does not hold: restore the database") from error


def accept(session: Session, parts: DirectoryParts, held: Directory | None, now: int) -> Directory:
    """Verify a fetched directory against all that was seen before and store it; raises `DirectoryRefused`."""
    directory = Directory.verify(parts, _anchor(session), now, _known(session), held)
    if held is not None and held.parts == parts:
        session.get_one(DirectoryRow, SNAPSHOT).fetched = now
        return directory
    _put(session, ANCHOR, 0, directory.anchor(), now)
    _put(session, KNOWN, 0, directory.known(), now)
    _put_bytes(session, FEDERATION, directory.federation.version, parts.federation, now)
    _put_bytes(session, SNAPSHOT, directory.snapshot.version, parts.snapshot, now)
    have = len(held.parts.statements) if held is not None else 0
    if have == 0:
        session.execute(delete(StatementRow))
    for position, one in enumerate(parts.statements[have:], start=have):
        session.add(StatementRow(position=position, index=one.index, wire=one.wire))
    return directory


def _anchor(session: Session) -> Anchor:
    row = session.get(DirectoryRow, ANCHOR)
    if row is None:
        raise NotReady("no federation roots are pinned: run `serai node join`")
    return Anchor.from_bytes(row.wire)


def _known(session: Session) -> Known | None:
    row = session.get(DirectoryRow, KNOWN)
    return None if row is None else Known.from_bytes(row.wire)


def _put(session: Session, part: str, version: int, value: Wire, now: int) -> None:
    _put_bytes(session, part, version, value.to_bytes(), now)


def _put_bytes(session: Session, part: str, version: int, wire: bytes, now: int) -> None:
    session.merge(DirectoryRow(part=part, version=version, wire=wire, fetched=now))
