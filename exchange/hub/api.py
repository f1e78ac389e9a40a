"""The other routes: ordinary FastAPI handlers, synchronous, on a small pool.

All but the health line need an enrolled node. No handler writes: what must be written is a job of the sequencer.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request, Response
from sqlmodel import Session

from audit.cosignatures import write_lines
from audit.errors import Malformed as NotAnAddress
from audit.errors import NotInLog
from audit.submission import MAX_REQUEST, WitnessRefused
from audit.tiles import ENTRIES, TileAddress
from crypto import canonical
from crypto.encoding import b64
from exchange.errors import BadRequest, Unfound, WrongMedia
from exchange.hub import administration, anchors, callers, health, publication, recovery, sightings, witnessing
from exchange.hub.administration import Offered
from exchange.hub.callers import NONCES, Caller
from exchange.hub.hub import Hub
from exchange.service import announced, decimal_of, query_of, read_body
from schemas.keychecks import STATEMENT_LIMIT

JSON: Final = "application/json"
OCTETS: Final = "application/octet-stream"
TEXT: Final = "text/plain; charset=utf-8"
METRICS: Final = "text/plain; version=0.0.4; charset=utf-8"

router: Final = APIRouter()


def hub_of(request: Request) -> Hub:
    """Return the hub that this application serves."""
    hub: Hub = request.app.state.hub
    return hub


HubDep = Annotated[Hub, Depends(hub_of)]


async def body_of(request: Request, hub: HubDep) -> bytes:
    """Return the whole body, which on these routes is a key statement at most."""
    with hub.bodies.taken(callers.address(request.scope), announced(request.scope, STATEMENT_LIMIT)):
        return await read_body(request.scope, request.receive, STATEMENT_LIMIT)


Body = Annotated[bytes, Depends(body_of)]


def caller_of(request: Request, hub: HubDep, body: Body) -> Caller:
    """Return the enrolled node that signed this request."""
    return callers.authenticate(hub, request.scope, body)


Enrolled = Annotated[Caller, Depends(caller_of)]


async def submission_of(request: Request) -> bytes:
    """Return the whole body of an add-checkpoint request, which may carry a hundred signatures."""
    return await read_body(request.scope, request.receive, MAX_REQUEST)


Submitted = Annotated[bytes, Depends(submission_of)]


def submitter_of(request: Request, hub: HubDep, body: Submitted) -> Caller:
    """Return the enrolled node that signed this add-checkpoint request."""
    return callers.authenticate(hub, request.scope, body)


Asking = Annotated[Caller, Depends(submitter_of)]


@router.get("/v1/directory")
def directory(request: Request, hub: HubDep, _caller: Enrolled) -> Response:
    """The three signed parts of the directory; 304 if the caller names the snapshot in force."""
    current = hub.register.current
    etag = f'"{current.snapshot.version}"'
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers={"etag": etag})
    return Response(current.parts.to_bytes(), media_type=JSON, headers={"etag": etag})


@router.post("/v1/directory/statements")
def statements(request: Request, hub: HubDep, body: Body, caller: Enrolled) -> Response:
    """Take a unit's own key statement or revocation; it is signed inside, and this request by the unit's node."""
    if request.headers.get("content-type") != OCTETS:
        raise WrongMedia
    callers.check_active(hub, caller)
    hub.do(NONCES, caller)
    logged = administration.offer(hub, Offered(body, caller.unit))
    status = 200 if logged.again else 201
    return Response(canonical.dumps({"index": logged.index}), media_type=JSON, status_code=status)


@router.get("/v1/log/checkpoint")
def checkpoint(hub: HubDep, _caller: Enrolled) -> Response:
    """The published checkpoint, cosigned by the quorum (C2SP tlog-checkpoint)."""
    with hub.db.read() as session:
        published = publication.published(session.connection(), hub.log.log_id)
    if published is None:
        raise Unfound
    return Response(published.note, media_type=TEXT)


@router.post("/v1/log/cosignatures")
def cosignatures(hub: HubDep, body: Body, caller: Enrolled) -> Response:
    """Take the caller's cosignature of the checkpoint that it was given at `/v1/log/pending`."""
    witnessing.cosigned(hub, caller, body)
    return Response(status_code=204)


