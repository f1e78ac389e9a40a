import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.checkpoints import LogSigner
from audit.evidence.export import verify_export, write_export
from audit.evidence.findings import Level, Report, Unreadable
from tests.audit import trees
from tests.instants import NOW

SIGNER = LogSigner.from_seeds("node.tj.serai", bytes(64))
ENTRIES = trees.some_entries(2100)
NOTE = SIGNER.sign(len(ENTRIES), trees.root(ENTRIES), NOW)
LINES = list(write_export(NOTE, SIGNER.keys, ENTRIES))


def bad(report: Report) -> list[str]:
    return [one.code for one in report.findings if one.level is Level.BAD]


def test_an_export_verifies_entry_by_entry() -> None:
    report = verify_export(LINES)
    assert report.ok
    assert report.codes() == ("CHECKPOINT_SIGNED", "LOG_KEYS_NOT_PINNED", "LOG_COMPLETE")


def test_log_keys_known_from_elsewhere_must_be_those_of_the_export() -> None:
    assert verify_export(LINES, SIGNER.keys.vkeys).codes()[1] == "LOG_KEYS_PINNED"
    other = LogSigner.from_seeds("node.tj.serai", bytes(range(64))).keys.vkeys
    assert bad(verify_export(LINES, other)) == ["CHECKPOINT_REFUSED"]


@given(st.integers(1, 2100), st.sampled_from(["removed", "doubled", "cut", "changed"]))
def test_any_entry_removed_doubled_cut_or_changed_is_found(at: int, how: str) -> None:
    line = {"removed": [], "doubled": [LINES[at]] * 2, "cut": [LINES[at][:-1]], "changed": [LINES[at - 1]]}[how]
    assert bad(verify_export([*LINES[:at], *line, *LINES[at + 1 :]])) in (["LINE_REFUSED"], ["LOG_ALTERED"])


def test_another_entry_in_the_right_form_is_found() -> None:
    forged = list(write_export(NOTE, SIGNER.keys, [*ENTRIES[:-1], b"forged"]))
    assert bad(verify_export(forged)) == ["LOG_ALTERED"]


def test_a_member_that_does_not_belong_is_refused() -> None:
    assert bad(verify_export([LINES[0], b'{"entry":"","index":0,"more":1}\n'])) == ["LINE_REFUSED"]


def test_a_checkpoint_that_the_keys_did_not_sign_is_refused() -> None:
    other = LogSigner.from_seeds("node.tj.serai", bytes(range(64)))
    assert bad(verify_export(write_export(NOTE, other.keys, ENTRIES))) == ["CHECKPOINT_REFUSED"]


@pytest.mark.parametrize("head", [[], [b""], [b"{}\n"], [b"x\n"], [LINES[0].replace(b"export/1", b"export/2")]])
def test_what_does_not_begin_like_an_export_is_unreadable(head: list[bytes]) -> None:
    with pytest.raises(Unreadable):
        verify_export(head)
