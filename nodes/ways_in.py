"""What a person does about his own account: passkeys, printed codes, open sessions. Never another's.

Each act but looking and ending sessions is confirmed by its page with a factor (`nodes.proofs`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from nodes import log, passkeys, printed, tickets
from nodes.account_tables import PasskeyRow, SessionRow, UserRow
from nodes.errors import NotFound, OutOfStep
from nodes.node import Node
from nodes.proofs import Shown
from nodes.tickets import Purpose
from nodes.views import Actor

REGISTER = "REGISTER"


@dataclass(frozen=True, slots=True)
class Sitting:
    """A browser in which the person is signed in."""

    since: int
    seen: int
    level: str
    here: bool


@dataclass(frozen=True, slots=True)
class Key:
    """A passkey as its owner sees it."""

    credential_id: str
    label: str
    created: int
    used: int | None


@dataclass(frozen=True, slots=True)
class Ways:
    """All ways into an account, and the browsers that are in."""

    sittings: Sequence[Sitting]
    passkeys: Sequence[Key]
    app: bool
    printed: int


def of(session: Session, node: Node, actor: Actor) -> Ways:
    """Return the ways into the actor's own account."""
    oldest = node.now() - node.settings.session_lifetime
    query = select(SessionRow).where(SessionRow.user_id == actor.user_id, SessionRow.created > oldest)
    rows = session.scalars(query.order_by(SessionRow.created.desc())).all()
    user = session.get_one(UserRow, actor.user_id)
    return Ways(
        [Sitting(row.created, row.seen, row.level, row.token_hash == actor.session) for row in rows],
        [Key(row.credential_id, row.label, row.created, row.used) for row in passkeys.of(session, actor.user_id)],
        user.totp_sealed is not None,
        printed.left(session, actor.user_id),
    )


def offer_passkey(session: Session, node: Node, actor: Actor) -> tuple[str, str | None]:
    """Return a ticket, and the options with which the browser makes a passkey; None where there are none."""
    purpose = Purpose(REGISTER, str(actor.session))
    ticket = tickets.issue(node, purpose)
    if not passkeys.offered(node.settings):
        return ticket, None
    known = passkeys.of(session, actor.user_id)
    return ticket, passkeys.creation(node, actor.user_id, tickets.challenge(purpose, ticket), known)


def add_passkey(session: Session, node: Node, actor: Actor, label: str, shown: Shown) -> None:
    """Keep a passkey that the actor's browser made; raises `ProofRefused`, or `BadInput` for label or number."""
    purpose = Purpose(REGISTER, str(actor.session))
    tickets.check(node, purpose, shown.ticket)
    made = passkeys.attested(node.settings, tickets.challenge(purpose, shown.ticket), shown.answer)
    passkeys.register(session, node, (actor.user_id, label), made)
    log.record(session, node, _act(actor, "PASSKEY_ADD"))


def remove_passkey(session: Session, node: Node, actor: Actor, credential_id: str) -> None:
    """Take a passkey of the actor away; raises `NotFound`, or `OutOfStep` for the last strong way in."""
    row = session.get(PasskeyRow, credential_id)
    if row is None or row.user_id != actor.user_id:
        raise NotFound
    ways = of(session, node, actor)
    if len(ways.passkeys) == 1 and not ways.app:
        raise OutOfStep
    session.delete(row)
    log.record(session, node, _act(actor, "PASSKEY_REMOVE"))


def print_codes(session: Session, node: Node, actor: Actor) -> tuple[str, ...]:
    """Return a new sheet of one-time codes, to be shown once; those of an older one end."""
    log.record(session, node, _act(actor, "CODES_PRINT"))
    return printed.make(session, actor.user_id)


def end_others(session: Session, node: Node, actor: Actor) -> None:
    """End every session of the actor but this one."""
    mine = SessionRow.user_id == actor.user_id, SessionRow.token_hash != actor.session
    session.execute(delete(SessionRow).where(*mine))
    log.record(session, node, replace(log.by(actor, "LOGIN"), codes=("SIGN_OUT", "OTHERS")))


def _act(actor: Actor, code: str) -> log.Act:
    return replace(log.by(actor, "KEY_CHANGE"), subject=actor.user_id, codes=(code,))
