"""The hub as the courier between witnesses: the newest sighting of each unit, stored and handed to all others.

It is checked here only so that no junk is spread. A hub that keeps one back is noticed by those who wait for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, select

from audit.checkpoints import verify_checkpoint
from audit.errors import AuditError, NotInLog
from crypto.errors import CryptoError
from exchange.errors import BadStatement
from exchange.hub.batch import Batch
from exchange.hub.callers import Caller
from exchange.hub.hub import Hub
from exchange.hub.sequencer import Kind
from exchange.hub.tables import SIGHTING
from schemas import sightings
from schemas.errors import SchemaError

SKEW: Final = 600
"""Seconds by which the time in a sighting may differ from the hub's."""


@dataclass(frozen=True, slots=True)
class Told:
    """A sighting that its unit signed."""

    unit: str
    time: int
    wire: bytes


def tell(hub: Hub, caller: Caller, wire: bytes) -> None:
    """Take the sighting of the caller's own unit; raises `BadStatement` for any other, or one out of its time."""
    try:
        signed = sightings.parse(wire)
        said = signed.sighting
        key = hub.register.current.signing_key(signed.kid, hub.clock())
        signed.verify(key.public)
    except (CryptoError, SchemaError) as error:
        raise BadStatement(error.code) from error
    if {said.unit, key.unit} != {caller.unit} or said.env != hub.settings.env:
        raise BadStatement("of another unit or environment")
    if abs(hub.clock() - said.time) > SKEW:
        raise BadStatement("stated at another time than now")
    _hold_against_our_own(hub, said.note)
    hub.do(SIGHTINGS, Told(said.unit, said.time, wire))


def _hold_against_our_own(hub: Hub, note: bytes) -> None:
    """Close the hub if it signed `note` and its log does not hold that: it came back from an older state unnoticed."""
    try:
        said = verify_checkpoint(note, hub.keys.log.keys).checkpoint
    except AuditError as error:
        raise BadStatement(error.code) from error
    with hub.db.read() as session:
        try:
            same = hub.log.root(session, said.size) == said.root
        except NotInLog:
            same = False
    if not same:
        hub.close_for(f"a unit holds our signature over {said.size} entries that are not here")
        hub.check_open()


def others(hub: Hub, unit: str) -> list[bytes]:
    """Return the newest sighting of every unit but `unit`."""
    query = select(SIGHTING.c.wire).where(SIGHTING.c.unit != unit).order_by(SIGHTING.c.unit)
    with hub.db.read() as session:
        return list(session.connection().execute(query).scalars())


def _store(batch: Batch, jobs: Sequence[Told]) -> list[None]:
    """Replace each unit's sighting by a newer one; an older one changes nothing."""
    newest = {job.unit: job for job in sorted(jobs, key=lambda job: job.time)}
    for job in newest.values():
        here = SIGHTING.c.unit == job.unit
        held = batch.connection.execute(select(SIGHTING.c.time).where(here)).scalar_one_or_none()
        if held is None or held < job.time:
            batch.connection.execute(delete(SIGHTING).where(here))
            batch.connection.execute(SIGHTING.insert(), {"unit": job.unit, "time": job.time, "wire": job.wire})
    return [None] * len(jobs)


SIGHTINGS: Final = Kind("sightings", _store)
