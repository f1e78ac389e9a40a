"""An identity provider in this process, as tests of signing in through one need it: good unless a test changes it."""

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey

from crypto.encoding import b64
from nodes import oidc, provider_logout, signin
from nodes.accounts import NewSubject, NewUser
from nodes.node import Node
from tests.nodes.people import ADDRESS

ISSUER = "https://id.example"
CLIENT = "serai-tj"
VISIT = "a browser"
KEY = ECKey.generate_key("P-256", {"kid": "k1"})
OTHER_KEY = ECKey.generate_key("P-256", {"kid": "k1"})


@dataclass
class Provider(httpx.BaseTransport):
    """An identity provider. What a test changes is what a broken or hostile one would say."""

    now: Callable[[], int]
    issuer: str = ISSUER
    discovery: dict[str, str] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    sign: Callable[[dict[str, Any]], str] = lambda claims: jwt.encode({"alg": "ES256", "kid": "k1"}, claims, KEY)
    answers: dict[str, httpx.Response] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def authorize(self, address: str) -> dict[str, str]:
        """The person signs in there; returns the query with which the browser comes back."""
        asked = {name: found[0] for name, found in parse_qs(urlsplit(address).query).items()}
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return {"code": code, "state": asked["state"], "iss": self.issuer}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.asked.append(str(request.url))
        if path in self.answers:
            return self.answers[path]
        if path == oidc.DISCOVERY:
            own = {"issuer": ISSUER, "authorization_endpoint": f"{ISSUER}/auth", "token_endpoint": f"{ISSUER}/token"}
            return httpx.Response(200, json={**own, "jwks_uri": f"{ISSUER}/keys", **self.discovery})
        if path == "/keys":
            return httpx.Response(200, json={"keys": [KEY.as_dict(private=False)]})
        return self._exchange({name: found[0] for name, found in parse_qs(request.content.decode()).items()})

    def _exchange(self, form: dict[str, str]) -> httpx.Response:
        asked = self.codes.pop(form["code"], None)
        if asked is None or asked["code_challenge"] != b64(hashlib.sha256(form["code_verifier"].encode()).digest()):
            return httpx.Response(400, json={"error": "invalid_grant"})
        now = self.now()
        claims = {"iss": ISSUER, "aud": CLIENT, "sub": "u-17", "nonce": asked["nonce"], "iat": now, "exp": now + 300}
        return httpx.Response(200, json={"id_token": self.sign({**claims, **self.claims})})


def come_back(node: Node, provider: Provider, visit: str = VISIT, **changed: str) -> str:
    """Go to the provider and come back with what it says, changed on the way."""
    address, kept = oidc.begin(node, VISIT)
    answer = {**provider.authorize(address), **changed}
    return signin.sign_in_by_provider(node, visit, kept, answer, ADDRESS).token


def by_another_key(claims: dict[str, Any]) -> str:
    return jwt.encode({"alg": "ES256", "kid": "k1"}, claims, OTHER_KEY)


def by_a_key_it_brings(claims: dict[str, Any]) -> str:
    """Signed by a key that stands in the token itself, under no name and with an address where to find it."""
    brought = {"jwk": OTHER_KEY.as_dict(private=False), "jku": f"{ISSUER}/more"}
    return jwt.encode({"alg": "ES256", **brought}, claims, OTHER_KEY)


def unsigned(claims: dict[str, Any]) -> str:
    head = b64(json.dumps({"alg": "none"}).encode())
    return f"{head}.{b64(json.dumps(claims).encode())}."


def by_our_public_key(claims: dict[str, Any]) -> str:
    """HS256 with the public key of the provider as the secret that both would share."""
    head = json.dumps({"alg": "HS256", "kid": "k1"})
    signed = f"{b64(head.encode())}.{b64(json.dumps(claims).encode())}"
    return f"{signed}.{b64(hmac.digest(KEY.as_pem(private=False), signed.encode(), 'sha256'))}"


def logout_token(now: int, head: dict[str, Any] | None = None, **changed: Any) -> str:
    """What the provider posts when u-17 leaves; None takes a claim away."""
    claims = {
        "iss": ISSUER,
        "aud": CLIENT,
        "sub": "u-17",
        "iat": now,
        "exp": now + 120,
        "jti": "one",
        "events": {provider_logout.EVENT: {}},
        **changed,
    }
    header = {"alg": "ES256", "kid": "k1", "typ": provider_logout.TYPE, **(head or {})}
    return jwt.encode(header, {name: value for name, value in claims.items() if value is not None}, KEY)


def introduce(lone: Node, provider: Provider) -> Node:
    """Let a node know the provider, and an officer whom two persons have linked to one of its subjects."""
    changed = {"oidc_issuer": ISSUER, "oidc_client_id": CLIENT, "oidc_private": True}
    lone.settings = lone.settings.model_copy(update={**changed, "public_origin": "https://tj.serai.example"})
    lone.surroundings = replace(lone.surroundings, identity=provider)
    with lone.db.write() as session:
        NewUser("TJ-0147", "Rustam R.", "POLICE", frozenset({"OFFICER"})).apply(session, lone)
        NewSubject("TJ-0147", "u-17").apply(session, lone)
    return lone
