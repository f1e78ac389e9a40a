from pathlib import Path

import pytest
from sqlalchemy import func, select

from crypto.encoding import b64
from crypto.encryption import EncryptionKey
from exchange import archive
from nodes import backup, cases, courier, erasure, messages
from nodes.backup import Opening
from nodes.drafts import NewDraft
from nodes.erasure import Plan
from nodes.errors import BackupRefused, NotReady
from nodes.node import Node, Surroundings, open_node
from nodes.retention_errors import Erased
from nodes.tables import AlertRow, CaseRow, ChainRow, MessageRow, QuarantineRow
from tests.nodes.test_erasure import erase
from tests.nodes.world import PASSPHRASE, World, send, someone

RECOVERY = EncryptionKey.generate()


def restored(world: World, source: Path, folder: str = "back") -> Node:
    """TJ again, from its backup, on a fresh SQLite database; the old node is gone."""
    world.node("TJ").close()
    settings = world.units["TJ"].settings.model_copy(update={"folder": world.folder / folder, "database_url": ""})
    backup.restore(settings, source, Opening(RECOVERY, PASSPHRASE), world.now)
    world.units["TJ"].settings = settings
    return world.units["TJ"].open()


def ask(world: World) -> str:
    return send(world.node("TJ"), someone(world.node("TJ"), "rustam"), NewDraft("REQ", recipients=("KG",)))


def test_a_restored_node_reads_what_it_had(world: World) -> None:
    request = ask(world)
    world.sync()
    backup.back_up(world.node("TJ"), world.folder / "tj.serai", RECOVERY.public)
    node = restored(world, world.folder / "tj.serai")
    farida = someone(node, "farida")
    with node.db.write() as session:
        detail = messages.read(session, node, farida, request)
    assert str(detail.common["subject_line"]).startswith("Heroin")


def test_a_later_key_file_takes_from_an_older_archive_what_was_erased_since(small: World) -> None:
    node, source = small.node("TJ"), small.folder / "tj.serai"
    first, second, other = ask(small), ask(small), ask(small)
    small.sync()
    backup.back_up(node, source, RECOVERY.public)
    backup.keys_of(source).unlink()
    with pytest.raises(BackupRefused, match="no key file"):
        restore_of(small, source)
    late = ask(small)
    small.sync()
    with node.db.read() as session:
        refs = {
            one: cases.of(session, session.get_one(MessageRow, one).case_id).case_ref for one in (first, second, late)
        }
    for plan in (Plan(refs[first], "UNLAWFUL"), Plan(refs[second], "UNLAWFUL", second), Plan(refs[late], "UNLAWFUL")):
        erase(node, plan)
    backup.back_up(node, small.folder / "later.serai", RECOVERY.public)
    backup.keys_of(small.folder / "later.serai").rename(backup.keys_of(source))
    node = restored(small, source)
    farida = someone(node, "farida")
    for gone in (first, second):
        with pytest.raises(Erased), node.db.write() as session:
            messages.read(session, node, farida, gone)
    with node.db.write() as session:
        assert messages.read(session, node, farida, other).row.message_id == other
        assert session.get(MessageRow, late) is None
        assert erasure.of(session, node, session.get_one(MessageRow, first).case_id, first).cause == "UNLAWFUL"


def restore_of(world: World, source: Path) -> None:
    settings = world.units["TJ"].settings.model_copy(update={"folder": world.folder / "new", "database_url": ""})
    backup.restore(settings, source, Opening(RECOVERY, PASSPHRASE), world.now)


def test_an_archive_alone_holds_no_key_of_any_content(small: World) -> None:
    source = small.folder / "tj.serai"
    ask(small)
    backup.back_up(small.node("TJ"), source, RECOVERY.public)
    archive.unpack(source, RECOVERY, small.folder / "open")
    with small.node("TJ").db.read() as session:
        secrets = [*session.scalars(select(CaseRow.wrapped_key)), *session.scalars(select(MessageRow.wrapped_key))]
    told = b"".join(path.read_bytes() for path in (small.folder / "open").rglob("*") if path.is_file())
    assert len(secrets) == 2
    assert not [secret for secret in secrets if b64(secret or b"").encode() in told]


