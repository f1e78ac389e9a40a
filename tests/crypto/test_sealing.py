"""Sealing and opening, and by name every attack that the bindings of CME/1 are there to stop."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from struct import pack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto import chunked, encryption
from crypto.encryption import EncryptionKey
from crypto.envelope import Envelope, parse, statement_of
from crypto.errors import (
    OUTWARD,
    BadSignature,
    CommitmentMismatch,
    CryptoError,
    KeyRefused,
    Malformed,
    NotForUs,
    TooLarge,
    Undecryptable,
    UnknownRecipientKey,
    WrongEnvironment,
    WrongSenderKey,
)
from crypto.header import Header
from crypto.padding import MAX_CONTENT, pad
from crypto.pae import bind, tagged
from crypto.sealing import Recipient, commitment, open_sealed, seal
from tests.crypto.builders import (
    CEK,
    SALT,
    Forgery,
    draft,
    encryption_key,
    framed,
    keyring,
    opened_by,
    recipients,
    sealed,
    signing_key,
)

TJ = signing_key("TJ")


@settings(max_examples=30)
@given(st.binary(max_size=10_000), st.sets(st.sampled_from(["CARICC", "KG", "KZ", "TM", "UZ"]), min_size=1))
def test_every_recipient_opens_what_was_sealed(content: bytes, units: set[str]) -> None:
    made = sealed(content, units=sorted(units))
    for unit in units:
        opened = opened_by(unit, made.wire)
        assert (opened.content, opened.salt, opened.header) == (content, made.salt, made.header)
        assert commitment(opened.salt, opened.content) == opened.header.ptc


def test_the_caller_decides_identity_order_and_times() -> None:
    given_draft = draft(id="ab" * 16, seq=9, prev="cd" * 32, created=5, expires=6)
    recipient = replace(recipients("KG")[0], pair_seq=4, pair_prev="ef" * 32)
    opened = opened_by("KG", seal(given_draft, b"", TJ, [recipient]).wire)
    assert (opened.header.id, opened.header.seq, opened.header.prev) == ("ab" * 16, 9, "cd" * 32)
    assert (opened.header.created, opened.header.expires, opened.pair_seq, opened.pair_prev) == (5, 6, 4, "ef" * 32)


def test_the_order_in_which_recipients_are_given_does_not_matter() -> None:
    made = seal(draft(), b"content", TJ, recipients("UZ", "KG", "KZ"))
    assert [addressee.unit for addressee in made.header.to] == ["KG", "KZ", "UZ"]
    assert {opened_by(unit, made.wire).content for unit in ("KG", "KZ", "UZ")} == {b"content"}


def test_two_seals_of_the_same_content_share_nothing_that_could_be_compared() -> None:
    first, second = parse(sealed().wire), parse(sealed().wire)
    assert first.header.ptc != second.header.ptc
    assert first.eid != second.eid
    assert not set(first.wraps) & set(second.wraps)
    assert first.body[:56] != second.body[:56]


def test_two_processes_forked_from_one_state_never_share_randomness() -> None:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writer, sealed().salt)
        finally:
            os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    theirs = os.read(reader, 33)
    os.close(reader)
    assert len(theirs) == len(sealed().salt)
    assert theirs != sealed().salt


def test_the_largest_content_fits_and_one_byte_more_does_not() -> None:
    largest = sealed(bytes(MAX_CONTENT), units=("KG",))
    assert len(opened_by("KG", largest.wire).content) == MAX_CONTENT
    with pytest.raises(TooLarge):
        sealed(bytes(MAX_CONTENT + 1), units=("KG",))


@pytest.mark.parametrize(
    "to",
    [
        [],
        [*recipients("KG"), *recipients("KG")],
        [replace(recipients("KG")[0], pair_seq=0)],
        [replace(recipients("KG")[0], pair_seq=2**53)],
        [replace(recipients("KG")[0], pair_prev="00")],
        [replace(recipients("KG")[0], unit="kg")],
    ],
)
def test_nothing_is_sealed_to_recipients_that_no_header_can_name(to: list[Recipient]) -> None:
    with pytest.raises(Malformed):
        seal(draft(), b"content", TJ, to)


def test_nothing_is_sealed_to_a_key_that_is_refused() -> None:
    with pytest.raises(KeyRefused):
        seal(draft(), b"content", TJ, [Recipient("KG", encryption_key("KG").public[:1184] + bytes(32), 1, "0" * 64)])


def test_an_exercise_message_never_opens_in_a_live_deployment() -> None:
    with pytest.raises(WrongEnvironment):
        open_sealed(parse(sealed().wire), keyring("KG"), "KG", TJ.public, "live")


def test_a_live_message_never_opens_in_an_exercise() -> None:
    with pytest.raises(WrongEnvironment):
        opened_by("KG", sealed(env="live").wire)


def test_surreptitious_forwarding_fails_at_the_signature() -> None:
    """KG opens a message, wraps its key again for UZ, and passes it on under TJ's own signature."""
    wire, header = sealed(units=("KG",)).wire, sealed(units=("UZ",)).header
    envelope = parse(wire)
    core = replace(envelope.header, to=header.to).to_core()
    info = bind("cme/1/wrap", tagged("cme/1/core", core), b"UZ", bytes.fromhex(encryption_key("UZ").kid))
    wrap = encryption.wrap(encryption_key("UZ").public, CEK + pack(">Q", 1) + bytes(32), info)
    forwarded = framed(core, b"\0\1\x04\xb8" + wrap, envelope.signature, envelope.body)
    with pytest.raises(BadSignature):
        opened_by("UZ", forwarded)


