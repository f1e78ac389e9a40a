from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from audit.checkpoints import CHECKS
from audit.errors import AuditError, Malformed, SignatureRefused
from audit.notes import (
    ED25519,
    ED25519_COSIGNATURE,
    MAX_NOTE,
    Note,
    SignatureLine,
    VerifierKey,
    check_ed25519,
    decode_base64,
    decode_decimal,
)
from tests.audit.vectors import load

NOTES = load("notes/signed_note.json")
GOOD_VKEY = NOTES["open"][0]["vkeys"][0]
GOOD_NOTE = NOTES["open"][0]["note"].encode()
ONLY_ED25519 = {ED25519: check_ed25519}


def note_bytes(case: dict[str, Any]) -> bytes:
    if "note_hex" in case:
        return bytes.fromhex(case["note_hex"])
    if "note_repeat" in case:
        parts = case["note_repeat"]
        return str(parts["prefix"] + parts["line"] * parts["times"]).encode()
    return str(case["note"]).encode()


@pytest.mark.parametrize("case", NOTES["open"], ids=lambda case: case["desc"])
def test_a_published_note_is_judged_as_published(case: dict[str, Any]) -> None:
    keys = [VerifierKey.parse(vkey) for vkey in case["vkeys"]]
    if not case["ok"]:
        with pytest.raises((Malformed, SignatureRefused)):
            Note.parse(note_bytes(case)).verified(keys, CHECKS)
        return
    note = Note.parse(note_bytes(case))
    assert note.to_bytes() == note_bytes(case)
    assert [f"{key.name}+{key.key_id.hex()}" for key in note.verified(keys, CHECKS)] == case["verified"]


def test_the_published_sigsum_checkpoint_verifies() -> None:
    from_file = NOTES["sigsum_checkpoint"]
    private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(from_file["seed_hex"]))
    note = Note.parse(from_file["note"].encode())
    key = VerifierKey(note.text.partition("\n")[0], ED25519, private.public_key().public_bytes_raw())
    assert note.verified([key], CHECKS).keys() == {key}


@pytest.mark.parametrize("vkey", [*(case["vkey"] for case in NOTES["bad_vkeys"]), *load("cosignature/bad_vkeys.json")])
def test_a_published_bad_verifier_key_is_refused(vkey: str) -> None:
    with pytest.raises(Malformed):
        VerifierKey.parse(vkey)


def test_a_verifier_key_whose_printed_id_is_not_its_own_is_refused() -> None:
    case = load("cosignature/mldsa44.json")["vkey_wrong_key_hash"]
    with pytest.raises(Malformed):
        VerifierKey.parse(case["vkey"])
    name, _, rest = case["vkey"].split("+", 2)
    assert VerifierKey.parse(f"{name}+{case['correct_key_id']}+{rest}").key_id.hex() == case["correct_key_id"]


def test_published_verifier_keys_keep_their_spelling() -> None:
    cosigners = load("cosignature/ed25519.json")
    for vkey in (GOOD_VKEY, *cosigners["vkeys_ok"], cosigners["key_id"][0]["vkey"]):
        assert str(VerifierKey.parse(vkey)) == vkey


def test_every_part_of_a_verifier_key_and_every_changed_byte_of_it_is_refused() -> None:
    mangled = [GOOD_VKEY[at : at + length] for length in range(len(GOOD_VKEY)) for at in range(len(GOOD_VKEY) - length)]
    mangled += [GOOD_VKEY[:at] + chr(ord(GOOD_VKEY[at]) + 1) + GOOD_VKEY[at + 1 :] for at in range(len(GOOD_VKEY))]
    for vkey in mangled:
        with pytest.raises(Malformed):
            VerifierKey.parse(vkey)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\u2028b", "a\tb", "a\x01"])
def test_a_name_that_cannot_stand_in_a_note_is_refused(name: str) -> None:
    with pytest.raises(Malformed):
        VerifierKey(name, ED25519, bytes(32))


def test_a_known_key_of_a_kind_that_may_not_sign_this_note_is_refused() -> None:
    case = load("cosignature/ed25519.json")["skylight"][0]
    with pytest.raises(SignatureRefused):
        Note.parse(case["note"].encode()).verified([VerifierKey.parse(case["vkey"])], ONLY_ED25519)


@given(st.data())
def test_any_changed_byte_of_a_signed_text_or_signature_is_refused(data: st.DataObject) -> None:
    end = GOOD_NOTE.index(b"\n", GOOD_NOTE.index(b"\n\n") + 2)  # the second line is of an unknown key
    at = data.draw(st.integers(0, end))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != GOOD_NOTE[at]))
    changed = GOOD_NOTE[:at] + bytes([byte]) + GOOD_NOTE[at + 1 :]
    with pytest.raises(AuditError):
        Note.parse(changed).verified([VerifierKey.parse(GOOD_VKEY)], CHECKS)


@pytest.mark.parametrize("line", ["x", "\u2014 name", "\u2014 name AAAAAA==", "- name AAAAAAA=", "\u2014  AAAAAAA="])
def test_a_line_that_is_no_signature_is_refused(line: str) -> None:
    with pytest.raises(Malformed):
        SignatureLine.parse(line)


def test_a_note_that_is_too_long_is_refused_before_it_is_read() -> None:
    with pytest.raises(Malformed, match="at most"):
        Note.parse(b"\xff" * (MAX_NOTE + 1))


@pytest.mark.parametrize("text", ["", "00", "01", "+1", "-1", "1_0", "１", " 1", "9223372036854775808", "1" * 20])
def test_a_number_in_another_spelling_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        decode_decimal(text)


def test_numbers_reach_from_zero_to_2_to_the_63_less_one() -> None:
    assert [decode_decimal(text) for text in ("0", "10", "9223372036854775807")] == [0, 10, 2**63 - 1]


@pytest.mark.parametrize("text", ["QQ", "QR==", "Q Q=", "QQ==\n", "_-8=", "\u00e9"])
def test_base64_in_another_spelling_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        decode_base64(text)


def test_a_key_of_an_unknown_kind_or_length_cannot_be_made() -> None:
    for kind, size in ((2, 32), (ED25519_COSIGNATURE, 31), (0x06, 32)):
        with pytest.raises(Malformed):
            VerifierKey("name", kind, bytes(size))
