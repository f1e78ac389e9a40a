"""Fuzz targets of `nodes`: what a hub says outside signed receipts; what is accepted is exactly what was meant."""

import json
from collections.abc import Callable
from pathlib import Path
from struct import pack

from joserfc import jws
from joserfc.jwk import ECKey

from crypto.canonical import dumps
from crypto.encoding import b64, unb64
from nodes import answers, passkeys, provider_logout
from nodes.deeds import ProofRefused
from nodes.errors import AnswerRefused
from tests.instants import NOW
from tests.nodes.authenticator import ORIGIN, SecurityKey
from tests.nodes.people import settings_in


def frame(index: int, kind: int, entry: bytes, payload: bytes) -> bytes:
    return pack(">QBI", index, kind, len(entry)) + entry + pack(">I", len(payload)) + payload


def inbox_frames(data: bytes) -> None:
    found = answers.frames(data, -1)
    assert b"".join(frame(one.index, one.kind, one.entry, one.payload) for one in found) == data


def hub_problem(data: bytes) -> None:
    problem = answers.problem(data)
    expected = problem.expected()
    assert problem.code
    assert expected is None or (expected.seq >= 1 and len(expected.prev) == 64)


def receipt_outcomes(data: bytes) -> None:
    found = answers.outcomes(data, 1)
    assert dumps([one.model_dump(mode="json", exclude_none=True) for one in found]) == data


def proof_path(data: bytes) -> None:
    assert dumps({"path": [node.hex() for node in answers.path(data)]}) == data


def list_of_sightings(data: bytes) -> None:
    assert dumps([b64(wire) for wire in answers.sightings(data)]) == data


def log_entries(data: bytes) -> None:
    rows = [one.model_dump(mode="json") for one in answers.logged_entries(data)]
    assert dumps({"entries": rows}) == data


def stamped_checkpoint(data: bytes) -> None:
    assert answers.stamped_checkpoint(data).to_bytes() == data


def logged_document(data: bytes) -> None:
    assert answers.logged_document(data).to_bytes() == data


def passkey_attestation(data: bytes) -> None:
    """What an authenticator says of a new key, inside an answer of the browser that is in order."""
    told = json.loads(_ANSWER)
    told["response"]["attestationObject"] = b64(data)
    made = passkeys.attested(_SETTINGS, _CHALLENGE, json.dumps(told))
    assert made.user_verified


def passkey_answer(data: bytes) -> None:
    assert passkeys.attested(_SETTINGS, _CHALLENGE, data.decode("latin-1")).user_verified


def logout_token(data: bytes) -> None:
    assert provider_logout.read(_CLIENT, _KEYS, data.decode("latin-1"), NOW).jti


def logout_claims(data: bytes) -> None:
    """What the provider says under a signature that is in order."""
    told = provider_logout.read(_CLIENT, _KEYS, jws.serialize_compact(_LOGOUT, data, _SIGNER), NOW)
    assert told.subject or told.sid


_SETTINGS = settings_in(Path("nowhere")).model_copy(update={"public_origin": ORIGIN})
_CHALLENGE = bytes(32)
_KEY = SecurityKey("EdDSA", credential_id=bytes(32))
_ANSWER = _KEY.make(json.dumps({"user": {"id": "AA"}, "rp": {"id": "tj.serai.example"}, "challenge": b64(_CHALLENGE)}))
_CLIENT = _SETTINGS.model_copy(update={"oidc_issuer": "https://id.example", "oidc_client_id": "serai-tj"})
_SIGNER = ECKey.generate_key("P-256", {"kid": "k1"})
_KEYS = {"keys": [_SIGNER.as_dict(private=False)]}
_LOGOUT = {"alg": "ES256", "kid": "k1", "typ": provider_logout.TYPE}
_LEAVES = json.dumps(
    {
        "iss": "https://id.example",
        "aud": "serai-tj",
        "sub": "u-17",
        "sid": "desk",
        "jti": "one",
        "iat": NOW,
        "exp": NOW + 120,
        "events": {provider_logout.EVENT: {}},
    }
).encode()

TARGETS: dict[str, tuple[Callable[[bytes], None], type[Exception]]] = {
    "passkey_answer": (passkey_answer, ProofRefused),
    "passkey_attestation": (passkey_attestation, ProofRefused),
    "logout_claims": (logout_claims, ProofRefused),
    "logout_token": (logout_token, ProofRefused),
    "inbox_frames": (inbox_frames, AnswerRefused),
    "hub_problem": (hub_problem, AnswerRefused),
    "receipt_outcomes": (receipt_outcomes, AnswerRefused),
    "proof_path": (proof_path, AnswerRefused),
    "list_of_sightings": (list_of_sightings, AnswerRefused),
    "log_entries": (log_entries, AnswerRefused),
    "logged_document": (logged_document, AnswerRefused),
    "stamped_checkpoint": (stamped_checkpoint, AnswerRefused),
}

SEEDS: dict[str, list[bytes]] = {
    "passkey_answer": [_ANSWER.encode()],
    "passkey_attestation": [unb64(json.loads(_ANSWER)["response"]["attestationObject"])],
    "logout_claims": [_LEAVES],
    "logout_token": [jws.serialize_compact(_LOGOUT, _LEAVES, _SIGNER).encode()],
    "inbox_frames": [b"", frame(3, 1, b"{}", b"envelope") + frame(7, 2, b'{"a":1}', b"receipt")],
    "hub_problem": [
        json.dumps({"code": "EX-4092", "status": 409, "expected_seq": 4, "expected_prev": "a" * 64}).encode()
    ],
    "list_of_sightings": [dumps([]), dumps(["AAAA", "_w"])],
    "proof_path": [dumps({"path": []}), dumps({"path": ["a" * 64, "b" * 64]})],
    "receipt_outcomes": [
        dumps([{"eid": "a" * 64, "type": "DELIVERED", "status": "LOGGED", "index": 4, "time": "2026-11-22T06:00:00Z"}]),
        dumps([{"eid": "a" * 64, "type": "DELIVERED", "status": "REFUSED", "code": "EX-4031"}]),
    ],
    "log_entries": [dumps({"entries": [{"index": 3, "entry": b64(b"{}"), "path": ["a" * 64, "b" * 64]}]})],
    "stamped_checkpoint": [dumps({"note": b64(b"note"), "token": b64(b"token")})],
    "logged_document": [dumps({"index": 3, "wire": b64(b"{}")})],
}
