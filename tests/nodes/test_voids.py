"""A number that carries no message is said to be void by its sender, and the mark at its receiver closes."""

import pytest
from sqlalchemy import func, select

from crypto.encryption import EncryptionKey
from crypto.header import GENESIS, HeaderDraft
from crypto.sealing import Recipient, seal
from exchange.hub import administration
from nodes import backup, courier, voids
from nodes.backup import Opening
from nodes.drafts import NewDraft
from nodes.tables import ChainRow, DeliveryRow, MessageRow, OutboxRow, QuarantineRow, VoidRow
from schemas.void import Void
from tests.instants import DAY, HOUR
from tests.nodes.test_resealing import renew, revoke
from tests.nodes.world import PASSPHRASE, World, send, someone

RECOVERY = EncryptionKey.generate()


def ask(world: World, to: tuple[str, ...] = ("KG",)) -> str:
    return send(world.node("TJ"), someone(world.node("TJ"), "rustam"), NewDraft("REQ", recipients=to))


def gaps(world: World, unit: str = "KG") -> list[int]:
    with world.node(unit).db.read() as session:
        return list(session.scalars(select(MessageRow.gap).order_by(MessageRow.hub_index)))


def closed(world: World, unit: str = "KG", direction: str = "IN") -> list[tuple[int, int]]:
    with world.node(unit).db.read() as session:
        query = select(VoidRow.first, VoidRow.last).where(VoidRow.direction == direction).order_by(VoidRow.pair_seq)
        return [(first, last) for first, last in session.execute(query)]


def restore(world: World) -> None:
    """TJ again, as of its backup."""
    world.node("TJ").close()
    settings = world.units["TJ"].settings.model_copy(update={"folder": world.folder / "back", "database_url": ""})
    backup.restore(settings, world.folder / "tj.serai", Opening(RECOVERY, PASSPHRASE), world.now)
    world.units["TJ"].settings = settings
    world.units["TJ"].open()


def never_arrives(world: World, to: tuple[str, ...] = ("KG",)) -> str:
    """A message that the hub refuses for good, because it waited too long."""
    message = ask(world, to)
    world.units["TJ"].wire.cut = True
    world.pass_time(15 * DAY)
    world.units["TJ"].wire.cut = False
    return message


def test_what_a_restored_node_lost_is_void_and_nobody_waits_for_it(small: World) -> None:
    ask(small)
    small.sync()
    backup.back_up(small.node("TJ"), small.folder / "tj.serai", RECOVERY.public)
    ask(small, ("KZ",))
    small.sync()
    restore(small)
    small.sync()
    ask(small, ("KG", "KZ"))
    small.sync()
    assert gaps(small) == [0, 0]
    assert gaps(small, "KZ") == [0, 0]
    assert (closed(small), closed(small, "KZ")) == ([(2, 2)], [(1, 1)])
    with small.node("TJ").db.read() as session:
        assert set(session.scalars(select(OutboxRow.state))) == {"FINAL", "ACCEPTED"}


def test_a_number_that_was_refused_is_void_once_somebody_shows_its_mark(small: World) -> None:
    ask(small)
    small.sync()
    never_arrives(small)
    small.sync()
    assert closed(small) == []
    ask(small)
    small.sync("TJ", "KG", rounds=1)
    assert gaps(small) == [0, 1]
    small.sync(rounds=3)
    assert (gaps(small), closed(small)) == ([0, 0], [(2, 2)])
    ask(small)
    small.sync(rounds=3)
    assert gaps(small) == [0, 0, 0]
    assert voids.run(small.node("TJ")) == 0


def test_a_message_after_a_void_that_is_itself_missing_is_marked(small: World) -> None:
    with small.node("TJ").db.write() as session:
        assert voids.state(session, small.node("TJ"), "KG", Void(first=1, last=1))
        session.delete(session.scalars(select(OutboxRow)).one())
        session.get_one(ChainRow, "own").seq = 0
        session.get_one(ChainRow, "own").eid = GENESIS
    ask(small)
    small.sync()
    assert gaps(small) == [1]


def test_a_void_that_expires_is_said_again_with_its_own_number(small: World) -> None:
    never_arrives(small)
    small.sync()
    ask(small)
    small.sync("TJ", "KG", rounds=1)
    courier.sync_once(small.node("TJ"))
    courier.sync_once(small.node("TJ"))
    small.units["KG"].wire.cut = True
    small.pass_time(15 * DAY)
    courier.sync_once(small.node("TJ"))
    small.units["KG"].wire.cut = False
    small.sync()
    assert closed(small) == []
    ask(small)
    small.sync(rounds=4)
    assert set(gaps(small)) == {0}
    assert closed(small)[:2] == [(1, 1), (3, 3)]


def test_nothing_is_said_to_a_unit_that_the_hub_would_not_let_us_reach(small: World) -> None:
    node = small.node("TJ")
    administration.suspend(small.desk.hub, "KZ", "TEST")
    courier.sync_once(node)
    with node.db.write() as session:
        assert not voids.state(session, node, "KZ", Void(first=1, last=1))
        assert not voids.state(session, node, "TJ", Void(first=1, last=1))


def test_a_void_in_the_queue_is_sealed_anew_with_the_rest(small: World) -> None:
    never_arrives(small)
    small.sync()
    ask(small)
    small.sync("TJ", "KG", rounds=1)
    courier.sync_once(small.node("TJ"))  # the void is queued at its end
    later = ask(small)
    revoke(small)
    renew(small)
    small.sync(rounds=3)
    assert (gaps(small), closed(small)) == ([0, 0], [(1, 1)])
    with small.node("KG").db.read() as session:
        assert session.get(MessageRow, later) is not None


BROKEN = {
    "no void": (b"{}", 2),
    "of what comes later": (Void(first=2, last=2).to_bytes(), 2),
    "in the place of a message": (Void(first=1, last=1).to_bytes(), 1),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_void_that_says_what_it_cannot_is_rejected(small: World, name: str) -> None:
    content, place = BROKEN[name]
    ask(small)
    small.sync()
    tj = small.node("TJ")
    with tj.db.read() as session:
        own = session.get_one(ChainRow, "own").eid
    draft = HeaderDraft(
        env="live", ctype="void", id="0" * 32, sender="TJ", created=small.now, expires=small.now + HOUR,
        seq=2, prev=own, family="control", urgency="ROUTINE", classification="UNCL", handling=(),
    )  # fmt: skip
    public = tj.directory().encryption_key("KG", small.now).public
    wire = seal(draft, content, tj.keys.signing, [Recipient("KG", public, place, own)]).wire
    assert small.desk.post(wire).status_code == 201
    small.sync("KG")
    with small.node("KG").db.read() as session:
        assert session.scalars(select(QuarantineRow.state)).all() == ["REJECTED"]
        assert session.scalar(select(func.count()).select_from(VoidRow)) == 0
        assert session.scalars(select(DeliveryRow.state)).all() == ["DELIVERED"]
