"""Signing in: enrolment by a printed code, password and one-time code, server-side sessions with their CSRF token.

These use cases open their own transactions, because Argon2id must not run while a transaction holds the database. Every
refusal has the same text and takes the same work, whether the account exists or not; every attempt is logged.
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session

from nodes import limits, log, oidc, passkeys, passwords, proofs, rest, tickets, visits
from nodes.account_tables import EnrolmentRow, RoleRow, SessionRow, UserRow
from nodes.deeds import ProofRefused
from nodes.errors import AccessEnded, Denied, SignedOut, SignInRefused
from nodes.node import Node
from nodes.proofs import Shown
from nodes.shelves import Held, Look, Shelf
from nodes.tickets import Purpose
from nodes.views import Actor, SignedIn

ENDED = ("ACCESS_ENDED",)
SIGN_IN, ENROL = "SIGN_IN", "ENROL"
"""What the tickets are for that are not for an act of somebody who is signed in."""

FIRST_PASSKEY = "1"
"""The label of the passkey that somebody enrols with."""

TOUCH = 30
"""Seconds between two notes of a session's last use, so that reading pages does not write every time."""

_SESSIONS = Look(SessionRow, SessionRow.token_hash, unique=True)
_USERS = Look(UserRow, UserRow.user_id, unique=True)
_ROLES = select(RoleRow.role).where(RoleRow.user_id == bindparam("user_id"))
"""What every request asks before anything else."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a person types to sign in."""

    user_id: str
    password: str = field(repr=False)
    totp: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What a person types to set password and second factor, with the code whose halves two administrators printed."""

    user_id: str
    code: str = field(repr=False)
    password: str = field(repr=False)
    totp: str = field(repr=False)
    passkey: Shown | None = None


@dataclass(frozen=True, slots=True)
class EnrolmentOffer:
    """What a person needs to set up a second factor: the `otpauth://` address and its secret in base32, or a passkey.

    `options` (JSON) is None where the node is reached under no name, so that there are no passkeys.
    """

    user_id: str
    uri: str
    secret: str
    ticket: str
    options: str | None


def begin_enrolment(node: Node, user_id: str, code: str, address: str) -> EnrolmentOffer:
    """Return the second factor to set up; raises `SignInRefused` or `TooManyAttempts`. The code stays valid."""
    now = node.now()
    with node.db.write() as session:
        limits.check(session, node.settings, user_id, address, now)
        row = _open_enrolment(session, user_id, code, now)
        if row is not None:
            secret = passwords.new_totp_secret()
            row.totp_sealed = node.store.kek.seal(secret, *rest.place("enrolment", user_id, "totp"))
            return _offer(node, row, secret)
    raise _refuse(node, user_id, address)


def finish_enrolment(node: Node, enrolment: Enrolment, address: str) -> None:
    """Set password and second factor, a passkey or the app, and use the code up; ends all sessions of the account.

    Raises `BadInput` for a password that may not be set, `SignInRefused` or `TooManyAttempts`.
    """
    passwords.check_new(enrolment.password)
    now, user_id = node.now(), enrolment.user_id
    with node.db.write() as session:
        limits.check(session, node.settings, user_id, address, now)
        known = _open_enrolment(session, user_id, enrolment.code, now) is not None
    if not known:
        raise _refuse(node, user_id, address)
    phc = passwords.hash_password(enrolment.password)
    with node.db.write() as session:
        row = _open_enrolment(session, user_id, enrolment.code, now)
        user = session.get(UserRow, user_id)
        if row is not None and user is not None and _set_factor(session, node, row, user, enrolment):
            user.password_phc = phc
            session.delete(row)
            session.execute(delete(SessionRow).where(SessionRow.user_id == user_id))
            log.record(session, node, log.Act(operation="KEY_CHANGE", actor=user_id, subject=user_id))
            return
    raise _refuse(node, user_id, address)


def sign_in(node: Node, credentials: Credentials, address: str) -> SignedIn:
    """Return a new session for the right password and an unused code, of the app or printed.

    Raises `TooManyAttempts` before any work, else `SignInRefused` with one text for every cause.
    """
    now, user_id = node.now(), credentials.user_id
    with node.db.read() as session:
        limits.check(session, node.settings, user_id, address, now)
        user = session.get(UserRow, user_id)
        phc = user.password_phc if user is not None and visits.usable(user, now) else None
    good = passwords.matches(credentials.password, phc)
    with node.db.write() as session:
        user = session.get(UserRow, user_id, with_for_update=True) if good else None
        if user is not None and user.password_phc == phc and visits.usable(user, now):
            level = proofs.by_code(session, node, user, credentials.totp)
            if level is not None:
                return _start(session, node, user, level)
    raise _refuse(node, user_id, address)


def sign_in_with_passkey(node: Node, visit: str, shown: Shown, address: str) -> SignedIn:
    """Return a new session for a passkey that answered the ticket of this `visit`; it is password and factor in one.

    Raises as `sign_in` does.
    """
    with node.db.read() as session:
        limits.check(session, node.settings, "", address, node.now())
    with suppress(ProofRefused), node.db.write() as session:
        key = proofs.by_passkey(session, node, Purpose(SIGN_IN, visit), shown)
        user = session.get_one(UserRow, key.user_id)
        if visits.usable(user, node.now()):
            return _start(session, node, user, proofs.Level.PASSKEY)
    raise _refuse(node, "", address)


def sign_in_by_provider(node: Node, visit: str, kept: str, answer: Mapping[str, str], address: str) -> SignedIn:
    """Return a new session for whoever the identity provider says came back, if two persons linked him to an account.

    Raises as `sign_in` does.
    """
    with node.db.read() as session:
        limits.check(session, node.settings, "", address, node.now())
    with suppress(ProofRefused):
        came = oidc.came(node, visit, kept, answer)
        with node.db.write() as session:
            user = oidc.account(session, node, came.subject)
            if user is not None and visits.usable(user, node.now()):
                return _start(session, node, user, proofs.Level.PROVIDER, came)
    raise _refuse(node, "", address)


def passkey_ticket(node: Node, visit: str) -> tuple[str, str | None]:
    """Return the ticket for a sign-in with a passkey, and what the browser is asked with; None without passkeys."""
    purpose = Purpose(SIGN_IN, visit)
    ticket = tickets.issue(node, purpose)
    usable = passkeys.offered(node.settings)
    return ticket, passkeys.request(node, tickets.challenge(purpose, ticket)) if usable else None


def authenticate(node: Node, token: str, *, active: bool = True) -> SignedIn:
    """Return who holds the session behind `token`; raises `SignedOut` if it is unknown, idle too long or too old.

    Raises `AccessEnded` once for the open sessions of an account whose time is over, and ends them all.

    A request that no person caused (`active` false: an open page that looks again) does not prolong the session.
    """
    now, token_hash = node.now(), _hash(token)
    with node.db.read() as session:
        held = Held(session.connection())
        row = Shelf(held, _SESSIONS).one(token_hash)
        user = Shelf(held, _USERS).one(row.user_id) if row is not None else None
        if row is None or user is None or user.disabled_at is not None or not _alive(node, row, now):
            raise SignedOut
        over = visits.ended(user, now)
        signed_in = SignedIn(token, row.csrf, actor_of(session, node, user, token_hash), row.level)
        stale = active and now - row.seen >= TOUCH
    if over:
        raise _end(node, signed_in.actor)
    if stale:
        with node.db.write() as session:
            present = session.get(SessionRow, token_hash)
            if present is not None:
                present.seen = now
    return signed_in


def sign_out(session: Session, node: Node, actor: Actor) -> None:
    """End the session of `actor`."""
    session.execute(delete(SessionRow).where(SessionRow.token_hash == actor.session))
    log.record(session, node, log.Act(operation="LOGIN", actor=actor.user_id, codes=("SIGN_OUT",)))


def check_csrf(signed_in: SignedIn, presented: str) -> None:
    """Return if a form carries the session's own token; raises `Denied`."""
    if not hmac.compare_digest(signed_in.csrf.encode(), presented.encode()):
        raise Denied("CSRF")


