from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from audit.checkpoints import (
    CHECKS,
    Checkpoint,
    LogKeys,
    LogSigner,
    subtree_message,
    verify_checkpoint,
    verify_cosignatures,
)
from audit.errors import AuditError, Malformed, SignatureRefused
from audit.notes import (
    ED25519_COSIGNATURE,
    MLDSA44,
    Note,
    SignatureLine,
    VerifierKey,
    decode_base64,
    encode_base64,
)
from crypto.merkle_hash import leaf_hash
from tests.audit.vectors import load
from tests.instants import NOW

ORIGIN = "hub.serai.example/live/log"
SIGNER = LogSigner.from_seeds(ORIGIN, bytes(range(64)))
ROOT = leaf_hash(b"root")
NOTE = SIGNER.sign(7, ROOT, NOW)
BODIES = load("notes/checkpoint_body.json")
MULTI = load("notes/checkpoint_multi_sig.json")
MLDSA = load("cosignature/mldsa44.json")["checkpoint"]
SIGSUM = load("cosignature/ed25519.json")["sigsum"]
WITNESS = Ed25519PrivateKey.from_private_bytes(bytes(32))


def witness(name: str) -> VerifierKey:
    return VerifierKey(name, ED25519_COSIGNATURE, WITNESS.public_key().public_bytes_raw())


def cosigned(name: str, time: int) -> Note:
    note = Note.parse(NOTE)
    signature = WITNESS.sign(f"cosignature/v1\ntime {time}\n{note.text}".encode())
    line = SignatureLine(name, witness(name).key_id, time.to_bytes(8, "big") + signature)
    return Note(note.text, (*note.lines, line))


def with_lines(*lines: SignatureLine) -> bytes:
    return Note(Note.parse(NOTE).text, lines).to_bytes()


@pytest.mark.parametrize("case", BODIES["unmarshal"], ids=lambda case: case["desc"])
def test_a_published_body_is_refused_unless_it_has_three_lines_and_a_whole_hash(case: dict[str, Any]) -> None:
    with pytest.raises(Malformed):  # the published good ones have short hashes or extension lines
        Checkpoint.parse(case["body"])
    if not case["wantErr"] and not case["rest"]:
        whole = case["body"].replace(encode_base64(case["hash_ascii"].encode()), encode_base64(ROOT))
        assert Checkpoint.parse(whole) == Checkpoint(case["origin"], case["size"], ROOT)


def test_a_published_body_is_written_as_published() -> None:
    case = BODIES["format"][0]
    checkpoint = Checkpoint(case["origin"], case["size"], leaf_hash(case["hash_is_leaf_hash_of_ascii"].encode()))
    assert checkpoint.text == case["body"]
    assert Checkpoint.parse(case["body"]) == checkpoint


@pytest.mark.parametrize("case", BODIES["origin_length_torchwood"], ids=lambda case: case["name"])
def test_an_origin_has_1_to_255_bytes(case: dict[str, Any]) -> None:
    if case["valid"]:
        assert Checkpoint(case["origin"], 1, ROOT).origin == case["origin"]
    else:
        with pytest.raises(Malformed):
            Checkpoint(case["origin"], 1, ROOT)


@pytest.mark.parametrize("case", MULTI["cases"], ids=lambda case: case["desc"])
def test_notes_with_several_signers_are_judged_as_published(case: dict[str, Any]) -> None:
    text = case["body"] or MULTI["body"]
    lines = [ed25519_line(MULTI["keys_test_only"][name], text) for name in case["sigs"]]
    note = Note(text, tuple(lines))
    keys = [VerifierKey.parse(MULTI["keys_test_only"][name]) for name in MULTI["trusted"]]
    if not lines:
        with pytest.raises(Malformed):
            Note.parse(note.to_bytes())
        return
    found = Note.parse(note.to_bytes()).verified(keys, CHECKS)
    assert len(found) == case["wantSigs"]
    log = VerifierKey.parse(MULTI["keys_test_only"][MULTI["log_key"]])
    assert case["wantErr"] == (log not in found or case["body"] is not None or case["logID"] != MULTI["origin"])


