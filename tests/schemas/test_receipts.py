"""Receipts: who may say what, and that one form and one label is all there is."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from crypto import canonical
from crypto.errors import BadSignature
from crypto.instants import LATEST
from crypto.signing import SigningKey
from crypto.statements import sign_batch
from schemas import receipts
from schemas.errors import Malformed
from schemas.receipts import Receipt
from tests.instants import NOW

KEY = SigningKey.generate()
GOOD: dict[str, Any] = {"env": "live", "type": "DELIVERED", "eid": "e" * 64, "by": "KG", "unit": "KG", "time": NOW}

WRONG: dict[str, dict[str, Any]] = {
    "a unit for another": {"by": "TJ"},
    "the hub for a unit": {"by": "hub.example"},
    "a unit for the hub": {"type": "RELAYED"},
    "a rejection without a reason": {"type": "REJECTED"},
    "a reason of no list": {"type": "REJECTED", "reason": "BORED"},
    "a delivery with a reason": {"reason": "UNREADABLE"},
    "a delivery with an index": {"index": 1},
    "a submission without its entry": {"type": "SUBMITTED", "by": "hub.example", "index": 1},
    "a refusal without a reason": {"type": "REFUSED", "by": "hub.example", "index": 1, "entry": b"x"},
    "a negative index": {"type": "SUBMITTED", "by": "hub.example", "index": -1, "entry": b"x"},
    "another environment": {"env": "test"},
    "a type of nobody": {"type": "READ"},
    "an eid in capitals": {"eid": "E" * 64},
}


@pytest.mark.parametrize("name", WRONG)
def test_what_nobody_may_say_is_no_receipt(name: str) -> None:
    with pytest.raises(ValidationError):
        Receipt(**(GOOD | WRONG[name]))


def test_a_batch_has_one_signature_and_each_receipt_verifies_alone() -> None:
    wires = receipts.sign([KEY], [Receipt(**(GOOD | {"eid": f"{number:064x}"})) for number in range(5)])
    for number, wire in enumerate(wires):
        signed = receipts.parse(wire)
        signed.verify({KEY.kid: KEY.public})
        assert (signed.receipt.eid, signed.kids) == (f"{number:064x}", (KEY.kid,))


def test_a_signature_for_another_purpose_is_no_receipt() -> None:
    (wire,) = sign_batch([KEY], "serai/snapshot/1", [Receipt(**GOOD).statement()])
    with pytest.raises(BadSignature):
        receipts.parse(wire).verify({KEY.kid: KEY.public})


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"x", b'{"statement":{}}'])
def test_anything_else_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        receipts.parse(data)


def test_a_statement_of_another_kind_is_malformed() -> None:
    (wire,) = sign_batch([KEY], receipts.LABEL, [{"type": "A"}])
    with pytest.raises(Malformed):
        receipts.parse(wire)


BY = st.text(max_size=5).map("hub ".__add__)
SAID = st.fixed_dictionaries(
    {
        "eid": st.from_regex("[0-9a-f]{64}", fullmatch=True),
        "time": st.integers(0, LATEST),
        "by": st.text(max_size=5).map("hub ".__add__),
    }
)
KINDS: list[dict[str, Any]] = [
    {"type": "SUBMITTED", "index": 2**53 - 1, "entry": b"\x00{"},
    {"type": "REFUSED", "index": 0, "entry": b"", "reason": "EXPIRED"},
    {"type": "RELAYED"},
]


@given(st.sampled_from(KINDS), SAID)
def test_the_bytes_written_member_by_member_are_the_canonical_form(kind: dict[str, Any], said: dict[str, Any]) -> None:
    receipt = Receipt(**(GOOD | kind | said))
    assert receipt.to_bytes() == canonical.dumps(receipt.statement())


@pytest.mark.parametrize("wrong", [{"by": "\ud800"}, {"time": LATEST + 1}, {"index": 2**53}])
def test_what_the_wire_cannot_carry_is_not_written(wrong: dict[str, Any]) -> None:
    receipt = Receipt.model_construct(**(GOOD | KINDS[0] | {"reason": None, "v": 1} | wrong))
    with pytest.raises(Malformed):
        receipt.to_bytes()
