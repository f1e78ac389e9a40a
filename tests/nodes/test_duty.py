"""Every arrival has one owner or shows that it has none; what presses is told to somebody, once, until acknowledged."""

import http.server
import socketserver
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from nodes import alerts, channels, duty, inbox, messages, timers
from nodes.alerts import NEXT, AlertState
from nodes.channels import ChannelFailed
from nodes.drafts import NewDraft
from nodes.duty import Assign, HandOver
from nodes.errors import BadInput, NotFound, OutOfStep
from nodes.node import Node
from nodes.settings import NodeSettings
from nodes.tables import AlertRow, ThreadRow
from nodes.views import Alert, InboxQuery, View
from tests.instants import HOUR, MINUTE
from tests.nodes.world import World, send, someone

URGENT = {"urgency": "URG_LIFE", "urgency_reason": "A child was taken over the border this morning."}


@pytest.fixture
def kg(small: World) -> Node:
    """KG with one urgent request from TJ."""
    send(small.node("TJ"), someone(small.node("TJ"), "rustam"), NewDraft("REQ", recipients=("KG",)), URGENT)
    small.sync()
    return small.node("KG")


def request(node: Node) -> str:
    dilnoza = someone(node, "dilnoza")
    with node.db.read() as session:
        return inbox.page(session, node, dilnoza, InboxQuery()).rows[0].message_id


def owner(node: Node) -> str | None:
    dilnoza = someone(node, "dilnoza")
    with node.db.read() as session:
        return inbox.page(session, node, dilnoza, InboxQuery()).rows[0].assignee


def waiting(node: Node, name: str) -> tuple[Alert, ...]:
    actor = someone(node, name)
    with node.db.read() as session:
        return alerts.open_alerts(session, actor)


def test_an_arrival_is_unassigned_until_somebody_takes_it(kg: Node) -> None:
    aibek = someone(kg, "aibek")
    assert owner(kg) is None
    message = request(kg)
    with kg.db.write() as session:
        duty.take(session, kg, aibek, message)
        duty.take(session, kg, aibek, message)
    assert owner(kg) == "AIBEK-1"
    with kg.db.write() as session:
        assert messages.read(session, kg, aibek, message).row.state == "ASSIGNED"


def test_two_officers_never_own_one_arrival(kg: Node) -> None:
    aibek, dilnoza, message = someone(kg, "aibek"), someone(kg, "dilnoza"), request(kg)
    with kg.db.write() as session:
        duty.take(session, kg, aibek, message)
    with pytest.raises(OutOfStep), kg.db.write() as session:
        duty.take(session, kg, dilnoza, message)
    assert owner(kg) == "AIBEK-1"


def handed_over(node: Node) -> str:
    """Let Aibek, who was given the request, hand his shift over to Dilnoza; returns the request."""
    aibek, dilnoza, message = someone(node, "aibek"), someone(node, "dilnoza"), request(node)
    with node.db.write() as session:
        duty.assign(session, node, dilnoza, Assign(message, "AIBEK-1", "please call Osh"))
        assert duty.hand_over(session, node, aibek, HandOver("DILNOZA-1", note="waiting for Osh")) == 1
    return message


def test_a_shift_is_handed_over_with_a_note(kg: Node) -> None:
    message, dilnoza = handed_over(kg), someone(kg, "dilnoza")
    with kg.db.read() as session:
        hands = duty.assignments(session, kg, dilnoza, message)
    assert [(hand.how, hand.to_user, hand.note) for hand in hands] == [
        ("ASSIGN", "AIBEK-1", "please call Osh"),
        ("HAND_OVER", "DILNOZA-1", "waiting for Osh"),
    ]


def test_a_hand_over_is_taken_back_once_until_the_new_owner_has_opened_it(kg: Node, small: World) -> None:
    message, aibek, dilnoza = handed_over(kg), someone(kg, "aibek"), someone(kg, "dilnoza")
    small.now += 10 * HOUR
    with kg.db.read() as session:
        assert [row.message_id for row in duty.given_away(session, kg, aibek)] == [message]
        assert duty.given_away(session, kg, dilnoza) == ()
    with kg.db.write() as session:
        duty.take_back(session, kg, aibek, (message,))
    assert owner(kg) == "AIBEK-1"
    with kg.db.read() as session:
        assert duty.assignments(session, kg, dilnoza, message)[-1].how == "TAKE_BACK"
    for actor in (aibek, dilnoza):
        with pytest.raises(OutOfStep), kg.db.write() as session:
            duty.take_back(session, kg, actor, (message,))


