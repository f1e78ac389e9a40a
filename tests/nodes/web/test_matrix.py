"""Every route of the pages against every role and handling code: who is refused learns nothing and changes nothing.

The routes are read from the application, what each must ask from `tests.nodes.web.matrix`, and what a role may do from
the tables of `tests.exchange.policy.table`; the rules that decide in the node are in none of them.
"""

import re
from collections.abc import Iterator
from itertools import product

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from httpx import Response

from exchange.policy.facts import Act, Circumstances, Item, Person, Question, rank_of
from tests.exchange.policy import table
from tests.nodes.web.house import Browser
from tests.nodes.web.matrix import ANSWER, ANYBODY, ASKED, CASE, EXPORT, FEWEST, OWN, READ, RECALL, SIGNED_IN, TASK
from tests.nodes.web.staff import CANARY, MARKS, OF_AGENCY, ROLES, UNIT, WITHOUT_OFFICE, WORKING, Staff, everybody
from tests.nodes.world import World

HANDS_IN = {"/verify", "/mirror/compare"}
"""Where one hands in a file."""
DRAWN = ".pdf"
"""Sheets take a second to draw: only that others are refused is asked."""


@pytest.fixture(scope="module")
def staff(template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Staff]:
    made = everybody(World.copied(template, tmp_path_factory.mktemp("matrix") / "world"))
    yield made
    made.close()


def routes(app: FastAPI) -> list[tuple[str, str]]:
    contexts = [one for one in iter_route_contexts(app.routes) if one.methods]
    return sorted((method, str(one.path)) for one in contexts for method in one.methods or () if method != "HEAD")


def roles_of(user: str) -> frozenset[str]:
    """The roles of a person of `staff`, by his staff number."""
    named = {
        "WITHOUT-OFFICE": WITHOUT_OFFICE,
        "WITHOUT-ROLE": [],
        "VISITOR": ["AUDITOR"],
        "OF-CUSTOMS": ["SUPERVISOR"],
        "OF-FIU": ["FIU_ANALYST"],
        "UNCLEARED": ["OFFICER"],
    }
    return frozenset(named.get(user, [user.removeprefix("ON-").removeprefix("OFF-")]))


def ask(desk: Browser, method: str, path: str, **form: str) -> Response:
    """Make a request of the pages' own machine-readable kind, with every token it needs."""
    headers = {"Sec-Fetch-Site": "same-origin", "Accept": "application/json"}
    file = {"file": b"no bundle"} if path in HANDS_IN else None
    data = {"csrf": desk.csrf, **form} if method == "POST" else None
    return desk.client.request(method, path, headers=headers, data=data, files=file)


def of_house(user: str) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """The routes that ask for an act with the unit's things: those that `user` may not use, and those that he may."""
    held = {act for role in roles_of(user) for act in table.HOUSE.get(role, ())}
    asking = {route: set(acts.split()) for route, acts in ASKED.items() if acts not in SPECIAL}
    return (
        [route for route, acts in asking.items() if not acts & held],
        [route for route, acts in asking.items() if acts & held],
    )


SPECIAL = {ANYBODY, SIGNED_IN, OWN, READ, EXPORT, ANSWER, CASE, RECALL, TASK}
OFFICE = {frozenset(table.HOUSE[role]): role for role in reversed(ROLES) if role in table.HOUSE}
"""One role for each set of acts: an officer, a liaison officer and an analyst may do the same in the unit."""
OFFICES = ["WITHOUT-ROLE", "WITHOUT-OFFICE", "VISITOR", *(f"OFF-{role}" for role in sorted(OFFICE.values()))]


def filled(path: str) -> str:
    """The path with something in place of each parameter that this unit does not have."""
    return re.sub(r"\{(\w+)\}", lambda name: "0" if name[1] in {"index", "size"} else "NOBODY-7", path)


def test_a_route_that_nobody_declared_is_refused(staff: Staff) -> None:
    found = routes(staff.app)
    assert set(found) == set(ASKED)
    assert len(found) >= FEWEST


def test_whoever_is_nobody_or_of_another_unit_is_refused_by_every_route(staff: Staff) -> None:
    stranger = Browser(staff.browser(), "x", str)
    foreign = staff.desk("ON-OFFICER").client.cookies["serai-kg"]
    stranger.client.cookies.set("serai-tj", foreign)
    for (method, path), act in ASKED.items():
        if act != ANYBODY:
            answer = ask(stranger, method, filled(path))
            assert (answer.status_code, answer.json()["code"]) == (401, "EX-6012"), (method, path)


@pytest.mark.parametrize("user", OFFICES)
def test_a_route_that_a_role_may_not_use_says_so_and_does_nothing(staff: Staff, user: str) -> None:
    desk, before = staff.desk(user), staff.state()
    refused, _ = of_house(user)
    answers = {route: ask(desk, route[0], filled(route[1])) for route in refused}
    assert not {route: answer.status_code for route, answer in answers.items() if answer.status_code != 403}
    assert not [route for route, answer in answers.items() if CANARY in answer.text]
    assert staff.state() == before


