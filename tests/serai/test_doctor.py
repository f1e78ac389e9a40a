"""What `serai doctor` says about the logs, witnesses, mirror and disk of a service, from its status."""

from pathlib import Path
from typing import Any

import pytest

from exchange.disk import Disk
from serai.doctor import Finding, disk_finding, hub_findings, node_findings
from tests.exchange.test_disk import Given
from tests.instants import DAY, NOW

LOG = {
    "anchored_size": 90, "anchored_at": NOW - 60, "anchors_open": 0, "mirrored_size": 500, "accepted_size": 500,
    "mirrored_at": NOW - 60, "looked_at": NOW - 30, "checked_at": NOW - 600, "damage": [],
}  # fmt: skip
NODE = {
    "directory_fresh_until": NOW + 60, "directory_usable_until": NOW + 600, "directory_version": 3, "key_days": {},
    "oldest_queued": None, "queued": 0, "cursor_state": "FOLLOWING", "witness": "COSIGNS", "witnessed_size": 9,
    "quarantined": 0, "log_size": 100, "log": LOG, "rules": {"sha512": "a" * 128, "signed": "SIGNED", "until": None},
    "signer": {"kid": "0" * 64, "mldsa65": "FILE", "ed25519": "FILE", "trouble": ""},
}  # fmt: skip
WITNESSES = [{"unit": unit, "seen": NOW - 10, "cosigned": True} for unit in ("KG", "KZ", "TJ")]
HUB = {
    "log_size": 100, "signed_size": 100, "log_looked_at": NOW - 5, "log_checked_at": NOW - 600, "log_damage": [],
    "quorum": 2, "witnesses": WITNESSES, "published_size": 100, "publication_age_seconds": 5, "publication_late": False,
    "log_contradictions": 0, "units": [], "keys": {"RECEIPT": NOW + 31 * DAY},
}  # fmt: skip


def node(name: str, **changes: Any) -> Finding:
    """The line `name` of a node whose log stands as usual but for `changes`."""
    return next(one for one in node_findings(NODE | {"log": LOG | changes}, NOW) if one.check == name)


def hub(name: str, **changes: Any) -> Finding:
    return next(one for one in hub_findings(HUB | changes, NOW) if one.check == name)


def test_a_node_and_a_hub_in_order_have_nothing_to_do() -> None:
    assert all(one.ok for one in (*node_findings(NODE, NOW), *hub_findings(HUB, NOW)))


@pytest.mark.parametrize(
    ("name", "changes", "said"),
    [
        ("anchor", {"anchored_at": NOW - 3601}, "90 of 100 entries, 3601 s ago"),
        ("mirror", {"mirrored_at": NOW - 3601}, "asked 3601 s ago"),
        ("mirror", {"mirrored_size": 499}, "499 of 500"),
        ("log check", {"damage": ["ENTRY_ALTERED: 7: …"]}, "1 damaged: ENTRY_ALTERED: 7"),
        ("log check", {"looked_at": NOW - 3601}, "looked 3601 s ago"),
    ],
)
def test_what_is_late_or_damaged_at_a_node_is_wrong(name: str, changes: dict[str, Any], said: str) -> None:
    found = node(name, **changes)
    assert not found.ok
    assert said in found.found
    assert found.todo


@pytest.mark.parametrize(
    ("signed", "until", "said"),
    [("UNSIGNED", None, "UNSIGNED"), ("UNDECIDED", None, "UNDECIDED"), ("ENDING", NOW + 3 * DAY, "ENDING, for 3 days")],
)
def test_rules_that_the_federation_has_not_signed_for_good_are_wrong(signed: str, until: int, said: str) -> None:
    status = NODE | {"rules": {"sha512": "a" * 128, "signed": signed, "until": until}}
    found = next(one for one in node_findings(status, NOW) if one.check == "rules")
    assert (found.ok, found.found) == (False, f"{'a' * 16}… {said}")
    assert found.todo


def test_a_node_that_was_just_started_has_time_for_its_first_round() -> None:
    new = {"anchored_at": 0, "anchored_size": 0, "mirrored_at": 0, "looked_at": 0, "checked_at": 0}
    assert all(node(name, **new).ok for name in ("anchor", "mirror", "log check"))
    assert "never yet" in node("anchor", **new).found


def test_a_log_that_has_not_grown_needs_no_new_anchor() -> None:
    assert node("anchor", anchored_size=100, anchored_at=NOW - 86_400).ok


@pytest.mark.parametrize(
    ("name", "changes", "said"),
    [
        (
            "witnesses",
            {"witnesses": [*WITNESSES, {"unit": "UZ", "seen": NOW - 3601, "cosigned": False}]},
            "1 of 4 silent",
        ),
        ("publication", {"publication_late": True, "publication_age_seconds": 1000}, "1000 s ago"),
        ("log check", {"log_damage": ["TILE_MISSING: …"]}, "1 damaged: TILE_MISSING"),
        ("log", {"signed_size": 0, "log_size": 1000}, "1000 not signed yet"),
    ],
)
def test_what_is_late_or_damaged_at_a_hub_is_wrong(name: str, changes: dict[str, Any], said: str) -> None:
    found = hub(name, **changes)
    assert not found.ok
    assert said in found.found
    assert found.todo


def test_a_federation_without_a_quorum_has_no_line_about_witnesses() -> None:
    assert "witnesses" not in {one.check for one in hub_findings(HUB | {"quorum": 0, "witnesses": []}, NOW)}


@pytest.mark.parametrize(
    ("floor", "ok", "said"),
    [(500, True, "enough"), (501, False, "refused soon"), (1001, False, "is refused"), (9000, False, "nothing")],
)
def test_a_disk_that_fills_up_is_told_before_anything_is_refused(floor: int, ok: bool, said: str) -> None:  # noqa: FBT001 - a parameter
    found = disk_finding(Given(Path(), floor))
    assert (found.ok, said in found.found) == (ok, True)


def test_the_disk_of_a_folder_is_measured(tmp_path: Path) -> None:
    assert "MiB free" in disk_finding(Disk(tmp_path, 0)).found


def test_a_key_of_the_hub_that_ends_within_a_month_is_wrong() -> None:
    found = hub("key receipt", keys={"RECEIPT": NOW + 29 * DAY})
    assert (found.ok, found.found) == (False, "29 days left")
    assert "serai hub rotate" in found.todo
