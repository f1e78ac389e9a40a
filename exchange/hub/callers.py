"""Who asks: the RFC 9421 signature of a request, looked up in the signed directory (protocol.md §11.1).

The key's name leads to the unit through the directory and never through anything the request itself says.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from exchange import signatures
from exchange.errors import Denied, Unsigned, WrongEnvironment
from exchange.hub.batch import Batch
from exchange.hub.hub import Hub
from exchange.hub.sequencer import Kind
from exchange.hub.tables import NONCE
from exchange.proxying import SHOWN
from exchange.service import Scope, header
from exchange.signatures import LIFE, SKEW, Answered, Requested
from schemas.errors import SchemaError

UNIT: Final = "serai.unit"
"""Where the scope of a request says which unit's signature was good."""


@dataclass(frozen=True, slots=True)
class Caller:
    """An enrolled node whose signature on this request is good; `unit` may be suspended."""

    unit: str
    keyid: str
    nonce: str
    expires: int


def address(scope: Scope) -> str:
    """Return the network address that a request came from: all that is known of a caller before a signature is read."""
    client: tuple[str, int] | None = scope.get("client")
    return client[0] if client else ""


def target_of(hub: Hub, scope: Scope) -> str:
    """Return the absolute address that a caller must have signed: our own, not what a header claims."""
    query: bytes = scope["query_string"]
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    path = path.partition(b"?")[0]
    return f"{hub.settings.public_url}{path.decode('latin-1')}" + (f"?{query.decode('latin-1')}" if query else "")


def authenticate(hub: Hub, scope: Scope, body: bytes) -> Caller:
    """Return who signed this request; raises `Unsigned`, `WrongEnvironment` or `Denied` and says no more than that."""
    now = hub.clock()
    if header(scope, b"x-cme-env") != hub.settings.env.encode():
        raise WrongEnvironment if header(scope, b"x-cme-env") else Unsigned
    digest = signatures.content_digest(body)
    if header(scope, b"content-digest").decode("latin-1") != digest:
        raise Unsigned("Content-Digest is not that of the body")
    parameters = signatures.request_parameters(header(scope, b"signature-input").decode("latin-1"), now)
    try:
        key = hub.register.current.node_key(parameters.keyid, now)
    except SchemaError as error:
        raise Unsigned("the key is not in the directory") from error
    requested = Requested(
        scope["method"],
        target_of(hub, scope),
        header(scope, b"content-type").decode("latin-1"),
        digest,
        hub.settings.env,
    )
    signatures.verify_request(key.public, requested, parameters, header(scope, b"signature").decode("latin-1"))
    scope[UNIT] = key.unit
    hub.contacts.note(key.unit, now, parameters.created)
    _check_certificate(hub, scope, key.unit)
    return Caller(key.unit, parameters.keyid, parameters.nonce, parameters.expires)


def _check_certificate(hub: Hub, scope: Scope, unit: str) -> None:
    """Raise `Denied` unless the connection showed a certificate of the unit whose node signed, where any are named."""
    named = hub.settings.client_certificates
    if named and scope.get(SHOWN) not in named.get(unit, ()):
        raise Denied("the client certificate is not one of this unit")


def check_active(hub: Hub, caller: Caller) -> None:
    """Return if the caller's unit may act; raises `Denied` if it is suspended or has left."""
    try:
        hub.register.current.check_active(caller.unit)
    except SchemaError as error:
        raise Denied from error


def spend(batch: Batch, jobs: Sequence[Caller]) -> list[Unsigned | None]:
    """Spend the nonces of calls that are not idempotent; one that was spent before is `Unsigned`."""
    return [_spend(batch, caller) for caller in jobs]


NONCES = Kind("nonces", spend)


def _spend(batch: Batch, caller: Caller) -> Unsigned | None:
    query = select(NONCE.c.nonce).where(NONCE.c.keyid == caller.keyid, NONCE.c.nonce == caller.nonce)
    if batch.connection.execute(query).first():
        return Unsigned("the request was used before")
    row = {"keyid": caller.keyid, "nonce": caller.nonce, "expires": caller.expires + LIFE + SKEW}
    batch.connection.execute(NONCE.insert(), row)
    return None


def sign_answer(hub: Hub, scope: Scope, status: int, body: bytes) -> list[tuple[bytes, bytes]]:
    """Return the header fields that make an answer the hub's own (protocol.md §11.2)."""
    digest = signatures.content_digest(body)
    answered = Answered(
        status, digest, scope["method"], target_of(hub, scope), header(scope, b"signature").decode("latin-1")
    )
    try:
        signed = signatures.sign_response(
            hub.keys.request,
            answered,
            signatures.new_parameters(hub.clock(), hub.keys.keyid, signatures.RESPONSE_TAG),
        )
    except Unsigned:  # the request held something that no signature can cover; the answer then proves nothing
        return []
    return [
        (b"content-digest", digest.encode()),
        (b"signature-input", signed.signature_input.encode()),
        (b"signature", signed.signature.encode()),
    ]
