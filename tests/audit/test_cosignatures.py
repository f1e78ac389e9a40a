"""The cosigner's side: the published lines come out again, and only the two of one checkpoint count."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.checkpoints import Checkpoint, LogKeys, cosignature_message, stamped, subtree_message
from audit.cosignatures import (
    MAX_LINES,
    Cosigner,
    CosignerKeys,
    check_cosigned,
    parse_lines,
    with_lines,
    write_lines,
)
from audit.errors import Malformed, SignatureRefused
from audit.notes import ED25519_COSIGNATURE, MLDSA44, Note, SignatureLine, VerifierKey
from crypto import note_keys
from tests.audit import trees
from tests.audit.logs import ORIGIN, SIGNER
from tests.audit.vectors import load
from tests.audit.witnesses import cosigner, signed
from tests.instants import NOW

ENTRIES = trees.some_entries(7)
NOTE = signed(ENTRIES)
SAID = Checkpoint(ORIGIN, 7, trees.root(ENTRIES))
TJ = cosigner("TJ")
LINES = TJ.cosign(SAID, NOW)


def test_the_published_ed25519_cosignature_is_made_again_byte_for_byte() -> None:
    vector = load("cosignature/ed25519.json")["sigsum"]
    good = next(one["line"] for one in vector["lines"] if one["valid"])
    signer = Cosigner(vector["key_name"], bytes.fromhex(vector["seed_hex"]) + bytes(32))
    body: str = vector["checkpoint_body"]
    line, _ = signer.cosign(Checkpoint.parse(body), 1234)
    assert line == SignatureLine.parse(good)
    assert signer.keys.ed25519.public.hex() == vector["public_key_hex"]
    assert cosignature_message(1234, body).startswith(b"cosignature/v1\ntime 1234\nexample.org/log\n10\n")


def test_the_published_ml_dsa_message_and_key_are_made_again() -> None:
    vector = load("cosignature/mldsa44.json")["checkpoint"]
    keys = Cosigner(vector["cosigner_name"], bytes(32) + bytes.fromhex(vector["seed_hex_test_only"])).keys
    said = Checkpoint.parse(Note.parse(vector["note"].encode()).text)
    assert str(keys.mldsa44) == vector["vkey"]
    assert subtree_message(vector["cosigner_name"], 0, said).hex() == vector["signed_message_hex"]


def test_both_lines_of_one_cosigner_count_with_the_earlier_of_their_times() -> None:
    cosigned = check_cosigned(NOTE, [LINES[0], TJ.cosign(SAID, NOW + 5)[1]], TJ.keys)
    assert cosigned.time == NOW
    assert check_cosigned(with_lines(NOTE, LINES), LINES[::-1], TJ.keys).lines == LINES


VARIANTS = {
    "another name": Cosigner("node.tj.serai/other", b"".join([trees.leaf(b"TJ/0"), trees.leaf(trees.leaf(b"TJ/0"))])),
    "another key": cosigner("KG"),
}
OTHERS = {
    "another origin": Checkpoint("other.example/log", 7, SAID.root),
    "another size": Checkpoint(ORIGIN, 8, SAID.root),
    "another root": Checkpoint(ORIGIN, 7, trees.leaf(b"")),
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_lines_of_another_cosigner_do_not_count(variant: str) -> None:
    with pytest.raises(SignatureRefused):
        check_cosigned(NOTE, VARIANTS[variant].cosign(SAID, NOW), TJ.keys)


@pytest.mark.parametrize("variant", OTHERS)
@pytest.mark.parametrize("half", [0, 1])
def test_a_line_over_something_else_is_refused(variant: str, half: int) -> None:
    lines = list(LINES)
    lines[half] = TJ.cosign(OTHERS[variant], NOW)[half]
    with pytest.raises(SignatureRefused):
        check_cosigned(NOTE, lines, TJ.keys)


@pytest.mark.parametrize("half", [0, 1])
def test_one_line_of_two_is_not_a_cosignature(half: int) -> None:
    with pytest.raises(SignatureRefused):
        check_cosigned(NOTE, [LINES[half]], TJ.keys)


@pytest.mark.parametrize("half", [0, 1])
@pytest.mark.parametrize("time", [0, NOW + 1])
def test_a_changed_time_is_refused_in_either_line(half: int, time: int) -> None:
    changed = list(LINES)
    changed[half] = SignatureLine(LINES[half].name, LINES[half].key_id, stamped(time, LINES[half].signature[8:]))
    with pytest.raises(SignatureRefused):
        check_cosigned(NOTE, changed, TJ.keys)


@given(st.integers(0, 1), st.integers(0, 71 * 8 + 7))
def test_a_flipped_bit_in_a_line_is_refused(half: int, bit: int) -> None:
    flipped = bytearray(LINES[half].signature)
    flipped[bit // 8] ^= 1 << bit % 8
    lines = list(LINES)
    lines[half] = SignatureLine(LINES[half].name, LINES[half].key_id, bytes(flipped))
    with pytest.raises(SignatureRefused):
        check_cosigned(NOTE, lines, TJ.keys)


@pytest.mark.parametrize("time", [0, -1, 2**63])
def test_a_time_that_no_witness_may_state_is_not_signed(time: int) -> None:
    with pytest.raises(Malformed):
        TJ.cosign(SAID, time)


def test_lines_travel_as_they_are() -> None:
    assert parse_lines(write_lines(LINES)) == LINES


@pytest.mark.parametrize(
    "data",
    [b"", b"\n", write_lines(LINES)[:-1], NOTE, write_lines(LINES[:1] * (MAX_LINES + 1)), b"\xe2" * 140_000],
)
def test_anything_else_is_no_answer_of_a_witness(data: bytes) -> None:
    with pytest.raises(Malformed):
        parse_lines(data)


@given(st.binary(max_size=80))
def test_any_bytes_are_lines_or_refused(data: bytes) -> None:
    with contextlib.suppress(Malformed):
        assert write_lines(parse_lines(data)) == data


def test_fresh_lines_replace_those_of_the_same_key_and_keep_the_rest() -> None:
    again = with_lines(with_lines(NOTE, LINES), TJ.cosign(SAID, NOW + 60))
    assert len(Note.parse(again).lines) == 4
    assert Note.parse(again).lines[:2] == Note.parse(NOTE).lines


ED, PQ = TJ.keys.ed25519, TJ.keys.mldsa44
LOW = b"\x01" + bytes(31)


@pytest.mark.parametrize(
    ("ed25519", "mldsa44"),
    [
        (PQ, ED),
        (ED, VerifierKey("other", MLDSA44, PQ.public)),
        (SIGNER.keys.ed25519, SIGNER.keys.mldsa44),
        (VerifierKey(ED.name, ED25519_COSIGNATURE, LOW), PQ),
        (VerifierKey("n" * 256, ED25519_COSIGNATURE, ED.public), VerifierKey("n" * 256, MLDSA44, PQ.public)),
    ],
)
def test_a_cosigner_has_one_key_of_each_kind_under_one_name(ed25519: VerifierKey, mldsa44: VerifierKey) -> None:
    with pytest.raises(Malformed):
        CosignerKeys(ed25519, mldsa44)


def test_a_pair_is_read_from_vkeys_and_from_what_a_unit_states() -> None:
    public = ED.public + PQ.public
    assert CosignerKeys.parse(*TJ.keys.vkeys) == CosignerKeys.of(TJ.keys.name, public) == TJ.keys
    assert LogKeys.of("node.tj.serai", public).origin == "node.tj.serai"
    for kind in (CosignerKeys, LogKeys):
        with pytest.raises(Malformed):
            kind.of("node.tj.serai", public[:-1])
        with pytest.raises(Malformed):
            kind.of("node.tj.serai", LOW + public[32:])


@pytest.mark.parametrize(("name", "size"), [("a name", 64), ("", 64), ("name", 63)])
def test_a_cosigner_needs_a_name_and_two_seeds(name: str, size: int) -> None:
    with pytest.raises(Malformed):
        Cosigner(name, note_keys.new_seeds()[:size])
