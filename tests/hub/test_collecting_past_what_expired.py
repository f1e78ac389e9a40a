"""However many messages expired in a unit's absence, what stands behind them is reached."""

from crypto.merkle_hash import leaf_hash
from exchange.hub.handout import MOST_ITEMS
from schemas import receipts
from tests.hub.desk import Desk
from tests.instants import DAY


def test_a_full_page_of_expired_messages_does_not_hide_what_came_later(desk: Desk) -> None:
    for _ in range(MOST_ITEMS + 1):
        desk.send(expires=desk.now + DAY)
    desk.now += DAY + 1
    for _ in range(2):
        desk.hub.tick()
    later = desk.send()
    page = desk.inbox("KG")
    kinds = {receipts.parse(payload).receipt.type for _, kind, _, payload in page if kind == 2}
    assert kinds == {"EXPIRED"}
    last_index, _, last_entry, _ = page[-1]
    from_there = desk.inbox("KG", last_index, leaf_hash(last_entry).hex())
    assert later.wire in [payload for _, kind, _, payload in page + from_there if kind == 1]
