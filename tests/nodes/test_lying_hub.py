"""Receipts of a hub that signs with its own good key and says something else than what happened."""

import hashlib
from typing import Any

import pytest

from crypto.header import GENESIS, HeaderDraft
from crypto.sealing import Recipient, Sealed, seal
from nodes import receipts
from nodes.answers import Frame, FrameKind
from nodes.errors import AnswerRefused
from nodes.receipts import Batches
from schemas.entries import MessageEntry, ReceiptEntry, RefusalEntry
from schemas.receipts import Receipt, parse, sign
from tests.federation import HUB
from tests.federation import World as Federation
from tests.instants import DAY, NOW

NONCE = "00" * 16


@pytest.fixture(scope="module")
def federation() -> Federation:
    return Federation(NOW).add("KG", "KZ", "TJ")


@pytest.fixture(scope="module")
def sealed(federation: Federation) -> Sealed:
    """An envelope of TJ to KG and KZ."""
    draft = HeaderDraft(
        env="live",
        ctype="message",
        id="0" * 32,
        sender="TJ",
        created=NOW,
        expires=NOW + DAY,
        seq=1,
        prev=GENESIS,
        family="operational",
        urgency="ROUTINE",
        classification="OFFUSE",
        handling=("H0",),
    )
    to = [Recipient(unit, federation.units[unit].encryption.public, 1, GENESIS) for unit in ("KG", "KZ")]
    return seal(draft, b"content", federation.units["TJ"].signing, to)


def said(federation: Federation, **members: Any) -> bytes:
    common = {"env": "live", "by": HUB, "time": NOW}
    return sign([federation.receipt], [Receipt.model_validate(common | members)])[0]


def logged(sealed: Sealed, **changes: Any) -> dict[str, Any]:
    sha512 = hashlib.sha512(sealed.wire).hexdigest()
    return {"time": NOW, "nonce": NONCE, "eid": sealed.eid, "sender": "TJ", "sha512": sha512} | changes


def submitted(federation: Federation, sealed: Sealed, unit: str = "TJ", **changes: Any) -> bytes:
    entry = MessageEntry(**(logged(sealed, to=("KG", "KZ")) | changes)).to_bytes()
    return said(federation, type="SUBMITTED", eid=sealed.eid, unit=unit, index=0, entry=entry)


def refused(federation: Federation, sealed: Sealed, **changes: Any) -> bytes:
    entry = RefusalEntry(**(logged(sealed, seq=1, reason="EXPIRED") | changes)).to_bytes()
    return said(federation, type="REFUSED", eid=sealed.eid, unit="TJ", index=0, entry=entry, reason="EXPIRED")


def test_what_an_honest_hub_says_is_believed(federation: Federation, sealed: Sealed) -> None:
    for wire in (submitted(federation, sealed), refused(federation, sealed)):
        assert receipts.check_submitted(federation.directory(), wire, sealed.wire, sealed.eid, Batches()).logged == NOW


@pytest.mark.parametrize(
    "changes",
    [{"to": ("KG",)}, {"to": ("KG", "KZ", "UZ")}, {"sender": "KG"}, {"sha512": "0" * 128}, {"time": NOW - DAY}],
    ids=lambda changes: next(iter(changes)),
)
def test_an_acceptance_whose_entry_says_something_else_is_not_believed(
    federation: Federation, sealed: Sealed, changes: dict[str, Any]
) -> None:
    wire = submitted(federation, sealed, **changes)
    with pytest.raises(AnswerRefused):
        receipts.check_submitted(federation.directory(), wire, sealed.wire, sealed.eid, Batches())


def test_an_acceptance_in_the_name_of_another_sender_is_not_believed(federation: Federation, sealed: Sealed) -> None:
    wire = submitted(federation, sealed, unit="KG", sender="KG")
    with pytest.raises(AnswerRefused):
        receipts.check_submitted(federation.directory(), wire, sealed.wire, sealed.eid, Batches())


@pytest.mark.parametrize("changes", [{"seq": 2}, {"reason": "LIFETIME"}], ids=["seq", "reason"])
def test_a_refusal_whose_entry_says_something_else_is_not_believed(
    federation: Federation, sealed: Sealed, changes: dict[str, Any]
) -> None:
    wire = refused(federation, sealed, **changes)
    with pytest.raises(AnswerRefused):
        receipts.check_submitted(federation.directory(), wire, sealed.wire, sealed.eid, Batches())


@pytest.mark.parametrize("told", [NOW - DAY, NOW + DAY])
def test_a_hand_out_at_another_time_than_its_entry_moves_no_clock(
    federation: Federation, sealed: Sealed, told: int
) -> None:
    wire = said(federation, type="RELAYED", eid=sealed.eid, unit="KG", time=told)
    statement = parse(wire).signed.statement_bytes
    digest = hashlib.sha512(statement).hexdigest()
    entry = ReceiptEntry(time=NOW, nonce=NONCE, eid=sealed.eid, unit="KG", receipt="RELAYED", digest=digest)
    with pytest.raises(AnswerRefused):
        receipts.check_collected(federation.directory(), Frame(9, FrameKind.RECEIPT, entry.to_bytes(), wire), Batches())