def test_a_stripped_and_re_signed_message_does_not_open_as_another_units_own() -> None:
    """KZ takes TJ's ciphertext, puts its own name and key id into the header, and signs."""
    envelope, thief = parse(sealed().wire), signing_key("KZ")
    core = replace(envelope.header, sender="KZ", skid=thief.kid).to_core()
    signature = thief.sign("cme/1/envelope", statement_of(core, envelope.wraps, envelope.body))
    stolen = parse(framed(core, raw_wraps(envelope), signature, envelope.body))
    with pytest.raises(Undecryptable):
        open_sealed(stolen, keyring("KG"), "KG", thief.public, "exercise")


def raw_wraps(envelope: Envelope) -> bytes:
    wraps = b"".join(pack(">H", len(wrap)) + wrap for wrap in envelope.wraps)
    return pack(">H", len(envelope.wraps)) + wraps


def test_another_key_that_verifies_is_refused_because_the_header_names_its_key() -> None:
    with pytest.raises(WrongSenderKey):
        open_sealed(parse(sealed().wire), keyring("KG"), "KG", signing_key("KZ").public, "exercise")


@pytest.mark.parametrize("kept", [slice(0, 3309), slice(3309, 3373)])
def test_a_message_with_one_good_half_of_its_signature_is_refused(kept: slice) -> None:
    envelope = parse(sealed().wire)
    signature = bytearray(signing_key("KZ").sign("cme/1/envelope", envelope.statement))
    signature[kept] = envelope.signature[kept]
    with pytest.raises(BadSignature):
        opened_by("KG", framed(envelope.core, raw_wraps(envelope), bytes(signature), envelope.body))


def test_wraps_that_the_sender_exchanged_open_for_nobody() -> None:
    wire = Forgery(wrap_units=("KZ", "KG"), wrap_keys=("KZ", "KG")).wire()
    for unit in ("KG", "KZ"):
        with pytest.raises(Undecryptable):
            opened_by(unit, wire)


def test_one_ciphertext_cannot_hold_different_plaintexts_for_two_units() -> None:
    """The sender wraps another key for KZ: the body commits to one key, so KZ gets an error and not another text."""
    split = Forgery(wrap_ceks=(CEK, bytes(32))).wire()
    assert opened_by("KG", split).content == b"content"
    with pytest.raises(Undecryptable):
        opened_by("KZ", split)


