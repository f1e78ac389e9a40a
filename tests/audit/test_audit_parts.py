"""The parts of the audit one by one: tiles above the leaves, what others hold about a log, tiles in files, findings."""

from dataclasses import dataclass, field

import pytest

from audit.audit import Audit
from audit.audit_checkpoints import StoredLines, StoredNote, Trust, cosigned_claim, held_claim, published_claim
from audit.audit_entries import EntryAudit
from audit.audit_findings import KEPT, Finding, Findings
from audit.audit_tiles import TilesSource
from audit.audit_tree import Block, Roots, StoredTile, TreeAudit
from audit.checkpoints import Checkpoint
from audit.cosignatures import with_lines, write_lines
from audit.edge import Edge
from audit.errors import AuditError, QuorumMissed
from audit.evidence.findings import Unreadable
from audit.tiles import pack_bundle
from crypto.merkle_hash import EMPTY_ROOT
from schemas.entries import AdminEntry, AnchorEntry, Entry, parse
from tests.audit import trees
from tests.audit.logs import ORIGIN, SIGNER
from tests.audit.whole import TRUST, audited_tiles, hub_entries
from tests.audit.witnesses import cosigner, policy, signed
from tests.instants import NOW

ENTRIES = hub_entries(258)
ROOT = trees.root(ENTRIES)
OTHER = bytes(32)
GOOD = Roots(258, ROOT, ROOT)


@dataclass
class Held:
    """Tiles above the leaves, in memory."""

    tiles: dict[tuple[int, int], StoredTile] = field(default_factory=dict)
    stores_partial: bool = False

    def tile(self, level: int, index: int, width: int) -> StoredTile | None:
        assert 0 < width <= 256
        return self.tiles.get((level, index))


SMALL = [index.to_bytes(3, "big") for index in range(1 << 16)]
LEAVES = [trees.leaf(entry) for entry in SMALL]


def large(tiles: Held, altered: int = -1) -> Findings:
    """A log of 65,536 entries whose tiles of level 1 are in `tiles`; one entry may be altered."""
    findings = Findings()
    audit = TreeAudit(tiles, findings)
    for start in range(0, 1 << 16, 256):
        leaves = LEAVES[start : start + 256]
        entries = [b"x" if index == altered else SMALL[index] for index in range(start, start + 256)]
        audit.take(Block(start, 256, entries, leaves, StoredTile(b"".join(leaves))))
    return findings


@pytest.fixture(scope="module")
def level_1() -> StoredTile:
    top = Edge().extended(LEAVES)[1][-1]
    return StoredTile(top.data, top.root)


def test_a_tile_of_level_1_that_is_there_and_right_is_no_finding(level_1: StoredTile) -> None:
    assert large(Held({(1, 0): level_1})).all() == ()


def test_a_tile_of_level_1_that_is_gone_or_altered_is_named(level_1: StoredTile) -> None:
    changed = level_1.data[:64] + OTHER + level_1.data[96:]
    (gone,), (altered,) = large(Held()).all(), large(Held({(1, 0): StoredTile(changed)})).all()
    (root,) = large(Held({(1, 0): StoredTile(level_1.data, OTHER)})).all()
    assert (gone.code, gone.subject) == ("TILE_MISSING", "tile/1/000")
    assert (altered.code, altered.index, altered.found) == ("TILE_ALTERED", 2, OTHER.hex())
    assert (root.code, root.found) == ("TILE_ROOT_ALTERED", OTHER.hex())


def test_an_entry_that_is_not_what_all_tiles_say_is_named_once(level_1: StoredTile) -> None:
    assert [one.code for one in large(Held({(1, 0): level_1}), altered=300).all()] == ["ENTRY_ALTERED"]


def test_an_unfinished_tile_that_is_not_there_is_missed_where_such_tiles_are_stored() -> None:
    findings = Findings()
    audit = TreeAudit(Held(stores_partial=True), findings)
    leaves = [trees.leaf(entry) for entry in ENTRIES]
    audit.take(Block(0, 256, None, leaves[:256], StoredTile(b"".join(leaves[:256]))))
    audit.take(Block(256, 2, None, leaves[256:], None))
    audit.finish()
    assert [(one.code, one.subject) for one in findings.all()] == [
        ("TILE_MISSING", "tile/0/001.p/2"),
        ("TILE_MISSING", "tile/1/000.p/1"),
    ]


