"""The day's work through the forms of the pages, without scripts, over a real hub: nothing is lost on the way."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest

from nodes.drafts import NewDraft
from serai.demo import replies, requests
from serai.demo.writing import Writing
from tests.instants import NOW
from tests.nodes.web.house import House, build
from tests.nodes.web.work import draft_of, inputs, reply, revision, seal, send, write
from tests.nodes.world import send as sent
from tests.nodes.world import someone

ATTACKS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'-alert(1)-'",
    "<div hx-get=/people hx-trigger=load hx-nonce=x>",
    "{{ 7*7 }}{% raw %}",
    "javascript:alert(1)//",
    "</textarea><svg onload=alert(1)>",
    "&lt;b&gt; \\u003cscript\\u003e",
)

H3 = {"handling": ["H3"], "handling_reason": "The team in Osh alone knows of the operation."}


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Three units; in Kyrgyzstan an officer, a duty officer and a supervisor."""
    made = build(tmp_path_factory.mktemp("pair"), NOW, ("KG", "KZ", "TJ"))
    made.add_user("TJ", "TJ-1", "OFFICER")
    made.add_user("KZ", "KZ-2", "SPOC_DUTY")
    made.add_user("KG", "KG-1", "OFFICER")
    made.add_user("KG", "KG-2", "OFFICER", "SPOC_DUTY")
    made.add_user("KG", "KG-3", "SUPERVISOR")
    yield made
    made.close()


