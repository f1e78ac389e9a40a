"""Factors that people show: a passkey, a code of the app, a printed code. Each proof counts once, for one thing.

`require` is the one way to an act of `nodes.deeds`: a factor shown now, bound to exactly that act by the digest in its
ticket, kept with the act's digest as evidence. Who has a passkey confirms with it, or with a printed code: a code of
the app can be talked out of somebody, and stays a lower way to sign in.
"""

import hashlib
from dataclasses import dataclass, field, replace
from enum import StrEnum

from sqlalchemy.orm import Session

from crypto import canonical
from nodes import limits, log, passkeys, passwords, printed, rest, tickets
from nodes.account_tables import PasskeyRow, ProofRow, UserRow
from nodes.deeds import Deed, Exact, ProofNeeded, ProofRefused
from nodes.node import Node
from nodes.tickets import Purpose
from nodes.views import Actor


class Level(StrEnum):
    """How strong the factor was, the strongest first; a session and its entry in the log name theirs."""

    PASSKEY = "PASSKEY"
    PROVIDER = "PROVIDER"
    PRINTED = "PRINTED"
    TOTP = "TOTP"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a person shows: the ticket of the page, and an answer of the authenticator (JSON) or a code."""

    ticket: str
    answer: str = field(default="", repr=False)
    code: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Offer:
    """What a page needs to ask for a proof: its ticket, what a passkey is asked with, and whether the app counts."""

    ticket: str
    options: str | None
    app: bool


def offer(session: Session, node: Node, actor: Actor, exact: Exact) -> Offer:
    """Return what the page shows that asks `actor` to confirm."""
    purpose = _purpose(actor, exact)
    every = passkeys.of(session, actor.user_id)
    ticket, known = tickets.issue(node, purpose), [row for row in every if row.credential_id != _excluded(exact)]
    usable = bool(known) and passkeys.offered(node.settings)
    options = passkeys.request(node, tickets.challenge(purpose, ticket), known) if usable else None
    return Offer(ticket, options, not usable)


def require(session: Session, node: Node, actor: Actor, exact: Exact, shown: Shown | None) -> Level:
    """Return how `actor` confirmed exactly this act, in the transaction that does it; it will not count again.

    Raises `ProofNeeded` where nothing that counts was shown, `TooManyAttempts` after too many that did not.
    """
    if shown is None:
        raise ProofNeeded(exact)
    limits.check(session, node.settings, actor.user_id, str(actor.session), node.now())
    try:
        level = _level(session, node, actor, exact, shown)
    except ProofRefused as error:
        raise ProofNeeded(exact, refused=True) from error
    act = replace(log.by(actor, "LOGIN"), codes=("CONFIRM", exact.deed.value, level.value), digest=exact.digest)
    log.record(session, node, act)
    return level


def refused(node: Node, actor: Actor) -> None:
    """Count and log that a proof was not accepted, in a transaction of its own: the refused act rolls back."""
    with node.db.write() as session:
        limits.count(session, node.settings, actor.user_id, str(actor.session), node.now())
        log.record(session, node, replace(log.by(actor, "LOGIN_FAILED"), codes=("CONFIRM",), denied=True))


def by_passkey(session: Session, node: Node, purpose: Purpose, shown: Shown) -> PasskeyRow:
    """Return the passkey that answered for `purpose`, and write down that it did; raises `ProofRefused`."""
    tickets.check(node, purpose, shown.ticket)
    row = passkeys.asserted(session, node, tickets.challenge(purpose, shown.ticket), shown.answer)
    _keep(session, node, (row.user_id, Level.PASSKEY), purpose, shown)
    return row


def by_code(session: Session, node: Node, user: UserRow, code: str) -> Level | None:
    """Return what kind of code it is and use it up; None for one that is wrong or was used before."""
    if user.totp_sealed is not None:
        secret = node.store.kek.open(user.totp_sealed, *rest.place("user", user.user_id, "totp"))
        step = passwords.totp_step(secret, code, node.now(), user.totp_last_step)
        if step is not None:
            user.totp_last_step = step
            return Level.TOTP
    return Level.PRINTED if printed.take(session, user.user_id, code) else None


def _level(session: Session, node: Node, actor: Actor, exact: Exact, shown: Shown) -> Level:
    purpose = _purpose(actor, exact)
    if shown.answer:
        row = by_passkey(session, node, purpose, shown)
        if row.user_id != actor.user_id or row.credential_id == _excluded(exact):
            raise ProofRefused
        return Level.PASSKEY
    tickets.check(node, purpose, shown.ticket)
    user = session.get_one(UserRow, actor.user_id, with_for_update=True)
    level = by_code(session, node, user, shown.code)
    stronger = passkeys.offered(node.settings) and _others(session, actor, exact)
    if level is None or (level is Level.TOTP and stronger):
        raise ProofRefused
    _keep(session, node, (actor.user_id, level), purpose, shown)
    return level


def _others(session: Session, actor: Actor, exact: Exact) -> bool:
    """Return whether the account has a passkey that may confirm this act: not the one that the act takes away."""
    ids = {row.credential_id for row in passkeys.of(session, actor.user_id)}
    return bool(ids - {_excluded(exact)})


def _excluded(exact: Exact) -> str:
    """Return the passkey that does not count: nobody needs the one that he takes away."""
    return exact.target if exact.deed is Deed.PASSKEY_REMOVE else ""


def _keep(session: Session, node: Node, who: tuple[str, Level], purpose: Purpose, shown: Shown) -> None:
    """Write the proof down; a ticket that stands there already was used."""
    ticket_hash = hashlib.sha256(shown.ticket.encode()).hexdigest()
    if session.get(ProofRow, ticket_hash) is not None:
        raise ProofRefused
    told = canonical.dumps({"ticket": shown.ticket, "answer": shown.answer})
    row = ProofRow(
        ticket_hash=ticket_hash,
        user_id=who[0],
        act=purpose.act,
        digest=purpose.digest,
        level=who[1].value,
        at=node.now(),
        evidence=node.store.kek.seal(told, *rest.place("proof", ticket_hash, "evidence")),
    )
    session.add(row)


def _purpose(actor: Actor, exact: Exact) -> Purpose:
    return Purpose(exact.deed.value, str(actor.session), exact.digest)
