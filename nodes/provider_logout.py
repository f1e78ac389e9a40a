"""Back-channel logout: the identity provider says that somebody left, and the sessions it opened here end at once.

OpenID Connect Back-Channel Logout 1.0. The call has no session and no form token; its logout token is believed for its
signature and for what it says, and once. A session that began with a passkey or a code is none of the provider's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from nodes import limits, log, oidc
from nodes.account_tables import LogoutRow, SessionRow
from nodes.deeds import ProofRefused
from nodes.errors import NotFound, NotReady
from nodes.node import Node
from nodes.settings import NodeSettings

DOOR: Final = "/sign-in/provider/logout"
EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
TYPE: Final = "logout+jwt"
LONGEST: Final = 1 << 14
"""Characters of a logout token."""

AGE: Final = 300
"""Seconds for which a logout token counts, however long the provider says that it does."""

ENDED: Final = ("SIGN_OUT", "PROVIDER")


@dataclass(frozen=True, slots=True)
class Logout:
    """What a logout token says: whose sessions end, those of a subject or of one session there; at least one is set."""

    jti: str
    subject: str | None
    sid: str | None


def obey(node: Node, token: str, address: str) -> None:
    """End and log the sessions that `token` names; none is no fault.

    Raises `NotFound` without a provider, `TooManyAttempts` for an address that sent too many wrong ones, `NotReady`
    while the provider's keys cannot be had (nothing is counted: it tries again), else `ProofRefused` for a token that
    is not to be believed or was obeyed before: counted and logged.
    """
    if not oidc.offered(node):
        raise NotFound
    with node.db.read() as session:
        limits.check(session, node.settings, "", address, node.now())
    try:
        told = _told(node, token)
        with node.db.write() as session:
            _once(session, node, told.jti)
            _end(session, node, told)
    except ProofRefused:
        with node.db.write() as session:
            limits.count(session, node.settings, "", address, node.now())
            log.record(session, node, log.Act(operation="LOGIN_FAILED", actor="UNKNOWN", codes=ENDED, denied=True))
        raise


def read(settings: NodeSettings, keys: Mapping[str, Any], token: str, now: int) -> Logout:
    """Return what a logout token says that one of the provider's `keys` signed, for us and now (section 2.6).

    Raises `ProofRefused`; whether it was obeyed before is not asked.
    """
    found = oidc.decoded(keys, token)
    claims = found.claims
    jti, who, sid = claims.get("jti"), claims.get("sub"), claims.get("sid")
    issued, expires = claims.get("iat"), claims.get("exp")
    good = (
        found.header.get("typ") == TYPE
        and oidc.is_ours(settings, claims)
        and isinstance(issued, int)
        and isinstance(expires, int)
        and issued - oidc.LEEWAY <= now < min(issued + AGE, expires + oidc.LEEWAY)
        and claims.get("events") == {EVENT: {}}
        and "nonce" not in claims
        and oidc.is_name(jti)
        and (who, sid) != (None, None)
        and all(name is None or oidc.is_name(name) for name in (who, sid))
    )
    if not good:
        raise ProofRefused("logout")
    return Logout(str(jti), who, sid)


def _told(node: Node, token: str) -> Logout:
    if not 0 < len(token) <= LONGEST:
        raise ProofRefused("token")  # the provider is not asked about what cannot be its own
    try:
        keys = oidc.keys(node)
    except ProofRefused as error:
        raise NotReady("the identity provider does not show its keys") from error
    return read(node.settings, keys, token, node.now())


def _once(session: Session, node: Node, jti: str) -> None:
    """Write down that the token was obeyed, until it is too old to count; raises `ProofRefused` for a second time."""
    now, jti_hash = node.now(), oidc.hashed(node, jti)
    session.execute(delete(LogoutRow).where(LogoutRow.until <= now))
    if session.get(LogoutRow, jti_hash) is not None:
        raise ProofRefused("logout")
    session.add(LogoutRow(jti_hash=jti_hash, until=now + AGE + oidc.LEEWAY))


def _end(session: Session, node: Node, told: Logout) -> None:
    """End what the provider opened for the subject, in the session there if one is named, or in one it never told."""
    meant = []
    if told.subject is not None:
        meant.append(SessionRow.subject_hash == oidc.hashed(node, told.subject))
    if told.sid is not None:
        same = SessionRow.sid_hash == oidc.hashed(node, told.sid)
        meant.append(same if told.subject is None else or_(same, SessionRow.sid_hash.is_(None)))
    rows = session.scalars(select(SessionRow).where(*meant)).all()
    for row in rows:
        session.delete(row)
        log.record(session, node, log.Act(operation="LOGIN", actor=row.user_id, codes=ENDED))
