"""What one caller, and all callers together, may keep open at once: above it 429 or 503, and nothing else happens."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.hub.app import create_app
from exchange.hub.hub import Hub
from exchange.hub.limits import Places
from exchange.overload import Busy, TooManyOpen
from tests.hub.desk import URL, Desk

Act = Callable[[httpx.AsyncClient], Awaitable[Any]]


@given(st.lists(st.tuples(st.sampled_from("AB"), st.integers(1, 6)), max_size=12))
def test_no_caller_and_no_sum_is_ever_above_its_share(asked: list[tuple[str, int]]) -> None:
    places, held, opened = Places(each=8, total=12), {"A": 0, "B": 0}, []
    for caller, units in asked:
        place = places.taken(caller, units)
        try:
            place.__enter__()
        except TooManyOpen:
            assert held[caller] + units > 8
        except Busy:
            assert sum(held.values()) + units > 12
        else:
            opened.append(place)
            held[caller] += units
        assert places.held == sum(held.values()) <= 12
    for place in opened:
        place.__exit__(None, None, None)
    assert places.held == 0


def test_a_place_is_given_back_whatever_happens() -> None:
    places = Places(each=1, total=1)
    with pytest.raises(KeyError), places.taken("A"):
        raise KeyError
    with places.taken("B"):
        assert places.held == 1


# --- at the hub -------------------------------------------------------------------------------------------------------


@pytest.fixture
def small(tmp_path: Path, sqlite_url: str) -> Iterator[Desk]:
    """A hub with room for one body of 17 MB from each caller and two polls, one for each unit."""
    desk = Desk(tmp_path / "hub", sqlite_url)
    desk.settings = desk.settings.model_copy(update={"body_megabytes_each": 17, "polls_each": 1, "polls": 2})
    desk.restart()
    yield desk
    desk.close()


def at_once(hub: Hub, *acts: Act) -> list[Any]:
    """Let clients act at the same time against the hub, in one event loop, in this order."""

    async def run() -> list[Any]:
        transport = httpx.ASGITransport(create_app(hub))
        async with httpx.AsyncClient(transport=transport, base_url=URL) as client:
            return await asyncio.gather(*(act(client) for act in acts))

    return asyncio.run(run())


def poll(desk: Desk, unit: str, seconds: int = 1) -> Act:
    path = f"/v1/inbox?after=-1&leaf=&wait={seconds}"
    return lambda client: client.get(path, auth=desk.auth(unit))


def told(answer: httpx.Response) -> tuple[int, str, str]:
    return answer.status_code, str(answer.json()["code"]), answer.headers["retry-after"]


def test_a_unit_that_polls_twice_at_once_waits_for_its_own_poll(small: Desk) -> None:
    first, second, other = at_once(small.hub, poll(small, "KG"), poll(small, "KG"), poll(small, "KZ"))
    assert (first.status_code, other.status_code) == (200, 200)
    assert told(second) == (429, "EX-4292", "5")


def test_when_all_polls_are_taken_the_next_unit_is_told_to_come_again(small: Desk) -> None:
    *_, third = at_once(small.hub, *(poll(small, unit) for unit in ("KG", "KZ", "TJ")))
    assert told(third) == (503, "EX-5035", "5")
    assert small.get("TJ", "/v1/inbox?after=-1&leaf=&wait=0").status_code == 200


async def unending(hub: Hub, begun: asyncio.Event, end: asyncio.Event) -> int:
    """Announce a body of 16 MB and send nothing until `end`; return the status of the answer."""
    answers: list[Any] = []

    async def receive() -> dict[str, Any]:
        begun.set()
        await end.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        answers.append(message)

    fields = [(b"content-type", b"application/octet-stream"), (b"content-length", b"%d" % (16 << 20))]
    scope = {"type": "http", "method": "POST", "path": "/v1/messages", "query_string": b"", "headers": fields}
    await create_app(hub)({**scope, "client": ("127.0.0.1", 1)}, receive, send)
    return int(answers[0]["status"])


async def while_unending(hub: Hub, wire: bytes) -> tuple[int, httpx.Response, httpx.Response]:
    """Post without an announced length while such a body is open, and again when it has gone."""
    begun, end = asyncio.Event(), asyncio.Event()
    slow = asyncio.create_task(unending(hub, begun, end))
    await begun.wait()

    async def parts() -> AsyncIterator[bytes]:
        yield wire

    fields = {"content-type": "application/octet-stream"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(create_app(hub)), base_url=URL) as client:
        during = await client.post("/v1/messages", content=parts(), headers=fields)
        end.set()
        return await slow, during, await client.post("/v1/messages", content=wire, headers=fields)


def test_bodies_that_never_end_take_their_own_share_and_give_it_back(small: Desk) -> None:
    slow, during, after = asyncio.run(while_unending(small.hub, small.seal().wire))
    assert slow == 400
    assert told(during) == (429, "EX-4292", "5")
    assert after.status_code == 201
    assert small.hub.bodies.held == 0