def actor_of(session: Session, node: Node, user: UserRow, token_hash: str | None = None) -> Actor:
    """Return the account as the one who acts, with the roles it holds now and under the rules of its node."""
    return Actor(
        user_id=user.user_id,
        display_name=user.display_name,
        language=user.language,
        agency=user.agency,
        roles=frozenset(session.scalars(_ROLES, {"user_id": user.user_id})),
        session=token_hash,
        visit=visits.of(session, user),
        clearance=user.clearance,
        rules=node.rules,
    )


def _start(session: Session, node: Node, user: UserRow, level: proofs.Level, came: oidc.Came | None = None) -> SignedIn:
    """A new id at every sign-in: what was fixed in a browser before it is worth nothing."""
    now, token, csrf = node.now(), secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    oldest = now - node.settings.session_lifetime
    session.execute(delete(SessionRow).where(SessionRow.created < oldest))
    row = SessionRow(token_hash=_hash(token), user_id=user.user_id, csrf=csrf, created=now, seen=now, level=level.value)
    if came is not None:
        row.subject_hash = oidc.hashed(node, came.subject)
        row.sid_hash = oidc.hashed(node, came.sid) if came.sid is not None else None
    session.add(row)
    actor = actor_of(session, node, user, _hash(token))
    log.record(session, node, replace(log.by(actor, "LOGIN"), codes=(level.value,)))
    return SignedIn(token, csrf, actor, level.value)


