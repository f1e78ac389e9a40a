"""One arrival that fails for a reason that nobody foresaw stops nothing behind it, and is not lost."""

from sqlalchemy import select, update

from exchange.courier import Alarm
from nodes import courier
from nodes.drafts import NewDraft
from nodes.tables import AlertRow, MessageRow, QuarantineRow
from tests.instants import HOUR
from tests.nodes.world import World, send, someone


def question(world: World, unit: str, about: str) -> str:
    node = world.node(unit)
    return send(node, someone(node, "dilnoza"), NewDraft("CLQ", in_reply_to=about))


def test_what_stands_behind_a_spoiled_arrival_is_read_and_the_arrival_is_taken_once_it_can_be(small: World) -> None:
    tj = small.node("TJ")
    asked = send(tj, someone(tj, "rustam"), NewDraft("REQ", recipients=("KG",)))
    small.sync()
    spoiled = question(small, "KG", asked)
    with tj.db.write() as session:
        kept = session.get_one(MessageRow, asked).sealed
        session.execute(update(MessageRow).where(MessageRow.message_id == asked).values(sealed=b"bit rot"))
    kz = small.node("KZ")
    behind = send(kz, someone(kz, "aibek"), NewDraft("REQ", recipients=("TJ",)))
    small.sync()
    with tj.db.read() as session:
        assert session.get(MessageRow, behind) is not None
        assert session.get(MessageRow, spoiled) is None
        assert session.scalars(select(QuarantineRow.reason)).all() == ["UNFORESEEN"]
        assert Alarm.UNFORESEEN in session.scalars(select(AlertRow.cause)).all()
    with tj.db.write() as session:
        session.execute(update(MessageRow).where(MessageRow.message_id == asked).values(sealed=kept))
    small.pass_time(2 * HOUR)
    courier.sync_once(tj)
    with tj.db.read() as session:
        assert session.get(MessageRow, spoiled) is not None
        assert session.scalars(select(QuarantineRow.reason)).all() == []