class Dangers(HTMLParser):
    """Collects every element and attribute of a page by which typed text could act."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        bad = [name for name in given if name.startswith("on") or name == "style"]
        bad += [name for name in ("href", "src", "action") if (given.get(name) or "").startswith("javascript:")]
        foreign = tag in {"img", "iframe", "object", "embed", "base"} or (tag == "script" and "src" not in given)
        if bad or foreign or (given.get("hx-get") == "/people"):
            self.seen.append(f"{tag} {given}")


def arrival(house: House, writing: Writing) -> str:
    """Let TJ send a request to KG and return its address there."""
    sent = send(house.desk("TJ", "TJ-1"), "REQ", writing, "KG")
    house.sync("TJ", "KG", "TJ")
    return sent


def test_a_request_is_asked_clarified_and_answered(pair: House) -> None:
    asked = arrival(pair, requests.lorry_owner(pair.clock.now))
    duty, officer = pair.desk("KG", "KG-2"), pair.desk("TJ", "TJ-1")
    assert "not assigned" in duty.get("/inbox").text
    assert duty.post(f"{asked}/take").headers["location"] == f"{asked}?done=taken"
    question = reply(duty, asked, "CLQ", replies.which_crossing(pair.clock.now))
    pair.sync("KG", "TJ", "KG")
    assert "clock stopped" in duty.get(asked).text
    officer.post(f"{question}/take")
    reply(officer, question, "CLA", replies.kyzyl_art(pair.clock.now))
    pair.sync("TJ", "KG", "TJ")
    reply(duty, asked, "ANS", replies.company_known(pair.clock.now))
    pair.sync("KG", "TJ", "KG")
    page = officer.get(asked).text
    assert "Withdrawal" not in page
    assert officer.get("/sent.json").json()["messages"][-1]["state"] == "ANSWERED_FULL"


def test_under_h3_the_restriction_comes_first_and_then_stands_over_the_answer_too(pair: House) -> None:
    tj, duty = pair.nodes["TJ"], pair.desk("KG", "KG-2")
    marks = {**H3, "handling_text": "For the Osh team only."}
    asked = f"/messages/{sent(tj, someone(tj, 'rustam'), NewDraft('REQ', recipients=('KG',)), marks)}"
    pair.sync("TJ", "KG", "TJ")
    duty.post(f"{asked}/take")
    first, twin = duty.get(asked).text, duty.get(f"{asked}.json")
    assert ("For the Osh team only." in first, "false floor" in first) == (True, False)
    assert (twin.status_code, twin.json()["text"], "body" in twin.json()) == (428, "For the Osh team only.", False)
    assert duty.post(f"{asked}/reply", kind="ANS").status_code == 428
    assert duty.post(f"{asked}/confirm").headers["location"] == asked
    assert "false floor" in duty.get(asked).text
    answer = duty.get(draft_of(duty.post(f"{asked}/reply", kind="ANS"))).text
    assert "banner--H3" in answer
    assert "For the Osh team only." in answer


def test_an_arrival_is_given_handed_over_and_escalated(pair: House) -> None:
    message = arrival(pair, requests.stamps(pair.clock.now))
    duty, officer = pair.desk("KG", "KG-2"), pair.desk("KG", "KG-1")
    assert duty.post(f"{message}/assign", to="KG-1", note="Look at the stamp").status_code == 303
    assert "Look at the stamp" in officer.get(message).text
    assert officer.post(f"{message}/escalate").headers["location"] == f"{message}?done=escalated"
    assert "asks a supervisor" in pair.desk("KG", "KG-3").get("/cases").text
    assert "Stamp of three camels" in officer.get("/shift").text
    refused = officer.post("/shift", to="", note="kept text")
    assert (refused.status_code, "kept text" in refused.text) == (422, True)
    number = message.rpartition("/")[2]
    done = officer.post("/shift", to="KG-2", messages=[number], note="Night is calm", confirm="yes")
    assert done.headers["location"] == "/shift?done=handed-over"
    assert "Take it back" in officer.get(message).text
    back = officer.post("/shift/take-back", messages=[number], back=message)
    assert back.headers["location"] == f"{message}?done=taken-back"
    officer.post("/shift", to="KG-2", messages=[number], note="Night is calm", confirm="yes")
    assert "Handed over, not taken up yet" in officer.get("/shift").text
    assert "Night is calm" in duty.get(message).text
    assert officer.post("/shift/take-back", messages=[number]).status_code == 409
    assert "Handed over, not taken up yet" not in officer.get("/shift").text


def test_a_copy_is_chosen_checked_and_read_as_a_copy(pair: House) -> None:
    desk = pair.desk("TJ", "TJ-1")
    draft = draft_of(desk.post("/compose", kind="REQ"))
    form = inputs("REQ", requests.controlled_delivery(pair.clock.now))
    write(desk, draft, {**form, "recipients": ["KG"], "copies": ["KZ"]})
    page = desk.get(f"{draft}/check").text
    assert "copy, for information" in page
    assert "Your reason, kept in your unit: Источник" in page
    message = seal(desk, draft)
    pair.sync("TJ", "KZ", "TJ")
    assert "Why these handling codes" in desk.get(message).text
    duty = pair.desk("KZ", "KZ-2")
    inbox, read = duty.get("/inbox").text, duty.get(message).text
    assert ("Copy, for information" in inbox, "not assigned</strong>" in inbox) == (True, False)
    assert ("Copy to" in read, "Time left to answer" in read, 'value="ANS"' in read) == (True, False, False)
    assert desk.get(f"{message}.json").json()["copies"] == ["KZ"]


def test_two_people_cannot_take_the_same_arrival(pair: House) -> None:
    message = arrival(pair, requests.lorry_owner(pair.clock.now))
    pair.desk("KG", "KG-1").post(f"{message}/take")
    late = pair.desk("KG", "KG-2").post(f"{message}/take")
    assert late.status_code == 409
    assert "The state has changed" in late.text or "no longer possible" in late.text


def test_an_urgent_arrival_stands_on_every_page_until_it_is_seen(pair: House) -> None:
    arrival(pair, requests.controlled_delivery(pair.clock.now))
    duty = pair.desk("KG", "KG-2")
    strip = duty.get("/alarm").text
    assert "An urgent message has arrived" in strip
    assert "An urgent message has arrived" in duty.get("/help").text
    alarms = {part.partition('"')[0] for part in strip.split('data-alarm="')[1:]}
    for alarm in alarms:
        assert duty.post(f"/alerts/{alarm}/acknowledge", back="/inbox").headers["location"] == "/inbox?done=seen"
    assert "data-alarm" not in duty.get("/alarm").text
    again = duty.post(f"/alerts/{alarms.pop()}/acknowledge", back="//evil.test")
    assert again.headers["location"] == "/alerts?done=seen"


@pytest.mark.parametrize("attack", ATTACKS)
def test_hostile_text_in_every_field_stays_text(pair: House, attack: str) -> None:
    writing = requests.lorry_owner(pair.clock.now)
    desk = pair.desk("TJ", "TJ-1")
    draft = draft_of(desk.post("/compose", kind="REQ"))
    form = {
        name: [f"{value} {attack}" if isinstance(value, str) else value for value in given]
        for name, given in inputs("REQ", writing).items()
        if isinstance(given, list)
    }
    assert write(desk, draft, form).headers["location"] == f"{draft}?check=1"
    for page in (desk.get(f"{draft}?check=1").text, desk.get("/inbox").text, desk.get("/compose").text):
        found = Dangers()
        found.feed(page)
        assert not found.seen


def test_a_faulty_form_keeps_its_text_and_says_where_and_why(pair: House) -> None:
    desk = pair.desk("TJ", "TJ-1")
    draft = draft_of(desk.post("/compose", kind="REQ"))
    form = {"body.facts": "Too short", "body.offence.max_penalty_months": "many"}
    assert write(desk, draft, form).headers["location"] == f"{draft}?check=1"
    page = desk.get(f"{draft}?check=1").text
    assert "Too short" in page
    assert 'value="many"' in page
    assert 'href="#f-body-facts"' in page
    assert "Choose at least one unit" in page
    assert "<title>Error: " in page.replace("\\n", "")


def test_rows_come_and_go_without_scripts(pair: House) -> None:
    desk = pair.desk("TJ", "TJ-1")
    draft = draft_of(desk.post("/compose", kind="REQ"))
    question = {"body.requested_items.0.question": "First?"}
    added = write(desk, draft, question, "add:body.requested_items")
    page = desk.get(added.headers["location"].partition("#")[0]).text
    assert 'name="body.requested_items.1.question"' in page
    both = {**question, "body.requested_items.1.question": "Second?"}
    write(desk, draft, both, "drop:body.requested_items.0")
    page = desk.get(draft).text
    assert ("First?" in page, "Second?" in page) == (False, True)


def test_a_second_window_never_overwrites_a_newer_text(pair: House) -> None:
    desk = pair.desk("TJ", "TJ-1")
    draft = draft_of(desk.post("/compose", kind="REQ"))
    old = revision(desk.get(draft).text)
    saved = desk.post(f"{draft}/autosave", revision=old, **{"common.subject_line": "newer"})
    assert saved.json()["revision"] == int(old) + 1
    late = desk.post(draft, revision=old, act="save", **{"common.subject_line": "older"})
    assert late.status_code == 409
    assert "newer" in desk.get(draft).text


def test_nothing_is_sealed_without_the_confirmation(pair: House) -> None:
    desk = pair.desk("TJ", "TJ-1")
    draft = draft_of(desk.post("/compose", kind="REQ"))
    write(desk, draft, {**inputs("REQ", requests.lorry_owner(pair.clock.now)), "recipients": ["KG"]})
    page = desk.get(f"{draft}/check").text
    assert "Who will be able to read it" in page
    assert "Officers who work on the case" in page
    refused = desk.post(f"{draft}/seal", revision=revision(page))
    assert (refused.status_code, "Confirm that exactly these units" in refused.text) == (422, True)
    assert seal(desk, draft).startswith("/messages/")
    assert desk.get(draft).status_code == 404


def test_a_draft_is_deleted_when_its_author_says_so(pair: House) -> None:
    desk = pair.desk("TJ", "TJ-1")
    draft = draft_of(desk.post("/compose", kind="REQ"))
    assert desk.post(draft, act="discard", revision="1").headers["location"] == "/compose?done=discarded"
    assert desk.get(draft).status_code == 404


def test_the_lists_have_twins_for_machines(pair: House) -> None:
    arrival(pair, requests.lorry_owner(pair.clock.now))
    duty = pair.desk("KG", "KG-2")
    rows = duty.get("/inbox.json?view=UNASSIGNED&kind=REQ&unit=TJ").json()
    assert rows["schema"] == "serai/messages/1"
    assert {row["owner"] for row in rows["messages"]} == {None}
    lines = duty.get("/inbox.csv").text.splitlines()
    assert lines[0].startswith("message,kind,from")
    assert len(lines) == duty.get("/inbox.json").json()["total"] + 1
    assert duty.get("/inbox", Accept="application/json").json()["schema"] == "serai/messages/1"
    number = rows["messages"][0]["message"]
    assert duty.get(f"/messages/{number}.json").json()["kind"] == "REQ"
    assert duty.get("/cases.json").json()["cases"]
    assert duty.get("/inbox?view=NONSENSE&sort=NONSENSE&page=x").status_code == 200


def test_a_case_shows_what_happened_and_a_search_finds_it(pair: House) -> None:
    message = arrival(pair, requests.lorry_owner(pair.clock.now))
    duty = pair.desk("KG", "KG-2")
    duty.post(f"{message}/take")
    case = duty.get(f"{message}.json").json()["case"]
    page = duty.get(f"/cases/{case}").text
    assert "Assignment" in page
    assert duty.get(f"/cases/{case}.json").json()["timeline"]
    found = duty.post("/search", words="korday eleven", reason="Duty check")
    assert "Owner of a lorry seen eleven times" in found.text
    assert duty.post("/search", words="a", reason="").status_code == 422
    assert "Nothing found" in duty.post("/search", words="zzzz qqqq", reason="Duty check").text


def test_an_officer_sees_that_something_came_and_reads_it_once_he_took_it(pair: House) -> None:
    address = arrival(pair, requests.lorry_owner(pair.clock.now))
    officer = pair.desk("KG", "KG-1")
    assert "Not open to you" in officer.get("/inbox").text
    before = officer.get(address)
    assert before.status_code == 200
    assert "Korday" not in before.text
    assert officer.post(f"{address}/take").headers["location"] == f"{address}?done=taken"
    assert "Korday" in officer.get(address).text


def test_a_message_with_an_owner_is_not_shown_to_other_officers(pair: House) -> None:
    address = arrival(pair, requests.lorry_owner(pair.clock.now))
    pair.desk("KG", "KG-2").post(f"{address}/take")
    assert pair.desk("KG", "KG-1").get(address).status_code == 404


def test_a_request_is_split_and_what_the_agency_replied_is_taken_over_into_the_answer(pair: House) -> None:
    asked = arrival(pair, requests.lorry_owner(pair.clock.now))
    duty = pair.desk("KG", "KG-2")
    duty.post(f"{asked}/take")
    form = duty.get(f"{asked}/tasks").text
    due = re.findall(r'name="due"[^>]*value="([^"]+)"', form)[0]
    order = {"agency": "CUSTOMS", "items": ["1", "2"], "instructions": "Look it up.", "due": due}
    task = duty.post(f"{asked}/tasks", **order).headers["location"].partition("?")[0]
    assert "This may not go" not in duty.get(task).text
    assert duty.post(f"{task}/send").headers["location"] == f"{task}?done=task-sent"
    assert duty.get(f"{task}/letter.pdf").content.startswith(b"%PDF-1.")
    told = {"text-2": "Известен: дело 2024 года.", "source": "Register", "person": "A. Usenov", "given": "2026-11-22"}
    duty.post(f"{task}/reply", **told, rank="Major", **{"text-9": "", "text-x": "no number"})
    draft = draft_of(duty.post(f"{asked}/reply", kind="ANS"))
    name = re.findall(r'value="(take:[^"]+)"', duty.get(draft).text)[0]
    for _ in range(2):
        assert write(duty, draft, {}, name).headers["location"] == f"{draft}?done=taken-over"
    page = duty.get(draft).text
    assert page.count("Известен: дело 2024 года.") == 2, "beside the form and once in its row"
    assert write(duty, draft, {}, "take:nothing").status_code == 404
    assert "Customs" in duty.get("/tasks?state=ANSWERED").text
    assert "Customs" in duty.get(asked).text


@pytest.mark.parametrize(
    ("path", "form", "place"),
    [
        ("/tasks", {"agency": "", "items": ["1"], "instructions": "x", "due": "2027-01-01T00:00"}, "#agency"),
        ("/tasks", {"agency": "", "items": ["1"], "instructions": "x", "due": "soon"}, "#due"),
        ("/tasks", {"agency": "CUSTOMS", "instructions": "x", "due": "2027-01-01T00:00"}, "#items"),
    ],
)
def test_a_faulty_task_says_where_and_why(pair: House, path: str, form: dict[str, object], place: str) -> None:
    asked = arrival(pair, requests.lorry_owner(pair.clock.now))
    duty = pair.desk("KG", "KG-2")
    duty.post(f"{asked}/take")
    answer = duty.post(f"{asked}{path}", **form)
    assert (answer.status_code, f'href="{place}"' in answer.text) == (422, True)


def test_what_may_not_leave_says_which_rule_keeps_it_and_whom_to_ask(pair: House) -> None:
    tj, duty = pair.nodes["TJ"], pair.desk("KG", "KG-2")
    order = {"agency": "CUSTOMS", "items": ["1"], "instructions": "Look it up."}
    for codes, said in ((["H2", "H3"], "H2-ONWARD"), (["H3"], "For the Osh team only.")):
        marks = {**H3, "source_at_risk": "YES", "handling": codes, "handling_text": "For the Osh team only."}
        asked = f"/messages/{sent(tj, someone(tj, 'rustam'), NewDraft('REQ', recipients=('KG',)), marks)}"
        pair.sync("TJ", "KG", "TJ")
        duty.post(f"{asked}/take")
        duty.post(f"{asked}/confirm")
        due = re.findall(r'name="due"[^>]*value="([^"]+)"', duty.get(f"{asked}/tasks").text)[0]
        task = duty.post(f"{asked}/tasks", **order, due=due).headers["location"].partition("?")[0]
        page, refused = duty.get(task).text, duty.post(f"{task}/send")
        assert said in page
        assert ('value="HCR"' in page, refused.status_code) == (("H2" in codes), 403 if "H2" in codes else 422)
        passed = duty.post(f"{asked}/pass", to="KZ", kind="REQ")
        assert ("Not to: " in duty.get(asked).text, passed.status_code) == (
            "H2" in codes,
            403 if "H2" in codes else 303,
        )
    draft = duty.get(draft_of(passed)).text
    assert all(text in draft for text in ("KARIMOV RUSTAM", asked.rpartition("/")[2], "For the Osh team only."))
    assert duty.post(f"{asked}/pass", kind="REQ").status_code == 422
    assert duty.post(f"{task}/send", confirm="yes").status_code == 303
    assert duty.post(f"{task}/cancel", reason="no").status_code == 422
    assert duty.post(f"{task}/cancel", reason="The request was withdrawn.").status_code == 303
