"""What a bundle holds: the name of every file, what it is in words, and the manifest that lists them.

    manifest.json                    canonical JSON {"created","files":[{"name","sha256","size","what"}],"schema"}
    directory/federation-<v>.json    federation documents (signed statements), versions without a gap
    directory/statements/<index>     key statements and revocations, named by their index in the hub's log
    log/checkpoint                   one signed checkpoint of the hub's log
    log/policy                       who must have signed it (C2SP tlog-policy), as the documents and statements make it
    log/stamped/<size>.checkpoint    an earlier checkpoint of the hub's log
    log/stamped/<size>.consistency   the proof that it is a prefix of the log under log/checkpoint
    log/stamped/<size>.tsr           the time-stamp of an outside authority over its three lines (RFC 3161)
    log/forks/<n>.held, .other       two checkpoints of the hub's log that cannot both be true
    log/entries/<index>.json         log entries, the exact leaf bytes
    log/proofs/<index>.tlog-proof    for each entry its proof, under that very checkpoint
    unit/checkpoint                  a checkpoint of the log of the unit that made the bundle
    unit/entries/<index>.json        what that log records about the messages, .tlog-proof in unit/proofs beside it
    messages/<eid>.cme               envelopes as they travelled
    receipts/<sha256>.json           receipts (signed statements), named by their own digest
    opened/<eid>.salt, .content      what an authority chose to open: 32 bytes of salt, and the content

Numbers are decimal without leading zeros. Only `manifest.json` is outside the manifest, and it is the last file of an
archive. Nothing in a bundle opens another message: it holds no key. Pure: names and bytes in, names and bytes out.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from audit.evidence.archive import MANIFEST, MAX_FILES
from audit.evidence.findings import EvidenceRefused, Unreadable
from audit.evidence.members import Members, instant, number, objects, parsed, text
from crypto.canonical import Writable, dumps
from crypto.instants import to_text

SCHEMA: Final = "serai/bundle/1"
MANIFEST_LIMIT: Final = 32 << 20
CHECKPOINT: Final = "log/checkpoint"
POLICY: Final = "log/policy"
UNIT_CHECKPOINT: Final = "unit/checkpoint"

_INDEX: Final = r"(0|[1-9][0-9]{0,18})"
_HEX: Final = r"([0-9a-f]{64})"


def _named(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)


FEDERATION: Final = _named(rf"directory/federation-{_INDEX}\.json")
STATEMENT: Final = _named(rf"directory/statements/{_INDEX}")
ENTRY: Final = _named(rf"log/entries/{_INDEX}\.json")
PROOF: Final = _named(rf"log/proofs/{_INDEX}\.tlog-proof")
STAMPED: Final = _named(rf"log/stamped/{_INDEX}\.checkpoint")
STAMP: Final = _named(rf"log/stamped/{_INDEX}\.tsr")
CONSISTENCY: Final = _named(rf"log/stamped/{_INDEX}\.consistency")
FORK_HELD: Final = _named(rf"log/forks/{_INDEX}\.held")
FORK_OTHER: Final = _named(rf"log/forks/{_INDEX}\.other")
MESSAGE: Final = _named(rf"messages/{_HEX}\.cme")
RECEIPT: Final = _named(rf"receipts/{_HEX}\.json")
UNIT_ENTRY: Final = _named(rf"unit/entries/{_INDEX}\.json")
UNIT_PROOF: Final = _named(rf"unit/proofs/{_INDEX}\.tlog-proof")
SALT: Final = _named(rf"opened/{_HEX}\.salt")
CONTENT: Final = _named(rf"opened/{_HEX}\.content")

WORDS: Final[Mapping[re.Pattern[str], str]] = {
    FEDERATION: "which units, roots and hub keys the federation has, signed by its roots",
    STATEMENT: "a unit's statement of a key, or its revocation",
    _named(re.escape(CHECKPOINT)): "size and root of the hub's log, signed by the log",
    _named(re.escape(POLICY)): "who must have signed the checkpoint, for programs that read a tlog-policy",
    STAMPED: "an earlier checkpoint of the same log, of this size",
    STAMP: "the time-stamp of an outside authority over the three lines of that checkpoint (RFC 3161)",
    CONSISTENCY: "the proof that the log of that checkpoint is the beginning of the log here",
    FORK_HELD: "a checkpoint of the hub's log that contradicts the other of this number",
    FORK_OTHER: "the checkpoint that it contradicts",
    ENTRY: "an entry of the hub's log: when it recorded what",
    PROOF: "the proof that the entry of this index stands in the log under the checkpoint",
    _named(re.escape(UNIT_CHECKPOINT)): "size and root of the unit's own log, signed by it and cosigned by the hub",
    UNIT_ENTRY: "an act that the unit's own log records about a message: what and when, with names hidden",
    UNIT_PROOF: "the proof that the act of this index stands in the unit's log under its checkpoint",
    MESSAGE: "a sealed message with its signed header, as it travelled",
    RECEIPT: "a signed receipt: who says what about a message",
    SALT: "the secret number that binds the opened content to its message",
    CONTENT: "the content of a message, opened for this purpose",
}
"""Every file of the layout, in words. A manifest says exactly these."""


@dataclass(frozen=True)
class Listed:
    """What a manifest says about a file: its size in bytes and its SHA-256."""

    size: int
    sha256: str


def words_of(name: str) -> str | None:
    """What the file `name` is, or None if no bundle has it."""
    return next((words for pattern, words in WORDS.items() if pattern.fullmatch(name)), None)


def with_manifest(created: int, files: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    """The files, and behind the last of them the manifest that lists them; `created` is unix seconds."""
    rows: list[dict[str, Writable]] = []
    for name, data in files:
        rows.append({"name": name, "sha256": sha256(data).hexdigest(), "size": len(data), "what": words_of(name) or ""})
        yield name, data
    yield MANIFEST, dumps({"schema": SCHEMA, "created": to_text(created), "files": rows})


def read_manifest(data: bytes) -> dict[str, Listed]:
    """The files that a manifest lists. Raises Unreadable unless it is one of ours, in order, and in our words."""
    try:
        return _listed(parsed(data, MANIFEST_LIMIT))
    except EvidenceRefused as error:
        raise Unreadable(f"{MANIFEST}: {error}") from error


def _listed(manifest: Members) -> dict[str, Listed]:
    if text(manifest, "schema") != SCHEMA or manifest.keys() != {"created", "files", "schema"}:
        raise EvidenceRefused(f"not of {SCHEMA}")
    instant(manifest, "created")
    rows = objects(manifest, "files")
    if len(rows) >= MAX_FILES or any(row.keys() != {"name", "sha256", "size", "what"} for row in rows):
        raise EvidenceRefused("too many files, or one that is not described by name, sha256, size and what")
    names = [text(row, "name") for row in rows]
    if names != sorted(set(names)):
        raise EvidenceRefused("names are not in order, or one stands twice")
    if any(text(row, "what") != (words_of(name) or "") for row, name in zip(rows, names, strict=True)):
        raise EvidenceRefused("a file is described as what it is not")
    return {name: Listed(number(row, "size"), text(row, "sha256")) for row, name in zip(rows, names, strict=True)}


def matching(pattern: re.Pattern[str], names: Iterable[str]) -> list[tuple[str, str]]:
    """The names of `pattern` in order, each with the part of it that identifies the file."""
    return [(name, match[1]) for name in sorted(names) if (match := pattern.fullmatch(name))]


def indexed(pattern: re.Pattern[str], names: Iterable[str]) -> list[tuple[str, int]]:
    """The names of `pattern` with their number, in the order of the numbers."""
    found = [(name, int(part)) for name, part in matching(pattern, names)]
    return sorted(found, key=lambda one: one[1])