def _offer(node: Node, row: EnrolmentRow, secret: bytes) -> EnrolmentOffer:
    purpose = Purpose(ENROL, row.user_id, row.code_hash)
    ticket = tickets.issue(node, purpose)
    usable = passkeys.offered(node.settings)
    options = passkeys.creation(node, row.user_id, tickets.challenge(purpose, ticket), ()) if usable else None
    uri = passwords.totp_uri(secret, row.user_id, f"Serai {node.unit}")
    return EnrolmentOffer(row.user_id, uri, passwords.totp_base32(secret), ticket, options)


def _set_factor(session: Session, node: Node, row: EnrolmentRow, user: UserRow, given: Enrolment) -> bool:
    """Set the factor that a person enrols with; returns whether it was one."""
    if given.passkey is not None:
        purpose = Purpose(ENROL, row.user_id, row.code_hash)
        try:
            tickets.check(node, purpose, given.passkey.ticket)
            challenge = tickets.challenge(purpose, given.passkey.ticket)
            made = passkeys.attested(node.settings, challenge, given.passkey.answer)
        except ProofRefused:
            return False
        user.totp_sealed = None
        passkeys.register(session, node, (user.user_id, FIRST_PASSKEY), made)
        return True
    if row.totp_sealed is None:
        return False
    secret = node.store.kek.open(row.totp_sealed, *rest.place("enrolment", user.user_id, "totp"))
    step = passwords.totp_step(secret, given.totp, node.now(), 0)
    if step is None:
        return False
    user.totp_last_step = step
    user.totp_sealed = node.store.kek.seal(secret, *rest.place("user", user.user_id, "totp"))
    return True


def _open_enrolment(session: Session, user_id: str, code: str, now: int) -> EnrolmentRow | None:
    row, user = session.get(EnrolmentRow, user_id), session.get(UserRow, user_id)
    if row is None or user is None or not visits.usable(user, now) or row.expires <= now:
        return None
    return row if hmac.compare_digest(row.code_hash, passwords.code_hash(code)) else None


def _refuse(node: Node, user_id: str, address: str) -> SignInRefused:
    """Count and log the attempt in a transaction of its own, and return the one answer there is."""
    with node.db.write() as session:
        limits.count(session, node.settings, user_id, address, node.now())
        user = session.get(UserRow, user_id)
        codes = ENDED if user is not None and visits.ended(user, node.now()) else ()
        # What a stranger typed is not logged: it may be a password in the wrong box.
        who = user_id if user is not None else "UNKNOWN"
        log.record(session, node, log.Act(operation="LOGIN_FAILED", actor=who, codes=codes, denied=True))
    return SignInRefused()


def _end(node: Node, actor: Actor) -> AccessEnded:
    """End the sessions of an account whose time is over, and log that one was still in use."""
    with node.db.write() as session:
        session.execute(delete(SessionRow).where(SessionRow.user_id == actor.user_id))
        log.record(session, node, replace(log.by(actor, "LOGIN_FAILED"), codes=ENDED, denied=True))
    return AccessEnded()


def _alive(node: Node, row: SessionRow, now: int) -> bool:
    fresh = now - row.seen < node.settings.idle_timeout
    return fresh and now - row.created < node.settings.session_lifetime


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
