"""Clocks that jump, hubs that stay away for days, nodes that come back from the past: nothing is lost for good."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
from sqlalchemy import func, select

from crypto.encryption import EncryptionKey
from exchange.hub import administration
from nodes import backup, courier, messages, upkeep
from nodes.backup import Opening
from nodes.courier import Courier
from nodes.drafts import NewDraft
from nodes.hub_client import HubClient
from nodes.tables import AlertRow, DeliveryRow, MessageRow, QuarantineRow
from tests.instants import DAY, HOUR
from tests.nodes.world import PASSPHRASE, World, send, someone

RECOVERY = EncryptionKey.generate()


def ask(world: World, to: str = "KG", **common: object) -> str:
    return send(world.node("TJ"), someone(world.node("TJ"), "rustam"), NewDraft("REQ", recipients=(to,)), dict(common))


def arrived(world: World, unit: str) -> int:
    with world.node(unit).db.read() as session:
        return session.scalar(select(func.count()).select_from(MessageRow).where(MessageRow.direction == "IN")) or 0


def quarantined(world: World, unit: str) -> list[str]:
    with world.node(unit).db.read() as session:
        return list(session.scalars(select(QuarantineRow.reason)))


def test_a_key_that_was_made_while_the_hub_was_away_is_published_when_it_is_back(small: World) -> None:
    small.pass_time(7 * DAY - HOUR)
    small.sync()
    small.units["KG"].wire.cut = True
    small.pass_time(HOUR)
    courier.sync_once(small.node("KG"))
    small.pass_time(2 * HOUR)
    small.units["KG"].wire.cut = False
    small.sync()
    newest = small.node("TJ").directory().encryption_key("KG", small.now)
    assert newest.kid in small.node("KG").keys.encryption
    assert newest.not_before == small.now - 2 * HOUR


def test_a_key_whose_publication_was_reported_lost_is_not_published_twice(small: World) -> None:
    def lost(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if request.url.path == "/v1/directory/statements":
            raise httpx.ReadTimeout("done, but reported lost", request=request)
        return answer

    small.pass_time(7 * DAY)
    small.units["KG"].wire.after = lost
    for _ in range(2):
        courier.sync_once(small.node("KG"))
    small.units["KG"].wire.after = None
    small.pass_time(HOUR)
    small.sync()
    assert len(small.node("TJ").directory().parts.statements) == 6 * len(small.names)


def test_after_a_restore_even_the_first_message_to_a_unit_repeats_no_pair_number(small: World) -> None:
    backup.back_up(small.node("TJ"), small.folder / "tj.serai", RECOVERY.public)
    ask(small)
    small.sync()
    small.node("TJ").close()
    settings = small.units["TJ"].settings.model_copy(update={"folder": small.folder / "back", "database_url": ""})
    backup.restore(settings, small.folder / "tj.serai", Opening(RECOVERY, PASSPHRASE), small.now)
    small.units["TJ"].settings = settings
    small.units["TJ"].open()
    small.sync()
    ask(small)
    small.sync()
    assert (arrived(small, "KG"), quarantined(small, "KG")) == (2, [])


def test_a_clock_ten_years_ahead_erases_no_key_and_makes_none(small: World) -> None:
    ask(small)
    small.sync("TJ")
    kg = small.units["KG"]
    kg.now = lambda: small.now + 3650 * DAY
    held = set(kg.restart().keys.encryption)
    courier.sync_once(kg.node)
    kg.now = lambda: small.now
    assert set(kg.restart().keys.encryption) == held
    small.sync()
    assert arrived(small, "KG") == 1


@contextmanager
def running(world: World, unit: str) -> Iterator[None]:
    """The courier of a unit as a service runs it."""
    place = world.units[unit]
    place.settings = place.settings.model_copy(update={"poll_wait": 0})
    service = Courier(place.restart())
    service.start()
    try:
        yield
    finally:
        service.stop()


def comes_true(world: World, unit: str, what: Callable[[], bool]) -> bool:
    """Whether it does while things change at the unit, at most for a few seconds."""
    for _ in range(40):
        number = world.node(unit).changed.number
        if what():
            return True
        world.node(unit).changed.wait_after(number, 0.25)
    return False


def test_what_time_brings_about_goes_on_while_the_hub_is_away(small: World) -> None:
    ask(small)
    small.sync("TJ")
    small.pass_time(2 * HOUR)
    small.units["TJ"].wire.cut = True

    def told() -> bool:
        with small.node("TJ").db.read() as session:
            return "NOT_COLLECTED" in session.scalars(select(AlertRow.cause)).all()

    with running(small, "TJ"):
        assert comes_true(small, "TJ", told)


def test_a_defect_in_one_pass_does_not_end_the_courier(small: World) -> None:
    faults = iter([True])

    def fail(request: httpx.Request) -> None:
        if request.url.path == "/v1/inbox" and next(faults, False):
            raise ValueError("a defect")

    ask(small)
    small.sync("TJ")
    small.units["KG"].wire.before = fail
    with running(small, "KG"):
        assert comes_true(small, "KG", lambda: arrived(small, "KG") == 1)


def test_a_receipt_whose_time_the_hub_refused_is_stated_anew_by_the_right_clock(small: World) -> None:
    request = ask(small)
    small.sync()
    kg = small.units["KG"]
    kg.now = lambda: small.now + HOUR
    node = kg.restart()
    actor = someone(node, "dilnoza")
    with node.db.write() as session:
        messages.read(session, node, actor, request)
    kg.now = lambda: small.now
    assert courier.sync_once(kg.restart()).failed == ["receipts: EX-6034"]
    small.sync()
    with small.node("TJ").db.read() as session:
        assert session.get_one(DeliveryRow, (request, "KG")).state == "OPENED"


def test_two_threads_that_fetch_the_directory_at_once_raise_no_false_alarm(small: World) -> None:
    node = small.node("TJ")
    others: list[threading.Thread] = []

    def fetch() -> None:
        with HubClient(node) as client:
            upkeep.refresh(node, client)

    def overtake(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if request.url.path == "/v1/directory" and not others:
            administration.suspend(small.desk.hub, "KZ", "DRILL")
            others.append(threading.Thread(target=fetch))
            others[0].start()
            others[0].join(0.5)
        return answer

    small.units["TJ"].wire.after = overtake
    fetch()
    others[0].join()
    with node.db.read() as session:
        assert "DIRECTORY_REFUSED" not in session.scalars(select(AlertRow.cause)).all()
    assert node.directory().suspension("KZ") is not None
