"""Signing in through the identity provider of a unit's own administration: an OpenID Connect relying party, hardened.

Code flow with PKCE, state and nonce; the issuer is compared letter by letter, in the answer (RFC 9207) and in the
token; every address of the provider lies at the issuer's own origin; nothing is redirected, and a private address is
refused unless the settings allow it. The provider says who somebody is and nothing else: a subject is worth something
only where two persons have linked it to an account, and it never brings a role.
"""

import hashlib
import ipaddress
import secrets
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from crypto import canonical
from crypto.encoding import b64, unb64
from crypto.errors import CryptoError
from nodes import rest
from nodes.account_tables import SubjectRow, UserRow
from nodes.deeds import ProofRefused
from nodes.errors import NotFound, NotReady
from nodes.node import Node
from nodes.pinning import Pinned
from nodes.settings import NodeSettings

ALGORITHMS: Final = ("ES256", "EdDSA", "PS256", "RS256")
"""Signatures that an identity token may carry: never `none`, never one whose key the provider and we would share."""

LIFETIME: Final = 600
LEEWAY: Final = 60
LARGEST: Final = 1 << 18
PATIENCE: Final = 10.0
DISCOVERY: Final = "/.well-known/openid-configuration"
LONGEST_NAME: Final = 255
"""Characters of a subject, or of the id of a session there (OpenID Connect Core, section 2)."""

CALLBACK: Final = "/sign-in/provider/answer"


@dataclass(frozen=True, slots=True)
class Came:
    """Who the provider says came back: the subject, and its own session if it names one (`sid`)."""

    subject: str
    sid: str | None


def offered(node: Node) -> bool:
    """Return whether this node knows an identity provider."""
    return bool(node.settings.oidc_issuer)


def begin(node: Node, visit: str) -> tuple[str, str]:
    """Return the provider's address to go to, and what this browser keeps until it comes back (sealed).

    Raises `NotFound` without a provider, `NotReady` with one that does not answer as it must.
    """
    if not offered(node):
        raise NotFound
    try:
        authorization = _endpoints(node)["authorization_endpoint"]
    except ProofRefused as error:
        raise NotReady("the identity provider does not answer as it must") from error
    kept = {name: secrets.token_urlsafe(32) for name in ("state", "nonce", "verifier")}
    sealed = node.store.kek.seal(canonical.dumps({**kept, "until": node.now() + LIFETIME}), *_place(visit))
    asked = {
        "response_type": "code",
        "client_id": node.settings.oidc_client_id,
        "redirect_uri": node.settings.public_origin + CALLBACK,
        "scope": "openid",
        "state": kept["state"],
        "nonce": kept["nonce"],
        "code_challenge": b64(hashlib.sha256(kept["verifier"].encode()).digest()),
        "code_challenge_method": "S256",
    }
    return f"{authorization}?{urlencode(asked)}", b64(sealed)


def came(node: Node, visit: str, kept: str, answer: Mapping[str, str]) -> Came:
    """Return who the provider says came back, from the query of the callback; raises `ProofRefused`."""
    own = _kept(node, visit, kept)
    if not secrets.compare_digest(answer.get("state", ""), str(own["state"])):
        raise ProofRefused("state")
    if answer.get("iss") != node.settings.oidc_issuer or "error" in answer or not answer.get("code"):
        raise ProofRefused("answer")
    endpoints = _endpoints(node)
    token = _token(node, endpoints["token_endpoint"], answer["code"], str(own["verifier"]))
    return _checked(node, decoded(_keys(node, endpoints), token).claims, str(own["nonce"]))


def keys(node: Node) -> Mapping[str, Any]:
    """Return the keys that the provider signs with now, as it publishes them; raises `ProofRefused`."""
    return _keys(node, _endpoints(node))