@router.post("/v1/log/add-checkpoint")
def add_checkpoint(hub: HubDep, body: Submitted, _caller: Asking) -> Response:
    """Cosign a checkpoint of a unit's own log (C2SP tlog-witness)."""
    try:
        return Response(write_lines(witnessing.add_checkpoint(hub, body)), media_type=TEXT)
    except WitnessRefused as refused:
        status, media, said = witnessing.refusal(refused)
        return Response(said, status_code=status, headers={"content-type": media})


@router.get("/v1/log/anchor")
def anchored(request: Request, hub: HubDep, caller: Enrolled) -> Response:
    """Where our log holds the head that the caller's own log `origin` had at `size`, and the entry."""
    query = query_of(request.scope, ("origin", "size"))
    found = anchors.find(hub, caller.unit, query.get("origin", ""), decimal_of(query.get("size", "")))
    return Response(canonical.dumps({"index": found.index, "entry": b64(found.entry)}), media_type=JSON)


@router.get("/v1/log/{origin}/checkpoint")
def watched(origin: str, hub: HubDep, _caller: Enrolled) -> Response:
    """The last checkpoint that we cosigned of the log whose origin has this SHA-256 (C2SP tlog-witness, monitors)."""
    return Response(witnessing.watched(hub, origin), media_type=TEXT)


@router.get("/v1/log/tile/{path:path}")
def tile(path: str, hub: HubDep, _caller: Enrolled) -> Response:
    """A hash tile (C2SP tlog-tiles). Entries go to their parties only, with their mail."""
    try:
        address = TileAddress.parse(f"tile/{path}")
        if address.level == ENTRIES:
            raise Unfound
        with hub.db.read() as session:
            return Response(hub.log.tile(session, address), media_type=OCTETS)
    except (NotAnAddress, NotInLog) as error:
        raise Unfound from error


@router.get("/v1/log/proof")
def proof(request: Request, hub: HubDep, _caller: Enrolled) -> Response:
    """An inclusion proof for `index` and `size`, or a consistency proof for `from` and `to`."""
    members = query_of(request.scope, ("index", "size", "from", "to"))
    query = {name: decimal_of(value) for name, value in members.items()}
    with hub.db.read() as session:
        path = _path(hub, session, query)
    return Response(canonical.dumps({"path": [node.hex() for node in path]}), media_type=JSON)


@router.get("/v1/log/sealed")
def sealed(request: Request, hub: HubDep, _caller: Enrolled) -> Response:
    """The entries from `from` up to `to`, sealed to the hub's recovery key: for the keeping of units."""
    query = {name: decimal_of(value) for name, value in query_of(request.scope, ("from", "to")).items()}
    if query.keys() != {"from", "to"}:
        raise BadRequest("from and to")
    return Response(recovery.sealed(hub, query["from"], query["to"]), media_type=OCTETS)


@router.post("/v1/log/sightings")
def tell(request: Request, hub: HubDep, body: Body, caller: Enrolled) -> Response:
    """Take what the caller's unit signed about the newest checkpoint that it accepted."""
    if request.headers.get("content-type") != OCTETS:
        raise WrongMedia
    callers.check_active(hub, caller)
    sightings.tell(hub, caller, body)
    return Response(status_code=204)


@router.get("/v1/log/sightings")
def told(hub: HubDep, caller: Enrolled) -> Response:
    """What every other unit said last about the checkpoints that it accepted, under its own signature."""
    wires = sightings.others(hub, caller.unit)
    return Response(canonical.dumps([b64(wire) for wire in wires]), media_type=JSON)


@router.get("/v1/health")
def line(hub: HubDep) -> dict[str, Any]:
    """What a stranger may know: that a hub of this name and environment answers, and its time."""
    return health.outline(hub)


@router.get("/v1/metrics")
def metrics(hub: HubDep, caller: Enrolled) -> Response:
    """The log, the directory and what waits for the caller itself, in the Prometheus form."""
    return Response(hub.metrics.of_unit(health.look(hub), caller.unit), media_type=METRICS)


def _path(hub: Hub, session: Session, query: Mapping[str, int]) -> list[bytes]:
    try:
        if query.keys() == {"index", "size"}:
            return hub.log.inclusion(session, query["index"], query["size"])
        if query.keys() == {"from", "to"}:
            return hub.log.consistency(session, query["from"], query["to"])
    except NotInLog as error:
        raise Unfound from error
    raise BadRequest("index and size, or from and to")
