"""The shell of every service: each error has one status and words in both languages, and logs hold no content."""

import io
import json

import pytest
import structlog

from exchange import errors, overload, service
from exchange.errors import ExchangeError


def every(error: type[ExchangeError]) -> list[type[ExchangeError]]:
    """The errors of the exchange itself; a node may add its own."""
    own = (errors.__name__, overload.__name__)
    return [error, *(below for one in error.__subclasses__() if one.__module__ in own for below in every(one))]


@pytest.mark.parametrize("error", every(ExchangeError), ids=lambda error: error.__name__)
def test_every_error_has_a_status_and_words_in_both_languages(error: type[ExchangeError]) -> None:
    assert 400 <= service.STATUSES[error] < 600
    assert set(error.words) == {"en", "ru"}
    for language in ("en", "ru"):
        body = json.loads(service.problem(error(), "ab" * 16, language).body)
        assert (body["code"], body["correlation"]) == (error.code, "ab" * 16)
        assert all(body[name] for name in ("title", "detail", "action"))


def test_what_may_soon_be_repeated_says_when() -> None:
    assert (b"retry-after", b"5") in service.problem(overload.Busy(), "ab" * 16).headers
    assert b"retry-after" not in dict(service.problem(errors.Denied(), "ab" * 16).headers)


def test_every_code_is_of_one_error() -> None:
    codes = [error.code for error in every(ExchangeError)]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize(
    ("accept", "language"), [("", "en"), ("de", "en"), ("ru", "ru"), ("de, ru;q=0.3, en", "ru"), ("EN-gb", "en")]
)
def test_the_first_language_that_we_have_is_spoken(accept: str, language: str) -> None:
    assert service.language_of(accept) == language


def test_what_nobody_foresaw_is_answered_and_logged_without_its_message() -> None:
    stream = io.StringIO()
    service.configure_logging(0, stream)
    answer = service.answer_of(ValueError("a secret\u202e"), "ab" * 16, "en", structlog.get_logger())
    structlog.get_logger().info("shown", value="line\nbreak\u202e")
    structlog.reset_defaults()
    assert answer.status == 500
    assert b"secret" not in answer.body
    assert "secret" not in stream.getvalue()
    assert stream.getvalue().isascii()
    assert stream.getvalue().count("\n") == 2
