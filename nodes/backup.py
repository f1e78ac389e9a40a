"""Backup and restore of a node: a consistent copy of every row and of the lasting keys, sealed to a recovery key.

The keys of cases, messages and drafts are in a small file beside the archive, with the list of erasures. An archive
opens with its own key file or any later one, and a later one has no key of what was erased since: whoever keeps only
the newest key file has no backup from which erased content comes back. An arrival as it travelled opens with a living
encryption key of the node as well, so the archive has it under the key of its message.

The copy is logical, so a node may come back on the other database engine. The private encryption keys are left out on
purpose: they are erased every few weeks, and a backup would keep what must be forgotten. After a restore the node makes
a new one, tells senders that it cannot read what was sealed to the lost ones, and seals nothing before it has caught up
with the hub (`nodes.restored`).
"""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import RowMapping, Table, delete, func, select
from sqlalchemy.orm import Session

from audit import store as log_store
from crypto import encryption, signing
from crypto import envelope as cme
from crypto.at_rest import DataKey
from crypto.custody import SEEDS, Custody
from crypto.encryption import EncryptionKey
from crypto.errors import CryptoError, Undecryptable
from crypto.keystore import STORE_FILE, KeyStore
from exchange import archive, copying
from exchange.archive import ArchiveRefused, Heading, Member
from exchange.database import Database
from nodes import erasure, keys, rest, restored, trust
from nodes.account_tables import UserRow
from nodes.errors import BackupRefused
from nodes.inspection_tables import InspectionRow
from nodes.keys import Maker
from nodes.node import MIGRATIONS, Node
from nodes.protection_tables import ApprovalRow, ErasureRow
from nodes.retention_errors import Erased
from nodes.row import Row
from nodes.settings import NodeSettings
from nodes.tables import CaseRow, DraftRow, KeyRow, MessageRow
from nodes.watch_tables import MirrorRow

SERVICE = "node"
KEYS = "node-keys"
KEYS_SUFFIX = ".keys"
_APART = "wrapped_key"
_PARTS: tuple[type[Row], ...] = (KeyRow, UserRow, MirrorRow, InspectionRow, ApprovalRow)
"""One row of each module of tables: what is not imported would be in no backup."""
_KEYED: tuple[type[Row], ...] = (CaseRow, MessageRow, DraftRow)
"""Rows whose key travels apart from them."""
_ERASURES = Row.metadata.tables[ErasureRow.__tablename__]
_SEEDS = ("signing-", "node-", "log-", "witness-")


def back_up(node: Node, target: Path, recovery: bytes) -> Heading:
    """Write an archive of the running node to the new file `target`, for the holder of the `recovery` public key.

    The new file beside it, `keys_of(target)`, holds the keys of the content and is written first.
    """
    heading = Heading(
        service=SERVICE,
        owner=node.unit,
        env=node.settings.env,
        made=node.now(),
        revision=node.db.revision() or "",
        ekid=encryption.kid_of(recovery),
        signer=node.keys.signing.public,
    )
    with node.db.read() as session:
        if not node.db.sqlite:
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        apart = heading.model_copy(update={"service": KEYS})
        archive.write(keys_of(target), apart, recovery, node.keys.signing, _apart_members(session))
        tables = (_table_member(session, table, node.store.kek) for table in _tables())
        archive.write(target, heading, recovery, node.keys.signing, [*_key_members(node.settings), *tables])
    return heading


def keys_of(source: Path) -> Path:
    """Return where the key file of an archive lies."""
    return source.with_name(source.name + KEYS_SUFFIX)


@dataclass(frozen=True, slots=True)
class Opening:
    """What opens an archive and the key store in it: the recovery key, and the passphrase that the node had then.

    What a token held is not in an archive: `custody` must be the one that the node had.
    """

    recovery: EncryptionKey
    passphrase: str = field(repr=False)
    custody: Custody = SEEDS


def restore(settings: NodeSettings, source: Path, opening: Opening, now: int) -> Heading:
    """Bring a node back into an empty folder and an empty database; raises `BackupRefused`, and then changes nothing.

    Raises what the custody of the node's signing key raises, such as `TokenError`. The unit's root key is not in the
    archive. The key file beside the archive may be a later one: what was erased in between is erased here too.
    """
    heading, apart = _headings(settings, source)
    if (settings.keys / STORE_FILE).exists():
        raise BackupRefused("a node is here already")
    settings.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    unpacked = settings.folder / "restoring"
    try:
        archive.unpack(source, opening.recovery, unpacked)
        archive.unpack(keys_of(source), opening.recovery, unpacked / "apart")
        shutil.copytree(unpacked / "keys", settings.keys)
        settings.keys.chmod(0o700)
        store = KeyStore.open(settings.keys, opening.passphrase, opening.custody)
        _load(_Restoring(settings, store, unpacked, (heading, apart), now))
    except BaseException as error:
        shutil.rmtree(settings.keys, ignore_errors=True)
        if isinstance(error, ArchiveRefused | CryptoError):
            raise BackupRefused(error.code) from error
        raise
    finally:
        shutil.rmtree(unpacked, ignore_errors=True)
    return heading


def _headings(settings: NodeSettings, source: Path) -> tuple[Heading, Heading]:
    """Return the headings of an archive and of its key file; raises `BackupRefused` if they are not for each other."""
    if not keys_of(source).exists():
        raise BackupRefused(f"no key file beside it: {keys_of(source).name}")
    heading, apart = archive.read_heading(source), archive.read_heading(keys_of(source))
    for one, service in ((heading, SERVICE), (apart, KEYS)):
        if (one.service, one.owner, one.env) != (service, settings.unit, settings.env):
            raise BackupRefused("of another service, unit or environment")
    if apart.made < heading.made:
        raise BackupRefused("its key file is older than the archive")
    return heading, apart


