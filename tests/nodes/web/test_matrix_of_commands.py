"""Every operation that commands let a node do, against every role and handling code: no way round the pages' rules.

Which operation asks for what is written down here; what a role may do is in the tables of `tests.exchange.policy`.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from exchange.policy.facts import Act
from nodes.errors import Denied, NotFound, SignedOut
from nodes.web.entrance import cookie_name
from serai.unit import operations_of
from tests.messages import BODIES, form_labels, nobody
from tests.nodes.web.staff import CANARY, MARKS, SAID, Staff, everybody
from tests.nodes.web.test_matrix import EVERYBODY, OFFICES, TELLING, judged, may, reads_case
from tests.nodes.world import World

MACHINE: Final = frozenset(
    {
        *("status", "sync", "backup"),
        *("keys", "key.ask", "key.turn", "key.propose", "key.take", "key.revoke"),
        *("user.add", "user.list", "user.disable", "user.reissue", "user.roles", "user.clearance", "user.link"),
        *("user.changes", "user.confirm", "user.refuse"),
    }
)
"""For whoever owns the folder, and with it the node; none of them shows a message."""

DOOR: Final = frozenset({"enrol.begin", "enrol.finish", "sign-in"})
"""For whoever has no session yet."""

SIGNED_IN: Final[Mapping[str, dict[str, Any]]] = {
    "message.list": {"box": "ARRIVED", "view": "ALL", "page": 1},
    "message.show": {"confirm": False, "justification": ""},
    "message.send": {},
    "message.rehearse": {},
    "message.take": {},
    "message.evidence": {"case_ref": "", "with_content": True, "reason": "Order 7 of the court", "use": "COURT"},
}
"""What a session must come with, and what else each is given."""


@pytest.fixture(scope="module")
def staff(template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Staff]:
    made = everybody(World.copied(template, tmp_path_factory.mktemp("commands") / "world"))
    yield made
    made.close()


def order() -> dict[str, Any]:
    """A request of one's own, as a command hands it in."""
    body = {**BODIES["REQ"], "objects": nobody()}
    return {"kind": "REQ", "recipients": ["TJ"], "copies": [], "common": form_labels(), "body": body}


def ask(staff: Staff, user: str, name: str, mark: str, **more: Any) -> dict[str, Any]:
    """Let a person do an operation with the request under a handling code; raises what the command would report."""
    token = staff.desk(user).client.cookies[cookie_name(staff.node, "serai")]
    given = {"session": token, "message_id": staff.requests[mark], **order(), **SIGNED_IN[name], **more}
    return operations_of(staff.node)[name](given)


def refused(act: Callable[[], object]) -> bool:
    """Whether an operation ends in a refusal, which tells nothing."""
    try:
        act()
    except (Denied, NotFound) as error:
        return CANARY not in str(error)
    return False


def test_an_operation_that_nobody_declared_is_refused(staff: Staff) -> None:
    assert set(operations_of(staff.node)) == MACHINE | DOOR | set(SIGNED_IN)


@pytest.mark.parametrize("token", ["", "x", "session-1-of-nobody"])
def test_without_a_session_nothing_of_a_message_is_done(staff: Staff, token: str) -> None:
    for name, more in SIGNED_IN.items():
        with pytest.raises(SignedOut):
            operations_of(staff.node)[name]({**order(), **more, "session": token, "message_id": staff.requests["H0"]})


@pytest.mark.parametrize("user", EVERYBODY)
def test_a_message_is_shown_to_whom_the_tables_say_under_each_code(staff: Staff, user: str) -> None:
    for code in MARKS:
        opened, shown = (judged(user, code, Act.READ, confirmed=confirmed) for confirmed in (False, True))
        if not shown:
            assert refused(partial(ask, staff, user, "message.show", code))
            continue
        told = ask(staff, user, "message.show", code)
        assert (set(told) == {"restriction"}) != opened, code
        assert opened or SAID[0] not in json.dumps(told), "no subject before the sender's restriction was read"


@pytest.mark.parametrize("user", TELLING)
def test_a_list_names_the_subjects_that_its_reader_may_read_and_no_other(staff: Staff, user: str) -> None:
    if not may(user, "LIST_ARRIVALS"):
        assert refused(lambda: ask(staff, user, "message.list", "H0"))
        return
    listed = json.dumps(ask(staff, user, "message.list", "H0"))
    shown = {code for code in MARKS if judged(user, code, Act.READ, confirmed=True)}
    assert {code for code in MARKS if f"{CANARY} market, {code}" in listed} <= shown


@pytest.mark.parametrize("user", OFFICES)
def test_a_message_is_written_by_whom_the_tables_say(staff: Staff, user: str) -> None:
    before = staff.state()
    for name in ("message.rehearse", "message.send"):
        assert refused(partial(ask, staff, user, name, "H0")) != may(user, "COMPOSE")
    assert may(user, "COMPOSE") or staff.state() == before


@pytest.mark.parametrize("code", ["H0", "H2"])
@pytest.mark.parametrize("user", [user for user in TELLING if not reads_case(user)])
def test_whoever_is_outside_a_case_takes_nothing_of_it_and_takes_nothing_out(
    staff: Staff, user: str, code: str, tmp_path: Path
) -> None:
    before = staff.state()
    assert refused(lambda: ask(staff, user, "message.take", code))
    assert staff.state() == before
    factor = {"code": staff.code(), "path": str(tmp_path / "evidence")}
    assert refused(lambda: ask(staff, user, "message.evidence", code, **factor))
    assert not list(tmp_path.iterdir())