def test_what_the_new_owner_has_opened_or_passed_on_stays_his(kg: Node) -> None:
    message, aibek, dilnoza = handed_over(kg), someone(kg, "aibek"), someone(kg, "dilnoza")
    with kg.db.write() as session:
        messages.read(session, kg, dilnoza, message)
        assert not duty.may_take_back(session, aibek, message)
    for wanted in ((message,), (message, "no such message"), ()):
        with pytest.raises(OutOfStep), kg.db.write() as session:
            duty.take_back(session, kg, aibek, wanted)
    assert owner(kg) == "DILNOZA-1"


@pytest.mark.parametrize("to", ["AIBEK-1", "OTABEK-1", "NOBODY-1"])
def test_a_shift_goes_only_to_a_colleague_who_may_own_it(kg: Node, to: str) -> None:
    aibek = someone(kg, "aibek")
    someone(kg, "otabek")
    with pytest.raises(BadInput), kg.db.write() as session:
        duty.hand_over(session, kg, aibek, HandOver(to))


def test_nobody_hands_over_what_is_not_his(kg: Node) -> None:
    aibek, message = someone(kg, "aibek"), request(kg)
    with pytest.raises(OutOfStep), kg.db.write() as session:
        duty.hand_over(session, kg, aibek, HandOver("DILNOZA-1", (message,)))
    with pytest.raises(BadInput), kg.db.write() as session:
        duty.hand_over(session, kg, aibek, HandOver("DILNOZA-1", note="x" * 1001))


def test_an_urgent_arrival_alerts_the_duty_officer_until_a_person_acknowledges(kg: Node) -> None:
    dilnoza, aibek = someone(kg, "dilnoza"), someone(kg, "aibek")
    (alert,) = waiting(kg, "dilnoza")
    assert (alert.cause, waiting(kg, "aibek")) == ("URGENT", ())
    with pytest.raises(NotFound), kg.db.write() as session:
        alerts.acknowledge(session, kg, aibek, alert.alert_id)
    with kg.db.write() as session:
        alerts.acknowledge(session, kg, dilnoza, alert.alert_id)
    assert waiting(kg, "dilnoza") == ()
    with pytest.raises(OutOfStep), kg.db.write() as session:
        alerts.acknowledge(session, kg, dilnoza, alert.alert_id)


def test_the_automaton_of_alerts_has_one_step() -> None:
    assert dict(NEXT) == {(AlertState.RAISED, "acknowledge"): AlertState.ACKNOWLEDGED}


def test_escalation_goes_up_once_for_each_step(kg: Node, small: World) -> None:
    aibek, message = someone(kg, "aibek"), request(kg)
    with kg.db.write() as session:
        duty.take(session, kg, aibek, message)
    told = []
    for share in (40, 50, 60, 75, 90, 100, 120):
        small.now = started(kg) + 8 * HOUR * share // 100
        timers.run(kg)
        timers.run(kg)
        told.append({one.cause for name in ("aibek", "farida", "dilnoza") for one in waiting(kg, name)} - {"URGENT"})
    assert [len(causes) for causes in told] == [0, 1, 1, 2, 3, 4, 4]
    assert {one.cause for one in waiting(kg, "aibek")} == {"ESCALATION_50"}
    assert {one.cause for one in waiting(kg, "farida")} == {"ESCALATION_75", "OVERDUE"}
    timers.run(small.node("TJ"))
    assert {one.cause for one in waiting(small.node("TJ"), "farida")} == {"OVERDUE"}


def started(node: Node) -> int:
    with node.db.read() as session:
        due = session.scalars(select(ThreadRow.due)).one()
    return (due or 0) - 8 * HOUR


def test_an_owner_may_call_his_supervisor(kg: Node) -> None:
    aibek, message = someone(kg, "aibek"), request(kg)
    with pytest.raises(OutOfStep), kg.db.write() as session:
        duty.call_supervisor(session, kg, aibek, message)
    with kg.db.write() as session:
        duty.take(session, kg, aibek, message)
        duty.call_supervisor(session, kg, aibek, message)
    assert {one.cause for one in waiting(kg, "farida")} == {"CALLED"}


def test_a_message_that_nobody_collects_is_told_to_its_author_after_an_hour_and_a_day(small: World) -> None:
    tj = small.node("TJ")
    send(tj, someone(tj, "rustam"), NewDraft("REQ", recipients=("KG",)))
    small.sync("TJ")
    told = []
    for waited in (HOUR - 60, 60, 23 * HOUR):
        small.now += waited
        timers.run(tj)
        told.append({one.cause for one in waiting(tj, "rustam")})
    assert told == [set(), {"NOT_COLLECTED"}, {"NOT_COLLECTED", "NOT_COLLECTED_24H"}]


