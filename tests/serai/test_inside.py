"""Calling an application in this process changes nothing on the way."""

import threading
from collections.abc import Iterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from serai.inside import Inside


async def echo(request: Request) -> Response:
    if request.url.path == "/broken":
        raise ZeroDivisionError
    return Response(await request.body(), status_code=207, headers={"x-asked": str(request.url)})


APP = Starlette(routes=[Route("/{rest:path}", echo, methods=["GET", "POST"])])


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    inside = Inside(APP)
    with httpx.Client(transport=inside, base_url="http://hub.serai.example") as client:
        yield client
    inside.end()


def test_bytes_status_headers_and_address_pass_unchanged(client: httpx.Client) -> None:
    answer = client.post("/v1/messages?a=b", content=b"\x00\xff" * 70_000)
    assert answer.status_code == 207
    assert answer.content == b"\x00\xff" * 70_000
    assert answer.headers["x-asked"] == "http://hub.serai.example/v1/messages?a=b"


def test_a_defect_of_the_application_is_not_swallowed(client: httpx.Client) -> None:
    with pytest.raises(ZeroDivisionError):
        client.get("/broken")


def test_threads_take_turns(client: httpx.Client) -> None:
    answers: list[bytes] = []
    threads = [
        threading.Thread(target=lambda n=n: answers.append(client.post("/", content=b"%d" % n).content))
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [b"%d" % n for n in range(8)]
