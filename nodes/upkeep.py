"""What a node does for itself: keep its directory fresh, publish its keys, turn the encryption key every week.

A failure here stops nothing at once: the old directory serves through its grace, the old keys until they end, and an
alert says so in time.
"""

from sqlalchemy import update
from sqlalchemy.orm import Session

from exchange.courier import Alarm
from exchange.disk import Room
from nodes import alerts, key_news, keys, log, signers, trust
from nodes.alerts import Cause, Raised
from nodes.errors import AnswerRefused, NotReady
from nodes.hub_client import HubClient
from nodes.keys import SIGNING_WARNING, Keys, Maker
from nodes.node import Node
from nodes.tables import DirectoryRow, KeyRow, QuarantineRow
from schemas.directory import DirectoryParts
from schemas.trust import Directory, DirectoryRefused, DirectoryStale, KeyNotValid

ALARM = "DIRECTORY_REFUSED"
HELD = "HELD"


def refresh(node: Node, client: HubClient, *, only_if_due: bool = False) -> bool:
    """Fetch, verify and store the directory; returns whether a newer one is held. Raises `HubUnreachable`.

    A directory that does not verify, or that goes back, is refused: the held one stays and an alarm is raised. One
    thread refreshes at a time, so that an answer overtaken by a newer one is not taken for a hub that goes back.
    """
    with node.refreshing:
        if only_if_due and not _due(node):
            return False
        return _accept(node, client.directory())


def _due(node: Node) -> bool:
    if node.directory_due.is_set():
        return True
    with node.db.read() as session:
        row = session.get(DirectoryRow, trust.SNAPSHOT)
        return row is None or node.now() - row.fetched >= node.settings.directory_interval


def _accept(node: Node, parts: DirectoryParts) -> bool:
    """Store verified parts; a newer directory lets every held arrival be tried again at once."""
    now = node.now()
    try:
        with node.db.write() as session:
            before = node.held
            directory = trust.accept(session, parts, before, now)
            changed = before is None or directory.snapshot.version != before.snapshot.version
            if changed:
                session.execute(update(QuarantineRow).where(QuarantineRow.state == HELD).values(retry_at=now))
            keys.confirm(session, directory, now)
            key_news.tell(session, node, before, directory)
            alerts.clear(session, ALARM, node.unit)
            ours = keys.load(session, node.store, node.settings)
            _watch_signing(session, node, directory, ours)
    except DirectoryRefused as error:
        with node.db.write() as session:
            alerts.raise_alert(session, node, Raised(ALARM, node.unit, alerts.ADMIN, outbound=True))
        raise AnswerRefused(error.code) from error
    node.held, node.keys = directory, ours
    node.directory_due.clear()
    if changed:
        node.changed.bump()
    return changed


def _watch_signing(session: Session, node: Node, directory: Directory, ours: Keys) -> None:
    """Say at once that the key we sign with was revoked or has expired: from then on nothing of ours is accepted."""
    key, cause = directory.keys.get(ours.signing.kid), Alarm.SIGNING_KEY_ENDED.value
    if key is not None and key.ended(node.now()):
        alerts.raise_alert(session, node, Raised(cause, node.unit, alerts.ADMIN, outbound=True))
    else:
        alerts.clear(session, cause, node.unit)


def publish(node: Node, client: HubClient) -> int:
    """Post our key statements that the directory does not carry yet; returns how many. Raises `HubUnreachable`.

    While the unit's token is away, only what its root signed is posted: the next key, which may replace the token.
    """
    if not _unposted(node):
        return 0
    signer = node.keys.signing if signers.trouble(node) is None else None
    refresh(node, client)  # a statement whose answer was lost is in the directory, and must not be stated twice
    with node.db.write() as session:
        waiting = keys.restate(session, Maker(node.store, node.settings, node.now()), signer)
    for wire in waiting:
        client.post_statement(wire)
    if waiting:
        refresh(node, client)
    return len(waiting)


def _unposted(node: Node) -> bool:
    with node.db.read() as session:
        return bool(keys.unposted(session))


def turn_keys(node: Node) -> None:
    """Make the next encryption key when its week has come, and erase private parts after their 28 days.

    Erasing cannot be taken back, so our own clock alone is not believed: without a directory that is fresh by it, what
    is due waits. If we die before the commit, an unused seed file stays; if after it, the next turn sweeps it.
    """
    with node.refreshing:
        _turn_keys(node, node.now())


def _nobody_can_seal_to_us(session: Session, node: Node, now: int) -> bool:
    """Say whether the directory believes none of our encryption keys any more, as after the theft of their voucher."""
    try:
        node.directory().encryption_key(node.unit, now)
    except KeyNotValid:
        return not any(row.purpose == "ENCRYPTION" for row in keys.unposted(session))
    return False


def _turn_keys(node: Node, now: int) -> None:
    try:
        node.directory().freshness(now)
    except (NotReady, DirectoryStale):
        return
    with node.db.read() as session:
        due = keys.encryption_due(session, now) or _nobody_can_seal_to_us(session, node, now)
        pairs = keys.note_keys_due(session, now)
        able = not (due or pairs) or signers.trouble(node) is None
        ends = keys.days_left(session, now).get("SIGNING", 0) * keys.DAY <= SIGNING_WARNING
    if not able:  # what must be signed waits for the token; what must be erased does not
        due, pairs = False, []
    with node.db.write() as session:
        erased = keys.expire(session, now)
        if due:
            keys.new_encryption(session, Maker(node.store, node.settings, now), node.keys.signing)
        for use in pairs:
            keys.new_note_keys(session, Maker(node.store, node.settings, now), node.keys.signing, use)
        if due or erased or pairs:
            log.record(session, node, log.Act(operation="KEY_CHANGE", codes=("TURN",), count=erased))
        if ends:
            subject = session.get_one(KeyRow, node.keys.signing.kid).kid
            alerts.raise_alert(session, node, Raised(Cause.KEYS_ENDING, subject, alerts.ADMIN))
    with node.db.read() as session:
        keys.sweep(session, node.store)
        if due or erased or pairs:
            node.keys = keys.load(session, node.store, node.settings)


def watch_disk(node: Node) -> None:
    """Say in time that the disk fills up, and take it back once there is room again."""
    room = node.disk.room()
    if room is Room.FULL:
        return  # nothing can be written; it was said before
    with node.db.read() as session:
        said = alerts.is_raised(session, Cause.DISK_SHORT, node.unit)
    if said != (room is not Room.ENOUGH):
        with node.db.write() as session:
            if said:
                alerts.clear(session, Cause.DISK_SHORT, node.unit)
            else:
                alerts.raise_alert(session, node, Raised(Cause.DISK_SHORT, node.unit, alerts.ADMIN, outbound=True))
        node.changed.bump()
