"""Signing in through an identity provider: a good one in this process, and one that lies in every way we know."""

from typing import Any

import httpx
import pytest

from nodes import oidc, signin
from nodes.account_tables import UserRow
from nodes.accounts import NewCode, NewSubject, NewUser
from nodes.deeds import ProofRefused
from nodes.errors import BadInput, NotFound, NotReady, SignInRefused
from nodes.node import Node
from nodes.settings import NodeSettings
from tests.nodes.identity import (
    CLIENT,
    ISSUER,
    VISIT,
    Provider,
    by_a_key_it_brings,
    by_another_key,
    by_our_public_key,
    come_back,
    unsigned,
)
from tests.nodes.people import ADDRESS, Clock


def test_a_linked_person_signs_in_with_the_roles_of_the_account_alone(unit: Node, provider: Provider) -> None:
    provider.claims = {"roles": ["NODE_ADMIN"], "groups": ["AUDITOR"]}
    signed_in = signin.authenticate(unit, come_back(unit, provider))
    assert (signed_in.actor.user_id, signed_in.level) == ("TJ-0147", "PROVIDER")
    assert signed_in.actor.roles == {"OFFICER"}
    assert all(address.startswith(ISSUER + "/") for address in provider.asked)


LIES: dict[str, dict[str, Any]] = {
    "no signature": {"sign": unsigned},
    "another key": {"sign": by_another_key},
    "a key that it brings": {"sign": by_a_key_it_brings},
    "our public key as a shared one": {"sign": by_our_public_key},
    "no token": {"sign": lambda _claims: "x"},
    "another issuer": {"claims": {"iss": "https://id.example.evil"}},
    "the issuer with a slash": {"claims": {"iss": ISSUER + "/"}},
    "another audience": {"claims": {"aud": "another"}},
    "more than one audience": {"claims": {"aud": [CLIENT, "another"]}},
    "another party": {"claims": {"azp": "another"}},
    "another nonce": {"claims": {"nonce": "x"}},
    "no nonce": {"claims": {"nonce": None}},
    "nobody": {"claims": {"sub": ""}},
    "half a letter for a person": {"claims": {"sub": "\ud800"}},
    "a number for a session": {"claims": {"sid": 4}},
    "a number for a person": {"claims": {"sub": 17}},
    "long ago": {"claims": {"exp": 1}},
    "no end": {"claims": {"exp": None}},
    "made tomorrow": {"claims": {"iat": 1 << 40}},
    "somebody without an account": {"claims": {"sub": "u-18"}},
    "another document": {"discovery": {"issuer": "https://evil.example"}},
    "keys elsewhere": {"discovery": {"jwks_uri": "https://evil.example/keys"}},
    "tokens elsewhere": {"discovery": {"token_endpoint": "http://id.example/token"}},
    "a redirect": {"answers": {"/keys": httpx.Response(302, headers={"location": f"{ISSUER}/more"})}},
    "no json": {"answers": {"/keys": httpx.Response(200, content=b"{")}},
    "a list": {"answers": {"/keys": httpx.Response(200, json=[])}},
    "no keys": {"answers": {"/keys": httpx.Response(200, json={"keys": [{}]})}},
    "too much": {"answers": {"/keys": httpx.Response(200, content=b" " * (oidc.LARGEST + 1))}},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_provider_that_lies_signs_nobody_in(unit: Node, provider: Provider, lie: str) -> None:
    address, kept = oidc.begin(unit, VISIT)
    answer = provider.authorize(address)
    for name, value in LIES[lie].items():
        setattr(provider, name, value)
    with pytest.raises(SignInRefused) as refused:
        signin.sign_in_by_provider(unit, VISIT, kept, answer, ADDRESS)
    assert refused.value.detail == ""


@pytest.mark.parametrize(
    "changed",
    [
        {"state": "x"},
        {"state": ""},
        {"iss": "https://other.example"},
        {"iss": ""},
        {"code": ""},
        {"code": "of another sign-in"},
        {"error": "access_denied"},
    ],
    ids=str,
)
def test_an_answer_that_was_mixed_up_or_changed_signs_nobody_in(
    unit: Node, provider: Provider, changed: dict[str, str]
) -> None:
    with pytest.raises(SignInRefused):
        come_back(unit, provider, **changed)


def test_an_answer_serves_the_browser_that_asked_once_and_in_time(unit: Node, provider: Provider, clock: Clock) -> None:
    with pytest.raises(SignInRefused):
        come_back(unit, provider, visit="another browser")
    address, kept = oidc.begin(unit, VISIT)
    answer = provider.authorize(address)
    assert signin.sign_in_by_provider(unit, VISIT, kept, answer, ADDRESS).token
    with pytest.raises(SignInRefused):
        signin.sign_in_by_provider(unit, VISIT, kept, answer, ADDRESS)
    address, kept = oidc.begin(unit, VISIT)
    answer = provider.authorize(address)
    clock.now += oidc.LIFETIME
    with pytest.raises(SignInRefused):
        signin.sign_in_by_provider(unit, VISIT, kept, answer, ADDRESS)


def test_a_code_stolen_from_another_sign_in_is_worth_nothing(unit: Node, provider: Provider) -> None:
    theirs = provider.authorize(oidc.begin(unit, "the victim")[0])
    with pytest.raises(SignInRefused):
        come_back(unit, provider, code=theirs["code"])


def test_an_ended_account_is_not_opened_by_its_link(unit: Node, provider: Provider) -> None:
    with unit.db.write() as session:
        session.get_one(UserRow, "TJ-0147").disabled_at = unit.now()
    with pytest.raises(SignInRefused):
        come_back(unit, provider)


@pytest.mark.parametrize("issuer", ["https://127.0.0.1", "https://[::1]", "https://localhost"])
def test_a_private_address_is_not_asked_unless_it_is_allowed(unit: Node, provider: Provider, issuer: str) -> None:
    unit.settings = unit.settings.model_copy(update={"oidc_private": False, "oidc_issuer": issuer})
    with pytest.raises(NotReady):
        oidc.begin(unit, VISIT)
    assert provider.asked == []


def test_without_a_provider_there_is_no_such_sign_in(lone: Node) -> None:
    assert not oidc.offered(lone)
    with pytest.raises(NotFound):
        oidc.begin(lone, VISIT)
    with pytest.raises(ProofRefused):
        oidc.came(lone, VISIT, "x", {})


def test_a_subject_is_linked_to_no_account_before_its_provider_is_known(lone: Node) -> None:
    with lone.db.write() as session:
        NewUser("TJ-0147", "Rustam R.", "POLICE", frozenset({"OFFICER"})).apply(session, lone)
        with pytest.raises(BadInput, match="name no identity provider"):
            NewSubject("TJ-0147", "u-17").apply(session, lone)
        NewSubject("TJ-0147", "").apply(session, lone)


def test_a_subject_is_of_one_account_and_a_new_enrolment_ends_the_link(unit: Node, provider: Provider) -> None:
    with unit.db.write() as session:
        NewUser("TJ-0148", "Lola", "POLICE", frozenset({"OFFICER"})).apply(session, unit)
        with pytest.raises(BadInput):
            NewSubject("TJ-0148", "u-17").apply(session, unit)
        with pytest.raises(BadInput):
            NewSubject("TJ-0148", "x" * 256).check(session, unit.now())
        with pytest.raises(NotFound):
            NewSubject("NOBODY", "u-19").check(session, unit.now())
        NewCode("TJ-0147").apply(session, unit)
    with pytest.raises(SignInRefused):
        come_back(unit, provider)
    with unit.db.write() as session:
        NewSubject("TJ-0148", "u-17").apply(session, unit)
    assert come_back(unit, provider)
    with unit.db.write() as session:
        NewSubject("TJ-0148", "").apply(session, unit)
    with pytest.raises(SignInRefused):
        come_back(unit, provider)


def test_the_secret_of_the_client_is_read_from_its_file(unit: Node, provider: Provider) -> None:
    path = unit.settings.folder / "secret"
    path.write_text("s3cret\n")
    unit.settings = unit.settings.model_copy(update={"oidc_client_secret_file": path})
    assert come_back(unit, provider)


@pytest.mark.parametrize("wrong", [{"oidc_issuer": "http://id.example"}, {"oidc_issuer": ISSUER, "oidc_client_id": ""}])
def test_settings_of_a_provider_that_cannot_be_safe_are_refused(unit: Node, wrong: dict[str, str]) -> None:
    good = unit.settings.model_dump()
    with pytest.raises(ValueError, match="oidc_issuer"):
        NodeSettings(**{**good, **wrong})