def ed25519_line(private: str, text: str) -> SignatureLine:
    name, key_id, blob = private.removeprefix("PRIVATE+KEY+").split("+", 2)
    signature = Ed25519PrivateKey.from_private_bytes(decode_base64(blob)[1:]).sign(text.encode())
    return SignatureLine(name, bytes.fromhex(key_id), signature)


def test_the_published_ml_dsa_checkpoint_verifies_and_signs_the_published_bytes() -> None:
    key = VerifierKey.parse(MLDSA["vkey"])
    note = Note.parse(MLDSA["note"].encode())
    checkpoint = Checkpoint.parse(note.text)
    assert subtree_message(key.name, MLDSA["timestamp"], checkpoint).hex() == MLDSA["signed_message_hex"]
    assert checkpoint.root == leaf_hash(MLDSA["root_is_leaf_hash_of_ascii"].encode())
    assert note.verified([key], CHECKS).keys() == {key}
    private = MLDSA44PrivateKey.from_seed_bytes(bytes.fromhex(MLDSA["seed_hex_test_only"]))
    assert private.public_key().public_bytes_raw() == key.public


def test_the_published_ml_dsa_checkpoint_is_no_witness_cosignature_because_of_its_time() -> None:
    with pytest.raises(SignatureRefused, match="time 0"):
        verify_cosignatures(Note.parse(MLDSA["note"].encode()), [VerifierKey.parse(MLDSA["vkey"])])


@pytest.mark.parametrize("case", SIGSUM["lines"], ids=lambda case: case["why"])
def test_a_published_cosignature_is_judged_as_published(case: dict[str, Any]) -> None:
    key = VerifierKey(SIGSUM["key_name"], ED25519_COSIGNATURE, bytes.fromhex(SIGSUM["public_key_hex"]))
    note = Note.parse((SIGSUM["checkpoint_body"] + "\n" + case["line"] + "\n").encode())
    if case["valid"]:
        assert verify_cosignatures(note, [key]) == {key.public: 1234}
    else:
        with pytest.raises(SignatureRefused):
            verify_cosignatures(note, [key])


@pytest.mark.parametrize("case", load("cosignature/ed25519.json")["skylight"], ids=lambda case: case["vkey"][:8])
def test_a_real_cosigned_checkpoint_verifies_with_its_time(case: dict[str, Any]) -> None:
    key = VerifierKey.parse(case["vkey"])
    assert verify_cosignatures(Note.parse(case["note"].encode()), [key]) == {key.public: case["timestamp"]}


def test_a_checkpoint_of_ours_carries_both_signatures_and_the_time() -> None:
    signed = verify_checkpoint(NOTE, SIGNER.keys)
    assert signed.checkpoint == Checkpoint(ORIGIN, 7, ROOT)
    assert signed.time == NOW
    assert [len(line.signature) for line in signed.note.lines] == [64, 8 + 2420]


def test_the_public_keys_survive_their_spelling() -> None:
    assert LogKeys.parse(*SIGNER.keys.vkeys) == SIGNER.keys


@pytest.mark.parametrize("kept", [0, 1])
def test_half_of_the_signatures_is_not_enough(kept: int) -> None:
    with pytest.raises(SignatureRefused, match="needs the Ed25519 and the ML-DSA-44"):
        verify_checkpoint(with_lines(Note.parse(NOTE).lines[kept]), SIGNER.keys)


def test_one_good_and_one_bad_half_are_refused() -> None:
    lines = list(Note.parse(NOTE).lines)
    other = Note.parse(SIGNER.sign(8, ROOT, NOW)).lines
    for half in (0, 1):
        with pytest.raises(SignatureRefused):
            verify_checkpoint(with_lines(*(other[at] if at == half else lines[at] for at in (0, 1))), SIGNER.keys)


