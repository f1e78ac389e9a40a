"""`serai message` as an officer at the machine uses it: sign in, send, take, show and answer, at nodes that answer."""

import hashlib
import json
import stat
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from typer.testing import CliRunner

from crypto.instants import to_text
from nodes import changes
from nodes.account_tables import UserRow
from nodes.accounts import NewCode
from nodes.drafts import NewDraft
from nodes.views import Actor
from serai import control
from serai.cli import app
from serai.demo import replies, requests
from serai.demo.writing import Writing
from serai.output import Exit
from serai.unit import operations_of
from tests.instants import NOW
from tests.nodes.web.house import PASSWORD, House, build
from tests.nodes.world import send as sent
from tests.nodes.world import someone

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Two units whose nodes answer on their sockets, with an officer each."""
    made = build(tmp_path_factory.mktemp("commands"), NOW, ("KG", "TJ"))
    made.add_user("TJ", "TJ-1", "OFFICER")
    made.add_user("KG", "KG-1", "OFFICER")
    with ExitStack() as stack:
        stack.callback(made.close)
        for node in made.nodes.values():
            stack.enter_context(control.answering(node.settings.folder, operations_of(node)))
        yield made


def home(house: House, unit: str) -> Path:
    return house.nodes[unit].settings.folder


def run(house: House, unit: str, *words: str, given: str = "", status: Exit = Exit.DONE) -> dict[str, Any]:
    """Run a command about a unit's node with `--json` and return its one object."""
    done = CliRunner().invoke(app, [*words, "--home", str(home(house, unit)), "--json"], input=given)
    assert done.exit_code == status, done.output
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert found["ok"] is (status is Exit.DONE)
    return found


def sign_in(house: House, unit: str, user: str) -> None:
    house.clock.now += 30
    run(house, unit, "user", "sign-in", user, given=f"{PASSWORD}\n{house.totp(user)}\n")


def draft(folder: Path, kind: str, writing: Writing, *units: str) -> str:
    body = {**writing.body, **({"objects": list(writing.objects)} if writing.objects else {})}
    path = folder / f"{kind}.json"
    path.write_text(json.dumps({"kind": kind, "recipients": units, "common": writing.labels, "body": body}))
    return str(path)