def test_a_leaf_of_which_nothing_is_left_breaks_the_root() -> None:
    findings = Findings()
    audit = TreeAudit(Held(), findings)
    audit.take(Block(0, 2, [ENTRIES[0], None], [trees.leaf(ENTRIES[0]), None], None))
    assert [(one.code, one.index) for one in findings.all()] == [("ENTRY_MISSING", 1)]
    assert audit.roots.by_entries != trees.root(ENTRIES[:2])


def test_what_an_auditor_holds_is_of_the_tree_or_of_a_fork() -> None:
    note = SIGNER.sign(258, ROOT, NOW)
    assert held_claim(TRUST, note).judge(GOOD).code == "HELD_CHECKPOINT"
    assert held_claim(TRUST, note).judge(Roots(258, OTHER, ROOT)).code == "HELD_CHECKPOINT"
    assert held_claim(TRUST, note).judge(Roots(258, OTHER, OTHER)).code == "FORK"


def test_what_is_published_needs_its_quorum_its_tree_and_its_row() -> None:
    note = signed(ENTRIES, "KG", "KZ", "TJ")
    claim = published_claim(policy(3), StoredNote(258, note, time=NOW))
    assert [claim.judge(roots).code for roots in (GOOD, Roots(258, OTHER, OTHER))] == ["QUORUM_MET", "FORK"]
    assert published_claim(policy(3), StoredNote(257, note)).judge(GOOD).code == "CHECKPOINT_ROW"
    assert published_claim(policy(0), StoredNote(258, note)).judge(GOOD).code == "NO_QUORUM"
    with pytest.raises(QuorumMissed):
        published_claim(policy(4), StoredNote(258, note))


def test_a_cosignature_counts_with_both_keys_of_a_witness_of_the_policy() -> None:
    lines = cosigner("KG").cosign(Checkpoint(ORIGIN, 258, ROOT), NOW)
    whole, half = write_lines(lines), write_lines(lines[:1])
    asked = (("KG", whole), ("KG", half), ("KZ", whole), ("XX", whole))
    found = [cosigned_claim(policy(2), ORIGIN, StoredLines(unit, 258, one)).judge(GOOD).code for unit, one in asked]
    assert found == ["COSIGNED", "COSIGNATURE_REFUSED", "COSIGNATURE_REFUSED", "WITNESS_UNKNOWN"]


def files(count: int = 258) -> dict[str, bytes]:
    """A log of `count` entries in files."""
    leaves = [trees.leaf(entry) for entry in ENTRIES[:count]]
    rest = count - 256
    return {
        "checkpoint": SIGNER.sign(count, trees.root(ENTRIES[:count]), NOW + 300),
        "tile/0/000": b"".join(leaves[:256]),
        f"tile/0/001.p/{rest}": b"".join(leaves[256:]),
        "tile/1/000.p/1": Edge().extended(leaves)[0].rows[1][0],
        "tile/entries/000": pack_bundle(ENTRIES[:256]),
        f"tile/entries/001.p/{rest}": pack_bundle(ENTRIES[256:count]),
    }


def test_tiles_of_an_earlier_size_may_stay_if_they_are_the_beginning_of_the_later_ones() -> None:
    earlier = {name: data for name, data in files(257).items() if name.endswith("p/1")}
    assert not audited_tiles(files() | earlier).bad
    altered = earlier | {"tile/0/001.p/1": OTHER, "tile/0/000.p/9": OTHER}
    codes = [(one.code, one.subject) for one in audited_tiles(files() | altered).all() if one.level == "bad"]
    assert codes == [("TILE_ALTERED", "tile/0/000.p/9"), ("TILE_ALTERED", "tile/0/001.p/1")]


def test_the_full_tile_serves_where_the_partial_one_is_gone() -> None:
    have = files()
    have["tile/0/001"] = have.pop("tile/0/001.p/2") + bytes(254 * 32)
    have["tile/entries/001"] = have.pop("tile/entries/001.p/2")
    found = Audit(TilesSource(have.get), TRUST).run(lambda _done: None)
    assert not found.bad


def test_a_bundle_that_is_gone_or_too_short_misses_its_entries() -> None:
    have = files() | {"tile/entries/001.p/2": pack_bundle(ENTRIES[256:257])}
    (short,) = [one for one in audited_tiles(have).all() if one.level == "bad"]
    del have["tile/entries/000"]
    gone = [one for one in audited_tiles(have).all() if one.code == "ENTRY_MISSING"]
    assert (short.code, short.index) == ("ENTRY_MISSING", 257)
    assert [(one.index, one.count) for one in gone] == [(0, 256), (257, 1)]


