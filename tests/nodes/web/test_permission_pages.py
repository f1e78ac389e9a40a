"""Permissions and notices through the forms of the pages: from the button on a message to the banner and the lists."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from nodes.drafts import NewDraft
from schemas import codes
from serai.demo.writing import Writing
from tests.instants import NOW
from tests.messages import AT_RISK, decision, held, labels, lorry, person, request, wish
from tests.nodes.web.house import Browser, House, build
from tests.nodes.web.work import draft_of, inputs, reply, seal, send, write
from tests.nodes.world import send as give_away
from tests.nodes.world import someone

SUBJECT = "Driver of the lorry"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Kyrgyzstan asks; Tajikistan has an officer who wrote, and a supervisor who decides."""
    made = build(tmp_path_factory.mktemp("permits"), NOW, ("KG", "TJ"))
    made.add_user("KG", "KG-2", "OFFICER", "SPOC_DUTY")
    made.add_user("TJ", "TJ-1", "OFFICER")
    made.add_user("KG", "KG-3", "SUPERVISOR")
    made.add_user("KG", "KG-4", "DPO")
    made.add_user("TJ", "TJ-3", "SUPERVISOR", language="ru")
    made.add_user("TJ", "TJ-4", "DPO")
    yield made
    made.close()


def writing(body: dict[str, Any], *objects: dict[str, Any], **marks: Any) -> Writing:
    return Writing(labels(**{"subject_line": SUBJECT, "source_at_risk": "NO", **marks}), body, tuple(objects))


def item_of(address: str) -> str:
    return address.removeprefix("/messages/")


def say_about(desk: Browser, message: str, kind: str, body: dict[str, Any], *units: str) -> str:
    """Press the button on a message, fill in the form, and seal."""
    draft = draft_of(desk.post(f"{message}/begin", kind=kind))
    answer = write(desk, draft, {**inputs(kind, writing(body)), "recipients": list(units)})
    assert answer.headers["location"] == f"{draft}/check", desk.get(f"{draft}?check=1").text
    return seal(desk, draft)


def test_a_permission_is_asked_decided_shown_and_revoked(pair: House) -> None:
    officer, duty = pair.desk("TJ", "TJ-1"), pair.desk("KG", "KG-2")
    given = send(officer, "REQ", writing(request(), person(), lorry(), **AT_RISK), "KG")
    pair.sync("TJ", "KG")
    item = held(item_of(given))
    court = duty.get(f"{given}/court").text
    assert "Ask Tajikistan · national unit for permission" in court
    asking = re.findall(r'value="HCR">(<input[^>]*"body.wanted")?', duty.get(given).text + court)
    assert all(asking), "each button says what is asked for"
    begun = draft_of(duty.post(f"{given}/begin", kind="HCR"))
    form = duty.get(begun).text
    assert item_of(given) in form
    assert 'value="TJ" checked' in form
    asked = say_about(duty, given, "HCR", wish(items=[item]), "TJ")
    pair.sync("KG", "TJ", "KG")
    head = pair.desk("TJ", "TJ-3")
    assert SUBJECT in head.get("/permissions").text
    page = head.get(draft_of(head.post(f"{asked}/reply", kind="HCD"))).text
    assert SUBJECT in page
    assert "Highest handling code on this page: H1" in page
    decided = reply(head, asked, "HCD", writing(decision(items=[item])))
    pair.sync("TJ", "KG", "TJ")
    assert "H2: may go to KZ until 3 Dec 2026" in duty.get(given).text
    assert "Valid" in duty.get("/permissions").text
    body = {"decision": item_of(decided), "items": [item], "cause": "SOURCE_AT_RISK"}
    say_about(head, decided, "HRV", body, "KG")
    pair.sync("TJ", "KG", "TJ")
    assert "H2: may go to KZ" not in duty.get(given).text
    assert "Revoked" in duty.get("/permissions").text
    assert "Kyrgyzstan" in head.get("/notices").text


