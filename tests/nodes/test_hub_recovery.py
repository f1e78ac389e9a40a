"""The restore drill: a hub comes back from yesterday's copy, and goes on where it was, with nothing lost."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from audit import store
from crypto.encryption import EncryptionKey
from exchange.contributions import Part, Piece, Restoring
from exchange.errors import LogRolledBack, NotReady
from exchange.hub import administration, backup, proposing, tables
from exchange.hub.hub import CLOSED
from exchange.hub.proposing import Signing
from exchange.hub.recovery import RECOVERY_PUBLIC, Staged
from exchange.hub.refill import Filled, Seen
from exchange.hub.register import digest
from nodes import courier, forks, messages, watching
from nodes.drafts import NewDraft
from nodes.errors import HubProblem
from nodes.hub_client import HubClient
from nodes.tables import AlertRow, DeliveryRow
from schemas import proposals
from schemas.directory import sign_federation
from schemas.entries import AdminEntry, parse
from schemas.proposals import Withdrawal
from serai import founding
from tests.hub.desk import Desk
from tests.instants import DAY, HOUR
from tests.nodes.world import World, copy_database, send, someone

RECOVERY = EncryptionKey.generate()
SIGNED_ANEW = {"signed", "proof"}
"""Columns with signatures: a receipt that nobody had collected is signed once more, in the same words."""


@dataclass
class Drill:
    """The world, yesterday's copy of its hub, and the hub that was lost."""

    world: World
    yesterday: Path
    lost: Desk

    def restore(self) -> Desk:
        """The hub as the backup brings it back: closed, with its keys."""
        self.lost.client.close()
        folder = self.world.folder / "back"
        shutil.copytree(self.lost.folder, folder / "hub")
        (folder / "hub" / CLOSED).write_text("closed", encoding="utf-8")
        shutil.copyfile(self.yesterday, folder / "hub.db")
        back = Desk.copied(self.lost, folder / "hub", f"sqlite:///{folder / 'hub.db'}")
        back.now = self.world.now
        self.world.desk, self.world.inside = back, back.client._transport  # type: ignore[assignment]  # the desk gave it one of these
        for unit in self.world.units.values():
            unit.wire.inside = self.world.inside
        return back

    def hand_over(self, *names: str) -> None:
        """Nodes come to the closed hub, which takes nothing but what it lost."""
        for name in names or self.world.names:
            report = courier.sync_once(self.world.node(name))
            assert "log" not in " ".join(report.failed)
            assert "pull: EX-6036" in report.failed

    def resume(self, **seen: Seen) -> Filled:
        back = self.world.desk
        return backup.resume(back.settings, back.hub, seen, RECOVERY)


def ask(world: World, sender: str = "TJ", to: str = "KG", officer: str = "rustam") -> str:
    return send(world.node(sender), someone(world.node(sender), officer), NewDraft("REQ", recipients=(to,)))


def read(world: World, unit: str, message_id: str) -> None:
    """A supervisor reads an arrival, which makes an OPENED receipt."""
    node = world.node(unit)
    farida = someone(node, "farida")
    with node.db.write() as session:
        messages.read(session, node, farida, message_id)


def propose(world: World) -> Withdrawal:
    """A keeper proposes the next document; returned is how he would take it back."""
    document = founding.next_document(world.desk.hub.register.current.federation, world.now)
    proposing.sign(world.desk.hub, Signing(sign_federation(document, world.desk.world.roots[:1])))
    return Withdrawal(env="live", digest=digest(document.to_bytes()).hex())


