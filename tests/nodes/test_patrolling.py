"""A node's own check of its log and rows: an alarm while something is wrong, and nothing signed over a damaged tree."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import delete, insert, literal, select, update
from sqlalchemy.orm import Session

from audit.audit_findings import Findings
from audit.store import ENTRY
from nodes import anchoring, log, patrolling
from nodes.audit_rows import NodeRows
from nodes.drafts import NewDraft
from nodes.hub_client import HubClient
from nodes.log import Act
from nodes.node import Node
from nodes.tables import AlertRow, CaseRow, EventRow, MessageRow
from nodes.watch_tables import AnchorRow
from schemas.entries import parse
from tests.audit.whole import undone
from tests.nodes.world import World, send, someone

UNLIKE = "0" * 64


@pytest.fixture(scope="module")
def world(template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A unit that sent a message and anchored its log; each test mends what it damaged."""
    opened = World.copied(template, tmp_path_factory.mktemp("patrol") / "world")
    node = opened.node("TJ")
    send(node, someone(node, "rustam"), NewDraft("REQ", recipients=("KG",)))
    opened.pass_time(60)
    opened.sync("TJ")
    yield opened
    opened.close()


@pytest.fixture
def node(world: World) -> Node:
    world.pass_time(60)
    return world.node("TJ")


def alarms(node: Node) -> set[tuple[str, str]]:
    with node.db.read() as session:
        rows = session.scalars(select(AlertRow).where(AlertRow.cause.in_(("LOG_DAMAGED", "ROWS_DIFFER"))))
        return {(row.cause, row.subject) for row in rows}


def change(node: Node, statement: Any) -> None:
    with node.db.write() as session:
        assert session.execute(statement).rowcount > 0  # type: ignore[attr-defined]  # an update


def found(node: Node, *statements: Any, kek: bool = True) -> list[tuple[str, str]]:
    """What an audit finds in the rows beside the whole log after `statements`, which are taken back."""
    findings = Findings()
    with undone(node.db) as connection:
        session = Session(connection)
        for statement in statements:
            assert session.execute(statement).rowcount > 0  # type: ignore[attr-defined]  # a change
        rows = NodeRows(session, findings, node.log, node.store.kek if kek else None)
        entries = node.log.entries(connection, 0, node.log.head(connection).size)
        rows.take(list(enumerate(map(parse, entries))))
        rows.take([])
        rows.finish()
    return [(one.code, one.subject) for one in findings.all()]


def test_a_node_that_nobody_touched_raises_nothing_and_looks_once_a_minute(node: Node) -> None:
    assert patrolling.step(node) is False
    assert alarms(node) == set()
    assert found(node) == [("ROWS_MATCH", "")]


def test_a_changed_entry_is_an_alarm_for_administrator_and_auditor_until_it_is_mended(world: World, node: Node) -> None:
    with node.db.read() as session:
        entry = node.log.entry(session, 1)
        anchors = len(session.scalars(select(AnchorRow)).all())
    change(node, update(ENTRY).where(ENTRY.c.log_id == node.log.log_id, ENTRY.c.idx == 1).values(entry=entry[:-1]))
    assert patrolling.step(node) is True
    assert alarms(node) == {("LOG_DAMAGED", f"ENTRY_ALTERED 0 role:{role}") for role in ("NODE_ADMIN", "AUDITOR")}
    with node.db.write() as session:
        log.record(session, node, Act(operation="SEARCH"))
    with HubClient(node) as client:
        anchoring.step(node, client)
    assert ("LOG_DAMAGED", node.settings.log_id) in alarms(node)
    change(node, update(ENTRY).where(ENTRY.c.log_id == node.log.log_id, ENTRY.c.idx == 1).values(entry=entry))
    assert patrolling.step(node) is True  # not before the minute is over
    world.pass_time(60)
    assert patrolling.step(node) is False
    with HubClient(node) as client:
        anchoring.step(node, client)
    assert alarms(node) == set()
    with node.db.read() as session:
        assert len(session.scalars(select(AnchorRow)).all()) == anchors + 1