def decoded(keys: Mapping[str, Any], token: str) -> jwt.Token:
    """Return a token that one of the keys signed, with a signature that we take; raises `ProofRefused`."""
    try:
        return jwt.decode(token, KeySet.import_key_set({"keys": keys.get("keys", [])}), algorithms=list(ALGORITHMS))
    except (JoseError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise ProofRefused("token") from error


def is_name(told: object) -> bool:
    """Return whether a claim may name a person, a session or a token."""
    return isinstance(told, str) and 0 < len(told) <= LONGEST_NAME and told.isprintable()


def is_ours(settings: NodeSettings, claims: Mapping[str, Any]) -> bool:
    """Return whether claims are the provider's and for this unit alone."""
    client = settings.oidc_client_id
    return claims.get("iss") == settings.oidc_issuer and claims.get("aud") in (client, [client])


def hashed(node: Node, name: str) -> str:
    """Return how a name that the provider gave is kept here."""
    return hashlib.sha256(canonical.dumps([node.settings.oidc_issuer, name])).hexdigest()


def account(session: Session, node: Node, who: str) -> UserRow | None:
    """Return the account that a subject of the provider is linked to; None for everybody else."""
    link = session.get(SubjectRow, hashed(node, who))
    return session.get(UserRow, link.user_id, with_for_update=True) if link is not None else None


def link(session: Session, node: Node, user_id: str, who: str) -> None:
    """Link a subject to an account, in the place of the one before; an empty one unlinks it."""
    session.execute(delete(SubjectRow).where(SubjectRow.user_id == user_id))
    if who:
        session.add(SubjectRow(subject_hash=hashed(node, who), user_id=user_id))


def taken(session: Session, node: Node, user_id: str, who: str) -> bool:
    """Return whether the subject belongs to another account already."""
    owner = session.scalar(select(SubjectRow.user_id).where(SubjectRow.subject_hash == hashed(node, who)))
    return owner is not None and owner != user_id


def _kept(node: Node, visit: str, kept: str) -> dict[str, Any]:
    try:
        own: Any = canonical.loads(node.store.kek.open(unb64(kept), *_place(visit)), limit=LARGEST)
    except CryptoError as error:
        raise ProofRefused("visit") from error
    if own["until"] <= node.now():
        raise ProofRefused("visit")
    return dict(own)


def _endpoints(node: Node) -> dict[str, str]:
    """Return the provider's addresses, each of them at the issuer's own origin."""
    issuer = node.settings.oidc_issuer
    told = _fetch(node, "GET", issuer.rstrip("/") + DISCOVERY)
    found = {name: told.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
    if told.get("issuer") != issuer or not all(_at_home(issuer, address) for address in found.values()):
        raise ProofRefused("discovery")
    return {name: str(address) for name, address in found.items()}


def _at_home(issuer: str, address: object) -> bool:
    return isinstance(address, str) and urlsplit(address)[:2] == urlsplit(issuer)[:2]


def _token(node: Node, endpoint: str, code: str, verifier: str) -> str:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": node.settings.public_origin + CALLBACK,
        "code_verifier": verifier,
        "client_id": node.settings.oidc_client_id,
    }
    secret = node.settings.oidc_client_secret_file
    if secret is not None:
        form["client_secret"] = secret.read_text(encoding="utf-8").strip()
    return str(_fetch(node, "POST", endpoint, form).get("id_token"))


def _keys(node: Node, endpoints: Mapping[str, str]) -> Mapping[str, Any]:
    return _fetch(node, "GET", endpoints["jwks_uri"])


def _checked(node: Node, claims: Mapping[str, Any], nonce: str) -> Came:
    """Return the subject of claims that are the provider's, for us, for this very sign-in, and not old."""
    client, now, who, sid = node.settings.oidc_client_id, node.now(), claims.get("sub"), claims.get("sid")
    expires, issued = claims.get("exp"), claims.get("iat")
    good = (
        is_ours(node.settings, claims)
        and claims.get("azp", client) == client
        and claims.get("nonce") == nonce
        and isinstance(expires, int)
        and isinstance(issued, int)
        and issued - LEEWAY <= now < expires + LEEWAY
    )
    if not good or not is_name(who) or not (sid is None or is_name(sid)):
        raise ProofRefused("claims")
    return Came(str(who), sid)


def _fetch(node: Node, method: str, address: str, form: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the JSON object at an address of the provider; follows nothing, reads no proxy of the environment."""
    try:
        transport = node.surroundings.identity or httpx.HTTPTransport(verify=_trusted(node), trust_env=False)
        if not node.settings.oidc_private:  # no host inside our own network, unless the settings say that it is there
            transport = Pinned(transport, _is_global)
        with httpx.Client(transport=transport, trust_env=False, follow_redirects=False, timeout=PATIENCE) as client:
            answer = client.request(method, address, data=form)
        told = answer.json() if answer.status_code == httpx.codes.OK and len(answer.content) <= LARGEST else None
    except (httpx.HTTPError, OSError, ValueError) as error:
        raise ProofRefused("provider") from error
    if not isinstance(told, dict):
        raise ProofRefused("provider")
    return told


def _trusted(node: Node) -> ssl.SSLContext:
    """Return whose certificates the provider may show: of the administration's own authority, where one is set."""
    context = ssl.create_default_context(cafile=node.settings.oidc_ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _is_global(address: str) -> bool:
    return ipaddress.ip_address(address).is_global


def _place(visit: str) -> tuple[bytes, bytes, bytes]:
    return rest.place("oidc", visit, "kept")
