"""The data-protection officer asks, a supervisor decides, and the page says what was erased; neither alone can."""

import re
from collections.abc import Iterator

import pytest

from nodes import cases
from nodes.breaches import FIRST
from serai.demo import requests
from tests.instants import DAY, NOW
from tests.nodes.web.house import Browser, House, build
from tests.nodes.web.work import send

REASON = "The court acquitted him on 3 November"


@pytest.fixture(scope="module")
def protected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Kyrgyzstan with an officer, a supervisor and a data-protection officer, and a request to Tajikistan."""
    made = build(tmp_path_factory.mktemp("protected"), NOW, ("KG", "TJ"))
    made.add_user("KG", "KG-1", "OFFICER")
    made.add_user("KG", "KG-3", "SUPERVISOR")
    made.add_user("KG", "KG-5", "DPO")
    yield made
    made.close()


@pytest.fixture(scope="module")
def dpo(protected: House) -> Browser:
    return protected.desk("KG", "KG-5")


@pytest.fixture(scope="module")
def supervisor(protected: House) -> Browser:
    return protected.desk("KG", "KG-3")


@pytest.fixture
def sent(protected: House) -> tuple[str, str]:
    """The address of a message that is at the hub, and the number of its case."""
    desk = protected.desk("KG", "KG-1")
    message = send(desk, "REQ", requests.lorry_owner(protected.clock.now), "TJ")
    protected.sync("KG")
    return message, case_of(desk, message)


def case_of(desk: Browser, message: str) -> str:
    return str(re.findall(r'href="/cases/([A-Z0-9-]+)"', desk.get(message).text)[0])


def digest(page: str) -> str:
    return str(re.findall(r'name="digest" value="([0-9a-f]{128})"', page)[0])


def test_a_case_is_erased_by_two_persons_through_the_pages(
    protected: House, dpo: Browser, supervisor: Browser, sent: tuple[str, str]
) -> None:
    message, case = sent
    answer = dpo.post("/protection/erasures", case=case, cause="ACQUITTAL", reason=REASON)
    address = str(answer.headers["location"]).partition("?")[0]
    assert "decision" not in dpo.get(address).text
    assert case in supervisor.get("/approvals").text
    page = supervisor.get(address).text
    assert "Acquittal" in page
    assert (
        supervisor.post(address, digest=digest(page), decision="approve").headers["location"].startswith("/approvals")
    )
    officer = protected.desk("KG", "KG-1")
    for gone in (message, f"/cases/{case}"):
        found = officer.get(gone)
        assert (found.status_code, REASON in found.text, "KG-3" in found.text) == (410, True, True)
    assert REASON in dpo.get("/protection").text
    assert officer.get(f"{message}.json").json()["code"] == "EX-6042"


def test_a_decision_needs_the_digest_that_was_shown_and_a_known_answer(
    dpo: Browser, supervisor: Browser, sent: tuple[str, str]
) -> None:
    address = str(dpo.post("/protection/erasures", case=sent[1], cause="UNLAWFUL", reason=REASON).headers["location"])
    address = address.partition("?")[0]
    shown = digest(supervisor.get(address).text)
    assert supervisor.post(address, digest="0" * 128, decision="approve").status_code == 409
    assert supervisor.post(address, digest=shown, decision="perhaps").status_code == 422
    assert dpo.post(address, digest=shown, decision="approve").status_code == 403
    assert supervisor.post(address, digest=shown, decision="refuse").status_code == 303
    assert "Refused" in dpo.get(address).text
    assert sent[1] not in [one["target"] for one in supervisor.get("/approvals.json").json()["waiting"]]


def test_a_request_is_taken_back_by_whoever_made_it(dpo: Browser, supervisor: Browser, sent: tuple[str, str]) -> None:
    address = str(dpo.post("/protection/erasures", case=sent[1], cause="UNLAWFUL", reason=REASON).headers["location"])
    address = address.partition("?")[0]
    assert supervisor.post(f"{address}/withdraw").status_code == 404
    assert dpo.post(f"{address}/withdraw").status_code == 303
    assert "Withdrawn" in dpo.get(address).text


def test_a_hold_forbids_an_erasure_until_it_is_ended(dpo: Browser, sent: tuple[str, str]) -> None:
    hold = {"case": sent[1], "authority": "City court", "number": "1-77/26", "until": "2027-03-01"}
    assert dpo.post("/protection/holds", **hold).status_code == 303
    refused = dpo.post("/protection/erasures", case=sent[1], cause="ACQUITTAL", reason=REASON)
    assert (refused.status_code, "LEGAL-HOLD" in refused.text, "the day on which the hold ends" in refused.text) == (
        403,
        True,
        True,
    )
    number = re.findall(r"/protection/holds/([0-9a-f]{32})/lift", dpo.get("/protection").text)[0]
    assert dpo.post(f"/protection/holds/{number}/lift").status_code == 303
    assert dpo.post("/protection/erasures", case=sent[1], cause="ACQUITTAL", reason=REASON).status_code == 303
    assert dpo.get("/protection.json").json()["holds"][0]["lifted"]


@pytest.mark.parametrize(
    ("where", "form"),
    [
        ("erasures", {"case": "TJ-TJ-1999-000001", "cause": "ACQUITTAL", "reason": REASON}),
        ("erasures", {"case": "x", "cause": "BECAUSE", "reason": REASON}),
        ("holds", {"case": "TJ-TJ-1999-000001", "authority": "Court", "number": "1", "until": "2027-03-01"}),
        ("holds", {"case": "x", "authority": "Court", "number": "1", "until": "soon"}),
        ("reviews", {"case": "x", "until": "soon", "reason": REASON}),
    ],
)
def test_what_is_not_usable_is_said_beside_the_form(dpo: Browser, where: str, form: dict[str, str]) -> None:
    answer = dpo.post(f"/protection/{where}", **form)
    assert (answer.status_code, "govuk-error-summary" in answer.text) == (422, True)


def test_a_review_that_is_due_is_kept_with_a_reason(protected: House, dpo: Browser, sent: tuple[str, str]) -> None:
    node, now = protected.nodes["KG"], protected.clock.now
    with node.db.write() as session:
        case = cases.by_ref(session, sent[1])
        case.review, case.expires = now - 1, now + 900 * DAY
    assert sent[1] in [one["case"] for one in dpo.get("/protection.json").json()["reviews"]]
    assert 'name="until"' in dpo.get("/protection").text
    kept = dpo.post("/protection/reviews", case=sent[1], until="2027-05-01", reason="The appeal is not decided yet")
    assert kept.status_code == 303
    assert sent[1] not in [one["case"] for one in dpo.get("/protection.json").json()["reviews"]]


@pytest.mark.parametrize(
    "path", ["/approvals", "/protection", "/protection/persons", "/protection/register", "/protection/breaches"]
)
def test_an_officer_sees_none_of_the_pages(protected: House, path: str) -> None:
    assert protected.desk("KG", "KG-1").get(path).status_code == 403


def test_the_first_page_of_a_data_protection_officer_is_his_own(dpo: Browser) -> None:
    assert dpo.get("/").headers["location"] == "/protection"


def test_a_person_is_looked_up_and_the_answer_is_drafted(protected: House, dpo: Browser) -> None:
    send(protected.desk("KG", "KG-1"), "REQ", requests.controlled_delivery(protected.clock.now), "TJ")
    assert dpo.get("/protection/persons").status_code == 200
    nobody = dpo.post("/protection/persons", names="Nazarova Malika", reason="Request 14/2026 of a person")
    assert "neither confirms nor denies" in nobody.text
    found = dpo.post("/protection/persons", names="Karimzoda Daler", reason="Request 14/2026 of a person")
    assert (found.status_code, "This is what we can tell you" in found.text) == (200, True)
    assert dpo.post("/protection/persons", names="Karimzoda Daler", reason="no").status_code == 422


def test_the_register_names_recipients_purposes_and_every_field(dpo: Browser) -> None:
    page = dpo.get("/protection/register").text
    assert "Tajikistan" in page
    assert "objects[PERSON].names[].family" in page
    rows = dpo.get("/protection/field-map.csv").text.splitlines()
    assert rows[0] == "kind,field,label,data_group,group,required"
    assert "REQ,objects[PERSON].names[].given,Given names,PERSONAL,Personal details,0" in rows


def breaches(dpo: Browser) -> set[str]:
    """The numbers of all that were reported."""
    return set(re.findall(r"/protection/breaches/([0-9a-f]{32})/phase", dpo.get("/protection/breaches").text))


def reported(dpo: Browser, **form: str) -> str:
    """Report a breach; returns its number."""
    before = breaches(dpo)
    assert dpo.post("/protection/breaches", **form).status_code == 303
    (number,) = breaches(dpo) - before
    return number


def test_a_breach_is_reported_and_the_authority_and_partners_are_told(dpo: Browser) -> None:
    form = dict.fromkeys(FIRST, "Not known yet")
    assert dpo.post("/protection/breaches", detected="soon", **form).status_code == 422
    number = reported(dpo, detected="2026-11-18T08:00", **form)
    page = dpo.get("/protection/breaches").text
    assert dpo.post(f"/protection/breaches/{number}/phase", nature="").status_code == 422
    assert dpo.post(f"/protection/breaches/{number}/phase", nature="It was found again").status_code == 303
    assert 'name="late"' in page
    assert dpo.post(f"/protection/breaches/{number}/authority").status_code == 422
    late = "It was found on a holiday"
    assert dpo.post(f"/protection/breaches/{number}/authority", late=late).status_code == 303
    assert dpo.post(f"/protection/breaches/{number}/partners").status_code == 303
    assert "Authority told" in dpo.get("/protection/breaches").text


def test_a_breach_begins_the_message_to_the_units_whose_data_it_was(protected: House, dpo: Browser) -> None:
    told = {"nature": "A laptop was lost", "subjects": "3", "records": "12", "measures": "Keys were changed"}
    more = {"categories": "Names", "consequences": "None known", "contact": "KG-5", "detected": "2026-11-22T06:00"}
    number = reported(dpo, **told, **more)
    begun = str(dpo.post(f"/protection/breaches/{number}/notice").headers["location"])
    assert "A laptop was lost" in dpo.get(begun).text
    assert protected.desk("KG", "KG-1").get(begun).status_code == 404
