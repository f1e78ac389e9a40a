"""Backup and restore of a hub: a consistent copy of every row and of its keys, sealed to a recovery key.

The copy is logical, so a hub may come back on the other database engine. A restored hub is closed: its log may be older
than what units have seen of it, and signing on from there would fork it. `resume` opens it once the log has been
compared with what every unit of the federation has seen; nothing else opens it.
"""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from sqlalchemy import MetaData, Table
from sqlmodel import Session

from audit.errors import AuditError
from audit.log import Log
from crypto import encryption, signing
from crypto.encryption import EncryptionKey
from crypto.errors import CryptoError
from exchange import archive, copying
from exchange.archive import ArchiveRefused, Heading, Member
from exchange.database import Database
from exchange.errors import AlreadyThere, NotReady
from exchange.hub.hub import CLOSED, LOG_ID, MIGRATIONS, Hub
from exchange.hub.keys import KEYS, HubKeys
from exchange.hub.recovery import Staged
from exchange.hub.refill import Filled, Seen, fill
from exchange.hub.settings import HubSettings

SERVICE: Final = "hub"


def back_up(hub: Hub, target: Path, recovery: bytes) -> Heading:
    """Write an archive of the running hub to the new file `target`, for the holder of the `recovery` public key."""
    heading = Heading(
        service=SERVICE,
        owner=hub.settings.name,
        env=hub.settings.env,
        made=hub.clock(),
        revision=hub.db.revision() or "",
        ekid=encryption.kid_of(recovery),
        signer=hub.keys.receipt.public,
    )
    with hub.db.read() as session:
        if not hub.db.sqlite:
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        tables = (Member(f"table/{table.name}", copying.lines(session, table)) for table in _tables(session))
        archive.write(target, heading, recovery, hub.keys.receipt, [*_key_members(hub.settings), *tables])
    return heading


def restore(settings: HubSettings, source: Path, recovery: EncryptionKey, passphrase: str) -> Heading:
    """Bring a hub back, closed, into a folder without keys and an empty database.

    `passphrase` is the one that the hub had. Raises `ArchiveRefused`, `AlreadyThere` or `NotReady`, and then changes
    nothing.
    """
    heading = archive.read_heading(source)
    if (heading.service, heading.owner, heading.env) != (SERVICE, settings.name, settings.env):
        raise ArchiveRefused("of another service, hub or environment")
    if (settings.home / KEYS).exists():
        raise AlreadyThere("a hub is here already")
    unpacked = settings.home / "restoring"
    try:
        archive.unpack(source, recovery, unpacked)
        shutil.copytree(unpacked / "keys", settings.home / KEYS)
        (settings.home / KEYS).chmod(0o700)
        keys = _own_keys(settings, passphrase, heading)
        (settings.home / CLOSED).write_text("closed until `serai hub resume`\n", encoding="utf-8")
        _load(settings, keys, unpacked, heading.revision)
    except BaseException as error:
        shutil.rmtree(settings.home / KEYS, ignore_errors=True)
        (settings.home / CLOSED).unlink(missing_ok=True)
        if isinstance(error, CryptoError | AuditError):
            raise ArchiveRefused(error.code) from error
        raise
    finally:
        shutil.rmtree(unpacked, ignore_errors=True)
    return heading


def check_open(settings: HubSettings) -> None:
    """Return unless the hub was restored and not resumed; raises `NotReady`."""
    if (settings.home / CLOSED).exists():
        raise NotReady("restored from a backup and not resumed: its log may be older than what units have seen")


def resume(settings: HubSettings, hub: Hub, seen: Mapping[str, Seen], recovery: EncryptionKey | None = None) -> Filled:
    """Open a restored hub once its log holds what every unit has seen: its own, or with what units handed over.

    `seen` is what units without a way to this hub said by telephone; the others handed it over. `recovery` opens the
    entries that units keep. Raises `NotReady` while a unit was not asked or something is missing, `LogRolledBack` if a
    unit holds an entry that the log does not have; nothing was written then.
    """
    staged = Staged.at(settings.home)
    try:
        filled = fill(hub, staged, recovery, dict(seen))
    finally:
        staged.close()
    (settings.home / CLOSED).unlink(missing_ok=True)
    hub.closed = False
    Staged.remove(settings.home)
    return filled


def _tables(session: Session) -> list[Table]:
    """The tables of the revision that the database stands at: an archive of an earlier one is filled in as it was."""
    found = MetaData()
    found.reflect(session.connection(), only=lambda name, _: name != "alembic_version")
    return found.sorted_tables


def _key_members(settings: HubSettings) -> Iterator[Member]:
    for path in sorted((settings.home / KEYS).iterdir()):
        if not path.name.startswith("."):
            yield Member(f"keys/{path.name}", [path.read_bytes()])


def _own_keys(settings: HubSettings, passphrase: str, heading: Heading) -> HubKeys:
    """Open the keys that came with the archive; raises `ArchiveRefused` unless one of them signed it."""
    keys = HubKeys.open(settings.home, passphrase, settings.origin)
    if signing.kid_of(heading.signer) not in keys.publics("RECEIPT"):
        raise ArchiveRefused("not signed by this hub")
    return keys


def _load(settings: HubSettings, keys: HubKeys, unpacked: Path, revision: str) -> None:
    """Fill the empty database in one transaction and fold the log anew up to its signed head."""
    database = Database(settings.database)
    try:
        database.check()
        database.upgrade(MIGRATIONS, revision)
        with database.write() as session:
            for table in _tables(session):
                copying.fill(session, table, unpacked / "table" / table.name)
        database.upgrade(MIGRATIONS)
        with database.read() as session:
            Log(LOG_ID).verify(session, keys.log.keys)
    finally:
        database.close()
