"""Inspections: declared before they are drawn, drawn by nobody, judged entry by entry, answered, signed and closed."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import signing, statements
from nodes.oversight_inspections import LABEL
from nodes.oversight_samples import draw, seed_of
from serai.demo import requests
from tests.instants import NOW
from tests.nodes.web.auditing import MANDATE, entries
from tests.nodes.web.house import Browser, House, build
from tests.nodes.web.work import send


@given(st.integers(0, 50), st.integers(0, 80), st.integers(1, 30))
def test_a_sample_is_of_the_range_in_order_and_no_larger_than_declared(first: int, more: int, most: int) -> None:
    drawn = draw(seed_of("file", bytes(32)), first, first + more, most)
    assert len(drawn) == min(most, more + 1)
    assert list(drawn) == sorted(set(drawn))
    assert all(first <= index <= first + more for index in drawn)


def test_another_root_or_another_file_draws_another_sample() -> None:
    samples = {draw(seed_of(name, root), 0, 999, 10) for name in ("a", "b") for root in (bytes(32), b"x" * 32)}
    assert len(samples) == 4


@pytest.fixture(scope="module")
def inspected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Kyrgyzstan with an auditor and a supervisor, following a hub that has signed its log."""
    made = build(tmp_path_factory.mktemp("inspected"), NOW, ("KG", "TJ"))
    made.add_user("KG", "KG-1", "OFFICER")
    made.add_user("KG", "KG-3", "SUPERVISOR")
    made.add_user("KG", "KG-9", "AUDITOR")
    made.hub.tick()
    made.sync("KG")
    yield made
    made.close()


@pytest.fixture(scope="module")
def auditor(inspected: House) -> Browser:
    desk = inspected.desk("KG", "KG-9")
    desk.post("/log/mandate", mandate=MANDATE, back="/log")
    return desk


def declare(desk: Browser, most: str = "4") -> str:
    """Declare an inspection of these days and return its address."""
    answer = desk.post("/inspections", since="2026-11-20", until="2026-11-25", most=most)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def grow(house: House) -> None:
    """Let the hub's log grow, sign it and mirror it."""
    send(house.desk("KG", "KG-1"), "REQ", requests.lorry_owner(house.clock.now), "TJ")
    house.sync("KG")
    house.clock.now += 10
    house.hub.tick()
    house.sync("KG")


def drawn(inspected: House, desk: Browser) -> str:
    """An inspection whose sample was drawn."""
    address = declare(desk)
    grow(inspected)
    return address


def test_nothing_is_drawn_before_the_hub_has_reached_the_size_that_was_logged(
    inspected: House, auditor: Browser
) -> None:
    address = declare(auditor)
    before = auditor.get(f"{address}.json").json()
    assert (before["drawn"], before["root"]) == (0, "")
    said = next(one["codes"] for one in auditor.get("/log/looks.json").json()["looks"] if "DECLARE" in one["codes"])
    assert f"TARGET.{before['target']}" in said
    grow(inspected)
    after = auditor.get(f"{address}.json").json()
    seed = seed_of(after["id"], bytes.fromhex(after["root"]))
    assert [one["index"] for one in after["entries"]] == list(draw(seed, after["first"], after["last"], after["most"]))
    assert all(one["proven"] for one in after["entries"])


def test_a_finding_is_answered_by_the_unit_and_all_of_it_stands_in_the_signed_report(
    inspected: House, auditor: Browser
) -> None:
    address = drawn(inspected, auditor)
    first, *rest = [one["index"] for one in auditor.get(f"{address}.json").json()["entries"]]
    assert auditor.post(f"{address}/{first}", verdict="QUESTION", note="").status_code == 422
    assert auditor.post(f"{address}/{first}", verdict="QUESTION", note="Who asked for this?").status_code == 303
    assert auditor.post(f"{address}/close").status_code == 409
    for index in rest:
        auditor.post(f"{address}/{index}", verdict="IN_ORDER", note="")
    chief, place = inspected.desk("KG", "KG-3"), address.replace("/inspections", "/findings")
    assert "Who asked for this?" in chief.get("/findings").text
    assert chief.post(f"{place}/{first}", reply="").status_code == 422
    assert chief.post(f"{place}/{first}", reply="The prosecutor, order 7").status_code == 303
    assert "The prosecutor, order 7" in auditor.get(address).text
    assert auditor.post(f"{address}/close").status_code == 303
    wire = auditor.get(f"{address}/report").content
    signed, key = statements.parse(wire, limit=1 << 20), inspected.nodes["KG"].keys.signing
    signed.verify(LABEL, {signing.kid_of(key.public): key.public})
    assert b"The prosecutor, order 7" in signed.statement_bytes
    assert entries(auditor, "operation=AUDIT_EXPORT")[0]["actor"] == "KG-9"
    assert auditor.get(f"{address}/report.pdf").content.startswith(b"%PDF-1.7")
    assert auditor.post(f"{address}/{first}", verdict="IN_ORDER", note="").status_code == 409
    assert chief.post(f"{place}/{first}", reply="Later").status_code == 409
    assert "No auditor has a question" in chief.get("/findings").text


@pytest.mark.parametrize(
    "form", [{"most": "0"}, {"most": "x"}, {"since": ""}, {"since": "2030-01-01", "until": "2030-01-02"}]
)
def test_a_plan_that_draws_nothing_is_refused_with_what_was_typed(auditor: Browser, form: dict[str, str]) -> None:
    answer = auditor.post("/inspections", **{"since": "2026-11-20", "until": "2026-11-25", "most": "4", **form})
    assert (answer.status_code, "a number from 1 to 200" in answer.text) == (422, True)


def test_what_is_not_there_is_not_found_and_officers_are_kept_out(inspected: House, auditor: Browser) -> None:
    address = drawn(inspected, auditor)
    for path in ("/inspections/none", "/inspections/none/report", f"{address}/report"):
        assert auditor.get(path).status_code == 404
    assert auditor.post(f"{address}/999999", verdict="IN_ORDER", note="").status_code == 404
    assert auditor.post(f"{address}/1", verdict="FINE", note="").status_code == 422
    chief = inspected.desk("KG", "KG-3")
    assert chief.post(f"{address.replace('/inspections', '/findings')}/1", reply="x").status_code == 404
    officer = inspected.desk("KG", "KG-1")
    assert [officer.get(path).status_code for path in ("/inspections", address, "/findings")] == [403, 403, 403]
    assert auditor.get("/inspections.json").json()["inspections"]
