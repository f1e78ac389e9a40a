"""Published vectors run through our own wrappers; `tests/vectors/crypto/README.md` says where each file is from."""

import base64
import hashlib
import json
import zlib
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.bindings._rust import openssl
from cryptography.hazmat.primitives import hpke

from crypto import chunked, encryption, signing
from crypto.canonical import dumps
from crypto.curve25519 import check_ed25519, check_x25519
from crypto.encryption import EncryptionKey
from crypto.errors import BadSignature, KeyRefused, Malformed, Undecryptable
from crypto.pae import pae
from crypto.signing import SigningKey

FOLDER = Path(__file__).parents[1] / "vectors" / "crypto"


def read(name: str) -> Any:
    return json.loads((FOLDER / name).read_text())


WYCHEPROOF = [case for group in read("cobblestone/wycheproof.json")["testGroups"] for case in group["tests"]]
COMPOSITE = read("composite/lamps.json")
JOSE = read("hpke/jose-hpke-9-ke.json")


@pytest.mark.parametrize("case", read("pae/pae.json"))
def test_pae(case: dict[str, Any]) -> None:
    assert pae(*map(bytes.fromhex, case["pieces_hex"])).hex() == case["pae_hex"]


@pytest.mark.parametrize("name", ["arrays", "french", "structures", "unicode", "values", "weird"])
def test_canonical_json_writes_what_it_can_write_and_refuses_the_rest(name: str) -> None:
    value = read(f"jcs/input/{name}.json")
    expected = (FOLDER / "jcs" / "output" / f"{name}.json").read_bytes()
    assert expected.hex(" ") == " ".join((FOLDER / "jcs" / "outhex" / f"{name}.txt").read_text().split())
    if name in {"french", "unicode", "weird"}:
        assert dumps(value) == expected
    else:  # these hold floats, booleans or null, which have no form here
        with pytest.raises(Malformed):
            dumps(value)


@pytest.mark.parametrize("case", WYCHEPROOF, ids=lambda case: str(case["tcId"]))
def test_cobblestone(case: dict[str, Any]) -> None:
    key, context, sealed = (
        bytes.fromhex(case["key"]),
        bytes.fromhex(case["ctx"]),
        zlib.decompress(bytes.fromhex(case["ct"])),
    )
    if case["result"] == "invalid":
        with pytest.raises(Undecryptable):
            chunked.decrypt(key, context, sealed)
    else:
        plaintext = chunked.decrypt(key, context, sealed)
        assert hashlib.sha512(plaintext).hexdigest() == case["msgSha512"]
        assert chunked.plain_length(len(sealed)) == len(plaintext) == case["msgLength"]


@pytest.mark.parametrize("case", read("hpke/xwing.json"), ids=["1", "2", "3"])
def test_x_wing_expands_a_seed_to_the_published_key(case: dict[str, str]) -> None:
    assert EncryptionKey.from_seed(bytes.fromhex(case["seed"])).public.hex() == case["pk"]


def test_hpke_with_exactly_our_parameters_opens_the_published_wrap() -> None:
    key = EncryptionKey.from_seed(bytes.fromhex(JOSE["seed"]))
    assert key.public.hex() == JOSE["public"]
    assert key.unwrap(bytes.fromhex(JOSE["sealed"]), bytes.fromhex(JOSE["info"])).hex() == JOSE["content_key"]
    with pytest.raises(Undecryptable):
        key.unwrap(bytes.fromhex(JOSE["sealed"]), b"")


@pytest.mark.parametrize("case", read("hpke/hpke-pq.json"), ids=lambda case: hex(case["kdf_id"]))
def test_our_x_wing_key_opens_the_published_hpke_messages_of_other_suites(case: dict[str, Any]) -> None:
    key = EncryptionKey.from_seed(bytes.fromhex(case["skRm"]))
    kdf = {0x0001: hpke.KDF.HKDF_SHA256, 0x0011: hpke.KDF.SHAKE256}[case["kdf_id"]]
    suite = hpke.Suite(hpke.KEM.MLKEM768_X25519, kdf, hpke.AEAD.CHACHA20_POLY1305)
    assert key.public.hex() == case["pkRm"]
    first = case["encryptions"][0]
    sealed, info, aad = (
        bytes.fromhex(case["enc"] + first["ct"]),
        bytes.fromhex(case["info"]),
        bytes.fromhex(first["aad"]),
    )
    assert openssl.hpke._decrypt_with_aad(suite, sealed, key._private, info, aad).hex() == first["pt"]


@pytest.mark.parametrize(
    ("member", "label"), [("s", ""), ("sWithContext", base64.b64decode(COMPOSITE["ctx"]).decode())]
)
def test_the_composite_signatures_of_the_draft_verify(member: str, label: str) -> None:
    message, case = base64.b64decode(COMPOSITE["m"]), COMPOSITE["tests"][0]
    public, signature = base64.b64decode(case["pk"]), base64.b64decode(case[member])
    signing.verify(public, label, message, signature)
    with pytest.raises(BadSignature):
        signing.verify(public, label + "x", message, signature)


def test_the_composite_private_key_of_the_draft_gives_its_public_key_and_signs() -> None:
    case = COMPOSITE["tests"][0]
    key = SigningKey.from_seeds(base64.b64decode(case["sk"]))
    assert key.public == base64.b64decode(case["pk"])
    signing.verify(key.public, "label", b"message", key.sign("label", b"message"))


@pytest.mark.parametrize("key", read("curve25519/ed25519-keys.json")["low_order"])
def test_an_ed25519_key_of_low_order_is_refused(key: str) -> None:
    with pytest.raises(KeyRefused, match="low order"):
        check_ed25519(bytes.fromhex(key))


@pytest.mark.parametrize("key", read("curve25519/ed25519-keys.json")["others"])
def test_another_ed25519_key_of_that_set_is_accepted(key: str) -> None:
    check_ed25519(bytes.fromhex(key))


@pytest.mark.parametrize("key", read("curve25519/x25519-keys.json")["low_order"])
def test_an_x25519_key_of_low_order_is_refused(key: str) -> None:
    with pytest.raises(KeyRefused, match="low order"):
        check_x25519(bytes.fromhex(key))


@pytest.mark.parametrize("key", read("curve25519/x25519-keys.json")["non_canonical"])
def test_an_x25519_key_that_is_not_reduced_is_refused(key: str) -> None:
    with pytest.raises(KeyRefused, match="non-canonical"):
        check_x25519(bytes.fromhex(key))


@pytest.mark.parametrize("key", read("curve25519/x25519-keys.json")["accepted"])
def test_another_x25519_key_of_that_set_is_accepted(key: str) -> None:
    check_x25519(bytes.fromhex(key))


@pytest.mark.parametrize(("flag", "reason"), [("modulus_overflow", "modulus"), ("other_length", "bytes")])
def test_an_ml_kem_key_that_fips_203_refuses_is_refused_within_an_x_wing_key(flag: str, reason: str) -> None:
    x25519 = EncryptionKey.from_seed(bytes(32)).public[1184:]
    for key in read("mlkem/keys.json")[flag]:
        with pytest.raises(KeyRefused, match=reason):
            encryption.check_public(bytes.fromhex(key) + x25519)
