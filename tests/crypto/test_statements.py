"""Signed statements: one signature for a batch, and nothing outside the batch believed."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto import statements
from crypto.canonical import dumps, loads
from crypto.errors import (
    BadProof,
    BadSignature,
    CryptoError,
    KeyRefused,
    Malformed,
    NotCanonical,
    TooFewSignatures,
    TooLarge,
)
from crypto.statements import MAX_BATCH, SignedStatement, merge, parse, sign_batch, sign_parts, split
from tests.crypto.builders import signing_key

LABEL, LIMIT = "serai/receipt/1", 100_000
FIRST, SECOND, THIRD = (signing_key(unit) for unit in ("KG", "KZ", "TJ"))
PUBLICS = {key.kid: key.public for key in (FIRST, SECOND, THIRD)}
ALONE = sign_batch([FIRST], LABEL, [{"type": "A"}])[0]
PAIR = sign_batch([FIRST, SECOND], LABEL, [{"type": "A"}, {"type": "B"}])
BODIES = st.dictionaries(st.text("abc", max_size=3), st.integers(0, 9) | st.text("xyz", max_size=3), max_size=3)


def altered(wire: bytes, **members: Any) -> bytes:
    value = loads(wire, limit=LIMIT)
    assert isinstance(value, dict)
    return dumps({**value, **members})


def signatures(wire: bytes) -> list[dict[str, Any]]:
    value: Any = loads(wire, limit=LIMIT)
    found: list[dict[str, Any]] = value["signatures"]
    return found


@settings(max_examples=20)
@given(st.lists(BODIES, min_size=1, max_size=9))
def test_every_statement_of_a_batch_verifies_alone(bodies: list[dict[str, Any]]) -> None:
    wires = sign_batch([FIRST], LABEL, bodies)
    for body, wire in zip(bodies, wires, strict=True):
        signed = parse(wire, LIMIT)
        signed.verify(LABEL, PUBLICS)
        assert (signed.statement, signed.statement_bytes, signed.wire) == (body, dumps(body), wire)
    assert len({signatures(wire)[0]["sig"] for wire in wires}) == 1


def test_a_statement_alone_is_a_batch_of_one_with_an_empty_path() -> None:
    value: Any = loads(ALONE, limit=LIMIT)
    assert value["proof"] == {"index": 0, "path": [], "size": 1}


def test_a_statement_verifies_under_no_other_label() -> None:
    with pytest.raises(BadSignature):
        parse(ALONE, LIMIT).verify("serai/key/1", PUBLICS)


def test_a_changed_statement_is_refused() -> None:
    with pytest.raises(BadSignature):
        parse(altered(ALONE, statement={"type": "B"}), LIMIT).verify(LABEL, PUBLICS)


@pytest.mark.parametrize("proof", [{"index": 1, "size": 2}, {"index": 0, "size": 2}])
def test_a_statement_moved_to_another_place_of_its_batch_is_refused(proof: dict[str, int]) -> None:
    value: Any = loads(PAIR[0], limit=LIMIT)
    moved = altered(PAIR[1], proof={**value["proof"], **proof})
    with pytest.raises(BadSignature):
        parse(moved, LIMIT).verify(LABEL, PUBLICS)


def test_a_batch_of_another_size_with_the_same_root_is_refused() -> None:
    """Index 2 of 3 has the same path as index 1 of 2: only the signed size tells them apart."""
    value: Any = loads(PAIR[1], limit=LIMIT)
    resized = altered(PAIR[1], proof={**value["proof"], "index": 2, "size": 3})
    assert parse(resized, LIMIT).root == parse(PAIR[1], LIMIT).root
    with pytest.raises(BadSignature):
        parse(resized, LIMIT).verify(LABEL, PUBLICS)


@pytest.mark.parametrize(
    "proof",
    [
        {"index": 0, "size": 0, "path": []},
        {"index": 1, "size": 1, "path": []},
        {"index": -1, "size": 1, "path": []},
        {"index": 0, "size": 1, "path": ["00" * 32]},
        {"index": 0, "size": 2, "path": []},
        {"index": 0, "size": MAX_BATCH + 1, "path": ["00" * 32] * 17},
    ],
)
def test_a_path_that_cannot_belong_to_its_place_is_refused(proof: dict[str, Any]) -> None:
    with pytest.raises(BadProof):
        parse(altered(ALONE, proof=proof), LIMIT)


def test_a_threshold_counts_distinct_known_keys() -> None:
    signed = parse(PAIR[0], LIMIT)
    signed.verify(LABEL, PUBLICS, threshold=2)
    with pytest.raises(TooFewSignatures):
        signed.verify(LABEL, PUBLICS, threshold=3)
    with pytest.raises(TooFewSignatures):
        signed.verify(LABEL, {FIRST.kid: FIRST.public}, threshold=2)


@pytest.mark.parametrize("threshold", [1, 0, -1])
def test_no_trusted_key_means_no(threshold: int) -> None:
    with pytest.raises(TooFewSignatures):
        parse(ALONE, LIMIT).verify(LABEL, {SECOND.kid: SECOND.public}, threshold)
    with pytest.raises(TooFewSignatures):
        parse(ALONE, LIMIT).verify(LABEL, {}, threshold)


def test_one_bad_signature_of_a_known_key_spoils_the_statement() -> None:
    good, bad = signatures(PAIR[0]), signatures(ALONE)
    bad[0]["kid"] = SECOND.kid
    mixed = sorted([item for item in good if item["kid"] == FIRST.kid] + bad, key=lambda item: item["kid"])
    with pytest.raises(BadSignature):
        parse(altered(PAIR[0], signatures=mixed), LIMIT).verify(LABEL, PUBLICS)


def test_a_key_filed_under_anothers_id_is_refused() -> None:
    with pytest.raises(KeyRefused):
        parse(ALONE, LIMIT).verify(LABEL, {FIRST.kid: SECOND.public})


@pytest.mark.parametrize(
    "members",
    [
        *({"statement": []}, {"statement": "x"}, {"extra": 1}, {"proof": []}, {"proof": {"index": 0, "size": 1}}),
        *({"proof": {"index": "0", "size": 1, "path": []}}, {"proof": {"index": 0, "size": "1", "path": []}}),
        *({"proof": {"index": 0, "size": 1, "path": "x"}}, {"proof": {"index": 0, "size": 2, "path": [7]}}),
        *({"proof": {"index": 0, "size": 2, "path": ["AB" * 32]}}, {"signatures": {}}, {"signatures": []}),
        *({"signatures": signatures(ALONE) * 2}, {"signatures": signatures(PAIR[0])[::-1]}),
        *({"signatures": [{"kid": FIRST.kid}]}, {"signatures": [{"kid": FIRST.kid, "sig": 7}]}),
        *({"signatures": [{"kid": FIRST.kid, "sig": "AA"}]}, {"signatures": signatures(ALONE) * 17}),
        {"signatures": [{**signatures(ALONE)[0], "kid": FIRST.kid.upper()}]},
    ],
)
def test_a_statement_of_another_form_is_malformed(members: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        parse(altered(ALONE, **members), LIMIT)


def test_one_form_and_one_limit() -> None:
    with pytest.raises(NotCanonical):
        parse(ALONE + b"\n", LIMIT)
    with pytest.raises(TooLarge):
        parse(ALONE, len(ALONE) - 1)
    with pytest.raises(Malformed):
        parse(b"[]", LIMIT)


@pytest.mark.parametrize(("keys", "bodies"), [([], [{}]), ([FIRST], []), ([FIRST, FIRST], [{}])])
def test_a_batch_needs_distinct_keys_and_statements(keys: list[Any], bodies: list[Any]) -> None:
    with pytest.raises(Malformed):
        sign_batch(keys, LABEL, bodies)


def test_a_statement_that_is_no_canonical_json_is_not_signed() -> None:
    with pytest.raises(Malformed):
        sign_batch([FIRST], LABEL, [{"at": 1.5}])  # type: ignore[dict-item]  # what a careless caller might pass


@given(st.integers(0, len(PAIR[0]) - 1), st.integers(1, 255))
def test_a_flipped_byte_anywhere_is_refused(place: int, change: int) -> None:
    mutated = PAIR[0][:place] + bytes([PAIR[0][place] ^ change]) + PAIR[0][place + 1 :]
    with pytest.raises(CryptoError):
        parse(mutated, LIMIT).verify(LABEL, PUBLICS, threshold=2)


def test_what_is_signed_names_label_size_and_root() -> None:
    signed: SignedStatement = parse(PAIR[0], LIMIT)
    message = statements.batch_statement(LABEL, 2, signed.root)
    assert message.endswith(signed.root)
    assert LABEL.encode() in message


@settings(max_examples=20)
@given(st.lists(BODIES, min_size=1, max_size=9))
def test_the_parts_of_a_batch_share_their_signatures_and_give_back_each_wire_form(bodies: list[dict[str, Any]]) -> None:
    every = sign_parts([FIRST, SECOND], LABEL, bodies)
    assert len({parts.signatures for parts in every}) == 1
    for body, parts in zip(bodies, every, strict=True):
        assert parse(parts.wire(), LIMIT).statement == body
        assert split(parts.wire()) == parts
        assert dumps(loads(parts.proof, limit=LIMIT)) == parts.proof


def test_a_statement_that_spells_the_names_of_the_members_is_split_where_it_begins() -> None:
    statement = {"type": ',"signatures":', "x": ',"statement":{}}'}
    (parts,) = sign_parts([FIRST], LABEL, [statement])
    assert split(parts.wire()) == parts
    assert parts.statement == dumps(statement)


@pytest.mark.parametrize("wire", [b"", b"{}", ALONE[1:], ALONE.replace(b"signatures", b"signature", 1)])
def test_what_is_no_signed_statement_cannot_be_split(wire: bytes) -> None:
    with pytest.raises(Malformed):
        split(wire)


def test_two_keepers_who_sign_one_statement_apart_have_signed_it_together() -> None:
    apart = [sign_batch([key], LABEL, [{"type": "A"}])[0] for key in (SECOND, FIRST)]
    both = merge(apart[0], apart[1], LIMIT)
    parse(both, LIMIT).verify(LABEL, PUBLICS, threshold=2)
    assert [kid for kid, _ in parse(both, LIMIT).signatures] == sorted([FIRST.kid, SECOND.kid])
    assert len(signatures(merge(both, apart[0], LIMIT))) == 2


def test_signatures_of_different_statements_are_not_put_together() -> None:
    for other in (sign_batch([SECOND], LABEL, [{"type": "B"}])[0], PAIR[0]):
        with pytest.raises(Malformed):
            merge(ALONE, other, LIMIT)
