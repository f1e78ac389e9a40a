"""What the other tests rely on: the closed network and the two database engines."""

import socket

import pytest
import sqlalchemy
from playwright.sync_api import Browser

from tests.closed_network import OutsideNetworkError, is_loopback
from tests.instants import NOW

DOCUMENTATION_ADDRESS = "192.0.2.1"  # RFC 5737: nobody has it


def test_a_connection_to_the_outside_is_refused_before_it_leaves() -> None:
    with socket.socket() as plug, pytest.raises(OutsideNetworkError):
        plug.connect((DOCUMENTATION_ADDRESS, 9))


def test_listening_on_every_interface_is_refused() -> None:
    with socket.socket() as plug, pytest.raises(OutsideNetworkError):
        plug.bind(("0.0.0.0", 0))  # noqa: S104  # the refusal is the point


def test_looking_up_an_outside_name_is_refused() -> None:
    with pytest.raises(OutsideNetworkError):
        socket.getaddrinfo("hub.serai.example", 443)


def test_loopback_stays_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()


@pytest.mark.parametrize("host", [None, "localhost", b"127.0.0.1", "127.9.9.9", "::1", "::1%lo"])
def test_every_form_of_loopback_is_known(host: object) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "0.0.0.0", "::", "10.0.0.1", "example.org"])  # noqa: S104  # data, not a bind
def test_nothing_else_counts_as_loopback(host: object) -> None:
    assert not is_loopback(host)


def test_each_test_gets_an_empty_database(database_url: str) -> None:
    engine = sqlalchemy.create_engine(database_url)
    assert sqlalchemy.inspect(engine).get_table_names() == []
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("CREATE TABLE probe (id INTEGER PRIMARY KEY)"))
    assert sqlalchemy.inspect(engine).get_table_names() == ["probe"]
    engine.dispose()


def test_a_second_database_shows_nothing_of_the_first(database_url: str) -> None:
    engine = sqlalchemy.create_engine(database_url)
    assert sqlalchemy.inspect(engine).get_table_names() == []
    engine.dispose()


def test_tests_begin_at_a_named_instant(now: int) -> None:
    assert now == NOW


@pytest.mark.browser
def test_the_browser_shows_cyrillic_letters(chromium: Browser) -> None:
    page = chromium.new_page()
    page.set_content("<title>Запрос</title><p>Контролируемая поставка</p>")
    assert page.title() == "Запрос"
    assert page.inner_text("p") == "Контролируемая поставка"
    page.close()