@pytest.mark.parametrize("user", sorted(set(OFFICES) - {"VISITOR"}))
def test_a_route_that_a_role_may_use_does_not_refuse_it(staff: Staff, user: str) -> None:
    desk, (_, open_) = staff.desk(user), of_house(user)
    running = [route for route in open_ if not route[1].endswith(DRAWN)]
    answers = {route: ask(desk, route[0], filled(route[1])).status_code for route in running}
    assert not {route: status for route, status in answers.items() if status in {401, 403} or status >= 500}


def judged(user: str, code: str, act: Act, *, confirmed: bool, family: str = "operational") -> bool:
    """What the tables say about an act of a person with the request under a code."""
    agency = OF_AGENCY.get(user, "POLICE")
    person = Person(UNIT, agency, roles_of(user), rank_of("UNCL" if user == "UNCLEARED" else "RESTR"))
    item = Item(
        holder=UNIT,
        originator="TJ",
        env="live",
        family=family,
        classification=rank_of("OFFUSE"),
        handling=frozenset({code}),
        purposes=frozenset({"INVESTIGATE"}),
        agencies=frozenset({"POLICE", "FIU"}),
    )
    on_team = user.startswith("ON-") or user in {"OF-FIU", "UNCLEARED"}
    now = Circumstances("live", on_team=on_team, purpose="INVESTIGATE", text_confirmed=confirmed)
    return table.allowed(Question(person, act, item, now))


EVERYBODY = [
    *OFFICES[:3],
    *(f"OFF-{role}" for role in ROLES),
    *(f"ON-{role}" for role in WORKING),
    *OF_AGENCY,
    "UNCLEARED",
]
"""Everybody who can be told apart by what the rules say about a message."""

TELLING = [
    *OFFICES,
    "ON-OFFICER",
    "ON-SUPERVISOR",
    "ON-LEGAL",
    "ON-PROSECUTOR",
    "ON-DPO",
    *OF_AGENCY,
    "UNCLEARED",
]
"""One of each who differ in what they may do with a case as such."""


@pytest.mark.parametrize("user", EVERYBODY)
def test_a_message_is_opened_to_whom_the_tables_say_under_each_code(staff: Staff, user: str) -> None:
    desk = staff.desk(user)
    for code, suffix in product(MARKS, ("", ".json")):
        answer = ask(desk, "GET", f"/messages/{staff.requests[code]}{suffix}")
        opened, shown = (judged(user, code, Act.READ, confirmed=confirmed) for confirmed in (False, True))
        assert answer.status_code in ({200} if opened else {428} if shown else {403, 404}), (code, answer.text)
        assert (CANARY in answer.text, "requested_items" in answer.text) == (shown, opened), (code, answer.text)


@pytest.mark.parametrize("user", TELLING)
@pytest.mark.usefixtures("no_engine")
def test_a_message_is_printed_for_whom_the_tables_say_and_each_sheet_names_him(staff: Staff, user: str) -> None:
    desk, ((method, path),) = staff.desk(user), [route for route, act in ASKED.items() if act == EXPORT]
    for code in ("H0", "H1", "H2"):
        answer = ask(desk, method, path.format(message_id=staff.requests[code]))
        leaves = judged(user, code, Act.EXPORT, confirmed=False)
        assert answer.status_code in ({200} if leaves else {403, 404}), (code, answer.text)
        marked = f'paper__mark" aria-hidden="true">{user}<br>' in answer.text
        assert (CANARY in answer.text, marked) == (leaves, leaves), (code, answer.text)
        page = desk.get(f"/messages/{staff.requests[code]}")
        assert page.status_code != 200 or ('class="two no-print"' in page.text) != leaves


@pytest.mark.parametrize("user", TELLING)
def test_no_list_file_or_search_tells_what_the_message_itself_would_not(staff: Staff, user: str) -> None:
    desk = staff.desk(user)
    shown = {code for code in MARKS if judged(user, code, Act.READ, confirmed=True)}
    found = {code for code in shown if judged(user, code, Act.READ, confirmed=False)}
    leaves = {code for code in shown if judged(user, code, Act.EXPORT, confirmed=True)}
    for path, told in (("/inbox.json", shown), ("/inbox.csv", leaves), ("/inbox.json?view=mine&sort=due", shown)):
        text = desk.get(path).text
        assert {code for code in MARKS if f"{CANARY} market, {code}" in text} <= told, path
    hits = desk.send("/search", words=CANARY, reason="a reason").text
    assert {code for code in MARKS if f"{CANARY} market, {code}" in hits} == (found if may(user, "SEARCH") else set())
    for code, case in staff.cases.items():
        listed = ask(desk, "GET", f"/inbox.json?case={case}")
        assert may(user, "LIST_ARRIVALS") <= ((staff.requests[code] in listed.text) == reads_case(user))