@dataclass(frozen=True, slots=True)
class _Restoring:
    settings: NodeSettings
    store: KeyStore
    unpacked: Path
    headings: tuple[Heading, Heading]
    now: int


def _load(job: _Restoring) -> None:
    """Fill the empty database in one transaction: rows, the mark of a restore, a fresh encryption key."""
    database = Database(job.settings.database)
    try:
        database.check()
        database.upgrade(MIGRATIONS, job.headings[0].revision)
        with database.write() as session:
            for table in _tables():
                copying.fill(session, table, job.unpacked / "table" / table.name)
            for heading in job.headings:
                _check_signer(session, heading, job.now)
            _put_keys(session, job)
            restored.mark(session, job.now)
            _renew_encryption(session, job)
        database.upgrade(MIGRATIONS)
    finally:
        database.close()


def _put_keys(session: Session, job: _Restoring) -> None:
    """Put the keys back, and erase what was erased since the archive was made: the key file names it."""
    folder = job.unpacked / "apart"
    for row_type in _KEYED:
        table = Row.metadata.tables[row_type.__tablename__]
        copying.fill_column(session, table, folder / "column" / table.name, _APART)
    _open_arrivals(session, job.store.kek)
    session.execute(delete(DraftRow).where(DraftRow.wrapped_key == b""))
    session.execute(delete(_ERASURES))
    for found in copying.batches(folder / "table" / _ERASURES.name, _ERASURES):
        held = [row for row in found if _is_here(session, row)]
        if held:
            session.execute(_ERASURES.insert(), held)
    erasure.again(session, job.store.kek)


def _open_arrivals(session: Session, kek: DataKey) -> None:
    """Have arrivals as they travelled again; one whose key is in no later key file was erased."""
    begins = func.substr(MessageRow.envelope, 1, len(cme.MAGIC))
    sealed = MessageRow.direction == "IN", begins != cme.MAGIC, MessageRow.envelope != b""
    for message_id in session.scalars(select(MessageRow.message_id).where(*sealed)).all():
        row = session.get_one(MessageRow, message_id)
        try:
            key = rest.message_key(kek, session.get_one(CaseRow, row.case_id), row)
            row.envelope = key.open(row.envelope, *_travelled(message_id))
        except (Erased, Undecryptable):
            row.envelope = b""
        session.flush()


def _travelled(message_id: str) -> tuple[bytes, bytes, bytes]:
    return rest.place("message", message_id, "envelope")


def _is_here(session: Session, erased: Mapping[str, object]) -> bool:
    """Whether the archive is late enough to have what was erased."""
    message = erased["message_id"]
    known = message is None or session.get(MessageRow, message) is not None
    return known and session.get(CaseRow, erased["case_id"]) is not None


def _check_signer(session: Session, heading: Heading, now: int) -> None:
    """The archive was signed by this unit's own key, as the directory inside it shows."""
    directory = trust.load(session, now)
    kid = signing.kid_of(heading.signer)
    record = directory.keys.get(kid) if directory is not None else None
    if record is None or record.unit != heading.owner or record.use != "SIGNING":
        raise BackupRefused("not signed by this unit")


def _renew_encryption(session: Session, job: _Restoring) -> None:
    lost = session.scalars(select(KeyRow).where(KeyRow.purpose == "ENCRYPTION", KeyRow.erased_at.is_(None)))
    for row in lost:
        row.erased_at = job.now
    signer = keys.load(session, job.store, job.settings).signing
    keys.new_encryption(session, Maker(job.store, job.settings, job.now), signer)


def _tables() -> list[Table]:
    return [*log_store.metadata.sorted_tables, *_PARTS[0].metadata.sorted_tables]


def _key_members(settings: NodeSettings) -> Iterator[Member]:
    for path in sorted(settings.keys.iterdir()):
        if path.name == STORE_FILE or path.name.startswith(_SEEDS):
            yield Member(f"keys/{path.name}", [path.read_bytes()])


def _table_member(session: Session, table: Table, kek: DataKey) -> Member:
    instead: dict[str, copying.Instead] = {}
    if table.name in {row_type.__tablename__ for row_type in _KEYED}:
        blank = None if table.columns[_APART].nullable else b""
        instead[_APART] = lambda _row: blank
    if table.name == MessageRow.__tablename__:
        living = keys.living(session)
        instead["envelope"] = lambda row: _kept(session, kek, row, living)
    return Member(f"table/{table.name}", copying.lines(session, table, instead))


def _kept(session: Session, kek: DataKey, row: RowMapping, living: frozenset[str]) -> bytes:
    """Return an envelope as an archive has it: under the key of its message while one of our keys opens it."""
    envelope: bytes = row["envelope"]
    if row["direction"] != "IN" or not keys.opens(envelope, living):
        return envelope
    key = rest.message_key(kek, session.get_one(CaseRow, row["case_id"]), MessageRow(**row))
    return key.seal(envelope, *_travelled(row["message_id"]))


def _apart_members(session: Session) -> Iterator[Member]:
    for row_type in _KEYED:
        table = Row.metadata.tables[row_type.__tablename__]
        yield Member(f"column/{table.name}", copying.column_lines(session, table, _APART))
    yield Member(f"table/{_ERASURES.name}", copying.lines(session, _ERASURES))