def test_a_key_file_older_than_its_archive_restores_nothing(small: World) -> None:
    source = small.folder / "tj.serai"
    backup.back_up(small.node("TJ"), small.folder / "old.serai", RECOVERY.public)
    small.pass_time(60)
    backup.back_up(small.node("TJ"), source, RECOVERY.public)
    backup.keys_of(small.folder / "old.serai").replace(backup.keys_of(source))
    with pytest.raises(BackupRefused, match="older"):
        restore_of(small, source)


def test_a_restored_node_seals_nothing_before_it_has_caught_up(small: World) -> None:
    backup.back_up(small.node("TJ"), small.folder / "tj.serai", RECOVERY.public)
    node = restored(small, small.folder / "tj.serai")
    with pytest.raises(NotReady):
        ask(small)
    courier.sync_once(node)
    courier.sync_once(node)
    assert ask(small)


def test_a_restored_node_never_uses_a_number_twice(small: World) -> None:
    ask(small)
    small.sync()
    backup.back_up(small.node("TJ"), small.folder / "tj.serai", RECOVERY.public)
    lost = ask(small)
    small.sync()
    node = restored(small, small.folder / "tj.serai")
    small.sync()
    after = ask(small)
    small.sync()
    with node.db.read() as session:
        assert session.get_one(ChainRow, "own").seq == 5  # one lost, a void to each of the two others, and this one
        assert session.get(MessageRow, lost) is None
    with small.node("KG").db.read() as session:
        gap = session.scalar(select(MessageRow.gap).where(MessageRow.message_id == after))
        assert gap == 0
        assert session.scalar(select(func.count()).select_from(QuarantineRow)) == 0


def test_a_restored_node_says_so_to_its_administrator(small: World) -> None:
    backup.back_up(small.node("TJ"), small.folder / "tj.serai", RECOVERY.public)
    node = restored(small, small.folder / "tj.serai")
    small.sync()
    with node.db.read() as session:
        assert "RESTORED" in session.scalars(select(AlertRow.cause)).all()


def test_encryption_keys_are_in_no_backup(small: World) -> None:
    backup.back_up(small.node("TJ"), small.folder / "tj.serai", RECOVERY.public)
    before = set(small.node("TJ").keys.encryption)
    node = restored(small, small.folder / "tj.serai")
    assert not before & set(node.keys.encryption)
    assert len(node.keys.encryption) == 1


def test_another_recovery_key_another_unit_or_another_passphrase_restores_nothing(small: World) -> None:
    source = small.folder / "tj.serai"
    backup.back_up(small.node("TJ"), source, RECOVERY.public)
    fresh = small.units["TJ"].settings.model_copy(update={"folder": small.folder / "x"})
    other = fresh.model_copy(update={"unit": "KG"})
    with pytest.raises(BackupRefused):
        backup.restore(fresh, source, Opening(EncryptionKey.generate(), PASSPHRASE), small.now)
    with pytest.raises(BackupRefused):
        backup.restore(other, source, Opening(RECOVERY, PASSPHRASE), small.now)
    with pytest.raises(BackupRefused):
        backup.restore(fresh, source, Opening(RECOVERY, "another passphrase"), small.now)
    assert not fresh.keys.exists()


def test_a_node_is_never_restored_over_another(small: World) -> None:
    source = small.folder / "tj.serai"
    backup.back_up(small.node("TJ"), source, RECOVERY.public)
    with pytest.raises(BackupRefused):
        backup.restore(small.units["TJ"].settings, source, Opening(RECOVERY, PASSPHRASE), small.now)
    again = open_node(small.units["TJ"].settings, PASSPHRASE, Surroundings(lambda: small.now))
    assert again.keys.signing.kid == small.node("TJ").keys.signing.kid
    again.close()
