"""English and Russian, complete and never mixed."""

import asyncio
import re

import pytest
from httpx import ASGITransport, AsyncClient

from nodes.web.languages import choose, gettext, language, ngettext, speaking
from tests.nodes.web.house import House
from tests.nodes.web.texts import found, russian


def test_no_text_of_the_pages_lacks_russian() -> None:
    catalogue = russian()
    translated = {message.id for message in catalogue if message.string and all(message.string)}
    assert len(found()) > 300
    assert not {text for text in found() if text not in translated}


def test_no_translation_is_left_without_its_text() -> None:
    assert not {message.id for message in russian() if message.id} - found()


def test_no_translation_is_marked_as_doubtful() -> None:
    assert not [message.id for message in russian() if message.id and message.fuzzy]


def test_a_translation_keeps_every_mark_of_its_text() -> None:
    marks = re.compile(r"%s|%\{count\}")
    for message in russian():
        texts = message.string if isinstance(message.string, tuple) else (message.string,)
        original = message.id[1] if isinstance(message.id, tuple) else message.id
        assert not message.id or all(marks.findall(str(text)) == marks.findall(str(original)) for text in texts)


@pytest.mark.parametrize(
    ("number", "words"),
    [(1, "1 сообщение"), (3, "3 сообщения"), (5, "5 сообщений"), (11, "11 сообщений"), (22, "22 сообщения")],
)
def test_russian_counts_with_three_plural_forms(number: int, words: str) -> None:
    with speaking("ru"):
        assert ngettext("%s message", "%s messages", number) % number == words


def test_the_cookie_decides_before_the_browser() -> None:
    assert choose("en", "ru,en;q=0.5") == "en"


@pytest.mark.parametrize(
    ("accepted", "code"), [("ru-RU,ru;q=0.9", "ru"), ("de,en;q=0.5", "en"), ("", "en"), ("tg", "en")]
)
def test_without_a_cookie_the_browser_decides(accepted: str, code: str) -> None:
    assert choose(None, accepted) == code
    assert choose("xx", accepted) == code


def test_an_unknown_language_speaks_english_and_leaves_no_trace() -> None:
    with speaking("xx"):
        assert (language(), gettext("Inbox")) == ("en", "Inbox")
    with speaking("ru"):
        assert gettext("Inbox") == "Входящие"
    assert language() == "en"


def test_four_hundred_requests_sixteen_at_a_time_each_get_their_own_language(house: House) -> None:
    async def ask(client: AsyncClient, gate: asyncio.Semaphore, number: int) -> bool:
        code = ("en", "ru")[number % 2]
        async with gate:
            page = await client.get("/sign-in", headers={"Cookie": f"serai-language={code}"})
        return ("Staff number" in page.text, "Служебный номер" in page.text) == (code == "en", code == "ru")

    async def ask_all() -> list[bool]:
        gate = asyncio.Semaphore(16)
        async with AsyncClient(transport=ASGITransport(house.app("KG")), base_url="http://serai.test") as client:
            return list(await asyncio.gather(*(ask(client, gate, number) for number in range(400))))

    assert all(asyncio.run(ask_all()))
