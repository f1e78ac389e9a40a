"""The export of a whole log as JSON lines, and its verification: every entry is hashed again up to a signed root.

    {"checkpoint":"<signed note>","schema":"serai/log-export/1","vkeys":["<Ed25519 vkey>","<ML-DSA-44 vkey>"]}
    {"entry":"<base64url>","index":0}
    {"entry":"<base64url>","index":1}
    ...

Each line is canonical JSON and ends in LF. Entries 0 to size - 1 of the checkpoint follow in order, and nothing else.
Pure: lines in, lines out; memory does not grow with the log.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from audit.checkpoints import LogKeys, SignedCheckpoint, verify_checkpoint
from audit.edge import Edge
from audit.errors import AuditError
from audit.evidence.findings import EvidenceRefused, Finding, Report, Unreadable
from audit.evidence.members import Members, binary, number, parsed, text, texts
from audit.tiles import MAX_ENTRY
from crypto.canonical import dumps
from crypto.encoding import b64
from crypto.instants import to_text
from crypto.merkle_hash import leaf_hash

SCHEMA: Final = "serai/log-export/1"
HEAD_LIMIT: Final = 1 << 20
LINE_LIMIT: Final = 2 * MAX_ENTRY
_CHUNK: Final = 1024


def write_export(note: bytes, keys: LogKeys, entries: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of an export of the log whose checkpoint is `note`; `entries` are all entries that it covers."""
    yield dumps({"schema": SCHEMA, "checkpoint": note.decode(), "vkeys": list(keys.vkeys)}) + b"\n"
    for index, entry in enumerate(entries):
        yield dumps({"index": index, "entry": b64(entry)}) + b"\n"


def verify_export(lines: Iterable[bytes], vkeys: Sequence[str] = ()) -> Report:
    """Hash every entry again and hold the root against the signed checkpoint; names every finding.

    `vkeys` are the log's keys known from elsewhere; without them the report asks to compare those of the export. Raises
    Unreadable when the first line is not that of an export.
    """
    rest = iter(lines)
    note, keys = _head(next(rest, b""))
    findings: list[Finding] = []
    try:
        signed = verify_checkpoint(note, keys)
    except AuditError as error:
        return Report((Finding("CHECKPOINT_REFUSED", keys.origin, str(error)),))
    said = signed.checkpoint
    findings.append(Finding("CHECKPOINT_SIGNED", said.origin, f"size {said.size}, {to_text(signed.time)}"))
    findings.append(_pinned(keys, vkeys))
    try:
        findings.append(_compare(signed, _root_and_size(rest)))
    except EvidenceRefused as error:
        findings.append(Finding("LINE_REFUSED", said.origin, str(error)))
    return Report(tuple(findings))


def _head(line: bytes) -> tuple[bytes, LogKeys]:
    try:
        head = _line(line, HEAD_LIMIT)
        vkeys = texts(head, "vkeys")
        if text(head, "schema") != SCHEMA or len(vkeys) != 2:
            raise EvidenceRefused(f"the first line is not of {SCHEMA}")
        return text(head, "checkpoint").encode(), LogKeys.parse(*vkeys)
    except AuditError as error:
        raise Unreadable(f"not the export of a log: {error}") from error


def _line(line: bytes, limit: int) -> Members:
    if not line.endswith(b"\n"):
        raise EvidenceRefused("a line does not end in LF")
    return parsed(line[:-1], limit)


def _pinned(keys: LogKeys, vkeys: Sequence[str]) -> Finding:
    if not vkeys:
        return Finding("LOG_KEYS_NOT_PINNED", keys.origin, ", ".join(key.partition("+")[2][:8] for key in keys.vkeys))
    same = set(vkeys) == set(keys.vkeys)
    return Finding("LOG_KEYS_PINNED" if same else "CHECKPOINT_REFUSED", keys.origin, "" if same else "by other keys")


def _root_and_size(lines: Iterator[bytes]) -> Edge:
    edge = Edge()
    leaves: list[bytes] = []
    for index, line in enumerate(lines):
        members = _line(line, LINE_LIMIT)
        if number(members, "index") != index or members.keys() != {"index", "entry"}:
            raise EvidenceRefused(f"entry {index} is missing or out of order")
        leaves.append(leaf_hash(binary(members, "entry")))
        if len(leaves) == _CHUNK:
            edge, _ = edge.extended(leaves)
            leaves = []
    return edge.extended(leaves)[0]


def _compare(signed: SignedCheckpoint, edge: Edge) -> Finding:
    said = signed.checkpoint
    if (edge.size, edge.root) != (said.size, said.root):
        return Finding("LOG_ALTERED", said.origin, f"{edge.size} entries here, {said.size} signed")
    return Finding("LOG_COMPLETE", said.origin, f"{edge.size} entries")
