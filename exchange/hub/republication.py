"""The directory of a hub that was filled again: never older than what any unit was already shown of it.

A document or snapshot may have been handed out whose entry nobody holds. The hub's own signature shows what it said in
it; so it says that again, under the next version, with new entries.
"""

from crypto import statements
from crypto.errors import CryptoError
from exchange.contributions import Part
from exchange.errors import BadStatement, NotReady
from exchange.hub.batch import Batch
from exchange.hub.hub import Hub
from exchange.hub.recovery import Staged
from exchange.hub.tables import SUSPENSION
from schemas.directory import SNAPSHOT_LABEL, Federation, Snapshot
from schemas.errors import SchemaError
from schemas.trust import PART_LIMIT


def republish(hub: Hub, batch: Batch, staged: Staged, logged: int) -> None:
    """Publish a snapshot above version `logged` and above each that a unit shows, with what those suspended.

    Raises `NotReady` if a unit shows a federation document that cannot follow ours.
    """
    shown = [found for _, piece in staged.of(Part.SNAPSHOT) if (found := _snapshot(hub, piece.payload)) is not None]
    newest = max(shown, key=lambda one: one.version, default=None)
    if newest is not None and newest.version > hub.register.version:
        batch.connection.execute(SUSPENSION.delete())
        for one in newest.suspended:
            row = {"unit": one.unit, "since": one.since, "reason": one.reason}
            batch.connection.execute(SUSPENSION.insert(), row)
    above = max(logged, newest.version if newest is not None else 0)
    try:
        hub.register.publish(batch, _newer_document(hub, staged), above=above)
    except BadStatement as error:
        raise NotReady(f"the directory does not follow what units were shown: {error.detail}") from error


def _snapshot(hub: Hub, wire: bytes) -> Snapshot | None:
    """The snapshot in `wire` if this hub signed it."""
    try:
        signed = statements.parse(wire, limit=PART_LIMIT)
        signed.verify(SNAPSHOT_LABEL, hub.keys.publics("SNAPSHOT"))
        return Snapshot.from_bytes(signed.statement_bytes, limit=PART_LIMIT)
    except (CryptoError, SchemaError):
        return None


def _newer_document(hub: Hub, staged: Staged) -> bytes | None:
    """The newest federation document that units show and this hub does not hold; its roots are checked with it."""
    found: dict[int, bytes] = {}
    for _, piece in staged.of(Part.FEDERATION):
        try:
            signed = statements.parse(piece.payload, limit=PART_LIMIT)
            found[Federation.from_bytes(signed.statement_bytes, limit=PART_LIMIT).version] = piece.payload
        except (CryptoError, SchemaError):
            continue
    newest = max(found, default=0)
    return found[newest] if newest > hub.register.current.federation.version else None
