"""Leaving at the identity provider: which sessions end here, and every way in which a logout token can be wrong."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from joserfc import jwt
from sqlalchemy import select

from crypto.encoding import b64
from nodes import oidc, passwords, provider_logout, signin
from nodes.account_tables import LogoutRow
from nodes.accounts import NewSubject
from nodes.deeds import ProofRefused
from nodes.errors import NotFound, NotReady, SignedOut, SignInRefused, TooManyAttempts
from nodes.node import Node
from nodes.tables import EventRow
from tests.nodes.identity import (
    CLIENT,
    ISSUER,
    KEY,
    Provider,
    by_another_key,
    by_our_public_key,
    come_back,
    logout_token,
    unsigned,
)
from tests.nodes.people import ADDRESS, Clock, add, enrol, enter


def is_open(node: Node, token: str) -> bool:
    try:
        return bool(signin.authenticate(node, token))
    except SignedOut:
        return False


def last_act(node: Node) -> tuple[str, str | None, int]:
    with node.db.read() as session:
        event = session.scalars(select(EventRow).order_by(EventRow.index.desc()).limit(1)).one()
        return event.operation, event.actor, event.denied


def test_whoever_left_at_the_provider_is_signed_out_here(unit: Node, provider: Provider, clock: Clock) -> None:
    first, second = come_back(unit, provider), come_back(unit, provider)
    provider_logout.obey(unit, logout_token(clock.now), ADDRESS)
    assert not is_open(unit, first)
    assert not is_open(unit, second)
    assert last_act(unit) == ("LOGIN", "TJ-0147", 0)
    provider_logout.obey(unit, logout_token(clock.now, jti="nobody is left"), ADDRESS)


@pytest.mark.parametrize(
    ("named", "left"),
    [
        ({"sub": None, "sid": "desk"}, ("phone", "unknown")),
        ({"sid": "desk"}, ("phone",)),
        ({"sub": None, "sid": "another"}, ("desk", "phone", "unknown")),
        ({"sub": "u-18"}, ("desk", "phone", "unknown")),
        ({"sub": "u-18", "sid": "desk"}, ("desk", "phone", "unknown")),
    ],
    ids=str,
)
def test_only_what_the_token_names_ends(
    unit: Node, provider: Provider, clock: Clock, named: dict[str, Any], left: tuple[str, ...]
) -> None:
    tokens = {}
    for sid in ("desk", "phone", "unknown"):
        provider.claims = {"sid": sid} if sid != "unknown" else {}
        tokens[sid] = come_back(unit, provider)
    provider_logout.obey(unit, logout_token(clock.now, **named), ADDRESS)
    assert tuple(sid for sid, token in tokens.items() if is_open(unit, token)) == left


def test_a_session_that_the_provider_did_not_open_is_none_of_its_business(unit: Node, clock: Clock) -> None:
    secret = enrol(unit, add(unit, "TJ-0148"), "TJ-0148")
    clock.now += passwords.TOTP_STEP
    token = enter(unit, secret, user_id="TJ-0148").token
    with unit.db.write() as session:
        NewSubject("TJ-0148", "u-18").apply(session, unit)
    provider_logout.obey(unit, logout_token(clock.now, sub="u-18"), ADDRESS)
    assert is_open(unit, token)


BAD_LOGOUTS: dict[str, Callable[[int], str]] = {
    "nothing": lambda _now: "",
    "no token": lambda _now: "x.y.z",
    "too long": lambda now: logout_token(now, extra="x" * provider_logout.LONGEST),
    "nested without end": lambda _now: f"{b64(b'[' * 9000)}..",
    "no signature": lambda now: unsigned(jwt.decode(logout_token(now), KEY).claims),
    "another key": lambda now: by_another_key(jwt.decode(logout_token(now), KEY).claims),
    "our public key as a shared one": lambda now: by_our_public_key(jwt.decode(logout_token(now), KEY).claims),
    "another type": lambda now: logout_token(now, {"typ": "JWT"}),
    "another issuer": lambda now: logout_token(now, iss=ISSUER + "/"),
    "another audience": lambda now: logout_token(now, aud="another"),
    "more than one audience": lambda now: logout_token(now, aud=[CLIENT, "another"]),
    "made tomorrow": lambda now: logout_token(now + oidc.LEEWAY + 1),
    "too old": lambda now: logout_token(now, iat=now - provider_logout.AGE, exp=now + 9000),
    "over": lambda now: logout_token(now, exp=now - oidc.LEEWAY),
    "no time": lambda now: logout_token(now, iat=None),
    "a time with a point": lambda now: logout_token(now, iat=now + 0.5),
    "no end": lambda now: logout_token(now, exp=None),
    "no event": lambda now: logout_token(now, events=None),
    "another event": lambda now: logout_token(now, events={"http://schemas.openid.net/event/other": {}}),
    "more events": lambda now: logout_token(now, events={provider_logout.EVENT: {}, "x": {}}),
    "a nonce": lambda now: logout_token(now, nonce="x"),
    "no name of its own": lambda now: logout_token(now, jti=None),
    "nobody": lambda now: logout_token(now, sub=None),
    "an empty person": lambda now: logout_token(now, sub="", sid="desk"),
    "a list of sessions": lambda now: logout_token(now, sid=["desk"]),
}


@pytest.mark.parametrize("bad", BAD_LOGOUTS)
def test_a_logout_that_is_not_the_providers_own_ends_nothing(
    unit: Node, provider: Provider, clock: Clock, bad: str
) -> None:
    token = come_back(unit, provider)
    with pytest.raises(ProofRefused):
        provider_logout.obey(unit, BAD_LOGOUTS[bad](clock.now), ADDRESS)
    assert is_open(unit, token)
    assert last_act(unit) == ("LOGIN_FAILED", "UNKNOWN", 1)


def test_a_logout_token_is_obeyed_once_and_remembered_no_longer_than_it_counts(
    unit: Node, provider: Provider, clock: Clock
) -> None:
    token = logout_token(clock.now + oidc.LEEWAY)
    provider_logout.obey(unit, token, ADDRESS)
    back = come_back(unit, provider)
    for later in (0, provider_logout.AGE + oidc.LEEWAY):
        clock.now += later
        with pytest.raises(ProofRefused):
            provider_logout.obey(unit, token, ADDRESS)
        assert is_open(unit, back)
    provider_logout.obey(unit, logout_token(clock.now, jti="two"), ADDRESS)
    with unit.db.read() as session:
        assert session.scalars(select(LogoutRow.jti_hash)).all() == [oidc.hashed(unit, "two")]


def test_an_identity_token_ends_nothing_and_a_logout_token_signs_nobody_in(
    unit: Node, provider: Provider, clock: Clock
) -> None:
    provider.sign = lambda _claims: logout_token(clock.now)
    with pytest.raises(SignInRefused):
        come_back(unit, provider)


def test_too_many_wrong_logouts_are_not_looked_at(unit: Node, provider: Provider, clock: Clock) -> None:
    for _ in range(unit.settings.attempts_per_account):
        with pytest.raises(ProofRefused):
            provider_logout.obey(unit, "", ADDRESS)
    with pytest.raises(TooManyAttempts):
        provider_logout.obey(unit, logout_token(clock.now), ADDRESS)
    assert provider.asked == []


@pytest.mark.parametrize("status", [404, 500])
def test_a_logout_that_cannot_be_judged_now_is_tried_again_and_counts_as_none(
    unit: Node, provider: Provider, clock: Clock, status: int
) -> None:
    token, before = come_back(unit, provider), last_act(unit)
    provider.answers["/keys"] = httpx.Response(status)
    for _ in range(unit.settings.attempts_per_account + 1):
        with pytest.raises(NotReady):
            provider_logout.obey(unit, logout_token(clock.now), ADDRESS)
    assert (is_open(unit, token), last_act(unit)) == (True, before)
    del provider.answers["/keys"]
    provider_logout.obey(unit, logout_token(clock.now), ADDRESS)
    assert not is_open(unit, token)


def test_without_a_provider_nobody_is_told_to_leave(lone: Node) -> None:
    with pytest.raises(NotFound):
        provider_logout.obey(lone, "x", ADDRESS)
