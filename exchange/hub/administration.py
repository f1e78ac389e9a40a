"""What the hub's operators and the units' administrators do: set up, publish, suspend, take key statements.

The federation's roots never come here: the hub receives what they signed. Each act is one job with a transaction, a
leaf and a snapshot of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import delete, select

from audit import witness
from crypto import statements
from crypto.errors import CryptoError
from crypto.keystore import Argon2Cost
from exchange.database import Database
from exchange.errors import AlreadyThere, BadRequest, BadStatement, ExchangeError, Unfound
from exchange.hub import patrolling, publication
from exchange.hub.batch import Batch
from exchange.hub.hub import MIGRATIONS, Hub
from exchange.hub.keys import HubKeys
from exchange.hub.register import digest
from exchange.hub.sequencer import Kind
from exchange.hub.settings import HubSettings
from exchange.hub.tables import HUB, STATEMENT, SUSPENSION
from schemas.directory import AnyStatement, Revocation, any_statement
from schemas.entries import AdminEntry
from schemas.errors import SchemaError
from schemas.keychecks import STATEMENT_LIMIT

STATED_SKEW: Final = 600
"""Seconds by which the time in a new statement may differ from the hub's."""

ROOTED_AGE: Final = 30 * 86_400
"""Seconds for which a signing key and the news of a theft may have been on their way: roots work far from a network,
and neither gains anything by an earlier time."""


def initialise(settings: HubSettings, passphrase: str, cost: Argon2Cost | None = None) -> HubKeys:
    """Make the hub's keys and its database; raises `AlreadyThere`. It serves once a document is published."""
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    keys = HubKeys.create(settings.home, passphrase, settings.origin, cost)
    database = Database(settings.database)
    prepare_database(database, settings)
    database.close()
    return keys


def prepare_database(database: Database, settings: HubSettings) -> None:
    """Bring an empty database to the newest schema and write whose it is; raises `AlreadyThere` if it is another's."""
    database.upgrade(MIGRATIONS)
    with database.write() as session:
        connection = session.connection()
        mine = {"name": settings.name, "env": settings.env, "origin": settings.origin}
        row = connection.execute(select(HUB)).mappings().one_or_none()
        if row is None:
            connection.execute(HUB.insert(), mine)
        elif dict(row) != mine:
            raise AlreadyThere("the database belongs to another hub or environment")


# --- the directory ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Publication:
    """A signed federation document, and the first statements of the units that it brings in (wire forms)."""

    federation: bytes
    statements: tuple[bytes, ...] = ()


def publish(hub: Hub, publication: Publication) -> int:
    """Put a document, with the statements of new units, in force; return the version of the new snapshot.

    Raises `BadStatement` for what a node would refuse: too few roots, an older version, a key seen before.
    """

    def act(batch: Batch, jobs: Sequence[Publication]) -> list[None]:
        for job in jobs:
            hub.register.publish(batch, job.federation, job.statements)
            _note(batch, "PUBLISH", digested=job.federation)
        return [None] * len(jobs)

    hub.do(Kind("publish", act, alone=True), publication)
    return hub.register.version


def suspend(hub: Hub, unit: str, reason: str) -> int:
    """Suspend a unit: it neither sends nor collects until reinstated; return the version of the new snapshot."""

    def act(batch: Batch, jobs: Sequence[str]) -> list[ExchangeError | None]:
        return [_suspend(hub, batch, one, reason) for one in jobs]

    hub.do(Kind("suspend", act, alone=True), unit)
    return hub.register.version


def reinstate(hub: Hub, unit: str) -> int:
    """Lift a suspension; raises `Unfound` if there is none; return the version of the new snapshot."""

    def act(batch: Batch, jobs: Sequence[str]) -> list[ExchangeError | None]:
        return [_reinstate(hub, batch, one) for one in jobs]

    hub.do(Kind("reinstate", act, alone=True), unit)
    return hub.register.version


