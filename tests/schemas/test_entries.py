"""Log entries: one form each, digests and codes only."""

import pytest
from pydantic import ValidationError

from crypto import canonical
from schemas import entries
from schemas.entries import ActEntry, AdminEntry, AnchorEntry, DenialEntry, Entry, MessageEntry, commitment
from schemas.errors import Malformed
from tests.instants import NOW

ENTRIES: list[Entry] = [
    MessageEntry(time=NOW, nonce="0" * 32, eid="e" * 64, sender="TJ", to=("KG", "KZ"), sha512="0" * 128),
    DenialEntry(time=NOW, nonce="0" * 32, unit="KG", error="EX-4031", count=3),
    AdminEntry(time=NOW, nonce="0" * 32, act="SUSPEND", unit="KG", reason="INCIDENT"),
    AnchorEntry(time=NOW, nonce="0" * 32, origin="tj.example/log", size=7, root="0" * 64),
    ActEntry(time=NOW, nonce="0" * 32, operation="CONSULT", actor="0" * 64, codes=("H1",)),
]


BY_NAME = ENTRIES[0].to_bytes().replace(b'"from":"TJ",', b"").replace(b'"sha512"', b'"sender":"TJ","sha512"')
"""The name that the code uses for a member which has another name on the wire."""


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: type(entry).__name__)
def test_an_entry_is_read_back_from_its_bytes(entry: Entry) -> None:
    assert entries.parse(entry.to_bytes()) == entry
    assert len(entry.to_bytes()) <= entries.ENTRY_LIMIT


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: type(entry).__name__)
def test_the_bytes_of_an_entry_are_the_canonical_form_of_its_members(entry: Entry) -> None:
    assert entry.to_bytes() == canonical.dumps(entry.model_dump(mode="json", exclude_none=True))


def test_an_instant_that_the_wire_cannot_carry_is_not_written() -> None:
    with pytest.raises(Malformed):
        ENTRIES[0].model_copy(update={"time": -1}).to_bytes()


@pytest.mark.parametrize("data", [b"", b"{}", b'{"type":"NOBODY"}', b"[1]", ENTRIES[0].to_bytes() + b" ", BY_NAME])
def test_anything_else_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        entries.parse(data)


def test_an_operation_that_is_not_in_the_table_is_refused() -> None:
    with pytest.raises(ValidationError):
        ActEntry(time=NOW, nonce="0" * 32, operation="PEEK", actor="0" * 64)


def test_a_commitment_hides_behind_its_salt() -> None:
    assert commitment(b"a" * 16, "x") == commitment(b"a" * 16, "x")
    assert commitment(b"a" * 16, "x") != commitment(b"b" * 16, "x")
