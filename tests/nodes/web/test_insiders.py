"""What somebody with an account tries: each attempt of `insiders.md` ends as it says, and nothing else happened."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Final

import pytest
from httpx import Response
from sqlalchemy import delete, func, select

from nodes import drafts, releasing, signin
from nodes.account_tables import RoleRow, UserRow
from nodes.drafts import NewDraft, Saved
from nodes.protection_tables import ApprovalRow, HoldRow
from nodes.tables import DraftRow, EventRow
from nodes.views import DraftForm
from nodes.web import spreadsheet
from tests.messages import AT_RISK, BODIES, form_labels, lorry, person
from tests.nodes.web.auditing import MANDATE
from tests.nodes.web.matrix import ASKED
from tests.nodes.web.staff import ROLES, SAID, Staff, everybody
from tests.nodes.world import World

WHY: Final = "it cannot wait for long"
ENDS: Final = {"refused": 403, "unseen": 404, "not now": 409, "faulty": 422, "confirm": 428, "shown": 200, "away": 303}
READERS: Final = {"ON-OFFICER", "OFF-SPOC_DUTY", "OFF-SUPERVISOR"}
"""Those who may read some request all the same."""


@dataclass(frozen=True)
class Attempt:
    """One line of the table."""

    who: str
    tries: str
    asks: str
    given: str
    ends: str

    def __str__(self) -> str:
        return f"{self.who} {self.tries}"


def attempts() -> list[Attempt]:
    lines = Path(__file__).with_name("insiders.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.count("|") == 6]
    return [Attempt(*row) for row in rows[2:]]


@pytest.fixture(scope="module")
def staff(template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Staff]:
    made = everybody(World.copied(template, tmp_path_factory.mktemp("insiders") / "world"))
    made.hire("SECOND-AUDITOR", "AUDITOR")
    made.hire("SECOND-ADMIN", "NODE_ADMIN")
    yield made
    made.close()


@pytest.fixture(scope="module")
def scene(staff: Staff) -> dict[str, str]:
    """What waits for a second person in the unit, and what else an attempt names."""
    named = {**staff.requests, **{f"case{code[1]}": case for code, case in staff.cases.items()}}
    named |= restricted_draft(staff)
    staff.desk("ON-OFFICER").get(f"/messages/{named['H0']}")  # the first look of all is a receipt
    day = "2026-11-25"
    hold = {"case": named["case3"], "authority": "Court of Osh", "number": "1/26", "until": day}
    assert staff.desk("OFF-DPO").post("/protection/holds", **hold).status_code == 303
    erased = {"case": named["case2"], "cause": "UNLAWFUL", "reason": WHY}
    assert staff.desk("OFF-DPO").post("/protection/erasures", **erased).status_code == 303
    roles = {"roles": "OFFICER", "reason": WHY}
    assert staff.desk("OFF-NODE_ADMIN").post("/people/OFF-DONOR", **roles).status_code == 303
    auditor = staff.desks.pop("OFF-AUDITOR", None) or staff.desk("OFF-AUDITOR")
    auditor.post("/log/mandate", mandate=MANDATE, back="/log")
    with staff.node.db.read() as session:
        entry = session.scalar(select(func.min(EventRow.index)).where(EventRow.message_id == named["H0"]))
    asked = auditor.post("/queries", entries=str(entry), ends=day, reason=WHY)
    assert asked.status_code == 303, asked.text
    staff.desks.pop("OFF-AUDITOR", None)  # he signs in again, and has stated no mandate then
    with staff.node.db.read() as session:
        named["hold"] = session.scalars(select(HoldRow.hold_id)).one()
        waiting = {"sending": "SEND_RESTRICTED", "erasure": "ERASURE", "account": "ACCOUNT", "query": "AUDIT_QUERY"}
        for name, what in waiting.items():
            row = session.scalars(select(ApprovalRow).where(ApprovalRow.what == what)).one()
            named |= {name: row.approval_id, f"{name}_digest": row.digest}
    return named


def restricted_draft(staff: Staff) -> dict[str, str]:
    """A message of ON-OFFICER that may leave only when a supervisor has agreed to it, which he asked for."""
    with staff.node.db.write() as session:
        actor = signin.actor_of(session, staff.node, session.get_one(UserRow, "ON-OFFICER"))
        new = NewDraft("REQ", case_ref=staff.cases["H0"], recipients=("TJ",))
        draft = drafts.create(session, staff.node, actor, new)
        body = {**BODIES["REQ"], "objects": [person(), lorry()]}
        form = DraftForm(("TJ",), form_labels(**AT_RISK) | {"handling": ["H2"]}, body)
        saved = drafts.save(session, staff.node, actor, Saved(draft.draft_id, draft.revision, form))
        releasing.ask(session, staff.node, actor, draft.draft_id, WHY)
    return {"draft": saved.draft_id, "revision": str(saved.revision)}


def made(staff: Staff, attempt: Attempt, scene: dict[str, str]) -> Response:
    """Make an attempt as its person would, with the token of his session and a factor if one is asked for."""
    method, _, path = attempt.asks.format(**scene).partition(" ")
    given = [one.strip() for one in attempt.given.format(**scene).split(" · ") if one.strip()]
    headers = dict(one.split(": ", 1) for one in given if ": " in one)
    form = dict(one.split("=", 1) for one in given if ": " not in one)
    desk = staff.desk(attempt.who)
    if method == "GET":
        return desk.get(path, **headers)
    if headers:
        sent = {"csrf": desk.csrf, **form}
        return desk.client.post(path, data=sent, headers={"Sec-Fetch-Site": "same-origin", **headers})
    return desk.post(path, **{name: value.split() if name == "roles" else value for name, value in form.items()})


def refusals(staff: Staff, who: str) -> int:
    with staff.node.db.read() as session:
        counted = select(func.count()).select_from(EventRow)
        return session.scalar(counted.where(EventRow.operation == "REFUSE", EventRow.actor == who)) or 0


@pytest.mark.parametrize("attempt", attempts(), ids=str)
def test_an_attempt_ends_as_the_table_says_and_nothing_happened(
    staff: Staff, scene: dict[str, str], attempt: Attempt
) -> None:
    before, logged = staff.state(), refusals(staff, attempt.who)
    answer = made(staff, attempt, scene)
    assert answer.status_code == ENDS.get(attempt.ends, 405), answer.text
    assert staff.state() == before
    assert (refusals(staff, attempt.who) > logged) == (attempt.ends == "refused")
    assert attempt.who in READERS or not [words for words in SAID if words in answer.text]
    assert answer.headers.get("location", "/").startswith("/")
    assert "evil.test" not in answer.headers.get("location", "")


def test_there_are_more_than_a_hundred_and_every_role_tries() -> None:
    tried = attempts()
    assert len({str(one) for one in tried}) == len(tried) >= 100
    assert {role for role in ROLES if any(one.who.endswith(role) for one in tried)} >= set(ROLES) - {
        "FIU_ANALYST",
        "JUDGE",
    }


@pytest.mark.parametrize(
    "sign", ["=", "+", "-", "@", "\t=", "\r=", "\n@", " =", "\u3000=", "＝", "＋", "－", "＠", "\ufeff="]
)
def test_no_cell_of_a_file_is_ever_calculated(sign: str) -> None:
    hostile = f'{sign}cmd|"/c calc"!A1,"x'
    (cells,) = csv.reader(io.StringIO(spreadsheet.line(["a", hostile, 7, None]), newline=""))
    assert cells == ["a", f"'{hostile}", "7", ""]


def test_a_hostile_subject_is_a_text_in_the_files_of_all_lists(staff: Staff, scene: dict[str, str]) -> None:
    del scene
    files = [path for (method, path), _ in ASKED.items() if path.endswith(".csv") and method == "GET"]
    assert len(files) >= 6
    for who, path in product(("ON-OFFICER", "OFF-SPOC_DUTY", "OFF-DPO", "SECOND-AUDITOR"), files):
        answer = staff.desk(who).get(path)
        rows = csv.reader(io.StringIO(answer.text, newline="")) if answer.status_code == 200 else ()
        assert not [cell for row in rows for cell in row if spreadsheet.calculates(cell)]
    assert "'=Heroin at the" in staff.desk("OFF-SPOC_DUTY").get("/inbox.csv").text


def test_what_was_confirmed_for_one_act_confirms_no_other(staff: Staff, scene: dict[str, str]) -> None:
    admin, before = staff.desk("SECOND-ADMIN"), staff.state()
    asked = admin.send("/people/OFF-JUDGE/disable").text
    ticket = re.findall(r'name="proof-ticket" value="([^"]+)"', asked)[0]
    proof = {"proof-ticket": ticket, "proof-code": admin.code()}
    assert admin.send("/people/OFF-LEGAL/disable", **proof).status_code == 428
    change = {"digest": scene["account_digest"], **proof}
    assert admin.send(f"/people/changes/{scene['account']}/confirm", **change).status_code == 428
    assert staff.desk("OFF-NODE_ADMIN").send("/people/OFF-JUDGE/disable", **proof).status_code == 428
    assert staff.state() == before


def test_a_session_has_no_more_power_than_its_account_at_this_moment(staff: Staff) -> None:
    staff.hire("LEAVER", "SUPERVISOR")
    desk = staff.desk("LEAVER")
    assert desk.get("/approvals").status_code == 200
    with staff.node.db.write() as session:
        session.execute(delete(RoleRow).where(RoleRow.user_id == "LEAVER"))
    assert desk.get("/approvals").status_code == 403
    with staff.node.db.write() as session:
        session.get_one(UserRow, "LEAVER").disabled_at = staff.world.now
    assert [desk.get("/approvals.json", accept="application/json").status_code, desk.get("/me").status_code] == [
        401,
        303,
    ]


def test_fields_that_no_form_has_change_nothing(staff: Staff, scene: dict[str, str]) -> None:
    desk = staff.desk("ON-OFFICER")
    begun = str(
        desk.send("/compose", kind="REQ", author="OFF-OFFICER", case_id="x", recipients="KZ").headers["location"]
    )
    forged = {
        "author": "OFF-OFFICER",
        "kind": "HCD",
        "case_ref": scene["case1"],
        "in_reply_to": scene["H0"],
        "roles": "DPO",
    }
    assert (
        desk.send(begun, revision="1", act="save", clearance="SECRET", common_handling="H0", **forged).status_code
        == 303
    )
    with staff.node.db.read() as session:
        row = session.get_one(DraftRow, begun.rpartition("/")[2])
        assert (row.author, row.kind, row.case_id, row.in_reply_to) == ("ON-OFFICER", "REQ", None, None)
        assert session.get_one(UserRow, "ON-OFFICER").clearance == "RESTR"
