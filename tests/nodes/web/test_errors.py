"""What a person sees when something goes wrong, how a page hears of changes, and how a person is drawn."""

import asyncio
import threading

from starlette.requests import Request
from starlette.types import Message

from nodes.web import desk_pages
from nodes.web.languages import speaking
from nodes.web.reading import people_of, sections_of
from schemas.kinds import KINDS
from serai.demo import requests
from tests.instants import NOW
from tests.nodes.web.house import House


def test_an_unknown_page_says_what_to_do(house: House) -> None:
    desk = house.desk("KG", "KG-1")
    page = desk.get("/nowhere")
    assert (page.status_code, "Check the address" in page.text) == (404, True)
    assert desk.client.put("/inbox").status_code == 405


def test_a_wrong_parameter_is_a_problem_document_for_a_machine(house: House) -> None:
    answer = house.desk("KG", "KG-9").get("/log.json?before=x")
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert answer.json()["code"] == "EX-4003"


def test_a_node_without_a_directory_says_what_is_missing(house: House) -> None:
    node, desk = house.nodes["TJ"], house.desk("TJ", "TJ-1")
    held, node.held = node.held, None
    try:
        answer = desk.get("/inbox")
    finally:
        node.held = held
    assert answer.status_code == 503
    assert "EX-6033" in answer.text
    assert "content-security-policy" in answer.headers


def test_an_error_that_nobody_expected_shows_a_number_and_no_detail(house: House) -> None:
    node, desk = house.nodes["TJ"], house.desk("TJ", "TJ-1")
    changed = node.changed
    del node.changed
    try:
        answer = desk.get("/events")
    finally:
        node.changed = changed
    assert answer.status_code == 500
    assert ("EX-5000" in answer.text, "AttributeError" in answer.text) == (True, False)
    assert "content-security-policy" in answer.headers


def test_the_stream_says_that_something_changed_and_never_what(house: House) -> None:
    node = house.nodes["KG"]

    async def receive() -> Message:
        await asyncio.sleep(3600)
        return {"type": "http.disconnect"}

    async def listen() -> list[str]:
        request = Request({"type": "http", "headers": [], "method": "GET", "path": "/events"}, receive)
        stream = desk_pages._changes(request, node, node.changed.number)
        first = await anext(stream)
        threading.Timer(0.05, node.changed.bump).start()
        second = await anext(stream)
        await stream.aclose()
        return [first, second]

    before = node.changed.number
    assert asyncio.run(listen()) == [f"id: {before}\n\n", f"id: {before + 1}\nevent: changed\ndata: {before + 1}\n\n"]


def test_a_person_is_shown_in_the_script_of_the_document_and_in_latin() -> None:
    writing = requests.controlled_delivery(NOW)
    values = {**writing.body, "objects": [*writing.objects]}
    with speaking("en"):
        person = people_of(KINDS["REQ"], values)[0]
        others = [
            line.text for part in sections_of(KINDS["REQ"], values) if part.id == "objects" for line in part.lines
        ]
    assert (person.original, person.latin, person.language) == ("Каримзода Далер Бахтиёрович", "Karimzoda Daler", "ru")
    assert "names" not in {line.path.rpartition(".")[2] for line in person.lines}
    assert ("01KG744ABC" in others[0], "Каримзода" in others[0]) == (True, False)