def test_a_row_that_differs_is_an_alarm_of_its_own(world: World, node: Node) -> None:
    change(node, update(EventRow).where(EventRow.index == 1).values(denied=1))
    assert patrolling.step(node) is True
    assert {cause for cause, _ in alarms(node)} == {"ROWS_DIFFER"}
    change(node, update(EventRow).where(EventRow.index == 1).values(denied=0))
    world.pass_time(60)
    assert patrolling.step(node) is False
    assert alarms(node) == set()


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        (update(EventRow).where(EventRow.operation == "DISCLOSE").values(unit="KZ"), ("ROW_ALTERED", "event")),
        (update(EventRow).where(EventRow.operation == "DISCLOSE").values(actor="X-1"), ("ROW_ALTERED", "event")),
        (update(EventRow).where(EventRow.operation == "DISCLOSE").values(leaf="00"), ("ROW_ALTERED", "event")),
        (update(EventRow).where(EventRow.index == 0).values(operation="ANCHOR"), ("ROW_ALTERED", "event")),
        (
            update(EventRow).where(EventRow.operation == "DISCLOSE").values(sealed=b"x"),
            ("ROW_ALTERED", "words of event"),
        ),
        (delete(EventRow).where(EventRow.operation == "DISCLOSE"), ("ROW_MISSING", "event")),
        (update(EventRow).where(EventRow.index == 2).values(index=-2), ("ROW_NOT_LOGGED", "event")),
        (update(CaseRow).values(case_ref="TJ-2026-9999"), ("ROW_ALTERED", "case of event")),
        (update(EventRow).where(EventRow.operation == "DISCLOSE").values(case_id="other"), ("ROW_MISSING", "case")),
        (update(MessageRow).values(envelope=b"other"), ("ENVELOPE_ALTERED", "message")),
        (update(MessageRow).values(eid="00"), ("ROW_ALTERED", "message eid")),
        (update(MessageRow).values(envelope=b""), ("ENVELOPE_ALTERED", "message")),
        (
            update(EventRow).where(EventRow.operation == "DISCLOSE").values(message_id="another"),
            ("ROW_MISSING", "message"),
        ),
    ],
)
def test_a_row_that_an_administrator_changed_is_named(node: Node, statement: Any, finding: tuple[str, str]) -> None:
    assert finding in found(node, statement)


def test_without_the_key_store_what_is_sealed_is_left_alone(node: Node) -> None:
    left = found(node, update(CaseRow).values(case_ref="TJ-2026-9999"), kek=False)
    assert left == [("WORDS_NOT_OPENED", ""), ("ROWS_MATCH", "")]


def because(operation: str) -> Any:
    """Another act about the message, which the log would have."""
    columns = "index", "operation", "at", "message_id", "eid", "denied", "leaf"
    about = select(
        literal(10**6), literal(operation), literal(0), MessageRow.message_id, MessageRow.eid, literal(0), literal("")
    )
    return insert(EventRow).from_select(columns, about)


@pytest.mark.parametrize(
    ("statement", "operation"),
    [
        (update(MessageRow).values(envelope=b""), "ERASE"),
        (update(MessageRow).values(eid=UNLIKE, envelope=b""), "KEY_CHANGE"),
    ],
)
def test_a_message_that_was_erased_or_sealed_anew_differs_for_a_reason_that_is_logged(
    node: Node, statement: Any, operation: str
) -> None:
    said = {finding for finding in found(node, statement, because(operation)) if finding[1].startswith("message")}
    assert said == (set() if operation == "ERASE" else {("ENVELOPE_ALTERED", "message")})


def test_an_erased_case_has_no_words_and_nothing_is_wrong_with_it(node: Node) -> None:
    assert found(node, update(CaseRow).values(wrapped_key=None)) == [("ROWS_MATCH", "")]