def test_the_pace_of_decisions_is_a_page_and_a_file(pair: House) -> None:
    duty = pair.desk("KG", "KG-2")
    assert "100 %" in duty.get("/permissions/pace").text
    lines = duty.get("/permissions/pace.csv").text.splitlines()
    assert lines[0] == "unit,decides,asked,decided,in_time,overdue,median_seconds"
    assert lines[1].startswith("TJ,TJ,1,1,1,0,")


def test_only_who_decides_is_offered_the_decision(pair: House) -> None:
    officer = pair.desk("TJ", "TJ-1")
    for message in (line for line in officer.get("/permissions").text.split('"') if line.startswith("/messages/")):
        assert 'value="HCD"' not in officer.get(message).text


def test_a_message_sent_by_mistake_is_recalled_and_its_destruction_asked_for(pair: House) -> None:
    officer, duty = pair.desk("TJ", "TJ-1"), pair.desk("KG", "KG-2")
    given = send(officer, "REQ", writing(request(), person(), lorry()), "KG")
    pair.sync("TJ", "KG", "TJ")
    assert f'action="{given}/recall"' in officer.get(given).text
    assert "This cannot be undone." in officer.get(f"{given}/recall").text
    assert officer.post(f"{given}/recall", cause="BECAUSE").status_code == 422
    answer = officer.post(f"{given}/recall", cause="WRONG_RECIPIENT", note="Not of your concern.")
    made = answer.headers["location"].partition("?")[0]
    pair.sync("TJ", "KG", "TJ")
    assert duty.get(given).status_code == 403
    assert "The sender says that this came here by mistake" in duty.get(given).text
    assert "0 of 1 have answered" in officer.get(made).text
    head, protection = pair.desk("KG", "KG-3"), pair.desk("KG", "KG-4")
    assert "Answer why it is not destroyed" in head.get(made).text
    assert "Not of your concern." not in protection.get(made).text
    assert made in protection.get("/protection").text
    assert protection.post(f"{made}/destruction", reason="short").status_code == 422
    assert protection.post(f"{made}/destruction", reason="They sent it by mistake").status_code == 303
    assert "The destruction waits for a supervisor" in head.get(made).text
    page = pair.desk("TJ", "TJ-4").get(f"/protection/breaches?{made.replace('/recalls/', 'recall=')}").text
    assert "A message was sent by mistake to Kyrgyzstan" in page
    assert officer.get(f"{given}/recall").status_code == 403


def test_evidence_for_a_court_needs_a_factor_for_exactly_that(pair: House) -> None:
    officer, duty = pair.desk("TJ", "TJ-1"), pair.desk("KG", "KG-2")
    page = f"{send(officer, 'REQ', writing(request(), person(), lorry()), 'KG')}/court"
    pair.sync("TJ", "KG", "TJ")
    pair.hub.tick()
    pair.sync("KG", "TJ", "KG")
    wanted = {"purpose": "INVESTIGATE", "use": "COURT", "reason": "City court of Osh, case 1-77/2026"}
    asked = duty.send(page, **wanted)
    (ticket,) = re.findall(r'name="proof-ticket" value="([^"]+)"', asked.text)
    proof = {"proof-ticket": ticket, "proof-code": duty.code()}
    other = duty.send(page, **{**wanted, "reason": "Another court, another case"}, **proof)
    assert (asked.status_code, other.status_code) == (428, 428)
    assert duty.post(page, **wanted).headers["content-type"] == "application/zip"


USES = tuple(codes.table("court_uses"))


def verdicts(desk: Browser, message: str) -> dict[str, set[str]]:
    """By whom a message would go to, the rules that keep it from there."""
    pages = {use: desk.get(f"{message}/court?use={use}").text for use in USES}
    return {use: set(re.findall(r'class="mono">(H\d-[A-Z]+)<', page)) for use, page in pages.items()}


