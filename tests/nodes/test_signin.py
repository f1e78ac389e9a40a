"""Signing in: printed codes, passwords, one-time codes, sessions; one answer for every failure, everything logged."""

from pathlib import Path

import pytest
from sqlalchemy import select

from nodes import accounts, changes, signin
from nodes.account_tables import RateRow, SessionRow, UserRow
from nodes.accounts import NewCode
from nodes.errors import BadInput, Denied, SignedOut, SignInRefused, TooManyAttempts
from nodes.node import Node
from nodes.settings import NodeSettings
from nodes.signin import Enrolment
from nodes.tables import EventRow
from tests.instants import HOUR, MINUTE
from tests.nodes.people import ADDRESS, PASSWORD, Clock, add, enrol, enter
from tests.nodes.world import someone


def test_a_person_enrols_once_and_signs_in(node: Node, clock: Clock) -> None:
    code = add(node)
    secret = enrol(node, code)
    clock.now += MINUTE
    signed_in = enter(node, secret)
    assert signin.authenticate(node, signed_in.token).actor.roles == {"OFFICER"}
    with pytest.raises(SignInRefused):
        signin.begin_enrolment(node, "TJ-0147", code, ADDRESS)


def test_a_one_time_code_serves_once(node: Node, clock: Clock) -> None:
    secret = enrol(node, add(node))
    clock.now += MINUTE
    enter(node, secret)
    with pytest.raises(SignInRefused):
        enter(node, secret)
    clock.now += 30
    assert enter(node, secret).token


@pytest.mark.parametrize("wrong", ["password", "user", "totp", "disabled"])
def test_every_failure_has_the_same_answer_and_is_logged(node: Node, clock: Clock, wrong: str) -> None:
    secret = enrol(node, add(node))
    clock.now += MINUTE
    if wrong == "disabled":
        with node.db.write() as session:
            changes.end(session, node, changes.CONSOLE, "TJ-0147")
    user_id = "TJ-9999" if wrong == "user" else "TJ-0147"
    given = bytes(20) if wrong == "totp" else secret
    with pytest.raises(SignInRefused) as refused:
        enter(node, given, "wrong words here" if wrong == "password" else PASSWORD, user_id)
    assert refused.value.detail == ""
    with node.db.read() as session:
        failed = session.scalars(select(EventRow.actor).where(EventRow.operation == "LOGIN_FAILED")).all()
    assert failed == ["UNKNOWN" if wrong == "user" else "TJ-0147"]


def test_too_many_attempts_end_by_themselves_and_lock_nobody_out_elsewhere(node: Node, clock: Clock) -> None:
    secret = enrol(node, add(node))
    clock.now += MINUTE
    for _ in range(node.settings.attempts_per_account):
        with pytest.raises(SignInRefused):
            signin.begin_enrolment(node, "TJ-0147", "AAAA-BBBB", "10.6.6.6")
    with pytest.raises(TooManyAttempts):
        signin.begin_enrolment(node, "TJ-0147", "AAAA-BBBB", "10.6.6.6")
    assert enter(node, secret).token
    clock.now += node.settings.attempt_window
    with pytest.raises(SignInRefused):
        signin.begin_enrolment(node, "TJ-0147", "AAAA-BBBB", "10.6.6.6")


def test_a_flood_of_guesses_leaves_nothing_behind_once_its_time_is_over(node: Node, clock: Clock) -> None:
    for number in range(5):
        with pytest.raises(SignInRefused):
            signin.begin_enrolment(node, f"NOBODY-{number}", "AAAA-BBBB", "10.6.6.6")
    clock.now += node.settings.attempt_window
    with pytest.raises(SignInRefused):
        signin.begin_enrolment(node, "NOBODY", "AAAA-BBBB", "10.6.6.7")
    with node.db.read() as session:
        assert len(session.scalars(select(RateRow.bucket)).all()) == 2


def test_settings_show_no_secret_that_stands_in_an_address(tmp_path: Path) -> None:
    secret = "postgresql+psycopg://serai:a-secret@db/serai"
    settings = NodeSettings(
        unit="TJ",
        env="live",
        folder=tmp_path,
        hub_url="https://hub.example",
        database_url=secret,
        alert_webhook="https://hook.example/a-secret",
    )
    assert "a-secret" not in repr(settings)


def test_a_session_ends_when_idle_when_old_and_on_request(node: Node, clock: Clock) -> None:
    secret = enrol(node, add(node))
    clock.now += MINUTE
    idle = enter(node, secret)
    clock.now += 16 * MINUTE
    with pytest.raises(SignedOut):
        signin.authenticate(node, idle.token)
    used = enter(node, secret)
    for _ in range(41):
        clock.now += 14 * MINUTE
        signin.authenticate(node, used.token)
    clock.now += 3 * HOUR
    with pytest.raises(SignedOut):
        signin.authenticate(node, used.token)
    last = enter(node, secret)
    with node.db.write() as session:
        signin.sign_out(session, node, last.actor)
    with pytest.raises(SignedOut):
        signin.authenticate(node, last.token)


def test_a_token_is_kept_only_as_its_hash_and_a_form_needs_its_own_token(node: Node, clock: Clock) -> None:
    secret = enrol(node, add(node))
    clock.now += MINUTE
    signed_in = enter(node, secret)
    with node.db.read() as session:
        assert signed_in.token not in session.scalars(select(SessionRow.token_hash)).one()
    signin.check_csrf(signed_in, signed_in.csrf)
    with pytest.raises(Denied):
        signin.check_csrf(signed_in, "")


def test_a_new_code_ends_the_old_password_second_factor_and_sessions(node: Node, clock: Clock) -> None:
    secret = enrol(node, add(node))
    clock.now += MINUTE
    signed_in = enter(node, secret)
    with node.db.write() as session:
        code = changes.alone(session, node, NewCode("TJ-0147"))
    with pytest.raises(SignedOut):
        signin.authenticate(node, signed_in.token)
    clock.now += MINUTE
    with pytest.raises(SignInRefused):
        enter(node, secret)
    assert code is not None
    assert enrol(node, code)


def test_a_code_expires(node: Node, clock: Clock) -> None:
    code = add(node)
    clock.now += node.settings.enrolment_lifetime
    with pytest.raises(SignInRefused):
        signin.begin_enrolment(node, "TJ-0147", code, ADDRESS)


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaaaaaa", "x" * 1025])
def test_a_weak_password_is_not_set(node: Node, password: str) -> None:
    code = add(node)
    signin.begin_enrolment(node, "TJ-0147", code, ADDRESS)
    with pytest.raises(BadInput):
        signin.finish_enrolment(node, Enrolment("TJ-0147", code, password, "000000"), ADDRESS)


def test_the_language_of_an_account_is_remembered(node: Node) -> None:
    rustam = someone(node, "rustam")
    with node.db.write() as session:
        accounts.set_language(session, rustam, "ru")
        with pytest.raises(BadInput):
            accounts.set_language(session, rustam, "fr")
    with node.db.read() as session:
        assert session.get_one(UserRow, rustam.user_id).language == "ru"
