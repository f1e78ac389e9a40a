"""What the hub does with an envelope that is well formed and well signed."""

from schemas import entries, receipts
from tests.hub.desk import Desk


def test_an_accepted_envelope_is_answered_by_a_receipt_that_verifies(desk: Desk) -> None:
    sealed = desk.seal()
    answer = desk.post(sealed.wire)
    assert answer.status_code == 201
    signed = receipts.parse(answer.content)
    signed.verify({desk.keys.receipt.kid: desk.keys.receipt.public})
    assert (signed.receipt.type, signed.receipt.eid, signed.receipt.unit) == ("SUBMITTED", sealed.eid, "TJ")
    entry = entries.parse(signed.receipt.entry or b"")
    assert isinstance(entry, entries.MessageEntry)
    assert entry.to == ("KG",)


def test_the_recipient_collects_the_same_bytes_and_both_learn_of_the_hand_out(desk: Desk) -> None:
    sealed = desk.send()
    ((_, kind, entry, payload),) = desk.inbox("KG")
    assert (kind, payload) == (1, sealed.wire)
    assert entries.parse(entry).type == "MESSAGE"
    relayed = receipts.parse(desk.inbox("TJ")[0][3]).receipt
    assert (relayed.type, relayed.unit, relayed.time) == ("RELAYED", "KG", desk.now)
    assert [frame[1] for frame in desk.inbox("KG")] == [1, 2]
