"""Units tell each other which checkpoint of the hub's log they accepted, and each holds that against its own mirror.

The words are signed by the units and only carried by the hub: it can withhold them, which is noticed within the hour,
but not change them. With its own mirror a node needs nobody's help to see whether the tree that another unit was shown
is the one that it was shown itself (protocol.md §9.5). The same words say what each unit sent (`nodes.heads`).
"""

from contextlib import suppress

from sqlalchemy import select
from sqlalchemy.orm import Session

from audit.checkpoints import Checkpoint, LogKeys, verify_checkpoint
from audit.errors import AuditError
from audit.notes import Note
from crypto.errors import CryptoError
from crypto.merkle_hash import EMPTY_ROOT
from nodes import alerts, forks, heads, mirroring
from nodes.alerts import Cause, Raised
from nodes.forks import Fork
from nodes.hub_client import HubClient
from nodes.mirror import Mirror
from nodes.node import Node
from nodes.tables import CursorRow
from nodes.token_errors import TokenError
from nodes.watch_tables import SightingRow
from schemas import sightings
from schemas.errors import SchemaError
from schemas.sightings import Sighting, SignedSighting

EVERY = 600
"""Seconds between two sightings of ours."""

QUIET = 3_600
"""Seconds without a new word of a unit after which the duty officer is told: mail of it may be kept back as well."""

SILENCE = 86_400
"""Seconds without a new word of a unit after which people are alarmed: a node may be off for a night."""

PATIENCE = 3_600
"""Seconds that our mirror may stay behind what another unit saw: after them the hub is holding us back."""

TOLD = "told"
SILENT, AHEAD, AGREES, FORKED = "SILENT", "AHEAD", "AGREES", "FORKED"


def step(node: Node, client: HubClient, *, at_once: bool = False) -> None:
    """Say what we accepted and hear what others did, if ten minutes have passed or `at_once`; raises `HubUnreachable`.

    What comes is only believed under the unit's signature and the log's own; anything else leaves the unit silent.
    """
    keys, now = mirroring.hub_keys(node), node.now()
    with node.db.read() as session:
        row = session.get(CursorRow, TOLD)
        last = None if row is None else row.since
        held = Mirror(session, keys.origin).held
    early = last is not None and now < last + EVERY and not at_once
    if held is None or held.size < held.accepted or early:
        return
    with suppress(TokenError):  # a unit whose token is away says nothing, and hears the others
        client.tell(ours(node, held.note))
    heard = [one for wire in client.told() if (one := _believed(node, keys, wire)) is not None]
    with node.db.write() as session:
        session.merge(CursorRow(name=TOLD, index=held.accepted, leaf=held.root.hex(), state="TOLD", since=now))
        for signed, said in heard:
            _hear(session, signed, said, now)
        _expect(session, node)
        heads.hold(session, node, session.scalars(select(SightingRow)).all())
    settle(node)


def settle(node: Node) -> None:
    """Hold what was heard against the mirror as far as that has come; contradictions are kept and alarmed."""
    keys, now = mirroring.hub_keys(node), node.now()
    found: list[Fork] = []
    with node.db.write() as session:
        mirror = Mirror(session, keys.origin)
        held = mirror.held
        for row in session.scalars(select(SightingRow).where(SightingRow.state == AHEAD)):
            if held is not None and row.size <= mirror.size:
                row.state, row.since = AGREES if mirror.root(row.size) == row.root else FORKED, now
                if row.state == FORKED:
                    found.append(Fork(keys.origin, row.unit, held.note, sightings.parse(row.wire).sighting.note))
            late = row.state == AHEAD and now > row.since + PATIENCE
            alerts.keep(session, node, Raised(Cause.LOG_HELD_BACK, row.unit, alerts.ADMIN, outbound=True), on=late)
    for fork in found:
        forks.keep(node, fork)


def ours(node: Node, accepted: bytes) -> bytes:
    """Our sighting of a checkpoint that we accepted, with the two lines of the log, and the heads of what we sent."""
    keys, note, now = mirroring.hub_keys(node), Note.parse(accepted), node.now()
    with node.db.read() as session:
        sent = heads.ours(session, node, now)
    own = {(key.name, key.key_id) for key in (keys.ed25519, keys.mldsa44)}
    lines = tuple(line for line in note.lines if (line.name, line.key_id) in own)
    seen = Note(note.text, lines).to_bytes()
    said = Sighting(env=node.settings.env, unit=node.unit, time=now, note=seen, heads=sent)
    return sightings.sign(node.keys.signing, said)


def _believed(node: Node, keys: LogKeys, wire: bytes) -> tuple[SignedSighting, Checkpoint] | None:
    """The sighting in `wire` if its unit signed it and the log signed what it says; nothing else counts as a word."""
    try:
        signed = sightings.parse(wire)
        key = node.directory().signing_key(signed.kid, signed.sighting.time)
        signed.verify(key.public)
        said = verify_checkpoint(signed.sighting.note, keys).checkpoint
    except (CryptoError, SchemaError, AuditError):
        return None
    return (signed, said) if (key.unit, node.settings.env) == (signed.sighting.unit, signed.sighting.env) else None


def _hear(session: Session, signed: SignedSighting, said: Checkpoint, now: int) -> None:
    """Keep a word that is newer than the last one of its unit."""
    sighting = signed.sighting
    row = session.get(SightingRow, sighting.unit)
    if row is not None and sighting.time <= row.time:
        return
    since = row.since if row is not None and row.state == AHEAD else now
    session.merge(
        SightingRow(
            unit=sighting.unit,
            time=sighting.time,
            heard=now,
            size=said.size,
            root=said.root,
            wire=signed.wire,
            state=AHEAD,
            since=since,
        )
    )
    session.flush()


def _expect(session: Session, node: Node) -> None:
    """Every active unit owes a word: a hub that shows it another history, or keeps its mail, must keep that too."""
    now, directory = node.now(), node.directory()
    for unit in directory.units():
        if unit.unit == node.unit:
            continue
        row = session.get(SightingRow, unit.unit)
        if row is None:
            nothing = SightingRow(unit=unit.unit, time=0, heard=now, size=0, root=EMPTY_ROOT, wire=b"", since=now)
            nothing.state = SILENT
            session.add(nothing)
            continue
        active = directory.suspension(unit.unit) is None
        for patience, alarm in (
            (QUIET, Raised(Cause.UNIT_SILENT, unit.unit, alerts.DUTY)),
            (SILENCE, Raised(Cause.LOG_UNHEARD, unit.unit, alerts.ADMIN, outbound=True)),
        ):
            alerts.keep(session, node, alarm, on=active and now > row.heard + patience)
