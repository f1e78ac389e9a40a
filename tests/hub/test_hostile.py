"""Nothing hostile gets further than its documented refusal, and nothing of it is stored (protocol.md §6.1-§6.5)."""

from collections.abc import Iterator

import pytest

from tests.hub import hostile
from tests.hub.desk import Desk
from tests.hub.hostile import ENVELOPES, QUERIES, RECEIPTS, Good


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, Good]]:
    """One hub for the whole table: if a case left anything behind, the next one would notice."""
    folder = tmp_path_factory.mktemp("hostile")
    desk = Desk(folder / "hub", f"sqlite:///{folder / 'hub.sqlite'}")
    yield desk, good_of(desk)
    desk.close()


def good_of(desk: Desk) -> Good:
    units = desk.world.units
    return Good(desk.seal().wire, units["TJ"].signing, units["KZ"].signing)


def test_the_table_is_long_enough() -> None:
    assert len(ENVELOPES) + len(RECEIPTS) + len(QUERIES) >= 150


@pytest.mark.parametrize("name", ENVELOPES)
def test_a_hostile_envelope_is_refused_and_leaves_nothing(shared: tuple[Desk, Good], name: str) -> None:
    desk, good = shared
    make, code = ENVELOPES[name]
    before = desk.rows()
    answer = desk.post(make(good))
    assert answer.json()["code"] == code, answer.text
    assert desk.rows() == before


@pytest.mark.parametrize("name", RECEIPTS)
def test_hostile_receipts_are_refused_and_leave_nothing(shared: tuple[Desk, Good], name: str) -> None:
    desk, _ = shared
    before = desk.rows()
    answer = desk.client.post("/v1/receipts", content=RECEIPTS[name], headers={"content-type": "application/json"})
    assert answer.json()["code"] == hostile.NOT_RECEIPTS, answer.text
    assert desk.rows() == before


@pytest.mark.parametrize("name", QUERIES)
def test_a_hostile_query_is_refused_and_leaves_nothing(shared: tuple[Desk, Good], name: str) -> None:
    desk, _ = shared
    desk.hub.tick()
    before = desk.rows()
    path, code = QUERIES[name]
    answer = desk.get("KG", path)
    assert answer.json()["code"] == code, answer.text
    assert desk.rows() == before


@pytest.mark.parametrize("media", ["", "text/plain", "application/json", "application/octet-stream; charset=x"])
def test_another_content_type_is_refused(shared: tuple[Desk, Good], media: str) -> None:
    desk, good = shared
    answer = desk.client.post("/v1/messages", content=good.wire, headers={"content-type": media})
    assert answer.json()["code"] == hostile.WRONG_MEDIA


@pytest.mark.parametrize("length", ["99999999999", "-1", "1e3", "9" * 40])
def test_a_body_announced_too_large_is_refused_before_it_is_read(shared: tuple[Desk, Good], length: str) -> None:
    desk, good = shared
    answer = desk.post(good.wire, **{"content-length": length})
    assert answer.json()["code"] == hostile.TOO_LARGE


def test_a_body_that_is_longer_than_it_may_be_is_refused(shared: tuple[Desk, Good]) -> None:
    desk, _ = shared
    answer = desk.client.get("/v1/inbox?after=-1", auth=desk.auth("KG"))
    assert answer.status_code == 200
    request = desk.client.build_request("GET", "/v1/inbox?after=-1", content=b"x")
    assert desk.client.send(request).json()["code"] == hostile.TOO_LARGE


def test_the_whole_table_leaves_nothing_on_either_database(desk: Desk) -> None:
    good, before = good_of(desk), desk.rows()
    wrong = [name for name, (make, code) in ENVELOPES.items() if desk.post(make(good)).json()["code"] != code]
    assert wrong == []
    assert desk.rows() == before
    assert desk.post(good.wire).status_code == 201