@pytest.fixture(scope="module")
def day(template: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A day of work after the copy: requests both ways, receipts, a suspension, snapshots; and closed."""
    world = World.copied(template, tmp_path_factory.mktemp("day") / "world")
    (world.desk.folder / RECOVERY_PUBLIC).write_bytes(RECOVERY.public)
    ask(world)
    world.pass_time(60)
    world.sync()
    proposed = propose(world)
    copy_database(world.desk.db, world.folder / "yesterday.db")
    proposing.withdraw(world.desk.hub, proposals.withdraw(proposed, world.desk.world.roots[0]))
    request = ask(world)
    world.pass_time(7 * HOUR)
    world.sync()
    read(world, "KG", request)
    ask(world, "KG", "TJ", "aibek")
    administration.suspend(world.desk.hub, "KZ", "DRILL")
    world.pass_time(60)
    world.sync("KG", "TJ")
    administration.reinstate(world.desk.hub, "KZ")
    world.sync("TJ")
    ask(world, to="KZ")
    world.pass_time(60)
    world.sync()
    world.pass_time(60)
    world.sync()
    world.close()
    return world


@pytest.fixture
def drill(day: World, tmp_path: Path) -> Iterator[Drill]:
    world = World.copied(day, tmp_path / "world")
    lost = world.desk
    yield Drill(world, world.folder / "yesterday.db", lost)
    world.close()
    lost.client.close()
    lost.db.close()


def rows(desk: Desk, *names: str) -> dict[str, Any]:
    """What the hub's tables hold, without what is signed anew."""
    found = {}
    with desk.db.read() as session:
        for name in names:
            table = (tables.metadata.tables | store.metadata.tables)[name]
            columns = [column for column in table.columns if column.name not in SIGNED_ANEW]
            found[name] = sorted(map(repr, session.connection().execute(select(*columns)).all()))
    return found


EVERYTHING = (
    "message",
    "sender",
    "delivery",
    "mailbox",
    "receipt",
    "statement",
    "federation",
    "suspension",
    "proposal",
)


def entries(desk: Desk, end: int) -> list[bytes]:
    with desk.db.read() as session:
        return list(desk.hub.log.entries(session, 0, end))


def size(desk: Desk) -> int:
    with desk.db.read() as session:
        return desk.hub.log.head(session).size


def test_a_restored_hub_goes_on_where_it_was_and_nothing_is_lost(drill: Drill) -> None:
    world, before = drill.world, size(drill.lost)
    back = drill.restore()
    assert size(back) < before - 10
    drill.hand_over()
    filled = drill.resume()
    assert (filled.lost, filled.size) == (0, before + 2)
    assert entries(back, before) == entries(drill.lost, before)
    assert rows(back, *EVERYTHING) == rows(drill.lost, *EVERYTHING)
    world.sync()
    ask(world)
    world.pass_time(60)
    world.sync()
    for name in world.names:
        with world.node(name).db.read() as session:
            assert forks.found(session) == ()
            assert "LOG_ROLLED_BACK" not in session.scalars(select(AlertRow.cause)).all()


def test_what_was_never_signed_nor_told_leaves_a_marked_place_and_all_else_stands(drill: Drill) -> None:
    world = drill.world
    to_kz = ask(world, to="KZ")
    world.sync("TJ", rounds=1)
    administration.suspend(drill.lost.hub, "KG", "UNTOLD")
    ask(world)
    world.sync("TJ", "KZ", "TJ", rounds=1)
    before = size(drill.lost)
    drill.restore()
    drill.hand_over()
    assert drill.resume().lost > 0
    kept, held = entries(world.desk, before), entries(drill.lost, before)
    differing = [index for index in range(before) if kept[index] != held[index]]
    told = max(index for index in range(before) if kept[index] == held[index])
    assert all(parse(kept[index]) == lost_at(kept[index]) for index in differing if index < told)
    assert rows(world.desk, "suspension") == rows(drill.lost, "suspension")
    administration.reinstate(world.desk.hub, "KG")
    world.sync()
    world.pass_time(60)
    world.sync()
    for table in ("message", "sender"):
        assert rows(world.desk, table) == rows(drill.lost, table)
    with world.node("TJ").db.read() as session:
        assert session.get_one(DeliveryRow, (to_kz, "KZ")).state == "DELIVERED"


def lost_at(entry: bytes) -> AdminEntry:
    said = parse(entry)
    return AdminEntry(time=said.time, nonce=said.nonce, act="LOST")


def test_a_closed_hub_accepts_and_signs_nothing(drill: Drill) -> None:
    back, world = drill.restore(), drill.world
    before = size(back), rows(back, *EVERYTHING, "log_checkpoint", "snapshot")
    ask(world)
    drill.hand_over()
    world.pass_time(DAY)
    for job in (lambda: administration.suspend(back.hub, "KG", "TEST"), back.hub.check_open):
        with pytest.raises(Restoring):
            job()
    assert (size(back), rows(back, *EVERYTHING, "log_checkpoint", "snapshot")) == before
    assert back.client.get("/v1/health").json()["status"] == "RESTORED"


def test_a_hub_that_came_back_unnoticed_closes_as_soon_as_a_unit_shows_its_signature(drill: Drill) -> None:
    world = drill.world
    back = drill.restore()
    (back.folder / CLOSED).unlink()
    back.hub.closed = False
    with HubClient(world.node("TJ")) as client:
        watching.catch_up(world.node("TJ"), client)
    assert back.hub.closed
    assert "entries that are not here" in (back.folder / CLOSED).read_text()
    drill.hand_over()
    assert drill.resume().lost == 0


def test_a_hub_stays_closed_until_every_unit_was_asked_and_the_key_was_there(drill: Drill) -> None:
    back = drill.restore()
    before = rows(back, *EVERYTHING, "log_entry")
    drill.hand_over("KG", "TJ")
    with pytest.raises(NotReady, match="not asked yet: KZ"):
        drill.resume()
    with pytest.raises(NotReady, match="below the head signed"):
        backup.resume(back.settings, back.hub, {"KZ": Seen(-1, "")})
    with pytest.raises(LogRolledBack):
        drill.resume(KZ=Seen(10**6, "00" * 32))
    assert rows(back, *EVERYTHING, "log_entry") == before
    assert drill.resume(KZ=Seen(-1, "")).lost == 0


def test_what_nobody_handed_over_is_named_and_nothing_is_written(drill: Drill) -> None:
    world = drill.world
    ask(world, to="KZ")
    world.sync("TJ", rounds=1)
    world.pass_time(60)
    world.sync("KG", rounds=1)
    back = drill.restore()
    drill.hand_over("KG", "KZ")
    before = rows(back, *EVERYTHING, "log_entry")
    with pytest.raises(NotReady, match=r"handed over by nobody: .*envelope \d+ of TJ"):
        drill.resume(TJ=Seen(-1, ""))
    assert rows(back, *EVERYTHING, "log_entry") == before
    drill.hand_over("TJ")
    assert drill.resume().lost == 0


def test_what_a_unit_altered_is_not_taken_where_another_has_it_right(drill: Drill) -> None:
    back = drill.restore()
    drill.hand_over()
    staged = Staged.at(back.folder)
    wrong = [Piece(one.part, one.index, altered(one.payload)) for part in FALSIFIED for _, one in staged.of(part)]
    staged.keep("AA", wrong)
    staged.close()
    assert drill.resume().lost == 0
    assert rows(back, *EVERYTHING) == rows(drill.lost, *EVERYTHING)


FALSIFIED = (Part.LEAVES, Part.SEALED, Part.ENTRY, Part.ENVELOPE, Part.RECEIPT, Part.STATEMENT, Part.FEDERATION)


def altered(payload: bytes) -> bytes:
    return payload[:-40] + bytes([payload[-40] ^ 1]) + payload[-39:]


def test_an_open_hub_takes_no_contributions(drill: Drill) -> None:
    with HubClient(drill.world.node("TJ")) as client, pytest.raises(HubProblem) as caught:
        client.contribute(b"")
    assert caught.value.problem == "EX-4096"
