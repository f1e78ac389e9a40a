"""A node that came back from a backup: it seals nothing until it has learned from the hub where it stands.

What was sealed after the backup is lost here but not at the hub. A node that went on at once would use numbers twice,
which is equivocation. So it first reads its whole mailbox, then asks the hub for the expected number with a probe that
can never be accepted, and goes on from there; every pair chain jumps over what may have been used, and a void says so.
As a witness it has forgotten what it cosigned last, and waits for the others (`nodes.witnessing`).
"""

import secrets

from sqlalchemy import select
from sqlalchemy.orm import Session

from crypto.header import GENESIS, HeaderDraft
from crypto.sealing import Recipient, seal
from exchange import courier
from exchange.courier import Expected
from exchange.errors import EarlyNumber
from nodes import alerts, chains, erasure, log, voids
from nodes.alerts import Cause, Raised
from nodes.chains import OWN
from nodes.errors import HubUnreachable, NotReady
from nodes.hub_client import HubClient
from nodes.node import Node
from nodes.tables import CursorRow
from schemas.void import Void

MARK = "restore"
WITNESS_MARK = "witness-restore"
READING = "READING"
READ = "READ"
PROBE_SEQ = 2**53 - 1
"""A number no node reaches: the hub can only answer that it is early, and name what it waits for."""

_PROBE_LIFE = 3600
_STATE = select(CursorRow.state).where(CursorRow.name == MARK)


def mark(session: Session, now: int) -> None:
    """Note, in the restoring transaction, that this database is older than the exchange."""
    session.merge(CursorRow(name=MARK, index=0, leaf="", state=READING, since=now))
    session.merge(CursorRow(name=WITNESS_MARK, index=0, leaf="", state=READING, since=now))


def check_may_seal(session: Session) -> None:
    """Return unless a restore is unfinished; raises `NotReady`."""
    if unfinished(session):
        raise NotReady("restored from a backup: catching up with the hub first")


def unfinished(session: Session) -> bool:
    """Return whether this database came from a backup and has not caught up yet."""
    return session.connection().scalar(_STATE) is not None


def note_read(session: Session) -> None:
    """Note that the mailbox was read to its end."""
    row = session.get(CursorRow, MARK)
    if row is not None:
        row.state = READ


def catch_up(node: Node, client: HubClient) -> None:
    """Finish a restore that is under way; raises `HubUnreachable` until mailbox and expected number are known."""
    with node.db.read() as session:
        state = session.scalar(_STATE)
    if state is None:
        return
    if state != READ:
        raise HubUnreachable("the mailbox is not read yet")
    expected = _probe(node, client)
    with node.db.write() as session:
        _go_on(session, node, expected)
    node.changed.bump()


def _probe(node: Node, client: HubClient) -> Expected:
    """Ask what the hub waits for. The probe is addressed to ourselves, empty, and far out of order."""
    now, key = node.now(), node.directory().encryption_key(node.unit, node.now())
    draft = HeaderDraft(
        env=node.settings.env,
        ctype="heartbeat",
        id=secrets.token_hex(16),
        sender=node.unit,
        created=now,
        expires=now + _PROBE_LIFE,
        seq=PROBE_SEQ,
        prev=secrets.token_hex(32),
        family="control",
        urgency="ROUTINE",
        classification="UNCL",
        handling=(),
    )
    recipient = Recipient(node.unit, key.public, PROBE_SEQ, GENESIS)
    problem = client.post_message(seal(draft, b"", node.keys.signing, [recipient]).wire).problem
    expected = problem.expected() if problem is not None and problem.code == EarlyNumber.code else None
    if expected is None:
        raise HubUnreachable("the hub did not say which number it waits for")
    return expected


def _go_on(session: Session, node: Node, expected: Expected) -> None:
    own = chains.last(session, [OWN])[OWN]
    resumed = courier.resume(own.seq, expected)
    if resumed is not None:
        own.seq, own.eid = resumed.seq, resumed.eid
        for unit in node.directory().units():
            # A unit that we had not written to before the backup may hold what we wrote to it afterwards.
            (pair,) = chains.last(session, [chains.to_unit(unit.unit)]).values()
            lost_there = Void(first=pair.seq + 1, last=pair.seq + resumed.pair_jump)
            pair.seq, pair.eid = lost_there.last, _UNKNOWN
            session.flush()
            if unit.unit != node.unit:
                voids.state(session, node, unit.unit, lost_there)
    session.delete(session.get_one(CursorRow, MARK))
    lost = resumed.pair_jump if resumed is not None else 0
    erasure.record_again(session, node)
    log.record(session, node, log.Act(operation="CONFIG_CHANGE", codes=("RESTORED",), count=lost))
    alerts.raise_alert(session, node, Raised(Cause.RESTORED, f"{node.now()}", alerts.ADMIN))


_UNKNOWN = "f" * 64
"""The predecessor in a pair chain whose last envelopes are lost here: receivers mark a gap until the void comes."""