def _suspend(hub: Hub, batch: Batch, unit: str, reason: str) -> ExchangeError | None:
    try:
        batch.directory.check_active(unit)
        entry = AdminEntry(time=batch.now, nonce=batch.nonce(), act="SUSPEND", unit=unit, reason=reason)
    except SchemaError as error:
        return AlreadyThere(f"{error.code}: {error}")
    except ValueError as error:
        raise BadRequest("reason: a code of capital letters and digits") from error
    batch.log(entry)
    batch.connection.execute(SUSPENSION.insert(), {"unit": unit, "since": batch.now, "reason": reason})
    hub.register.publish(batch)
    return None


def _reinstate(hub: Hub, batch: Batch, unit: str) -> ExchangeError | None:
    if batch.connection.execute(delete(SUSPENSION).where(SUSPENSION.c.unit == unit)).rowcount != 1:
        return Unfound()
    _note(batch, "REINSTATE", unit=unit)
    hub.register.publish(batch)
    return None


def _note(
    batch: Batch, act: Literal["PUBLISH", "REINSTATE"], unit: str | None = None, digested: bytes | None = None
) -> None:
    sha512 = None if digested is None else digest(digested).hex()
    batch.log(AdminEntry(time=batch.now, nonce=batch.nonce(), act=act, unit=unit, digest=sha512))


# --- statements of units ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Offered:
    """A key statement or revocation that a unit sends; `unit` is who sent it, None for the hub's own operator."""

    wire: bytes
    unit: str | None


@dataclass(frozen=True, slots=True)
class Logged:
    """Where it stands in the log, and whether it did before."""

    index: int
    again: bool


def offer(hub: Hub, offered: Offered) -> Logged:
    """Log a unit's own statement and publish it; the same bytes again are answered with their old index."""

    def act(batch: Batch, jobs: Sequence[Offered]) -> list[Logged]:
        return [_offer(hub, batch, job) for job in jobs]

    outcome: Logged = hub.do(Kind("statement", act, alone=True), offered)
    return outcome


def _offer(hub: Hub, batch: Batch, offered: Offered) -> Logged:
    held = select(STATEMENT.c.idx).where(STATEMENT.c.digest == digest(offered.wire))
    index = batch.connection.execute(held).scalar_one_or_none()
    if index is not None:
        return Logged(index, again=True)
    try:
        statement = any_statement(statements.parse(offered.wire, limit=STATEMENT_LIMIT).statement_bytes)
    except (CryptoError, SchemaError) as error:
        raise BadStatement(str(error)) from error
    if offered.unit is not None and statement.unit != offered.unit:
        raise BadStatement("of another unit")
    age = ROOTED_AGE if _may_travel(statement) else STATED_SKEW
    if not batch.now - age <= statement.stated <= batch.now + STATED_SKEW:
        raise BadStatement("stated at another time than now")
    (index,) = hub.register.publish(batch, new=[offered.wire])
    return Logged(index, again=False)


def _may_travel(statement: AnyStatement) -> bool:
    if isinstance(statement, Revocation):
        return statement.compromised_since is not None
    return statement.use == "SIGNING"


def status(hub: Hub) -> dict[str, Any]:
    """Return what an operator wants to see first, without content: versions, sizes, units and their suspensions."""
    with hub.db.read() as session:
        head = hub.log.head(session)
        checkpoint = hub.log.checkpoint(session)
        directory = hub.register.current if hub.register.version else None
        federation = directory.federation if directory else None
        standing = publication.standing(session.connection(), hub.log.log_id, federation, hub.clock())
        checked = patrolling.standing(session.connection(), hub.log.log_id)
        contradictions = len(witness.conflicts(session))
    return {
        "name": hub.settings.name,
        "env": hub.settings.env,
        "log_size": head.size,
        "log_root": head.root.hex(),
        "signed_size": checkpoint.size if checkpoint else 0,
        **standing,
        **checked,
        "log_contradictions": contradictions,
        "snapshot": hub.register.version,
        "federation": directory.federation.version if directory else 0,
        "units": [
            {"unit": one.unit, "suspended": directory.suspension(one.unit) is not None} for one in directory.units()
        ]
        if directory
        else [],
        "keys": hub.keys.ends(directory.federation.hub) if directory else {},
        "disk": hub.disk.room().value,
        "free_bytes": hub.disk.free(),
    }
