"""A unit's keys are replaced and withdrawn while its node runs, one purpose at a time.

The root key never comes into the service: it signs where its keeper is, what the service proposes, and the service
takes only what the unit's root signed. A new key is used once the hub's directory carries it, and until then the one
before, so that nothing in between is refused (protocol.md §5.2).
"""

from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy.orm import Session

from crypto import statements
from crypto.errors import CryptoError
from crypto.keystore import SIGNING
from crypto.signing import SigningKey
from nodes import keys, log, rekeying, upkeep
from nodes.errors import BadInput, NotFound, NotReady
from nodes.hub_client import HubClient
from nodes.keys import Maker
from nodes.node import Node
from nodes.rekeying import NO_LEAVE, Leave
from nodes.settings import NodeSettings
from nodes.tables import KeyRow
from schemas.directory import (
    STATEMENT_LABEL,
    AnyStatement,
    KeyStatement,
    Revocation,
    any_statement,
    keys_by_id,
    sign_statement,
)
from schemas.errors import SchemaError
from schemas.keychecks import STATEMENT_LIMIT

Turned = Literal["ENCRYPTION", "NODE", "WITNESS"]
"""What the signing key vouches for; the next signing key needs the root, and a log keeps its pair."""

CODES: Final[dict[Turned, str]] = {"ENCRYPTION": "TURN", "NODE": "REQUEST", "WITNESS": "TURN"}


def turn(node: Node, use: Turned, leave: Leave = NO_LEAVE) -> str:
    """Make the next key for `use` now and return its id; the courier publishes it, and then it is used.

    Raises `NotReady` while the last one is not published, and what `rekeying.record` does.
    """
    with node.refreshing:
        with node.db.write() as session:
            _demand_published(session, use)
            maker, signer = Maker(node.store, node.settings, node.now()), node.keys.signing
            if use == "ENCRYPTION":
                kid = keys.new_encryption(session, maker, signer).kid
            elif use == "NODE":
                kid = keys.new_request(session, maker, signer)
            else:
                kid = keys.new_note_keys(session, maker, signer, use)
            rekeying.record(session, node, use, leave, (CODES[use],))
        _load(node)
    node.directory_due.set()
    return kid


def propose_signing_key(node: Node, custody: str | None = None) -> bytes:
    """Make the next signing key and return its statement, for the root to sign; one that is never signed is unused.

    It is made where this node keeps new ones, or in the `custody` of this kind; a key never moves from one to another.
    Raises `NotReady` while the last one is not published, `TokenError` or `crypto.errors.KeyFileElsewhere` if that
    custody is away or not set up.
    """
    with node.db.read() as session:
        _demand_published(session, "SIGNING")
        return keys.propose_signing(session, Maker(node.store, node.settings, node.now()), custody).to_bytes()


def vouch(settings: NodeSettings, root: SigningKey, proposed: bytes) -> bytes:
    """Return the wire form of a proposed signing key under the unit's root; nothing else gets its signature.

    Raises `BadInput`.
    """
    statement = _read(proposed)
    ours = isinstance(statement, KeyStatement) and statement.use == "SIGNING"
    if not ours or (statement.unit, statement.env) != (settings.unit, settings.env):
        raise BadInput("no signing key of this unit")
    return sign_statement(statement, root)


def take_signing_key(node: Node, wire: bytes, leave: Leave = NO_LEAVE) -> str:
    """Keep the signing key that the root vouched for in `wire` and return its id; the courier publishes it.

    Raises `BadInput` for what is not signed by a root of this unit or is no key that was proposed here, `NotReady`
    while the last one is not published or no directory says which roots are ours, and what `rekeying.record` does.
    """
    statement = _rooted(node, wire)
    if not isinstance(statement, KeyStatement) or statement.use != "SIGNING":
        raise BadInput("no signing key of this unit")
    with node.refreshing:
        with node.db.write() as session:
            _demand_published(session, "SIGNING")
            _demand_seed(node, statement.kid)
            keys.add(session, statement, wire)
            rekeying.record(session, node, "SIGNING", leave, ("SIGNING",))
        _load(node)
    node.directory_due.set()
    return statement.kid


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Which key of ours is withdrawn and why; `stolen_since` (unix seconds) only for one that others may hold."""

    kid: str
    stolen_since: int | None = None


def withdraw(settings: NodeSettings, root: SigningKey, withdrawal: Withdrawal, now: int) -> bytes:
    """Return the wire form of the revocation of one of our keys, under the unit's root (protocol.md §5.2)."""
    since = withdrawal.stolen_since
    statement = Revocation(
        env=settings.env,
        unit=settings.unit,
        kid=withdrawal.kid,
        reason="SUPERSEDED" if since is None else "COMPROMISED",
        compromised_since=since,
        stated=now,
    )
    return sign_statement(statement, root)


def revoke(node: Node, client: HubClient, wire: bytes) -> str:
    """Publish the revocation in `wire` and act on it at once; returns the id of the key that it ends.

    Raises `BadInput` for what no root of this unit signed, `NotFound` for a key that is not ours, `NotReady` for the
    one that signs our requests (rotate it first), `HubUnreachable` or `HubProblem` if the hub did not take it.
    """
    statement = _rooted(node, wire)
    if not isinstance(statement, Revocation):
        raise BadInput("no revocation")
    known = node.directory().keys.get(statement.kid)
    with node.db.read() as session:
        if session.get(KeyRow, statement.kid) is None and (known is None or known.unit != node.unit):
            raise NotFound
    if node.keys.request_keyid.endswith(statement.kid):
        raise NotReady("without this key no request is heard: rotate the request key first")
    client.post_statement(wire)
    with node.db.write() as session:
        log.record(session, node, log.Act(operation="KEY_CHANGE", codes=("REVOKED", statement.reason)))
    upkeep.refresh(node, client)
    return statement.kid


def _rooted(node: Node, wire: bytes) -> AnyStatement:
    """The statement in `wire`, signed by a root of this unit; raises `BadInput`, `NotReady` without a directory."""
    roots = keys_by_id(node.directory().unit(node.unit).roots)
    try:
        signed = statements.parse(wire, limit=STATEMENT_LIMIT)
        signed.verify(STATEMENT_LABEL, roots)
    except CryptoError as error:
        raise BadInput("not signed by the root of this unit") from error
    statement = _read(signed.statement_bytes)
    if (statement.unit, statement.env) != (node.unit, node.settings.env):
        raise BadInput("a statement of another unit or environment")
    return statement


def _read(statement: bytes) -> AnyStatement:
    try:
        return any_statement(statement)
    except SchemaError as error:
        raise BadInput("no statement about a key") from error


def _demand_published(session: Session, use: str) -> None:
    if any(row.purpose == use for row in keys.unposted(session)):
        raise NotReady(f"the last {use} key is not published yet")


def _demand_seed(node: Node, kid: str) -> None:
    if SIGNING + kid not in node.store.names():
        raise BadInput("a key that was not proposed here")


def _load(node: Node) -> None:
    with node.db.read() as session:
        node.keys = keys.load(session, node.store, node.settings)
