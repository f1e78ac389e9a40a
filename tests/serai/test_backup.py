"""Backups: into an empty folder and back, what is lost with a lost key, and an old hub that must not sign on."""

import shutil
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from audit.log import Log
from crypto.encoding import b64
from crypto.errors import WrongPassphrase
from exchange.archive import ArchiveRefused
from exchange.database import Database
from exchange.errors import AlreadyThere, LogRolledBack, NotReady
from exchange.hub import backup, lookup
from exchange.hub.hub import LOG_ID, MIGRATIONS, Hub
from exchange.hub.refill import Seen
from exchange.hub.settings import HubSettings
from nodes import standing
from serai import recovery
from serai.demo import services
from serai.demo.people import PEOPLE
from serai.demo.rehearsal import ON_DUTY, Rehearsal
from serai.demo.services import Ports
from serai.demo.story import STORY, TAKEN
from serai.federation import Federation, establish
from serai.unit import operations_of

WORDS = "words of the recovery key"
NAMES = ("CARICC", "KG", "KZ", "TJ", "UZ")


@dataclass
class Kept:
    """A federation with messages in it, and backups of its hub: an old one, a newer, and that of an earlier version."""

    federation: Federation
    key: Path
    old: Path
    new: Path
    earlier: Path
    seen: dict[str, Seen]
    node: Path


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    folder = tmp_path_factory.mktemp("backup")
    public = recovery.make(folder / "recovery", WORDS).read_bytes()
    now = int(time.time()) - 3600
    federation = establish(services.plan(folder / "federation", Ports(8440, NAMES)), now)
    rehearsal = Rehearsal(federation, now)
    needed = {STORY[0].author, *TAKEN[STORY[0].name], *ON_DUTY.values()}
    rehearsal.enrol([person for person in PEOPLE if person.user_id in needed], str)
    backup.back_up(rehearsal.hub, folder / "old.archive", public)
    rehearsal.play([replace(STORY[0], ago=10)], now + 3000)
    backup.back_up(rehearsal.hub, folder / "new.archive", public)
    rehearsal.hub.db.downgrade(MIGRATIONS, "0004")
    backup.back_up(rehearsal.hub, folder / "earlier.archive", public)
    rehearsal.hub.db.upgrade(MIGRATIONS)
    seen = {}
    for unit, node in rehearsal.nodes.items():
        with node.db.read() as session:
            seen[unit] = Seen(*standing.seen(session))
    given = {"path": str(folder / "node.archive"), "recovery": b64(public)}
    operations_of(rehearsal.nodes["UZ"])["backup"](given)
    rehearsal.close()
    old, new, earlier, node_archive = (folder / f"{name}.archive" for name in ("old", "new", "earlier", "node"))
    return Kept(federation, folder / "recovery", old, new, earlier, seen, node_archive)


def empty_hub(kept: Kept, folder: Path) -> HubSettings:
    home = folder / "hub"
    home.mkdir(mode=0o700)
    shutil.copyfile(kept.federation.hub.home / "hub.toml", home / "hub.toml")
    return HubSettings.read(home)


def restored(kept: Kept, folder: Path, archive: Path) -> HubSettings:
    settings = empty_hub(kept, folder)
    backup.restore(settings, archive, recovery.open_key(kept.key, WORDS), kept.federation.passphrase)
    return settings


def opened(kept: Kept, settings: HubSettings) -> Hub:
    return Hub.open(settings, kept.federation.passphrase)


def test_a_restored_hub_is_closed_until_every_unit_was_asked(kept: Kept, tmp_path: Path) -> None:
    settings = restored(kept, tmp_path, kept.new)
    with pytest.raises(NotReady):
        backup.check_open(settings)
    hub = opened(kept, settings)
    with pytest.raises(NotReady, match="not asked yet: CARICC"):
        backup.resume(settings, hub, {unit: one for unit, one in kept.seen.items() if unit != "CARICC"})
    backup.resume(settings, hub, kept.seen)
    hub.db.close()
    backup.check_open(settings)


def test_a_hub_from_an_old_backup_never_signs_on(kept: Kept, tmp_path: Path) -> None:
    settings = restored(kept, tmp_path, kept.old)
    hub = opened(kept, settings)
    with pytest.raises(LogRolledBack, match="this log ends at"):
        backup.resume(settings, hub, kept.seen)
    hub.db.close()
    with pytest.raises(NotReady):
        backup.check_open(settings)


def test_a_log_that_was_forked_since_is_recognised(kept: Kept, tmp_path: Path) -> None:
    settings = restored(kept, tmp_path, kept.new)
    hub = opened(kept, settings)
    forked = {**kept.seen, "TJ": Seen(kept.seen["TJ"].index, "00" * 32)}
    with pytest.raises(LogRolledBack):
        backup.resume(settings, hub, forked)
    hub.db.close()


def test_what_is_restored_is_what_was_there(kept: Kept, tmp_path: Path) -> None:
    hubs = [kept.federation.hub, restored(kept, tmp_path, kept.new)]
    heads = []
    for settings in hubs:
        database = Database(settings.database)
        with database.read() as session:
            heads.append(Log(LOG_ID).head(session))
        database.close()
    assert heads[0] == heads[1]


def test_an_archive_of_an_earlier_version_is_brought_up_with_the_same_receipts(kept: Kept, tmp_path: Path) -> None:
    found = []
    for settings in (kept.federation.hub, restored(kept, tmp_path, kept.earlier)):
        database = Database(settings.database)
        with database.read() as session:
            found.append(set(lookup.every_receipt(session.connection())))
        database.close()
    assert found[0] == found[1]
    assert found[0]


def test_a_hub_is_never_restored_over_another(kept: Kept) -> None:
    key = recovery.open_key(kept.key, WORDS)
    with pytest.raises(AlreadyThere):
        backup.restore(kept.federation.hub, kept.new, key, kept.federation.passphrase)


def test_without_the_recovery_key_a_backup_is_nothing(kept: Kept, tmp_path: Path) -> None:
    settings = empty_hub(kept, tmp_path)
    recovery.make(tmp_path / "other", WORDS)
    with pytest.raises(ArchiveRefused):
        backup.restore(settings, kept.new, recovery.open_key(tmp_path / "other", WORDS), kept.federation.passphrase)
    assert [path.name for path in settings.home.iterdir()] == ["hub.toml"]


def test_the_recovery_key_has_a_passphrase(kept: Kept) -> None:
    with pytest.raises(WrongPassphrase):
        recovery.open_key(kept.key, "other words")


@pytest.mark.parametrize("at", [40, 5_000, -2_000])
def test_a_changed_byte_in_a_backup_is_refused_and_leaves_nothing(kept: Kept, tmp_path: Path, at: int) -> None:
    settings = empty_hub(kept, tmp_path)
    changed = bytearray(kept.new.read_bytes())
    changed[at] ^= 1
    (tmp_path / "changed").write_bytes(bytes(changed))
    key = recovery.open_key(kept.key, WORDS)
    with pytest.raises(ArchiveRefused):
        backup.restore(settings, tmp_path / "changed", key, kept.federation.passphrase)
    assert [path.name for path in settings.home.iterdir()] == ["hub.toml"]