def test_who_gets_it_decides_which_code_keeps_it_from_a_court_and_what_is_asked(pair: House) -> None:
    tj, duty, head = pair.nodes["TJ"], pair.desk("KG", "KG-2"), pair.desk("TJ", "TJ-3")
    marks = {**AT_RISK, "handling": ["H2"]}
    given = f"/messages/{give_away(tj, someone(tj, 'rustam'), NewDraft('REQ', recipients=('KG',)), marks)}"
    pair.sync("TJ", "KG")
    kept = {"H2-ONWARD"}
    assert verdicts(duty, given) == {"COURT": set(), "PARTIES": kept, "LETTER": kept}
    page = duty.get(f"{given}/court?use=LETTER").text
    fields = dict(re.findall(r'name="(body\.[a-z_.0-9]+)" value="([^"]*)"', page))
    assert fields["body.recipients_wanted.0.agency"] == "CENTRAL_AUTHORITY"
    begun = draft_of(duty.post(f"{given}/begin", kind="HCR", **fields))
    assert re.search(r'value="CENTRAL_AUTHORITY"[^>]* selected', duty.get(begun).text)
    told = {"purpose": "INVESTIGATE", "reason": "City court of Osh, case 1-77/2026"}
    assert duty.post(f"{given}/court", **told, use="PARTIES").status_code == 403
    assert duty.post(f"{given}/court", **told, use="NEWSPAPER").status_code == 422
    scope = {
        "items": [{"message": item_of(given)}],
        "recipients_wanted": [{"type": "COURT", "name": "City court of Osh"}],
    }
    asked = say_about(duty, given, "HCR", wish(**scope), "TJ")
    pair.sync("KG", "TJ", "KG")
    reply(head, asked, "HCD", writing(decision(**scope)))
    pair.sync("TJ", "KG", "TJ")
    assert verdicts(duty, given) == {"COURT": set(), "PARTIES": set(), "LETTER": kept}
    assert "H2: may go to Court" in duty.get(given).text


def test_under_h1_every_use_before_a_court_waits_for_the_giver(pair: House) -> None:
    officer, duty = pair.desk("TJ", "TJ-1"), pair.desk("KG", "KG-2")
    given = send(officer, "REQ", writing(request(), person(), lorry(), **AT_RISK), "KG")
    pair.sync("TJ", "KG")
    assert verdicts(duty, given) == {use: {"H1-COURT"} for use in USES}
    assert 'name="body.proceedings.defence_disclosure" value="YES"' in duty.get(f"{given}/court?use=PARTIES").text


def test_the_form_offers_the_codes_of_what_it_carries(pair: House) -> None:
    officer, duty = pair.desk("TJ", "TJ-1"), pair.desk("KG", "KG-2")
    given = send(officer, "REQ", writing(request(), person(), lorry(), **AT_RISK), "KG")
    pair.sync("TJ", "KG")
    draft, carried = draft_of(duty.post("/compose", kind="REQ")), {"origin": "TJ", "message": item_of(given)}
    assert 'value="inherit"' not in duty.get(draft).text
    write(
        duty, draft, {**inputs("REQ", writing(request(), person(), lorry(), passed_on=[carried])), "recipients": ["TJ"]}
    )
    assert "Choose H1 too" in duty.get(f"{draft}/check").text
    form = duty.get(draft).text
    assert 'value="inherit"' in form
    assert not chosen(form, "H1")
    assert (
        write(
            duty, draft, inputs("REQ", writing(request(), person(), lorry(), passed_on=[carried])), "inherit"
        ).status_code
        == 303
    )
    form = duty.get(draft).text
    assert chosen(form, "H1")
    assert 'value="inherit"' not in form


def chosen(form: str, code: str) -> bool:
    (box,) = re.findall(rf'<input[^>]*name="common.handling"[^>]*value="{code}"[^>]*>', form)
    return " checked" in box