def test_a_checkpoint_of_another_log_is_refused() -> None:
    other = LogSigner.from_seeds("other.example/log", bytes(range(64)))
    with pytest.raises(SignatureRefused, match=r"other\.example"):
        verify_checkpoint(other.sign(7, ROOT, NOW), SIGNER.keys)


@given(st.data())
def test_any_changed_byte_of_a_checkpoint_is_refused(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(NOTE) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != NOTE[at]))
    with pytest.raises(AuditError):
        verify_checkpoint(NOTE[:at] + bytes([byte]) + NOTE[at + 1 :], SIGNER.keys)


def test_an_extension_line_is_refused_although_ed25519_would_cover_it() -> None:
    text = Note.parse(NOTE).text + "extension\n"
    signed = Ed25519PrivateKey.from_private_bytes(bytes(range(32))).sign(text.encode())
    line = SignatureLine(ORIGIN, SIGNER.keys.ed25519.key_id, signed)
    with pytest.raises(Malformed, match="three lines"):
        verify_checkpoint(Note(text, (line,)).to_bytes(), SIGNER.keys)


def test_one_witness_key_counts_once_under_whatever_names() -> None:
    first, second = cosigned("one.example", NOW), cosigned("two.example", NOW + 1)
    note = Note(first.text, (*first.lines, second.lines[-1]))
    assert len(verify_cosignatures(note, [witness("one.example"), witness("two.example")])) == 1


def test_a_cosignature_with_the_time_0_is_refused() -> None:
    with pytest.raises(SignatureRefused, match="time 0"):
        verify_cosignatures(cosigned("one.example", 0), [witness("one.example")])


def test_a_cosignature_with_a_time_beyond_2_to_the_63_is_refused() -> None:
    with pytest.raises(SignatureRefused):
        verify_cosignatures(cosigned("one.example", 2**63), [witness("one.example")])


def test_a_cosigner_with_a_name_that_does_not_fit_is_refused() -> None:
    key = VerifierKey("n" * 256, MLDSA44, SIGNER.keys.mldsa44.public)
    line = SignatureLine(key.name, key.key_id, bytes(2428))
    with pytest.raises(SignatureRefused, match="255"):
        verify_cosignatures(Note(Note.parse(NOTE).text, (line,)), [key])


def test_an_ml_dsa_signature_over_no_checkpoint_is_refused() -> None:
    key = SIGNER.keys.mldsa44
    note = Note("no checkpoint\n", (SignatureLine(key.name, key.key_id, bytes(2428)),))
    with pytest.raises(SignatureRefused):
        note.verified([key], CHECKS)


@pytest.mark.parametrize(("size", "root"), [(-1, ROOT), (2**63, ROOT), (1, ROOT[:31])])
def test_a_checkpoint_that_cannot_be_is_refused(size: int, root: bytes) -> None:
    with pytest.raises(Malformed):
        Checkpoint(ORIGIN, size, root)


@pytest.mark.parametrize(("origin", "seeds"), [("a b", 64), ("a" * 256, 64), (ORIGIN, 63), (ORIGIN, 65)])
def test_a_signer_needs_a_name_and_two_whole_seeds(origin: str, seeds: int) -> None:
    with pytest.raises(Malformed):
        LogSigner.from_seeds(origin, bytes(seeds))


def test_a_time_outside_63_bits_is_not_signed() -> None:
    with pytest.raises(Malformed):
        subtree_message(ORIGIN, 2**63, Checkpoint(ORIGIN, 1, ROOT))


def test_two_keys_of_one_kind_or_of_two_names_are_no_log_keys() -> None:
    other = LogSigner.from_seeds("other.example/log", bytes(64)).keys
    for pair in ((SIGNER.keys.ed25519, SIGNER.keys.ed25519), (SIGNER.keys.ed25519, other.mldsa44)):
        with pytest.raises(Malformed):
            LogKeys(*pair)
