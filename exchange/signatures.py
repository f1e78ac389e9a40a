"""RFC 9421 signatures on requests to the hub and on its answers, in one fixed profile (protocol.md §11).

The profile leaves nothing to choose: label, covered components, their order and the parameters are constants, so a
signature is checked by rebuilding the one base it can have, and any other spelling is refused. The clock and the random
nonce come from the caller. `@target-uri` is what the deployment says its address is, never what a header claims.
"""

import base64
import binascii
import hashlib
import os
import re
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Final

import httpx
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from exchange.errors import Unsigned

LABEL: Final = "n1"
REQUEST_TAG: Final = "cme-node"
RESPONSE_TAG: Final = "cme-hub"
LIFE: Final = 60
SKEW: Final = 60
ENV_HEADER: Final = "x-cme-env"
OCTETS: Final = "application/octet-stream"

REQUEST_COMPONENTS: Final = ("@method", "@target-uri", "content-type", "content-digest", ENV_HEADER)
_REQUEST_COVERED: Final = '("@method" "@target-uri" "content-type" "content-digest" "x-cme-env")'
_RESPONSE_COVERED: Final = '("@status" "content-digest" "@method";req "@target-uri";req{})'
_SIGNATURE_REQ: Final = ' "signature";req;key="n1"'

_NUMBER: Final = r"(0|[1-9][0-9]{0,14})"
_PARAMETERS: Final = re.compile(
    rf';created={_NUMBER};expires={_NUMBER};nonce="([0-9a-f]{{32}})"'
    r';keyid="([A-Za-z0-9/._-]{1,160})";alg="ed25519";tag="([a-z-]{1,16})"'
)
_SIGNATURE: Final = re.compile(rf"{LABEL}=:([A-Za-z0-9+/]{{86}}==):")


@dataclass(frozen=True, slots=True)
class Requested:
    """The parts of a request that its signature covers; `target` is the absolute address, `digest` of the body."""

    method: str
    target: str
    content_type: str
    digest: str
    env: str


@dataclass(frozen=True, slots=True)
class Answered:
    """The parts of an answer that its signature covers; `request_signature` is the caller's `Signature` field or ""."""

    status: int
    digest: str
    method: str
    target: str
    request_signature: str


@dataclass(frozen=True, slots=True)
class Parameters:
    """The metadata of a signature: instants in unix seconds, 32 hex digits of nonce, the key's name, the purpose."""

    created: int
    expires: int
    nonce: str
    keyid: str
    tag: str

    def text(self) -> str:
        """Return the parameters as they stand behind the covered components."""
        return (
            f";created={self.created};expires={self.expires}"
            f';nonce="{self.nonce}";keyid="{self.keyid}";alg="ed25519";tag="{self.tag}"'
        )


@dataclass(frozen=True, slots=True)
class Signed:
    """The two fields of a signed message as they travel."""

    signature_input: str
    signature: str


def content_digest(body: bytes) -> str:
    """Return the `Content-Digest` field of `body` (RFC 9530), SHA-512, for empty bodies too."""
    return f"sha-512=:{base64.b64encode(hashlib.sha512(body).digest()).decode()}:"


def new_parameters(now: int, keyid: str, tag: str) -> Parameters:
    """Return fresh parameters, valid for 60 seconds from `now`."""
    return Parameters(now, now + LIFE, os.urandom(16).hex(), keyid, tag)


def sign_request(key: Ed25519PrivateKey, requested: Requested, parameters: Parameters) -> Signed:
    """Return the signature fields of a request."""
    return _sign(key, _request_base(requested, parameters), _REQUEST_COVERED + parameters.text())


def sign_response(key: Ed25519PrivateKey, answered: Answered, parameters: Parameters) -> Signed:
    """Return the signature fields of an answer."""
    return _sign(key, _response_base(answered, parameters), _covered(answered) + parameters.text())


def read_parameters(signature_input: str, covered: str) -> Parameters:
    """Return the parameters of label `n1` over exactly the components `covered`; raises `Unsigned` for other forms."""
    prefix = f"{LABEL}={covered}"
    match = _PARAMETERS.fullmatch(signature_input[len(prefix) :]) if signature_input.startswith(prefix) else None
    if match is None:
        raise Unsigned("Signature-Input is not of the profile")
    created, expires, nonce, keyid, tag = match.groups()
    return Parameters(int(created), int(expires), nonce, keyid, tag)


def request_parameters(signature_input: str, now: int) -> Parameters:
    """Return the parameters of a request that may be looked at now: right purpose, not old, not from the future."""
    parameters = read_parameters(signature_input, _REQUEST_COVERED)
    _check_time(parameters, REQUEST_TAG, now)
    return parameters


def verify_request(public: bytes, requested: Requested, parameters: Parameters, signature: str) -> None:
    """Raise `Unsigned` unless the key `public` (32 bytes) signed this request with these parameters."""
    _verify(public, _request_base(requested, parameters), signature)


