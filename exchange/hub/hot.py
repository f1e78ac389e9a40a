"""The hot routes: thin ASGI functions on raw bodies, which answer through the sequencer.

`POST /v1/messages` and `POST /v1/receipts` are authenticated by the signatures inside; `GET /v1/inbox` by RFC 9421.
"""

import asyncio
from typing import Final

import anyio.to_thread

from audit.errors import NotInLog
from crypto import canonical, encoding, instants
from crypto.envelope import MAX_ENVELOPE
from crypto.errors import CryptoError
from exchange import arrivals
from exchange.arrivals import Reception
from exchange.errors import BadRequest, Denied, LogRolledBack, NotReceipts, WrongMedia
from exchange.hub import bell, callers, handout
from exchange.hub.acceptance import Again, Receipted
from exchange.hub.callers import Caller
from exchange.hub.handout import HandOut, Item
from exchange.hub.hub import Hub
from exchange.hub.sequencer import Job
from exchange.hub.upkeep import RECEIPTS, Noted, Reported
from exchange.hub.verification import Waiting
from exchange.service import SNAPSHOT_FIELD, Answer, Receive, Scope, announced, header, query_of, read_body
from schemas import receipts
from schemas.errors import SchemaError
from schemas.receipts import SignedReceipt
from schemas.trust import Directory

JSON: Final = b"application/json"
OCTETS: Final = b"application/octet-stream"
MOST_RECEIPTS: Final = 256
RECEIPTS_LIMIT: Final = MOST_RECEIPTS * receipts.WIRE_LIMIT * 4 // 3
LONGEST_WAIT: Final = 55
REREAD_SECONDS: Final = 1.0
"""On PostgreSQL another process may have accepted the message: nobody rings here, so the mailbox is read again."""


async def messages(hub: Hub, scope: Scope, receive: Receive) -> Answer:
    """Take one envelope; the answer is its signed receipt, and that receipt is the proof (protocol.md §6)."""
    if header(scope, b"content-type") != OCTETS:
        raise WrongMedia
    with hub.bodies.taken(callers.address(scope), announced(scope, MAX_ENVELOPE)):
        raw = await read_body(scope, receive, MAX_ENVELOPE)
        hub.check_accepting()
        reply: asyncio.Future[Receipted | Again] = asyncio.get_running_loop().create_future()
        hub.verifier.put(Waiting(raw, reply))
        outcome = await reply
    again = isinstance(outcome, Again)
    first = outcome.first if isinstance(outcome, Again) else outcome
    if not again and hub.recent.find(first.stored.digest) is first:
        again = True
    hub.recent.keep(first)
    status = 422 if first.refused else (200 if again else 201)
    return Answer(status, OCTETS, first.receipt)


async def unit_receipts(hub: Hub, scope: Scope, receive: Receive) -> Answer:
    """Take up to 256 receipts of units and say what became of each, in their order."""
    if header(scope, b"content-type") != JSON:
        raise WrongMedia
    with hub.bodies.taken(callers.address(scope), announced(scope, RECEIPTS_LIMIT)):
        body = await read_body(scope, receive, RECEIPTS_LIMIT)
        hub.sequencer.check_room()
        signed = await anyio.to_thread.run_sync(_verified, body, hub.register.current, hub.clock())
        reported = [Reported(one) for one in signed]
        reply: asyncio.Future[list[Noted]] = asyncio.get_running_loop().create_future()
        hub.sequencer.put([Job(RECEIPTS, reported, reply)])
        noted = await reply
    return Answer(200, JSON, canonical.dumps([_noted(one) for one in noted]))


def _verified(body: bytes, directory: Directory, now: int) -> list[SignedReceipt]:
    """Return the receipts in `body`; raises `NotReceipts`, or `Denied` unless each is signed by its own active unit."""
    try:
        items = canonical.loads(body, limit=RECEIPTS_LIMIT)
        if not isinstance(items, list) or not 1 <= len(items) <= MOST_RECEIPTS:
            raise NotReceipts
        signed = [receipts.parse(encoding.unb64(item if isinstance(item, str) else "")) for item in items]
    except (CryptoError, SchemaError) as error:
        raise NotReceipts from error
    good: set[SignedBatch] = set()
    for one in signed:
        if one.receipt.env != directory.federation.env:
            raise Denied
        good.add(_check_signer(one, directory, now, good))
    return signed


