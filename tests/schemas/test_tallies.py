"""Tallies: one canonical form, under one signature of the unit."""

import pytest
from pydantic import ValidationError

from crypto import statements
from crypto.errors import CryptoError
from crypto.signing import SigningKey
from schemas import tallies
from schemas.errors import Malformed
from schemas.tallies import Exchanged, Tally
from tests.instants import NOW

KEY = SigningKey.generate()


def tally(*messages: Exchanged, since: int = NOW - 10, partner: str = "TJ") -> Tally:
    return Tally(env="live", unit="KG", partner=partner, since=since, until=NOW, made=NOW, messages=messages)


def message(digit: str = "a", at: int = NOW - 1) -> Exchanged:
    return Exchanged(eid=digit * 64, way="OUT", at=at, kind="REQ", urgency="NORMAL")


def test_a_tally_comes_back_as_it_was_signed() -> None:
    signed = tallies.parse(tallies.sign(KEY, tally(message("a"), message("b"))))
    signed.verify(KEY.public)
    assert signed.tally == tally(message("a"), message("b"))
    with pytest.raises(CryptoError):
        signed.verify(SigningKey.generate().public)


@pytest.mark.parametrize(
    ("messages", "other"),
    [
        ((message("b"), message("a")), {}),
        ((message("a"), message("a")), {}),
        ((message(at=NOW),), {}),
        ((), {"since": NOW}),
        ((), {"partner": "KG"}),
    ],
)
def test_a_tally_says_each_message_once_of_its_period_and_pair(
    messages: tuple[Exchanged, ...], other: dict[str, str]
) -> None:
    with pytest.raises(ValidationError):
        tally(*messages, **other)  # type: ignore[arg-type]  # one member at a time is replaced


def test_what_is_no_tally_or_has_two_signatures_is_malformed() -> None:
    two = statements.sign_batch([KEY, SigningKey.generate()], tallies.LABEL, [tally().model_dump(mode="json")])[0]
    for wire in (b"", b"{}", two):
        with pytest.raises(Malformed):
            tallies.parse(wire)
