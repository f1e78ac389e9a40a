"""Log entries with their proofs, for those whom they concern: what a unit needs to show its history to a court.

Hash tiles and checkpoints are for every member; an entry goes to its parties only, and what the directory says anyway
to all (protocol.md §12.2). Nothing here writes, and a suspended unit is answered like any other: its past is its own.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection, select
from sqlmodel import Session

from audit.errors import NotInLog
from crypto import canonical
from crypto.encoding import b64
from exchange.errors import BadRequest, Unfound
from exchange.hub import stamping
from exchange.hub.api import JSON, Enrolled, HubDep
from exchange.hub.hub import Hub
from exchange.hub.tables import DELIVERY, FEDERATION, MESSAGE, RECEIPT
from exchange.service import decimal_of, query_of
from schemas import entries
from schemas.entries import AnchorEntry

MOST_INDICES: Final = 64
MOST_ENTRIES: Final = 4096
FOR_ALL: Final = frozenset({"STATEMENT", "DIRECTORY"})
"""Entries about what stands in the directory, which every member holds."""

router: Final = APIRouter()


@router.get("/v1/log/entries")
def logged(request: Request, hub: HubDep, caller: Enrolled) -> Response:
    """The entries about envelope `eid`, or at the indices `at` (`3.17.40`), with their paths in the tree of `size`.

    Of an envelope its sender gets every entry, a recipient the envelope's own and those about its copy.
    """
    members = query_of(request.scope, ("size", "eid", "at"))
    size = decimal_of(members.get("size", ""))
    with hub.db.read() as session:
        if members.keys() == {"size", "eid"}:
            chosen = _about(session.connection(), members["eid"], caller.unit)
            found = _proved(hub, session, (index for index in chosen if index < size), size)
        elif members.keys() == {"size", "at"}:
            found = _proved(hub, session, _indices(members["at"]), size)
            _demand_told((one[1] for one in found), caller.unit)
        else:
            raise BadRequest("size, and either eid or at")
    rows = [
        canonical.dumps({"index": index, "entry": b64(entry), "path": [node.hex() for node in path]})
        for index, entry, path in found
    ]
    return Response(b'{"entries":[%b]}' % b",".join(rows), media_type=JSON)


@router.get("/v1/directory/federation")
def federation(request: Request, hub: HubDep, _caller: Enrolled) -> Response:
    """The federation document of `version`, also of one that is no longer in force, and the index of its leaf."""
    version = decimal_of(query_of(request.scope, ("version",)).get("version", ""))
    with hub.db.read() as session:
        query = select(FEDERATION.c.idx, FEDERATION.c.wire).where(FEDERATION.c.version == version)
        row = session.connection().execute(query).one_or_none()
    if row is None:
        raise Unfound
    return Response(canonical.dumps({"index": row.idx, "wire": b64(row.wire)}), media_type=JSON)


@router.get("/v1/log/stamped")
def stamped(request: Request, hub: HubDep, _caller: Enrolled) -> Response:
    """The earliest published checkpoint of at least `size` entries that an outside authority has time-stamped."""
    size = decimal_of(query_of(request.scope, ("size",)).get("size", ""))
    with hub.db.read() as session:
        found = stamping.covering(session.connection(), size)
    if found is None:
        raise Unfound
    return Response(canonical.dumps({"note": b64(found.note), "token": b64(found.token)}), media_type=JSON)


def _about(connection: Connection, eid: str, unit: str) -> list[int]:
    """Where the log tells `unit` about an envelope, in order; raises `Unfound` for one that is not its own."""
    message = connection.execute(select(MESSAGE.c.sender, MESSAGE.c.idx).where(MESSAGE.c.eid == eid)).one_or_none()
    if message is None:
        raise Unfound
    noted = select(RECEIPT.c.idx).where(RECEIPT.c.eid == eid)
    if message.sender != unit:
        addressed = select(DELIVERY.c.unit).where(DELIVERY.c.eid == eid, DELIVERY.c.unit == unit)
        if connection.execute(addressed).one_or_none() is None:
            raise Unfound
        noted = noted.where(RECEIPT.c.unit == unit)
    return sorted({message.idx, *connection.execute(noted.limit(MOST_ENTRIES)).scalars()})


def _proved(hub: Hub, session: Session, indices: Iterable[int], size: int) -> list[tuple[int, bytes, Sequence[bytes]]]:
    try:
        return [(index, hub.log.entry(session, index), hub.log.inclusion(session, index, size)) for index in indices]
    except NotInLog as error:
        raise Unfound from error


def _demand_told(found: Iterable[bytes], unit: str) -> None:
    """Return if every entry may be told to `unit`: what stands in the directory, and the anchors of its own log."""
    for entry in map(entries.parse, found):
        own = isinstance(entry, AnchorEntry) and entry.origin.startswith(f"node.{unit.lower()}.")
        if entry.type not in FOR_ALL and not own:
            raise Unfound


def _indices(text: str) -> list[int]:
    numbers = [decimal_of(part) for part in text.split(".")]
    if len(numbers) > MOST_INDICES:
        raise BadRequest(f"at most {MOST_INDICES} indices")
    return numbers
