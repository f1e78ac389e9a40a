"""The anchors that a unit records, held against those in the log of the hub."""

from collections.abc import Mapping

import pytest

from audit.audit_anchors import AnchorAudit, UnitAnchors
from audit.audit_findings import Findings
from schemas.entries import AnchorEntry, DenialEntry
from tests.instants import NOW

ORIGIN = "node.tj.serai"
ROOTS = {size: bytes([size]) * 32 for size in (10, 20, 30)}
HELD: dict[int, tuple[bytes, int | None]] = {10: (ROOTS[10], 100), 20: (ROOTS[20], 101)}


def entry(size: int, root: bytes | None = None, origin: str = ORIGIN, time: int = NOW) -> AnchorEntry:
    said = (root or ROOTS[size]).hex()
    return AnchorEntry(time=time, nonce="0" * 32, origin=origin, size=size, root=said)


def found(
    *logged: AnchorEntry,
    held: Mapping[int, tuple[bytes, int | None]] | None = None,
    own: Mapping[int, bytes] | None = None,
) -> list[tuple[str, str]]:
    """What is found where these anchors stand at 100, 101, …"""
    findings = Findings()
    unit = UnitAnchors(ORIGIN, HELD if held is None else held, (own or ROOTS).get, NOW + 600)
    audit = AnchorAudit([unit], findings)
    audit.take([(99, DenialEntry(time=NOW, nonce="0" * 32, unit="KG", error="EX-4031", count=1))])
    audit.take(list(enumerate(logged, 100)))
    audit.finish()
    return [(one.code, one.subject) for one in findings.all()]


def test_the_same_anchors_on_both_sides_match() -> None:
    assert found(entry(10), entry(20)) == [("ANCHORS_MATCH", ORIGIN)]
    assert found(entry(10), entry(20), entry(30, origin="node.kg.serai")) == [("ANCHORS_MATCH", ORIGIN)]
    assert found(entry(10), entry(20), held={10: (ROOTS[10], None), 20: (ROOTS[20], 101)})[0][0] == "ANCHORS_MATCH"


def test_an_anchor_that_the_log_dropped_is_named_though_its_rows_agree() -> None:
    assert found(entry(10)) == [("ANCHOR_DROPPED", f"{ORIGIN} at 20")]


@pytest.mark.parametrize("logged", [(entry(10), entry(20, bytes(32))), (entry(20), entry(10))])
def test_an_anchor_of_another_root_or_at_another_place_is_not_the_one_that_was_confirmed(
    logged: tuple[AnchorEntry, ...],
) -> None:
    assert ("ANCHOR_DROPPED", f"{ORIGIN} at 20") in found(*logged)


def test_a_head_that_the_units_own_log_does_not_have_is_named() -> None:
    assert found(entry(10), entry(20), own={10: ROOTS[10]}) == [("ANCHOR_NOT_OWN", f"{ORIGIN} at 20")]


def test_an_anchor_that_was_taken_out_of_the_units_record_is_named() -> None:
    assert found(entry(10), entry(20), held={20: HELD[20]}) == [("ANCHOR_UNKNOWN", f"{ORIGIN} at 10")]
    assert found(entry(10), entry(20), held={10: HELD[10]}, own={10: ROOTS[10]}) == [
        ("ANCHOR_UNKNOWN", f"{ORIGIN} at 20")
    ]


def test_an_anchor_on_its_way_to_the_unit_is_nothing_wrong() -> None:
    assert found(entry(10), entry(20), entry(30)) == [("ANCHORS_MATCH", ORIGIN)]
    new = entry(30, bytes(32), time=NOW + 590)
    assert found(entry(10), entry(20), new) == [("ANCHORS_MATCH", ORIGIN)]