def arrived(house: House, unit: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = run(house, unit, "message", "list")["rows"]
    return rows


def test_a_role_that_does_not_exist_is_wrong_use(house: House) -> None:
    words = ("--name", "Officer", "--role", "EMPEROR", "--agency", "POLICE")
    assert run(house, "KG", "user", "add", "KG-8", *words, status=Exit.USAGE)["code"] == "EX-6222"


def test_a_visiting_auditor_is_admitted_for_some_days_of_the_log(house: House) -> None:
    who = "--name", "Visitor", "--role", "AUDITOR", "--agency", "POLICE"
    what = "--until", "2026-12-31", "--mandate", "Audit order 14/2026", "--entries", "2026-11-01/2026-11-30"
    assert run(house, "KG", "user", "add", "KG-70", *who, *what)["enrolment_code"]
    found = {one["user_id"]: one["ends"] for one in run(house, "KG", "user", "list")["users"]}
    assert (to_text(found["KG-70"]), found["KG-1"]) == ("2026-12-31T18:00:00Z", None)
    assert run(house, "KG", "user", "add", "KG-71", *who, *what[:4], status=Exit.USAGE)["code"] == "EX-6222"


def test_a_wrong_password_signs_nobody_in(house: House) -> None:
    house.clock.now += 30
    given = f"wrong wrong wrong\n{house.totp('TJ-1')}\n"
    assert run(house, "TJ", "user", "sign-in", "TJ-1", given=given, status=Exit.NOT_ALLOWED)["code"] == "EX-6011"


def test_a_request_is_sent_shown_and_answered_with_commands(house: House, tmp_path: Path) -> None:
    sign_in(house, "TJ", "TJ-1")
    sign_in(house, "KG", "KG-1")
    session = home(house, "TJ") / "session"
    assert stat.S_IMODE(session.stat().st_mode) == 0o600
    sent = run(house, "TJ", "message", "send", draft(tmp_path, "REQ", requests.lorry_owner(house.clock.now), "KG"))
    house.sync("TJ", "KG")
    request = sent["message_id"]
    assert [row["message_id"] for row in arrived(house, "KG")] == [request]
    run(house, "KG", "message", "take", request)
    shown = run(house, "KG", "message", "show", request, "--justification", "case 17")
    assert "Korday" in json.dumps(shown["body"])
    question = run(
        house, "KG", "message", "answer", request, draft(tmp_path, "CLQ", replies.which_crossing(house.clock.now))
    )
    house.sync("KG", "TJ")
    assert question["message_id"] in {row["message_id"] for row in arrived(house, "TJ")}


def test_under_h3_the_restriction_is_shown_alone_until_it_is_confirmed(house: House) -> None:
    sign_in(house, "KG", "KG-1")
    tj = house.nodes["TJ"]
    marks = {"handling": ["H3"], "handling_text": "For Osh only.", "handling_reason": "Only Osh knows of it."}
    request = sent(tj, someone(tj, "rustam"), NewDraft("REQ", recipients=("KG",)), marks)
    house.sync("TJ", "KG")
    run(house, "KG", "message", "take", request)
    first = run(house, "KG", "message", "show", request, status=Exit.WRONG)
    assert (first["restriction"]["text"], "body" in first) == ("For Osh only.", False)
    assert "floor" in json.dumps(run(house, "KG", "message", "show", request, "--confirm-restriction")["body"])
    assert "floor" in json.dumps(run(house, "KG", "message", "show", request)["body"])


def test_what_needs_a_second_person_is_not_sent_by_one(house: House, tmp_path: Path) -> None:
    sign_in(house, "TJ", "TJ-1")
    writing = requests.lorry_owner(house.clock.now)
    marks = {"handling": ["H3"], "handling_text": "For Osh only.", "handling_reason": "Only Osh knows of it."}
    restricted = draft(tmp_path, "REQ", replace(writing, labels={**writing.labels, **marks}), "KG")
    assert run(house, "TJ", "message", "send", restricted, status=Exit.CONFLICT)["code"] == "EX-6095"


def send_again(house: House, path: str) -> dict[str, Any]:
    """Ask TJ's question once more, after the warning and for a reason."""
    asked = run(house, "TJ", "message", "send", path, status=Exit.WRONG)["asked_before"]
    return run(house, "TJ", "message", "send", path, "--ask-again", asked["warning"], "for another court")


def test_what_was_asked_before_is_told_first_and_asked_again_for_a_reason(house: House, tmp_path: Path) -> None:
    sign_in(house, "TJ", "TJ-1")
    path = draft(tmp_path, "REQ", requests.lorry_owner(house.clock.now), "KG")
    told = run(house, "TJ", "message", "send", "--dry-run", path)["asked_before"]
    assert {one["unit"] for one in told["earlier"]} == {"TJ"}
    shown = CliRunner().invoke(app, ["message", "send", path, "--home", str(home(house, "TJ"))])
    assert (shown.exit_code, f'--ask-again {told["warning"]} "why"' in shown.output) == (Exit.WRONG, True)
    short = run(house, "TJ", "message", "send", path, "--ask-again", told["warning"], "why", status=Exit.WRONG)
    assert (short["message_id"], short["faults"], short["asked_before"]) == (None, [], told)
    again = send_again(house, path)
    assert again["asked_before"] == {"warning": "", "earlier": [], "unread": [], "closed": []}
    house.sync("TJ", "KG")
    run(house, "KG", "message", "take", again["message_id"])
    assert run(house, "KG", "message", "show", again["message_id"])["asked_before"]["earlier"][-1]["unit"] == "TJ"


def test_the_evidence_of_a_message_is_written_once_and_verifies(house: House, tmp_path: Path) -> None:
    sign_in(house, "TJ", "TJ-1")
    sent = send_again(house, draft(tmp_path, "REQ", requests.lorry_owner(house.clock.now), "KG"))
    house.sync("TJ", "KG")
    house.clock.now += 2
    house.hub.tick()
    out, about = tmp_path / "evidence.zip", ("--message", sent["message_id"], "--with-content", "--reason", "court")
    refused = run(house, "TJ", "message", "evidence", str(out), *about, given="000000\n", status=Exit.USAGE)
    assert (refused["code"], out.exists()) == ("EX-6015", False)
    made = run(house, "TJ", "message", "evidence", str(out), *about, given=f"{house.next_totp('TJ-1')}\n")
    assert (made["messages"], made["opened"], made["withheld"]) == (1, 1, [])
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert hashlib.sha512(out.read_bytes()).hexdigest() == made["sha512"]
    assert CliRunner().invoke(app, ["log", "verify", str(out)]).exit_code == Exit.DONE
    code = f"{house.next_totp('TJ-1')}\n"
    again = run(house, "TJ", "message", "evidence", str(out), *about, given=code, status=Exit.USAGE)
    assert (again["code"], out.exists()) == ("EX-6222", True)
    run(house, "TJ", "message", "evidence", str(tmp_path / "x"), status=Exit.USAGE)
    nobody = ("--case", "TJ-TJ-2026-999999")
    run(house, "TJ", "message", "evidence", str(tmp_path / "x"), *nobody, status=Exit.USAGE)
    assert not (tmp_path / "x").exists()


def standing(house: House) -> dict[str, Any]:
    """How TJ's node stands, but for the disk, which others use as well, and its log, in which looks are recorded."""
    found = run(house, "TJ", "node", "status")
    return {name: value for name, value in found.items() if name not in {"free_bytes", "log_size"}}


def test_a_dry_run_shows_what_would_be_sealed_and_to_whom_and_changes_nothing(house: House, tmp_path: Path) -> None:
    sign_in(house, "TJ", "TJ-1")
    before = standing(house)
    writing = requests.lorry_owner(house.clock.now)
    shown = run(house, "TJ", "message", "send", "--dry-run", draft(tmp_path, "REQ", writing, "KG"))
    assert [(one["unit"], bool(one["ekid"])) for one in shown["readers"]] == [("KG", True), ("TJ", True)]
    assert (shown["faults"], shown["draft"]["common"]["subject_line"]) == ([], writing.labels["subject_line"])
    wrong = Writing({**writing.labels, "subject_line": ""}, writing.body, writing.objects)
    found = run(house, "TJ", "message", "send", "--dry-run", draft(tmp_path, "REQ", wrong), status=Exit.WRONG)
    assert {"recipients", "common.subject_line"} <= {fault["field"] for fault in found["faults"]}
    assert standing(house) == before


def test_what_is_wrong_with_a_message_is_listed_and_nothing_is_kept(house: House, tmp_path: Path) -> None:
    sign_in(house, "TJ", "TJ-1")
    writing = requests.lorry_owner(house.clock.now)
    wrong = Writing({**writing.labels, "subject_line": ""}, writing.body, writing.objects)
    found = run(house, "TJ", "message", "send", draft(tmp_path, "REQ", wrong), status=Exit.WRONG)
    assert {"recipients", "common.subject_line"} <= {fault["field"] for fault in found["faults"]}
    assert found["message_id"] is None


def test_a_node_says_how_it_stands_and_syncs_on_demand(house: House) -> None:
    assert run(house, "KG", "node", "sync")["failed"] == []
    status = run(house, "KG", "node", "status")
    assert (status["unit"], status["queued"], status["unposted_receipts"]) == ("KG", 0, 0)


def test_once_a_unit_has_two_administrators_the_machine_is_one_person_of_two(house: House) -> None:
    for admin in ("KG-8", "KG-9"):
        person(house, admin, "NODE_ADMIN")
    with house.nodes["KG"].db.write() as session:
        session.execute(update(UserRow).values(password_phc="set"))
    first = person(house, "KG-10", "OFFICER", "--reason", "begins on Monday")
    (waiting,) = run(house, "KG", "user", "changes")["changes"]
    assert (waiting["change_id"], waiting["asked_by"]) == (first["waits"], "CONSOLE")
    assert run(house, "KG", "user", "confirm", first["waits"], status=Exit.CONFLICT)["code"] == "EX-6094"
    run(house, "KG", "user", "refuse", first["waits"])
    assert person(house, "KG-10", "OFFICER", "--alone", "--reason", "both are away")["waits"] is None
    roles = run(house, "KG", "user", "roles", "KG-10", "--role", "SUPERVISOR", "--reason", "he was promoted")
    assert (roles["enrolment_code"], len(roles["waits"])) == (None, 32)


def person(house: House, user: str, role: str, *more: str) -> dict[str, Any]:
    return run(house, "KG", "user", "add", user, "--name", "A", "--role", role, "--agency", "POLICE", *more)


def test_an_administrator_and_the_machine_are_two_persons(house: House) -> None:
    node = house.nodes["KG"]
    with node.db.write() as session:
        admin = Actor("KG-8", "A", "en", "POLICE", frozenset({"NODE_ADMIN"}))
        asked = changes.ask(session, node, admin, NewCode("KG-1"), "telephone lost")
    assert len(run(house, "KG", "user", "confirm", asked.approval_id)["enrolment_code"]) == 19