def test_a_signature_of_another_protocol_is_no_signature_of_an_envelope() -> None:
    with pytest.raises(BadSignature):
        opened_by("KG", Forgery(label="serai/receipt/1").wire())


def test_a_varied_signature_makes_no_new_message() -> None:
    envelope = parse(sealed().wire)
    again = TJ.sign("cme/1/envelope", envelope.statement)
    varied = parse(framed(envelope.core, raw_wraps(envelope), again, envelope.body))
    assert again != envelope.signature
    assert varied.eid == envelope.eid


def test_a_body_moved_under_another_header_does_not_open() -> None:
    other = parse(sealed(seq=2).wire).core
    with pytest.raises(Undecryptable):
        opened_by("KG", Forgery(body_core=other).wire())


def test_content_that_the_header_does_not_commit_to_is_refused() -> None:
    with pytest.raises(CommitmentMismatch):
        opened_by("KG", Forgery(members={"ptc": commitment(SALT, b"other")}).wire())


def test_a_unit_that_is_not_addressed_is_told_so_and_opens_nothing() -> None:
    with pytest.raises(NotForUs):
        opened_by("UZ", sealed().wire)


def test_after_a_key_is_erased_what_was_sealed_to_it_does_not_open() -> None:
    with pytest.raises(UnknownRecipientKey):
        open_sealed(parse(sealed().wire), {}, "KG", TJ.public, "exercise")


class Untouched(Mapping[str, EncryptionKey]):
    """A key ring that must not be asked."""

    def __getitem__(self, ekid: str) -> EncryptionKey:
        raise AssertionError(f"asked for {ekid}")

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("asked for its keys")

    def __len__(self) -> int:
        raise AssertionError("asked for its length")


def test_nothing_is_decrypted_before_the_signature_holds() -> None:
    """The key ring is asked for the first time after the signature: one that fails on any use shows it."""
    envelope = parse(sealed().wire)
    broken = parse(framed(envelope.core, raw_wraps(envelope), bytes(3373), envelope.body))
    with pytest.raises(AssertionError, match="asked"):
        open_sealed(envelope, Untouched(), "KG", TJ.public, "exercise")
    with pytest.raises(BadSignature):
        open_sealed(broken, Untouched(), "KG", TJ.public, "exercise")


def test_the_outside_learns_one_code_and_the_log_the_exact_one() -> None:
    wires = [Forgery(body_key=bytes(32)).wire(), Forgery(members={"ptc": "0" * 64}).wire(), Forgery(signer="KZ").wire()]
    caught = []
    for wire in wires:
        with pytest.raises(CryptoError) as info:
            opened_by("KG", wire)
        caught.append(info.value)
    assert [error.code for error in caught] == ["UNDECRYPTABLE", "COMMITMENT_MISMATCH", "WRONG_SENDER_KEY"]
    assert {error.outward for error in caught} == {OUTWARD}


def test_the_commitment_opens_one_message_without_any_key() -> None:
    made = sealed(b"evidence")
    assert commitment(made.salt, b"evidence") == made.header.ptc
    assert commitment(made.salt, b"evidencE") != made.header.ptc
    assert commitment(bytes(32), b"evidence") != made.header.ptc


def test_no_content_stands_in_the_wire_or_in_a_repr() -> None:
    made = sealed(b"canary-7f3a")
    opened = opened_by("KG", made.wire)
    assert b"canary-7f3a" not in made.wire
    assert "canary" not in repr(opened)
    assert not any(repr(secret) in repr(made) + repr(opened) for secret in (made.salt, made.wire))
    assert isinstance(opened.header, Header)


def test_a_forgery_with_nothing_forged_opens() -> None:
    """The forger of these tests follows the format: without this, every refusal above might have another cause."""
    opened = opened_by("KZ", Forgery().wire())
    assert (opened.content, opened.salt) == (b"content", SALT)
    assert chunked.plain_length(len(parse(Forgery().wire()).body)) == len(pad(SALT, b"content"))
