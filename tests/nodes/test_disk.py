"""A node whose disk fills up: its administrator hears of it first, then nothing new begins, and reading goes on."""

from pathlib import Path

import pytest
from sqlalchemy import select

from exchange.errors import DiskLow
from nodes import alerts, courier, drafts, inbox, standing, upkeep
from nodes.drafts import NewDraft
from nodes.node import Node
from nodes.tables import AlertRow
from nodes.views import InboxQuery
from tests.exchange.test_disk import Given
from tests.nodes.world import World, send, someone

REQUEST = NewDraft("REQ", recipients=("KG",))


def with_floor(node: Node, floor: int) -> Node:
    """The node on a disk with a thousand free bytes."""
    node.disk = Given(Path(), floor)
    node.db.before_write = node.disk.check_write
    return node


def said(node: Node) -> bool:
    with node.db.read() as session:
        return session.scalar(select(AlertRow.audience).where(AlertRow.cause == "DISK_SHORT")) == alerts.ADMIN


def test_the_administrator_is_told_in_time_and_the_alarm_goes_when_there_is_room(small: World) -> None:
    node = small.node("TJ")
    for floor, alarm in ((500, False), (501, True), (501, True), (9000, True), (0, False)):
        upkeep.watch_disk(with_floor(node, floor))
        assert said(node) is alarm
        with node.db.read() as session:
            assert standing.status(session, node).free_bytes == 1000


def test_below_its_floor_a_node_begins_and_seals_nothing_and_its_lists_can_be_read(small: World) -> None:
    node, officer = small.node("TJ"), someone(small.node("TJ"), "rustam")
    with_floor(node, 1001)
    with node.db.write() as session, pytest.raises(DiskLow):
        drafts.create(session, node, officer, REQUEST)
    with node.db.read() as session:
        assert inbox.page(session, node, officer, InboxQuery()).total == 0
    with_floor(node, 0)
    with node.db.write() as session:
        draft = drafts.create(session, node, officer, REQUEST)
    assert draft.recipients == ("KG",)


def test_what_came_waits_at_the_hub_until_there_is_room(small: World) -> None:
    send(small.node("TJ"), someone(small.node("TJ"), "rustam"), REQUEST)
    small.sync("TJ", rounds=1)
    kg = with_floor(small.node("KG"), 1001)
    assert courier.sync_once(kg).failed == ["pull: EX-5071"]
    with_floor(kg, 0)
    report = courier.sync_once(kg)
    assert (report.failed, report.collected > 0) == ([], True)
