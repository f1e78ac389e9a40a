"""What the audit of a whole log can find: stable codes, one sentence each, the place, and both values.

Neighbouring places with one finding are one finding with a count, so that a log whose tail was moved by one is not a
million findings. The table is complete: a finding with a code that is not in it cannot be made. Pure.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from audit.evidence.findings import Level

KEPT: Final = 1_000
"""Findings of one code that are kept one by one; more are only counted, so that no code crowds out another."""

TEXTS: Final[Mapping[str, tuple[Level, str]]] = MappingProxyType(
    {
        # what holds
        "ENTRIES_COMPLETE": (Level.GOOD, "the entries give the root of the log: none removed, added or changed"),
        "TILES_COMPLETE": (Level.GOOD, "the hash tiles give the root of the log"),
        "CHECKPOINTS_HOLD": (Level.GOOD, "every checkpoint is signed with both keys of the log and is of this tree"),
        "LOG_KEYS_PINNED": (Level.GOOD, "the checkpoints are signed by the log keys you named"),
        "HELD_CHECKPOINT": (Level.GOOD, "the checkpoint that you hold is of this tree"),
        "QUORUM_MET": (Level.GOOD, "the published checkpoint is of this tree, and its quorum of witnesses cosigned it"),
        "COSIGNED": (Level.GOOD, "the witness cosigned this tree with both of its keys"),
        "ROWS_MATCH": (Level.GOOD, "the rows of the service and the entries of the log say the same"),
        "ANCHORS_MATCH": (Level.GOOD, "every head that the unit had anchored is in the log, and no other"),
        # for the reader to judge
        "LOG_KEYS_NOT_PINNED": (Level.NOTICE, "compare these log keys with those you were given on paper"),
        "WITNESSES_UNKNOWN": (Level.NOTICE, "no policy says which witnesses count: no cosignature was verified"),
        "WITNESS_UNKNOWN": (Level.NOTICE, "somebody cosigned whom the policy does not name"),
        "NO_QUORUM": (Level.NOTICE, "the policy asks for no witness: the log alone vouches for what is published"),
        "WORDS_NOT_OPENED": (Level.NOTICE, "without the passphrase of the node its commitments were not opened"),
        "TAIL_NOT_SIGNED": (Level.NOTICE, "entries stand behind the last checkpoint"),
        "ENTRIES_NOT_HERE": (Level.NOTICE, "only hashes are here: what the entries say was not looked at"),
        "TILES_AS_SIGNED": (Level.NOTICE, "the hash tiles still give what was signed; the entries named do not"),
        "FINDINGS_CUT": (Level.NOTICE, "there are more findings than are listed"),
        # entries and leaf hashes
        "ENTRY_MISSING": (Level.BAD, "the entry is not there"),
        "ENTRY_ALTERED": (Level.BAD, "the entry does not have the leaf hash that was stored with it"),
        "LEAF_ALTERED": (Level.BAD, "the stored leaf hash is not that of the entry, which the hash tile confirms"),
        "ENTRY_NOT_IN_TILE": (Level.BAD, "entry and leaf hash agree with each other and not with the hash tile"),
        "ENTRY_BEYOND_HEAD": (Level.BAD, "an entry stands where the log has none"),
        "ENTRY_FORM": (Level.BAD, "the entry is not in the one canonical form"),
        "ENTRY_AGAIN": (Level.BAD, "the entry repeats what is logged once"),
        "ANCHOR_CONTRADICTS": (Level.BAD, "the head of another log that was kept here contradicts one kept before"),
        "TIME_WENT_BACK": (Level.BAD, "the entry states an earlier time than one before it"),
        # tiles
        "TILE_MISSING": (Level.BAD, "the hash tile is not there"),
        "TILE_ALTERED": (Level.BAD, "the hash tile is not that of the entries"),
        "TILE_ROOT_ALTERED": (Level.BAD, "the stored root of the hash tile is not its root"),
        "TILE_UNKNOWN": (Level.BAD, "a hash tile or file that a log of this size does not have"),
        "BUNDLE_UNREADABLE": (Level.BAD, "the entry bundle is not of its form"),
        # the rows of a service beside its log
        "ROW_MISSING": (Level.BAD, "the log has an entry whose row is gone"),
        "ROW_NOT_LOGGED": (Level.BAD, "a row of which the log knows nothing"),
        "ROW_ALTERED": (Level.BAD, "the row says other than the log or than the rows that it belongs to"),
        "STATE_ALTERED": (Level.BAD, "the delivery is not in the state that its receipts make"),
        "ENVELOPE_ALTERED": (Level.BAD, "the envelope is not the one that was logged"),
        "ANCHOR_DROPPED": (Level.BAD, "the log does not hold this anchor where it was confirmed to the unit"),
        "ANCHOR_UNKNOWN": (Level.BAD, "the log holds an anchor of which the record of the unit knows nothing"),
        "ANCHOR_NOT_OWN": (Level.BAD, "the unit's own log does not have the root that was anchored"),
        "RECEIPT_ALTERED": (Level.BAD, "the receipt does not hold"),
        "DIRECTORY_REFUSED": (Level.BAD, "the directory beside the log does not hold: no receipt can be verified"),
        # head and checkpoints
        "HEAD_ROOT": (Level.BAD, "the entries do not give the root of the head"),
        "HEAD_TIME": (Level.BAD, "the head does not state the time of the last entry"),
        "CHECKPOINT_AHEAD": (Level.BAD, "a larger log was signed: the end of this one was taken away"),
        "CHECKPOINT_ROOT": (Level.BAD, "the entries do not give the root that was signed"),
        "CHECKPOINT_REFUSED": (Level.BAD, "the checkpoint does not hold"),
        "CHECKPOINT_ROW": (Level.BAD, "the row of the checkpoint is not what its note says"),
        "CHECKPOINT_KEYS": (Level.BAD, "the checkpoint is not signed by the keys of this log"),
        "CHECKPOINT_TIME": (Level.BAD, "the checkpoint states an earlier time than a smaller one or than its entries"),
        "PUBLISHED_REFUSED": (Level.BAD, "the published checkpoint does not satisfy the policy"),
        "COSIGNATURE_REFUSED": (Level.BAD, "the stored cosignature is not of this tree by this witness"),
        "HELD_REFUSED": (Level.BAD, "the checkpoint that you hold was not signed by the keys of this log"),
        "FORK": (Level.BAD, "the log signed another history: keep both checkpoints, together they prove it"),
    }
)


@dataclass(frozen=True)
class Finding:
    """One result: a code of TEXTS, the first index it is about and how many follow, and the two values that differ.

    `index` is the index of an entry, or the size of a checkpoint or head; `subject` names the tile, file, row or key.
    """

    code: str
    subject: str = ""
    index: int | None = None
    expected: str = ""
    found: str = ""
    count: int = 1

    @property
    def level(self) -> Level:
        """How it counts."""
        return TEXTS[self.code][0]

    @property
    def text(self) -> str:
        """The finding in one line."""
        where = [self.subject] if self.subject else []
        if self.index is not None:
            where.append(f"{self.index}" if self.count == 1 else f"{self.index} to {self.index + self.count - 1}")
        values = [f"expected {self.expected}"] if self.expected else []
        values += [f"found {self.found}"] if self.found else []
        detail = f" ({', '.join(values)})" if values else ""
        return ": ".join(part for part in (" ".join(where), TEXTS[self.code][1] + detail) if part)

    def members(self) -> dict[str, Any]:
        """The finding for programs: JSON members."""
        return {
            "code": self.code,
            "level": self.level.value,
            "subject": self.subject,
            "index": self.index,
            "count": self.count,
            "expected": self.expected,
            "found": self.found,
            "text": self.text,
        }


class Findings:
    """What an audit has found so far, in the order of finding; neighbours of one code are joined."""

    def __init__(self) -> None:
        self._kept: list[Finding] = []
        self._open: dict[tuple[str, str], int] = {}  # (code, subject) -> where its last run stands
        self._listed: Counter[str] = Counter()  # how many findings of a code are kept
        self._told: Counter[str] = Counter()  # and how many places they are about
        self.counts: Counter[str] = Counter()

    def add(self, finding: Finding) -> None:
        """Take a finding; the values of a run are those of its first place."""
        self.counts[finding.code] += finding.count
        key = finding.code, finding.subject
        at = self._open.get(key)
        if at is not None and finding.index is not None:
            run = self._kept[at]
            if run.index is not None and run.index + run.count == finding.index:
                self._kept[at] = replace(run, count=run.count + finding.count)
                self._told[finding.code] += finding.count
                return
        if self._listed[finding.code] < KEPT:
            self._open[key] = len(self._kept)
            self._kept.append(finding)
            self._listed[finding.code] += 1
            self._told[finding.code] += finding.count

    @property
    def bad(self) -> bool:
        """Whether one of them is bad."""
        return any(TEXTS[code][0] is Level.BAD for code in self.counts)

    def all(self) -> tuple[Finding, ...]:
        """Everything found, and for each code how many places are not listed."""
        cut = {code: count - self._told[code] for code, count in self.counts.items()}
        return (*self._kept, *(Finding("FINDINGS_CUT", code, found=str(more)) for code, more in cut.items() if more))