SignedBatch = tuple[int, bytes, tuple[tuple[str, bytes], ...]]
"""Size, root and signatures of a batch: what is known to be good for one of its receipts is good for all."""


def _check_signer(one: SignedReceipt, directory: Directory, now: int, good: set[SignedBatch]) -> SignedBatch:
    """Return the batch that this receipt was signed with, once its signature is known to be good."""
    kid = one.kids[0]
    try:
        directory.check_active(one.receipt.unit)
        public = arrivals.signer(now, one.receipt.unit, kid, directory)
        if public is None or len(one.kids) != 1:
            raise Denied
        batch = (one.signed.size, one.signed.root, one.signed.signatures)
        if batch not in good:
            one.verify({kid: public})
    except (CryptoError, SchemaError) as error:
        raise Denied from error
    return batch


def _noted(one: Noted) -> dict[str, str | int]:
    members: dict[str, str | int] = {"eid": one.eid, "type": one.type, "status": one.received.reception.value}
    if one.received.reception is Reception.REFUSED:
        return members | {"code": one.received.code or ""}
    return members | {"index": one.index, "time": instants.to_text(one.time)}


# --- the inbox --------------------------------------------------------------------------------------------------------


async def inbox(hub: Hub, scope: Scope, receive: Receive) -> Answer:
    """Hand out what stands in the caller's mailbox behind leaf `after`; wait up to `wait` seconds for urgent ones."""
    body = await read_body(scope, receive, 0)
    caller = callers.authenticate(hub, scope, body)
    callers.check_active(hub, caller)
    place = _place(query_of(scope, ("after", "leaf", "wait")))
    with hub.polls.taken(caller.unit):
        return await _poll(hub, caller, place)


async def _poll(hub: Hub, caller: Caller, place: tuple[int, bytes, int]) -> Answer:
    """Wait for the mailbox or for another directory: who was suspended while waiting is told so and gets nothing."""
    unit, (after, leaf, seconds) = caller.unit, place
    loop = asyncio.get_running_loop()
    until, known = loop.time() + seconds, hub.register.version
    while True:
        ticket = hub.bell.ticket(unit)
        items, fresh = await anyio.to_thread.run_sync(_collect, hub, unit, after, leaf)
        left = until - loop.time()
        if left <= 0 or any(item.urgent for item in items) or hub.register.version != known:
            break
        await bell.wait(ticket, left if hub.db.sqlite else min(left, REREAD_SECONDS))
    callers.check_active(hub, caller)
    if fresh:
        reply: asyncio.Future[frozenset[str]] = loop.create_future()
        hub.sequencer.put([Job(handout.HAND_OUTS, HandOut(unit, fresh), reply)])
        allowed = await reply
        items = [item for item in items if item.eid not in fresh or item.eid in allowed]
    newest = b"%d" % hub.register.version
    return Answer(200, OCTETS, b"".join(item.frame() for item in items), [(SNAPSHOT_FIELD.encode(), newest)])


def _place(query: dict[str, str]) -> tuple[int, bytes, int]:
    """Return (after, leaf hash, seconds to wait) of an inbox query; raises `BadRequest`."""
    after, leaf, seconds = query.get("after", "-1"), query.get("leaf", ""), query.get("wait", "0")
    try:
        place = int(after), bytes.fromhex(leaf), int(seconds)
    except ValueError as error:
        raise BadRequest("after, leaf and wait") from error
    canonical_form = (str(place[0]), place[1].hex(), str(place[2])) == (after, leaf, seconds)
    if not canonical_form or not -1 <= place[0] < 2**53 or not 0 <= place[2] <= LONGEST_WAIT:
        raise BadRequest("after, leaf and wait")
    if len(place[1]) != (0 if place[0] < 0 else 32):
        raise BadRequest("leaf: the 64 hex digits of the leaf hash at `after`, empty only at the start")
    return place


def _collect(hub: Hub, unit: str, after: int, leaf: bytes) -> tuple[list[Item], tuple[str, ...]]:
    """Read the mailbox in one transaction, if our leaf at `after` is the one that the node holds (protocol.md §7.4)."""
    with hub.db.read() as session:
        if after >= 0:
            try:
                ours = hub.log.leaf_hash(session, after)
            except NotInLog as error:
                raise LogRolledBack(after=after) from error
            if ours != leaf:
                raise LogRolledBack(after=after)
        return handout.collect(session.connection(), hub.log.log_id, unit, after)