def verify_response(public: Mapping[str, bytes], answered: Answered, signed: Signed, now: int) -> None:
    """Raise `Unsigned` unless one of the hub's keys (keyid -> 32 bytes) signed this answer to that request, now."""
    parameters = read_parameters(signed.signature_input, _covered(answered))
    _check_time(parameters, RESPONSE_TAG, now)
    key = public.get(parameters.keyid)
    if key is None:
        raise Unsigned("the answer is signed by an unknown key")
    _verify(key, _response_base(answered, parameters), signed.signature)


class NodeAuth(httpx.Auth):
    """Signs every request of an httpx client with a unit's node key; `clock` gives unix seconds."""

    requires_request_body = True

    def __init__(self, key: Ed25519PrivateKey, keyid: str, env: str, clock: Callable[[], int]) -> None:
        self._key = key
        self._keyid = keyid
        self._env = env
        self._clock = clock

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Set the covered fields and the signature, then send."""
        request.headers.setdefault("content-type", OCTETS)
        request.headers[ENV_HEADER] = self._env
        request.headers["content-digest"] = content_digest(request.content)
        requested = Requested(
            request.method,
            str(request.url),
            request.headers["content-type"],
            request.headers["content-digest"],
            self._env,
        )
        signed = sign_request(self._key, requested, new_parameters(self._clock(), self._keyid, REQUEST_TAG))
        request.headers["signature-input"] = signed.signature_input
        request.headers["signature"] = signed.signature
        yield request


def check_response(response: httpx.Response, public: Mapping[str, bytes], now: int) -> None:
    """Raise `Unsigned` unless `response` (body read) is the hub's own answer to its request.

    `public` are the hub's REQUEST keys by `schemas.directory.node_kid`, prefixed by the hub's name as in `keyid`.
    """
    if response.headers.get("content-digest") != content_digest(response.content):
        raise Unsigned("the body of the answer is not the signed one")
    answered = Answered(
        response.status_code,
        response.headers["content-digest"],
        response.request.method,
        str(response.request.url),
        response.request.headers.get("signature", ""),
    )
    signed = Signed(response.headers.get("signature-input", ""), response.headers.get("signature", ""))
    verify_response(public, answered, signed, now)


def _covered(answered: Answered) -> str:
    return _RESPONSE_COVERED.format(_SIGNATURE_REQ if answered.request_signature else "")


def _request_base(requested: Requested, parameters: Parameters) -> bytes:
    """The signature base of RFC 9421 §2.5 for the components of a request, in their fixed order."""
    return _base(
        f'"@method": {requested.method}',
        f'"@target-uri": {requested.target}',
        f'"content-type": {requested.content_type}',
        f'"content-digest": {requested.digest}',
        f'"{ENV_HEADER}": {requested.env}',
        f'"@signature-params": {_REQUEST_COVERED}{parameters.text()}',
    )


def _response_base(answered: Answered, parameters: Parameters) -> bytes:
    lines = [
        f'"@status": {answered.status}',
        f'"content-digest": {answered.digest}',
        f'"@method";req: {answered.method}',
        f'"@target-uri";req: {answered.target}',
    ]
    if answered.request_signature:
        value = answered.request_signature.removeprefix(f"{LABEL}=")
        lines.append(f'"signature";req;key="{LABEL}": {value}')
    return _base(*lines, f'"@signature-params": {_covered(answered)}{parameters.text()}')


def _base(*lines: str) -> bytes:
    """Join the lines; a value that could open a line of its own was never in a request that this project makes."""
    text = "\n".join(lines)
    if text.count("\n") != len(lines) - 1 or not text.isascii():
        raise Unsigned("a covered value is not one line of ASCII")
    return text.encode()


def _sign(key: Ed25519PrivateKey, base: bytes, parameters: str) -> Signed:
    return Signed(f"{LABEL}={parameters}", f"{LABEL}=:{base64.b64encode(key.sign(base)).decode()}:")


def _verify(public: bytes, base: bytes, signature: str) -> None:
    match = _SIGNATURE.fullmatch(signature)
    if match is None:
        raise Unsigned("Signature is not of the profile")
    try:
        raw = base64.b64decode(match[1], validate=True)
        if base64.b64encode(raw).decode() != match[1]:
            raise Unsigned("Signature is not of the profile")
        Ed25519PublicKey.from_public_bytes(public).verify(raw, base)
    except (InvalidSignature, binascii.Error, ValueError) as error:
        raise Unsigned("the signature does not verify") from error


def _check_time(parameters: Parameters, tag: str, now: int) -> None:
    """Raise `Unsigned` unless the purpose is right and `now` is in the validity, give or take 60 seconds of skew."""
    if parameters.tag != tag:
        raise Unsigned("signed for another purpose")
    if parameters.expires != parameters.created + LIFE:
        raise Unsigned("validity is not 60 seconds")
    if not parameters.created - SKEW <= now <= parameters.created + SKEW:
        raise Unsigned("the signature is too old or from the future: check the clock")