@pytest.mark.parametrize("user", TELLING)
def test_a_case_is_found_by_whom_the_tables_say_and_its_number_tells_others_nothing(staff: Staff, user: str) -> None:
    desk, inside = staff.desk(user), reads_case(user)
    for case in (*staff.cases.values(), "KG-KG-2026-999999"):
        answers = [ask(desk, "GET", f"/cases/{case}{suffix}") for suffix in ("", ".json")]
        assert {answer.status_code for answer in answers} == (
            {200} if inside and case in staff.cases.values() else {404}
        )
    listed = ask(desk, "GET", "/cases.json")
    assert all((case in listed.text) == (inside and may(user, "READ_OWN")) for case in staff.cases.values())


@pytest.mark.parametrize("user", TELLING)
def test_an_answer_or_a_question_about_a_message_is_begun_by_whom_the_tables_say(staff: Staff, user: str) -> None:
    desk, composes = staff.desk(user), may(user, "COMPOSE")
    ways = ("reply", "ANS", Act.ANSWER), ("begin", "HCR", Act.READ), ("pass", "REQ", Act.OTHER_UNIT)
    for code, (way, kind, act) in product(("H0", "H3"), ways):
        answer = ask(desk, "POST", f"/messages/{staff.requests[code]}/{way}", kind=kind, to="KZ")
        open_ = composes and judged(user, code, act, confirmed=False)
        asked = composes and judged(user, code, act, confirmed=True)
        assert answer.status_code in ({303} if open_ else {428} if asked else {403, 404}), (code, way, answer.text)


@pytest.mark.parametrize("user", TELLING)
def test_an_arrival_in_a_case_of_others_is_neither_taken_nor_given_away_nor_confirmed(staff: Staff, user: str) -> None:
    desk, message, inside = staff.desk(user), staff.requests["H2"], reads_case(user)
    before, reads = staff.state(), judged(user, "H2", Act.READ, confirmed=True)
    gives = may(user, "ASSIGN") or may(user, "HAND_OVER")
    for act, holds in (("take", may(user, "TAKE")), ("escalate", may(user, "TAKE")), ("assign", gives)):
        answer = ask(desk, "POST", f"/messages/{message}/{act}", to="OFF-LIAISON_OFFICER" if not inside else "")
        assert answer.status_code in ({303, 403, 409} if holds and inside else {403, 404, 409}), (act, answer.text)
        assert inside or answer.status_code != 409 or act == "assign"  # nobody hands over what is not his
    confirmed = ask(desk, "POST", f"/messages/{staff.requests['H3']}/confirm").status_code
    assert confirmed in ({303} if reads else {403, 404})
    assert inside or staff.state() == before


@pytest.mark.parametrize("user", [user for user in TELLING if user != "ON-OFFICER"])
def test_a_draft_is_nobodys_but_its_authors(staff: Staff, user: str, draft: str) -> None:
    for method, path in [route for route, act in ASKED.items() if act == OWN]:
        answer = ask(staff.desk(user), method, re.sub(r"\{\w+\}", draft, path))
        assert answer.status_code in {404, 428}, (method, path, answer.text)


@pytest.fixture(scope="module")
def draft(staff: Staff) -> str:
    """A draft of one officer on the team."""
    begun = staff.desk("ON-OFFICER").send("/compose", kind="REQ")
    return str(begun.headers["location"]).rpartition("/")[2]


@pytest.mark.parametrize("user", TELLING)
def test_nobody_recalls_what_his_unit_did_not_send(staff: Staff, user: str) -> None:
    desk, before = staff.desk(user), staff.state()
    for method, path in [route for route, act in ASKED.items() if act == RECALL]:
        answer = ask(desk, method, path.format(message_id=staff.requests["H0"], recall_id=staff.requests["H0"]))
        assert answer.status_code in {403, 404}, (method, path, answer.text)
    assert staff.state() == before


@pytest.mark.parametrize("user", TELLING)
def test_a_task_is_made_by_whom_the_tables_say_and_nobody_finds_one_that_is_not_there(staff: Staff, user: str) -> None:
    desk, makes = staff.desk(user), judged(user, "H0", Act.TASK, confirmed=False)
    for method, path in [route for route, act in ASKED.items() if act == TASK]:
        answer = ask(desk, method, path.format(message_id=staff.requests["H0"], task_id=staff.requests["H0"]))
        open_ = makes and "message_id" in path
        assert (answer.status_code in {403, 404}) != open_, (method, path, answer.text)


def may(user: str, act: str) -> bool:
    """What the tables say about an act with the things of the unit."""
    return any(act in table.HOUSE.get(role, ()) for role in roles_of(user))


def reads_case(user: str) -> bool:
    """What the tables say about a case as such: a message in it that no code and no family closes."""
    family = "financial" if OF_AGENCY.get(user) == "FIU" else "operational"
    return judged("ON-OFFICER" if user == "UNCLEARED" else user, "H0", Act.READ, confirmed=True, family=family)
