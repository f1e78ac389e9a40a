"""The log explorer: facets, references, stable pages, exports, and that every look is on record."""

import csv
import io
from urllib.parse import quote

import pytest
from sqlalchemy import text

from tests.nodes.web.auditing import MANDATE, disclosure, entries
from tests.nodes.web.house import Browser, House


@pytest.mark.parametrize(
    ("query", "member", "value"),
    [
        ("operation=DISCLOSE", "operation", "DISCLOSE"),
        ("unit=TJ", "unit", "TJ"),
        ("role=OFFICER", "role", "OFFICER"),
        ("person=KG-1", "actor", "KG-1"),
        ("outcome=DONE", "result", "DONE"),
    ],
)
def test_a_facet_leaves_only_what_it_names(auditor: Browser, query: str, member: str, value: str) -> None:
    found = entries(auditor, query)
    assert found
    assert {one[member] for one in found} == {value}


@pytest.mark.parametrize("member", ["index", "leaf", "case", "message", "eid"])
def test_one_box_finds_an_entry_by_whatever_names_it(auditor: Browser, member: str) -> None:
    wanted = disclosure(auditor)
    assert wanted["index"] in {one["index"] for one in entries(auditor, f"q={wanted[member]}")}


def test_the_beginning_of_a_hash_is_enough(auditor: Browser) -> None:
    wanted = disclosure(auditor)
    assert [one["index"] for one in entries(auditor, f"q={str(wanted['leaf'])[:12]}")] == [wanted["index"]]


def test_what_names_nothing_finds_nothing(auditor: Browser) -> None:
    assert entries(auditor, "q=Nobody") == []
    assert "Nothing in the log matches" in auditor.get("/log?q=Nobody").text


def test_pages_keep_their_entries_while_the_log_grows(auditor: Browser) -> None:
    first = auditor.get("/log.json").json()
    second = entries(auditor, f"before={first['older']}")
    assert entries(auditor, f"before={first['older']}") == second
    back = auditor.get(f"/log.json?after={second[0]['index']}").json()["entries"]
    assert [one["index"] for one in back][-1] == second[0]["index"] + 1


def test_a_day_is_a_day_of_the_unit(auditor: Browser) -> None:
    day = "2026-11-22"
    assert entries(auditor, f"since={day}&until={day}")
    assert entries(auditor, "since=2026-11-24") == []
    assert entries(auditor, "until=2026-11-20") == []
    assert f'value="{day}"' in auditor.get(f"/log?since={day}&until={day}").text


@pytest.mark.parametrize("query", ["q=KG-KG-2026-000001", "person=KG-1", "q=Rahmonov"])
def test_a_search_for_a_person_or_case_first_asks_for_the_mandate(audited: House, query: str) -> None:
    desk = audited.desk("KG", "KG-10")
    answer = desk.get(f"/log?{query}")
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        f"/log/mandate?back=/log%3F{quote(query)}",
    )
    assert desk.get(f"/log.json?{query}").json()["code"] == "EX-6037"
    assert desk.get("/log?unit=TJ").status_code == 200


def test_a_mandate_says_enough_and_leads_back_into_these_pages_only(audited: House) -> None:
    desk = audited.desk("KG", "KG-10")
    refused = desk.post("/log/mandate", mandate="audit", back="/log")
    assert (refused.status_code, "10 to 300 characters" in refused.text) == (422, True)
    assert desk.post("/log/mandate", mandate=MANDATE, back="//evil.test").headers["location"] == "/log"


def test_a_view_is_taken_out_whole_and_that_is_on_record(auditor: Browser) -> None:
    listed = auditor.get("/log.json?operation=LOGIN").json()
    lines = list(csv.DictReader(io.StringIO(auditor.get("/log/export.csv?operation=LOGIN").text)))
    taken = auditor.get("/log/export.json?operation=LOGIN").json()
    assert len(lines) == taken["count"] == len(taken["entries"]) == listed["total"]
    assert [int(line["index"]) for line in lines] == [one["index"] for one in taken["entries"]]
    assert [one["operation"] for one in entries(auditor)[:2]] == ["AUDIT_EXPORT", "AUDIT_EXPORT"]


def test_nothing_is_taken_out_without_a_mandate(audited: House) -> None:
    assert audited.desk("KG", "KG-10").get("/log/export.csv").headers["location"].startswith("/log/mandate?")


def test_a_row_of_the_index_that_lies_is_named(audited: House, auditor: Browser) -> None:
    wanted = disclosure(auditor)
    lie, truth = (
        text("UPDATE node_event SET unit='KZ' WHERE operation='DISCLOSE'"),
        text("UPDATE node_event SET unit='TJ' WHERE operation='DISCLOSE'"),
    )
    with audited.nodes["KG"].db.write() as session:
        session.execute(lie)
    page = auditor.get(f"/log?q={wanted['index']}").text
    with audited.nodes["KG"].db.write() as session:
        session.execute(truth)
    assert "The index says something else about it" in page


def test_an_entry_hidden_from_the_index_is_missed(audited: House, auditor: Browser) -> None:
    with audited.nodes["KG"].db.write() as session:
        session.execute(text('UPDATE node_event SET "index" = 100000 WHERE "index" = 3'))
    page = auditor.get("/log").text
    with audited.nodes["KG"].db.write() as session:
        session.execute(text('UPDATE node_event SET "index" = 3 WHERE "index" = 100000'))
    assert "no search finds them: 3." in page