def test_views_of_mine_and_unassigned_follow_the_owner(kg: Node) -> None:
    aibek, message = someone(kg, "aibek"), request(kg)
    with kg.db.write() as session:
        duty.take(session, kg, aibek, message)
    with kg.db.read() as session:
        assert inbox.page(session, kg, aibek, InboxQuery(view=View.MINE)).total == 1
        assert inbox.page(session, kg, aibek, InboxQuery(view=View.UNASSIGNED)).total == 0
        assert inbox.page(session, kg, aibek, InboxQuery(view=View.OPEN)).total == 1


# --- the way out ------------------------------------------------------------------------------------------------------


def with_channel(node: Node, **changes: object) -> Node:
    node.settings = node.settings.model_copy(update=changes)
    return node


def test_a_command_gets_one_line_without_content_and_is_repeated_until_acknowledged(
    kg: Node, small: World, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    program = f"import sys; open({str(out)!r}, 'a').write(sys.stdin.read() + '\\n')"
    with_channel(kg, alert_command=(sys.executable, "-c", program))
    assert alerts.notify(kg, 0) == 1
    assert alerts.notify(kg, 0) == 0
    small.now += 5 * MINUTE
    assert alerts.notify(kg, 0) == 1
    assert out.read_text().splitlines() == ["Serai KG (live): urgent message waiting (1)"] * 2
    dilnoza, (alert,) = someone(kg, "dilnoza"), waiting(kg, "dilnoza")
    with kg.db.write() as session:
        alerts.acknowledge(session, kg, dilnoza, alert.alert_id)
    small.now += HOUR
    assert alerts.notify(kg, 0) == 0


def test_a_channel_that_fails_is_tried_again_later_and_stops_nothing(kg: Node, small: World) -> None:
    with_channel(kg, alert_command=(sys.executable, "-c", "raise SystemExit(1)"))
    assert alerts.notify(kg, 1023) == 0
    with kg.db.read() as session:
        row = session.scalars(select(AlertRow)).one()
        assert (row.attempts, row.notified) == (1, 0)
        assert row.notify_at is not None
        assert small.now < row.notify_at <= small.now + HOUR


@contextmanager
def receiver(handler: type[socketserver.BaseRequestHandler]) -> Iterator[int]:
    with socketserver.TCPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def test_a_web_hook_gets_unit_and_count_only() -> None:
    bodies: list[bytes] = []

    class Hook(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(204 if len(bodies) == 1 else 500)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as in the base class
            pass

    with receiver(Hook) as port:
        settings = a_settings(alert_webhook=f"http://127.0.0.1:{port}/hook")
        channels.send(settings, 3)
        with pytest.raises(ChannelFailed, match="webhook"):
            channels.send(settings, 3)
    assert bodies[0] == b'{"unit": "KG", "env": "live", "alert": "URGENT_MESSAGE_WAITING", "count": 3}'


def test_a_mail_says_the_same_line() -> None:
    lines: list[str] = []

    class Mailbox(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            answers = {"DATA": b"354 go\r\n", ".": b"250 ok\r\n", "QUIT": b"221 bye\r\n"}
            self.wfile.write(b"220 here\r\n")
            data = False
            for raw in self.rfile:
                line = raw.decode().strip()
                lines.append(line)
                data = line.upper() == "DATA" or (data and line != ".")
                if not data or line.upper() == "DATA":
                    self.wfile.write(answers.get(line.upper(), b"250 ok\r\n"))

    with receiver(Mailbox) as port:
        settings = a_settings(
            alert_smtp=f"smtp://127.0.0.1:{port}", alert_sender="a@b.tj", alert_recipients=("c@d.tj",)
        )
        channels.send(settings, 2)
    assert "Subject: Serai KG (live): urgent message waiting (2)" in lines


def a_settings(**changes: object) -> NodeSettings:
    good: dict[str, object] = {
        "unit": "KG",
        "env": "live",
        "folder": Path("/nowhere"),
        "hub_url": "https://hub.example",
    }
    return NodeSettings(**(good | changes))  # type: ignore[arg-type]  # the model checks them


def test_settings_that_are_unsafe_are_refused() -> None:
    for changes in (
        {"hub_url": "http://hub.example"},
        {"hub_url": "ftp://hub.example"},
        {"alert_smtp": "smtp://x"},
        {"unit": "kg"},
        {"poll_wait": 60},
        {"poll_wait": 40, "request_timeout": 40},
    ):
        with pytest.raises(ValueError, match=r"hub_url|alert_smtp|unit|poll_wait"):
            a_settings(**changes)
    assert a_settings(hub_url="http://127.0.0.1:1").database.startswith("sqlite:///")
