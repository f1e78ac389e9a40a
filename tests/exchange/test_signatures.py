"""The RFC 9421 profile: what we sign, another implementation verifies, and any change is refused."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import http_message_signatures as oracle
import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from exchange import signatures
from exchange.errors import Unsigned
from exchange.signatures import Answered, NodeAuth, Parameters, Requested, Signed
from tests.instants import NOW

KEY = Ed25519PrivateKey.generate()
PUBLIC = KEY.public_key().public_bytes_raw()
PARAMETERS = Parameters(NOW, NOW + 60, "ab" * 16, "KG/main/" + "0" * 64, "cme-node")
REQUESTED = Requested(
    "POST", "https://hub.example/v1/x?a=1", "application/octet-stream", signatures.content_digest(b""), "live"
)
ANSWERED = Answered(200, signatures.content_digest(b"{}"), "GET", "https://hub.example/v1/x", "n1=:" + "A" * 86 + "==:")


class Resolver(oracle.HTTPSignatureKeyResolver):
    def resolve_public_key(self, key_id: str) -> bytes:
        assert key_id == PARAMETERS.keyid
        return PUBLIC


def test_another_implementation_verifies_our_requests() -> None:
    request = httpx.Request("POST", REQUESTED.target, content=b"body")
    signed = next(NodeAuth(KEY, PARAMETERS.keyid, "live", lambda: NOW).auth_flow(request))
    message = SimpleNamespace(method="POST", url=str(signed.url), headers=dict(signed.headers), body=b"body")
    verifier = oracle.HTTPMessageVerifier(
        signature_algorithm=oracle.algorithms.ED25519,
        key_resolver=Resolver(),
    )
    base, _, _ = verifier._build_signature_base(
        message,
        covered_component_ids=list(verifier._parse_signature_dictionary(signed.headers["signature-input"])["n1"]),
        signature_params=verifier._parse_signature_dictionary(signed.headers["signature-input"])["n1"].params,
    )
    raw = verifier._parse_signature_dictionary(signed.headers["signature"])["n1"].value
    KEY.public_key().verify(raw, base.encode())


REQUEST_CHANGES = {
    "method": "PUT",
    "target": "https://hub.example/v1/x?a=2",
    "content_type": "text/plain",
    "digest": signatures.content_digest(b"x"),
    "env": "exercise",
}


@pytest.mark.parametrize("name", REQUEST_CHANGES)
def test_a_change_of_any_covered_part_of_a_request_is_refused(name: str) -> None:
    signed = signatures.sign_request(KEY, REQUESTED, PARAMETERS)
    signatures.verify_request(PUBLIC, REQUESTED, PARAMETERS, signed.signature)
    changed = replace(REQUESTED, **{name: REQUEST_CHANGES[name]})
    with pytest.raises(Unsigned):
        signatures.verify_request(PUBLIC, changed, PARAMETERS, signed.signature)


PARAMETER_CHANGES: dict[str, Any] = {
    "created": NOW + 1,
    "expires": NOW + 61,
    "nonce": "cd" * 16,
    "keyid": "TJ/x/0",
    "tag": "cme-hub",
}


@pytest.mark.parametrize("name", PARAMETER_CHANGES)
def test_a_change_of_any_parameter_is_refused(name: str) -> None:
    signed = signatures.sign_request(KEY, REQUESTED, PARAMETERS)
    changed = replace(PARAMETERS, **{name: PARAMETER_CHANGES[name]})
    with pytest.raises(Unsigned):
        signatures.verify_request(PUBLIC, REQUESTED, changed, signed.signature)


ANSWER_CHANGES: dict[str, Any] = {
    "status": 201,
    "digest": signatures.content_digest(b""),
    "method": "POST",
    "target": "https://evil.example/v1/x",
    "request_signature": "n1=:" + "B" * 86 + "==:",
}


@pytest.mark.parametrize("name", ANSWER_CHANGES)
def test_a_change_of_any_covered_part_of_an_answer_is_refused(name: str) -> None:
    parameters = replace(PARAMETERS, tag="cme-hub")
    signed = signatures.sign_response(KEY, ANSWERED, parameters)
    keys = {PARAMETERS.keyid: PUBLIC}
    signatures.verify_response(keys, ANSWERED, signed, NOW)
    with pytest.raises(Unsigned):
        signatures.verify_response(keys, replace(ANSWERED, **{name: ANSWER_CHANGES[name]}), signed, NOW)


@pytest.mark.parametrize("shift", [-61, 61])
def test_an_old_or_future_answer_is_refused(shift: int) -> None:
    signed = signatures.sign_response(KEY, ANSWERED, replace(PARAMETERS, tag="cme-hub"))
    with pytest.raises(Unsigned):
        signatures.verify_response({PARAMETERS.keyid: PUBLIC}, ANSWERED, signed, NOW + shift)


def test_an_answer_by_an_unknown_key_or_for_another_purpose_is_refused() -> None:
    signed = signatures.sign_response(KEY, ANSWERED, replace(PARAMETERS, tag="cme-hub"))
    with pytest.raises(Unsigned):
        signatures.verify_response({}, ANSWERED, signed, NOW)
    other = signatures.sign_response(KEY, ANSWERED, PARAMETERS)
    with pytest.raises(Unsigned):
        signatures.verify_response({PARAMETERS.keyid: PUBLIC}, ANSWERED, other, NOW)


def test_an_answer_to_an_unsigned_request_is_signed_without_its_signature() -> None:
    plain = replace(ANSWERED, request_signature="")
    signed = signatures.sign_response(KEY, plain, replace(PARAMETERS, tag="cme-hub"))
    signatures.verify_response({PARAMETERS.keyid: PUBLIC}, plain, signed, NOW)
    with pytest.raises(Unsigned):
        signatures.verify_response({PARAMETERS.keyid: PUBLIC}, ANSWERED, signed, NOW)


@pytest.mark.parametrize("value", ["a\nb", "ключ"])
def test_a_value_that_is_not_one_line_of_ascii_is_never_signed(value: str) -> None:
    with pytest.raises(Unsigned):
        signatures.sign_request(KEY, replace(REQUESTED, content_type=value), PARAMETERS)


@given(st.text(max_size=300))
def test_any_text_is_parameters_of_one_spelling_or_unsigned(text: str) -> None:
    try:
        parameters = signatures.request_parameters(text, NOW)
    except Unsigned:
        return
    assert text.endswith(parameters.text())


@given(st.binary(max_size=80))
def test_any_bytes_are_no_signature(data: bytes) -> None:
    with pytest.raises(Unsigned):
        signatures.verify_request(PUBLIC, REQUESTED, PARAMETERS, data.decode("latin-1"))


def test_a_signature_of_spare_bits_is_not_of_the_profile() -> None:
    good = signatures.sign_request(KEY, REQUESTED, PARAMETERS).signature
    spare = good[:-4] + chr(ord(good[-4]) + 1) + "==:"
    with pytest.raises(Unsigned):
        signatures.verify_request(PUBLIC, REQUESTED, PARAMETERS, spare)


def test_the_fields_of_an_answer_are_read_strictly() -> None:
    with pytest.raises(Unsigned):
        signatures.verify_response({}, ANSWERED, Signed("n1=()", ""), NOW)