def test_a_bundle_or_a_file_of_no_form_is_named() -> None:
    have = files() | {"tile/entries/000": b"\x00\x05abc", "tile/0/900": b"", "tile/x": b""}
    found = [(one.code, one.subject) for one in audited_tiles(have).all() if one.level == "bad"]
    unknown = [("TILE_UNKNOWN", name) for name in ("tile/0/900", "tile/x")]
    assert found == [("ENTRY_MISSING", ""), ("BUNDLE_UNREADABLE", "tile/entries/000"), *unknown]


def test_hashes_alone_are_checked_up_to_their_root() -> None:
    have = {name: data for name, data in files().items() if "entries" not in name}
    assert {"TILES_COMPLETE", "ENTRIES_NOT_HERE"} <= set(audited_tiles(have).counts)
    have["tile/0/000"] = OTHER + have["tile/0/000"][32:]
    assert {"CHECKPOINT_ROOT", "TILE_ALTERED"} <= set(audited_tiles(have).counts)


def test_an_empty_log_is_its_checkpoint() -> None:
    found = audited_tiles({"checkpoint": SIGNER.sign(0, trees.root([]), NOW)})
    assert not found.bad


def test_what_has_no_checkpoint_is_no_log() -> None:
    for have in ({}, {"checkpoint": b"x"}):
        with pytest.raises(Unreadable):
            TilesSource(have.get)


def test_without_a_policy_the_reader_is_told_that_nobody_verified_the_witnesses() -> None:
    have = files() | {"checkpoint": with_lines(files()["checkpoint"], ())}
    assert "WITNESSES_UNKNOWN" in audited_tiles(have).counts
    refused = audited_tiles(have, Trust((SIGNER.keys,), pinned=True, policy=policy(3)))
    assert "PUBLISHED_REFUSED" in refused.counts


def found_in(*made: Entry) -> list[tuple[str, int | None]]:
    findings = Findings()
    EntryAudit(findings, parse).take(0, [entry.to_bytes() for entry in made])
    return [(one.code, one.index) for one in findings.all()]


def anchor(size: int, root: bytes, at: int) -> Entry:
    return AnchorEntry(time=NOW, nonce=f"{at:032x}", origin="node.tj.serai/log", size=size, root=root.hex())


def test_the_heads_of_another_log_never_go_back_and_are_one_at_one_size() -> None:
    fine = anchor(0, EMPTY_ROOT, 0), anchor(5, ROOT, 1), anchor(5, ROOT, 2), anchor(6, OTHER, 3)
    assert found_in(*fine) == []
    assert found_in(*fine, anchor(5, ROOT, 4), anchor(6, ROOT, 5)) == [("ANCHOR_CONTRADICTS", 4)]
    assert found_in(anchor(0, ROOT, 0)) == [("ANCHOR_CONTRADICTS", 0)]


def test_the_place_of_an_entry_that_nobody_held_is_younger_than_what_stands_behind_it() -> None:
    lost = AdminEntry(time=NOW + 9_999, nonce="0" * 32, act="LOST")
    later = AdminEntry(time=NOW, nonce="1" * 32, act="PUBLISH")
    assert found_in(lost, later) == []
    assert found_in(lost.model_copy(update={"act": "PUBLISH"}), later) == [("TIME_WENT_BACK", 1)]


def test_nobody_is_trusted_without_keys() -> None:
    with pytest.raises(AuditError):
        Trust((), pinned=False).verified(SIGNER.sign(1, ROOT, NOW))
    assert Trust((), pinned=False).origin == ""


def test_more_findings_of_a_code_than_are_kept_are_counted_and_crowd_out_no_other() -> None:
    findings = Findings()
    for at in range(KEPT + 5):
        findings.add(Finding("ENTRY_FORM", "", 2 * at))
    findings.add(Finding("TILE_MISSING", "tile/0/000"))
    assert [one.code for one in findings.all()[KEPT:]] == ["TILE_MISSING", "FINDINGS_CUT"]
    assert findings.all()[-1] == Finding("FINDINGS_CUT", "ENTRY_FORM", found="5")
    assert findings.bad


def test_a_finding_says_where_and_both_values() -> None:
    finding = Finding("ENTRY_ALTERED", "", 4, "aa", "bb", 3)
    assert finding.text == (
        "4 to 6: the entry does not have the leaf hash that was stored with it (expected aa, found bb)"
    )
    assert finding.members()["level"] == "bad"
