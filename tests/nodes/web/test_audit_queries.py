"""Content is closed to auditors until a second one agrees: for stated entries, for a time, under the reader's name."""

import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from exchange.errors import Unavailable
from nodes import timers
from nodes.errors import BadInput
from nodes.inspection_tables import OpeningRow
from nodes.oversight_openings import NEXT, By, State
from nodes.oversight_queries import indices
from nodes.tables import CaseRow
from serai.demo import requests
from tests.instants import DAY, NOW
from tests.nodes.web.auditing import MANDATE, entries
from tests.nodes.web.house import Browser, House, build
from tests.nodes.web.work import send

REASON = "The disclosure names no legal basis in its codes"
CONTENT = "01KG744ABC"


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Kyrgyzstan with two messages of two cases, two auditors, and a supervisor."""
    made = build(tmp_path_factory.mktemp("opened"), NOW, ("KG", "TJ"))
    for user, role in (("KG-1", "OFFICER"), ("KG-3", "SUPERVISOR"), ("KG-9", "AUDITOR"), ("KG-10", "AUDITOR")):
        made.add_user("KG", user, role)
    for _ in range(2):
        send(made.desk("KG", "KG-1"), "REQ", requests.lorry_owner(made.clock.now), "TJ")
    yield made
    made.close()


def auditor(house: House, user: str = "KG-9") -> Browser:
    desk = house.desk("KG", user)
    desk.post("/log/mandate", mandate=MANDATE, back="/log")
    return desk


@pytest.fixture(scope="module")
def reader(opened: House) -> Browser:
    """The auditor who asks."""
    return auditor(opened)


@pytest.fixture(scope="module")
def second(opened: House) -> Browser:
    """The auditor who decides."""
    return auditor(opened, "KG-10")


def disclosures(desk: Browser) -> list[int]:
    """The entries of the two disclosures, the older first."""
    return sorted(one["index"] for one in entries(desk, "operation=DISCLOSE"))


def case_of(desk: Browser, index: int) -> str:
    return str(desk.get(f"/log/{index}.json").json()["case"])


def ask(desk: Browser, *wanted: int, ends: str = "2026-11-23") -> str:
    """Ask for the content of some entries and return the address of the request."""
    answer = desk.post("/queries", entries=" ".join(map(str, wanted)), ends=ends, reason=REASON)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"]).partition("?")[0]


def decide(desk: Browser, address: str, decision: str = "approve", digest: str = "") -> int:
    """Decide a request as its page shows it."""
    shown = re.findall(r'name="digest" value="(\w+)"', desk.get(address).text)
    answer = desk.post(f"{address}/decide", decision=decision, digest=digest or (shown[0] if shown else "0" * 128))
    return answer.status_code


def test_a_second_auditor_opens_the_stated_entries_and_no_other(
    opened: House, reader: Browser, second: Browser
) -> None:
    first, other = disclosures(reader)
    address = ask(reader, first)
    assert reader.get(f"{address}/{first}").status_code == 404
    assert address in second.get("/queries").text
    assert decide(second, address) == 303
    page = reader.get(f"{address}/{first}")
    assert (page.status_code, CONTENT in page.text) == (200, True)
    assert all(word in page.text for word in ("Officer KG-9 (KG-9)", MANDATE, "watermark", "Agreed by KG-10"))
    assert re.search(r"<h1[^>]*>[^<]+</h1>", page.text)
    assert [reader.get(f"{address}/{index}").status_code for index in (other, 999_999)] == [404, 404]
    assert second.get(f"{address}/{first}").status_code == 404
    assert opened.desk("KG", "KG-3").get(f"{address}/{first}").status_code == 403


def test_nobody_decides_his_own_request_and_only_what_was_shown_is_decided(
    opened: House, reader: Browser, second: Browser
) -> None:
    index = disclosures(reader)[1]
    address = ask(reader, index)
    assert 'name="decision"' not in reader.get(address).text
    assert decide(reader, address) == 409
    assert second.post(f"{address}/decide", decision="", digest="").status_code == 422
    assert decide(second, address, digest="0" * 128) == 409
    assert decide(opened.desk("KG", "KG-3"), address) == 403
    assert decide(second, address, "refuse") == 303
    assert "Refused" in reader.get(address).text
    assert reader.get(f"{address}/{index}").status_code == 404
    assert decide(second, address) == 409


def test_the_database_itself_lets_nobody_open_content_to_himself(
    opened: House, reader: Browser, second: Browser
) -> None:
    address = ask(reader, *disclosures(reader))
    decide(second, address)
    with pytest.raises(Unavailable, match="IntegrityError"), opened.nodes["KG"].db.write() as session:
        session.execute(update(OpeningRow).values(approved_by=OpeningRow.reader))
    second.post(f"{address}/end")


def test_content_closes_when_either_auditor_ends_it(reader: Browser, second: Browser) -> None:
    index = disclosures(reader)[0]
    for by, word in ((second, "Revoked"), (reader, "Given back")):
        address = ask(reader, index)
        decide(second, address)
        assert reader.get(f"{address}/{index}").status_code == 200
        assert by.post(f"{address}/end").headers["location"] == f"{address}?done=ended"
        assert reader.get(f"{address}/{index}").status_code == 409
        assert word in reader.get(address).text
        assert by.post(f"{address}/end").status_code == 409
    withdrawn = ask(reader, index)
    assert reader.post(f"{withdrawn}/end").status_code == 303
    assert "Withdrawn" in reader.get(withdrawn).text


def test_the_unit_sees_request_decision_each_look_and_the_end(opened: House, reader: Browser, second: Browser) -> None:
    index = disclosures(reader)[0]
    address = ask(reader, index)
    decide(second, address)
    reader.get(f"{address}/{index}")
    second.post(f"{address}/end")
    shown = opened.desk("KG", "KG-3").get("/openings").text
    assert all(word in shown for word in ("KG-9", "KG-10", MANDATE, f"Entry {index}"))
    case = case_of(reader, index)
    told = second.get(f"/reviews/looks.json?of={case}").json()["looks"]
    codes = [one["codes"][:2] for one in reversed(told) if f"ID.{address.rpartition('/')[2].upper()}" in one["codes"]]
    assert codes == [["AUDIT_QUERY", word] for word in ("ASKED", "APPROVED", "READ", "REVOKED")]
    assert opened.desk("KG", "KG-1").get("/openings").status_code == 403


@pytest.mark.parametrize(
    "form", [{"entries": "0"}, {"entries": "x"}, {"entries": "1-99"}, {"ends": "2027-03-01"}, {"ends": "2026-11-20"}]
)
def test_a_request_that_names_no_content_or_no_near_end_is_not_made(reader: Browser, form: dict[str, str]) -> None:
    given = {"entries": str(disclosures(reader)[0]), "ends": "2026-11-23", "reason": REASON, **form}
    answer = reader.post("/queries", **given)
    assert (answer.status_code, REASON in answer.text) == (422, True)


def test_an_erased_case_stays_erased_for_an_auditor_too(opened: House, reader: Browser, second: Browser) -> None:
    index = disclosures(reader)[1]
    read, late = ask(reader, index), ask(reader, *disclosures(reader))
    decide(second, read)
    case = case_of(reader, index)
    with opened.nodes["KG"].db.write() as session:
        session.execute(update(CaseRow).where(CaseRow.case_ref == case).values(wrapped_key=None))
    assert reader.get(f"{read}/{index}").status_code == 404
    assert decide(second, late) == 409
    assert reader.post("/queries", entries=str(index), ends="2026-11-23", reason=REASON).status_code == 422
    assert [desk.post(f"{address}/end").status_code for desk, address in ((second, read), (reader, late))] == [303, 303]


def test_time_alone_closes_what_was_opened_and_what_nobody_decided(opened: House) -> None:
    reader, second = auditor(opened), auditor(opened, "KG-10")
    index = disclosures(reader)[0]
    address = ask(reader, index, ends="2026-11-22")
    decide(second, address)
    opened.clock.now = NOW + DAY
    reader = auditor(opened)
    assert reader.get(f"{address}/{index}").status_code == 409
    timers.run(opened.nodes["KG"])
    assert "Time is over" in reader.get(address).text
    told = reader.get(f"/reviews/looks.json?of={case_of(reader, index)}").json()["looks"]
    assert ["AUDIT_QUERY", "EXPIRED"] in [one["codes"][:2] for one in told]
    late = ask(reader, index, ends="2026-11-23")
    opened.clock.now += DAY
    assert decide(auditor(opened, "KG-10"), late) == 409
    assert auditor(opened).get(f"{late}/{index}").status_code == 404


def test_every_end_of_an_opening_is_final() -> None:
    assert {before for before, _ in NEXT} == {State.OPEN}
    assert {who for _, who in NEXT} == set(By)
    assert set(NEXT.values()) == set(State) - {State.OPEN}


@given(st.sets(st.integers(0, 10**9), min_size=1, max_size=50))
def test_the_entries_that_are_named_are_the_entries_that_are_asked_for(wanted: set[int]) -> None:
    assert indices(", ".join(map(str, wanted))) == tuple(sorted(wanted))


@pytest.mark.parametrize("text", ["", "-1", "5-", "7-3", "1-51", "٣", "1.5", "9" * 16, " ".join(map(str, range(51)))])
def test_what_names_no_entries_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        indices(text)


def test_ranges_and_single_entries_may_be_mixed() -> None:
    assert indices("12, 15-17 13") == (12, 13, 15, 16, 17)
