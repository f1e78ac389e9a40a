"""Passkeys, printed codes, and acts that are confirmed one by one: what counts counts once, for exactly one thing."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from crypto.encoding import b64
from nodes import passkeys, passwords, printed, proofs, signin, tickets, ways_in
from nodes.account_tables import PasskeyRow, PrintedCodeRow, ProofRow, UserRow
from nodes.accounts import NewCode, NewUser
from nodes.deeds import Deed, Exact, ProofNeeded, ProofRefused
from nodes.errors import BadInput, NotFound, OutOfStep, SignInRefused, TooManyAttempts
from nodes.node import Node
from nodes.proofs import Level, Offer, Shown
from nodes.signin import Credentials, Enrolment
from nodes.tables import EventRow
from nodes.tickets import Purpose
from nodes.views import Actor, SignedIn
from tests.instants import MINUTE
from tests.nodes.authenticator import ORIGIN, PRESENT, SecurityKey, challenge_of
from tests.nodes.people import ADDRESS, PASSWORD, Clock, add, enrol, enter

VISIT = "a browser"
ERASE = Exact(Deed.APPROVAL, "TJ-2026-1", {"digest": "ab"})


@pytest.fixture
def house(lone: Node) -> Node:
    """The node under an address with a name, as officers reach it."""
    lone.settings = lone.settings.model_copy(update={"public_origin": ORIGIN})
    return lone


def enrol_key(node: Node, key: SecurityKey, user_id: str = "TJ-0147") -> None:
    """Enrol with a passkey instead of the app."""
    code = add(node, user_id)
    offer = signin.begin_enrolment(node, user_id, code, ADDRESS)
    shown = Shown(offer.ticket, key.make(str(offer.options)))
    signin.finish_enrolment(node, Enrolment(user_id, code, PASSWORD, "", shown), ADDRESS)


def holder(node: Node, key: SecurityKey, user_id: str = "TJ-0147") -> SignedIn:
    """A person with a passkey who is signed in; passwords, which cost half a second each, are not what is tested."""
    with node.db.write() as session:
        NewUser(user_id, "Rustam R.", "POLICE", frozenset({"OFFICER"})).apply(session, node)
        session.flush()
        challenge = bytes(32)
        made = passkeys.attested(node.settings, challenge, key.make(passkeys.creation(node, user_id, challenge, ())))
        passkeys.register(session, node, (user_id, "blue"), made)
    return come_in(node, key)


def app_user(node: Node) -> tuple[SignedIn, bytes]:
    """A person with the app alone who is signed in, and the secret in it."""
    secret = passwords.new_totp_secret()
    with node.db.write() as session:
        NewUser("TJ-0147", "Rustam R.", "POLICE", frozenset({"OFFICER"})).apply(session, node)
        user = session.get_one(UserRow, "TJ-0147")
        user.totp_sealed = node.store.kek.seal(secret, b"user", b"TJ-0147", b"totp")
        return signin._start(session, node, user, Level.TOTP), secret


def come_in(node: Node, key: SecurityKey, visit: str = VISIT) -> SignedIn:
    ticket, options = signin.passkey_ticket(node, visit)
    return signin.sign_in_with_passkey(node, visit, Shown(ticket, key.use(str(options))), ADDRESS)


def offered(node: Node, actor: Actor, exact: Exact = ERASE) -> Offer:
    with node.db.read() as session:
        return proofs.offer(session, node, actor, exact)


def prove(node: Node, actor: Actor, shown: Shown | None, exact: Exact = ERASE) -> Level:
    with node.db.write() as session:
        return proofs.require(session, node, actor, exact, shown)


def sheet(node: Node, actor: Actor) -> tuple[str, ...]:
    with node.db.write() as session:
        return ways_in.print_codes(session, node, actor)


@pytest.mark.parametrize("kind", ["ES256", "EdDSA"])
def test_a_person_enrols_and_signs_in_with_a_passkey_alone(house: Node, kind: str) -> None:
    key = SecurityKey(kind)
    enrol_key(house, key)
    signed_in = come_in(house, key)
    assert (signed_in.actor.user_id, signed_in.level) == ("TJ-0147", "PASSKEY")
    assert signin.authenticate(house, signed_in.token).level == "PASSKEY"


WRONG: dict[str, Callable[[SecurityKey, str], str]] = {
    "another page": lambda key, options: replaced(key, origin="https://tj.serai.example.evil").use(options),
    "another host": lambda key, options: key.use(options, rpId="evil.example"),
    "another challenge": lambda key, options: key.use(options, challenge=b64(bytes(32))),
    "nobody verified": lambda key, options: replaced(key, flags=PRESENT).use(options),
    "a copy of the key": lambda key, options: replaced(key, count=0).use(options),
    "another account": lambda key, options: replaced(key, user=b64(bytes(32))).use(options),
    "another key": lambda key, options: SecurityKey(credential_id=key.credential_id, user=key.user).use(options),
    "an unknown key": lambda key, options: SecurityKey(user=key.user).use(options),
    "no answer": lambda _key, _options: "",
    "no json": lambda _key, _options: "{",
    "another json": lambda _key, _options: "[]",
    "too long": lambda _key, _options: "[" * 20_000,
}


def replaced(key: SecurityKey, **changed: object) -> SecurityKey:
    for name, value in changed.items():
        setattr(key, name, value)
    return key


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_not_the_passkey_of_this_page_signs_nobody_in(house: Node, wrong: str) -> None:
    key = SecurityKey()
    holder(house, key)
    ticket, options = signin.passkey_ticket(house, VISIT)
    with pytest.raises(SignInRefused) as refused:
        signin.sign_in_with_passkey(house, VISIT, Shown(ticket, WRONG[wrong](key, str(options))), ADDRESS)
    assert refused.value.detail == ""


def test_an_answer_serves_one_browser_once_and_for_five_minutes(house: Node, clock: Clock) -> None:
    key = SecurityKey()
    holder(house, key)
    ticket, options = signin.passkey_ticket(house, VISIT)
    answer = Shown(ticket, key.use(str(options)))
    with pytest.raises(SignInRefused):
        signin.sign_in_with_passkey(house, "another browser", answer, ADDRESS)
    assert signin.sign_in_with_passkey(house, VISIT, answer, ADDRESS).token
    with house.db.write() as session:
        session.get_one(PasskeyRow, b64(key.credential_id)).sign_count = 0  # as of a key without a count
    with pytest.raises(SignInRefused):
        signin.sign_in_with_passkey(house, VISIT, answer, ADDRESS)
    late, options = signin.passkey_ticket(house, VISIT)
    clock.now += tickets.LIFETIME
    with pytest.raises(SignInRefused):
        signin.sign_in_with_passkey(house, VISIT, Shown(late, key.use(str(options))), ADDRESS)


def test_a_passkey_of_an_ended_account_opens_nothing(house: Node) -> None:
    key = SecurityKey()
    holder(house, key)
    with house.db.write() as session:
        session.get_one(UserRow, "TJ-0147").disabled_at = house.now()
    with pytest.raises(SignInRefused):
        come_in(house, key)


def test_a_passkey_that_was_not_made_for_this_enrolment_enrols_nobody(house: Node) -> None:
    code, key = add(house), SecurityKey()
    offer = signin.begin_enrolment(house, "TJ-0147", code, ADDRESS)
    stale = signin.begin_enrolment(house, "TJ-0147", code, ADDRESS)
    for shown in (Shown(offer.ticket, key.make(str(stale.options))), Shown("x", key.make(str(offer.options)))):
        with pytest.raises(SignInRefused):
            signin.finish_enrolment(house, Enrolment("TJ-0147", code, PASSWORD, "", shown), ADDRESS)


class Damaged(SecurityKey):
    """A security key that names something else where its public key should be."""

    named: Any = None

    def _cose(self) -> Any:
        return self.named


@pytest.mark.parametrize("named", ["a", [], 5, {}, {1: 9}, None])
def test_what_names_no_public_key_is_no_passkey(house: Node, named: object) -> None:
    key, challenge = replaced(Damaged(), named=named), bytes(32)
    answer = key.make(passkeys.creation(house, "TJ-0147", challenge, ()))
    with pytest.raises(ProofRefused):
        passkeys.attested(house.settings, challenge, answer)


def test_without_a_name_of_its_host_a_node_offers_no_passkeys(lone: Node) -> None:
    assert signin.passkey_ticket(lone, VISIT)[1] is None
    assert signin.begin_enrolment(lone, "TJ-0147", add(lone), ADDRESS).options is None


def test_a_printed_code_signs_in_once_and_a_new_sheet_ends_the_old(lone: Node, clock: Clock) -> None:
    secret = enrol(lone, add(lone))
    clock.now += MINUTE
    actor = enter(lone, secret).actor
    old = sheet(lone, actor)
    assert signin.sign_in(lone, Credentials("TJ-0147", PASSWORD, old[0].lower()), ADDRESS).level == "PRINTED"
    new = sheet(lone, actor)
    for used in (old[0], old[1]):
        with pytest.raises(SignInRefused):
            signin.sign_in(lone, Credentials("TJ-0147", PASSWORD, used), ADDRESS)
    with lone.db.read() as session:
        assert not set(new) & set(session.scalars(select(PrintedCodeRow.code_hash)))
        assert printed.left(session, "TJ-0147") == printed.SHEET


def test_an_act_is_confirmed_by_what_is_shown_for_exactly_this(house: Node) -> None:
    key = SecurityKey()
    actor = holder(house, key).actor
    with pytest.raises(ProofNeeded) as needed:
        prove(house, actor, None)
    assert not needed.value.refused
    offer = offered(house, actor)
    assert prove(house, actor, Shown(offer.ticket, key.use(str(offer.options)))) is Level.PASSKEY
    with house.db.read() as session:
        kept = session.scalars(select(ProofRow).where(ProofRow.digest == ERASE.digest)).one()
        assert (kept.act, kept.user_id, kept.level) == ("APPROVAL", "TJ-0147", "PASSKEY")
        assert session.scalars(select(EventRow.operation).order_by(EventRow.index.desc())).first() == "LOGIN"


@pytest.mark.parametrize(
    "other",
    [
        replace(ERASE, target="TJ-2026-2"),
        replace(ERASE, deed=Deed.ACCOUNT_END),
        replace(ERASE, parameters={"digest": "ac"}),
        replace(ERASE, parameters={}),
    ],
    ids=str,
)
def test_what_confirmed_one_act_confirms_no_other(house: Node, other: Exact) -> None:
    key = SecurityKey()
    actor = holder(house, key).actor
    offer = offered(house, actor, other)
    with pytest.raises(ProofNeeded) as needed:
        prove(house, actor, Shown(offer.ticket, key.use(str(offer.options))))
    assert needed.value.refused


def test_a_proof_counts_once_in_its_session_and_for_five_minutes(house: Node, clock: Clock) -> None:
    key = SecurityKey()
    actor = holder(house, key).actor
    codes = sheet(house, actor)
    ticket = offered(house, actor).ticket
    assert prove(house, actor, Shown(ticket, code=codes[0])) is Level.PRINTED
    with pytest.raises(ProofNeeded):
        prove(house, actor, Shown(ticket, code=codes[1]))
    with pytest.raises(ProofNeeded):
        prove(house, come_in(house, key).actor, Shown(offered(house, actor).ticket, code=codes[1]))
    late = offered(house, actor).ticket
    clock.now += tickets.LIFETIME
    with pytest.raises(ProofNeeded):
        prove(house, actor, Shown(late, code=codes[1]))


def test_who_has_a_passkey_does_not_confirm_with_the_app(house: Node, clock: Clock) -> None:
    signed_in, secret = app_user(house)
    actor = signed_in.actor
    first = offered(house, actor)
    assert (first.app, first.options) == (True, None)
    assert prove(house, actor, Shown(first.ticket, code=passwords.totp_code(secret, clock.now))) is Level.TOTP
    keep(house, actor, SecurityKey(), "blue")
    clock.now += MINUTE
    then = offered(house, actor)
    assert (then.app, then.options is None) == (False, False)
    with pytest.raises(ProofNeeded):
        prove(house, actor, Shown(then.ticket, code=passwords.totp_code(secret, clock.now)))


def keep(node: Node, actor: Actor, key: SecurityKey, label: str) -> None:
    with node.db.write() as session:
        ticket, options = ways_in.offer_passkey(session, node, actor)
        ways_in.add_passkey(session, node, actor, label, Shown(ticket, key.make(str(options))))


def test_nobody_confirms_with_the_passkey_of_another(house: Node) -> None:
    mine, theirs = SecurityKey(), SecurityKey()
    actor = holder(house, mine).actor
    holder(house, theirs, "TJ-0148")
    offer = offered(house, actor)
    with pytest.raises(ProofNeeded):
        prove(house, actor, Shown(offer.ticket, theirs.use(str(offer.options))))


def test_a_passkey_is_removed_by_another_factor_and_never_the_last(house: Node) -> None:
    first, second = SecurityKey(), SecurityKey()
    actor = holder(house, first).actor
    name = b64(first.credential_id)
    with pytest.raises(OutOfStep), house.db.write() as session:
        ways_in.remove_passkey(session, house, actor, name)
    keep(house, actor, second, "spare")
    removal = Exact(Deed.PASSKEY_REMOVE, name)
    offer = offered(house, actor, removal)
    assert [one["id"] for one in json.loads(str(offer.options))["allowCredentials"]] == [b64(second.credential_id)]
    with pytest.raises(ProofNeeded):
        prove(house, actor, Shown(offer.ticket, first.use(str(offer.options))), removal)
    prove(house, actor, Shown(offer.ticket, second.use(str(offer.options))), removal)
    with house.db.write() as session:
        ways_in.remove_passkey(session, house, actor, name)
    with house.db.write() as session, pytest.raises(NotFound):
        ways_in.remove_passkey(session, house, actor, name)
    with pytest.raises(SignInRefused):
        come_in(house, first)


def test_a_passkey_is_kept_once_with_a_name_and_not_without_end(house: Node) -> None:
    actor, key = app_user(house)[0].actor, SecurityKey()
    keep(house, actor, key, "blue")
    for again, label in ((key, "blue"), (SecurityKey(), "")):
        with pytest.raises(BadInput):
            keep(house, actor, again, label)
    for number in range(passkeys.MOST - 1):
        keep(house, actor, SecurityKey(), f"key {number}")
    with pytest.raises(BadInput):
        keep(house, actor, SecurityKey(), "one too many")


def test_too_many_wrong_proofs_end_by_themselves(lone: Node) -> None:
    actor = app_user(lone)[0].actor
    for _ in range(lone.settings.attempts_per_account):
        proofs.refused(lone, actor)
    with pytest.raises(TooManyAttempts):
        prove(lone, actor, Shown(offered(lone, actor).ticket, code="000000"))


def test_a_new_enrolment_ends_passkeys_and_printed_codes(house: Node) -> None:
    key = SecurityKey()
    sheet(house, holder(house, key).actor)
    with house.db.write() as session:
        NewCode("TJ-0147").apply(session, house)
        assert session.scalars(select(PasskeyRow)).all() == []
        assert printed.left(session, "TJ-0147") == 0


def test_a_person_sees_his_sessions_and_ends_the_others(lone: Node, clock: Clock) -> None:
    app_user(lone)
    clock.now += MINUTE
    with lone.db.write() as session:
        here = signin._start(session, lone, session.get_one(UserRow, "TJ-0147"), Level.TOTP)
    with lone.db.write() as session:
        ways = ways_in.of(session, lone, here.actor)
        ways_in.end_others(session, lone, here.actor)
    assert [(one.level, one.here) for one in ways.sittings] == [("TOTP", True), ("TOTP", False)]
    assert (ways.app, ways.printed, ways.passkeys) == (True, 0, [])
    assert signin.authenticate(lone, here.token).actor == here.actor
    with lone.db.read() as session:
        assert [one.here for one in ways_in.of(session, lone, here.actor).sittings] == [True]


def test_a_ticket_of_nothing_is_refused(lone: Node) -> None:
    for ticket in ("", "x", b64(b"x" * 40), base64.b64encode(bytes(60)).decode()):
        with pytest.raises(ProofRefused):
            tickets.check(lone, Purpose("SIGN_IN", VISIT), ticket)


def test_the_challenge_says_what_is_approved() -> None:
    one, other = Purpose("ERASURE", "session", "aa"), Purpose("ERASURE", "session", "ab")
    assert tickets.challenge(one, "t") != tickets.challenge(other, "t")
    assert len(tickets.challenge(one, "t")) == 32
    assert challenge_of('{"challenge": "AAAA"}') == bytes(3)
