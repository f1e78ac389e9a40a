"""Time-stamps of a real authority hold; whatever else an authority may answer does not, and gives one clear error."""

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509

from exchange import timestamps
from exchange.timestamps import StampRefused
from tests.hub.authority import Authority

DATA = b"hub.serai.example/live/log\n5\nAAAA\n"
Roots = tuple[x509.Certificate, ...]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa") / "one")


@pytest.fixture(scope="module")
def roots(authority: Authority) -> Roots:
    return timestamps.roots_of(authority.roots.read_bytes())


def test_a_time_stamp_of_a_real_authority_says_when_and_who(authority: Authority, roots: Roots) -> None:
    asked = timestamps.ask(DATA)
    stamp = timestamps.check(DATA, authority.stamp(asked.der), roots, asked.nonce)
    assert stamp.authority == "CN=Test time-stamping authority"
    assert stamp.time > 1_700_000_000


def test_two_requests_have_two_nonces() -> None:
    assert timestamps.ask(DATA).nonce != timestamps.ask(DATA).nonce


def test_a_stamp_over_something_else_is_refused(authority: Authority, roots: Roots) -> None:
    answer = authority.stamp(timestamps.ask(DATA).der)
    with pytest.raises(StampRefused, match="Mismatch"):
        timestamps.check(DATA + b"\n", answer, roots)


def test_an_answer_to_another_request_is_refused(authority: Authority, roots: Roots) -> None:
    answer = authority.stamp(timestamps.ask(DATA).der)
    with pytest.raises(StampRefused, match="Nonce"):
        timestamps.check(DATA, answer, roots, timestamps.ask(DATA).nonce)


def test_an_authority_under_another_root_is_refused(tmp_path: Path, roots: Roots) -> None:
    other = Authority(tmp_path / "other")
    with pytest.raises(StampRefused, match="verifying certificates"):
        timestamps.check(DATA, other.stamp(timestamps.ask(DATA).der), roots)


def test_a_stamp_made_after_the_certificate_had_expired_is_refused(tmp_path: Path) -> None:
    late = Authority(tmp_path / "late", ends=timedelta(days=-1))
    own = timestamps.roots_of(late.roots.read_bytes())
    with pytest.raises(StampRefused, match="verifying certificates"):
        timestamps.check(DATA, late.stamp(timestamps.ask(DATA).der), own)


GARBAGE = [b"", b"\x30\x00", b"<html>", bytes(timestamps.ANSWER_LIMIT + 1)]


@pytest.mark.parametrize("answer", GARBAGE, ids=["empty", "nothing inside", "a page", "too long"])
def test_garbage_is_refused(answer: bytes, roots: Roots) -> None:
    with pytest.raises(StampRefused):
        timestamps.check(DATA, answer, roots)


def test_bytes_behind_an_answer_are_refused(authority: Authority, roots: Roots) -> None:
    with pytest.raises(StampRefused):
        timestamps.check(DATA, authority.stamp(timestamps.ask(DATA).der) + b"\0", roots)


def test_roots_that_are_no_certificates_are_refused() -> None:
    with pytest.raises(StampRefused, match="PEM"):
        timestamps.roots_of(b"not a certificate")
