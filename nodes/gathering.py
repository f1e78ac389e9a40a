"""What the hub's log says about messages of ours, gathered for a court: entries, proofs, documents and statements.

Everything is read under one checkpoint. Nothing that comes is believed here: whoever puts it into a bundle verifies it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha512
from http import HTTPStatus
from typing import Final

from audit.checkpoints import Checkpoint
from audit.errors import AuditError
from audit.evidence.bundle import Logged, Stamped
from audit.notes import Note
from crypto import statements
from nodes.answers import LoggedEntry
from nodes.errors import AnswerRefused, EvidenceRefused, HubProblem
from nodes.hub_client import HubClient
from nodes.node import Node
from schemas import entries, receipts
from schemas.directory import KeyStatement, any_statement
from schemas.entries import DirectoryEntry, MessageEntry, ReceiptEntry, RefusalEntry
from schemas.errors import SchemaError
from schemas.keychecks import STATEMENT_LIMIT
from schemas.receipts import LOGGED_TYPES
from schemas.trust import Directory

AT_ONCE: Final = 64
USES: Final = frozenset({"SIGNING", "WITNESS", "LOG"})
"""Keys whose signatures stand in evidence."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """What goes into a bundle beside what the unit holds itself."""

    checkpoint: bytes
    size: int
    logged: tuple[Logged, ...]
    federations: tuple[bytes, ...]
    statements: dict[int, bytes]
    digests: frozenset[str]
    stamped: tuple[Stamped, ...]

    def covers(self, receipt: bytes) -> bool:
        """Return whether the entry that records this receipt is among the entries."""
        parsed = receipts.parse(receipt)
        if parsed.receipt.type in LOGGED_TYPES:
            return (parsed.receipt.index or 0) < self.size
        return sha512(parsed.signed.statement_bytes).hexdigest() in self.digests


def gather(node: Node, client: HubClient, eids: Sequence[str], anchors: Sequence[int] = ()) -> Gathered:
    """Ask the hub for everything about these envelopes under its newest checkpoint, and for our `anchors` under it.

    Raises `HubUnreachable`, `HubProblem`, and `EvidenceRefused` for an envelope that the checkpoint does not cover.
    """
    note = _published(client)
    size = _size(note)
    logged = {one.index: one for eid in eids for one in _about(client, eid, size)}
    told = [_parsed(one.entry) for one in logged.values()]
    since = min(one.time for one in told)
    documents = _documents(node.directory(), client, size, since)
    units = {one.unit for one in told if isinstance(one, ReceiptEntry)}
    units |= {unit for one in told if isinstance(one, MessageEntry) for unit in (one.sender, *one.to)}
    units |= {one.sender for one in told if isinstance(one, RefusalEntry)}
    stated = _statements(node.directory(), units | set(node.directory().federation.witnesses), size)
    ours = {index for index in anchors if index < size}
    at = sorted({*documents, *stated, *ours} - set(logged))
    for start in range(0, len(at), AT_ONCE):
        logged |= {one.index: one for one in client.entries_at(at[start : start + AT_ONCE], size)}
    accepted = [one.index for one in logged.values() if isinstance(_parsed(one.entry), MessageEntry | RefusalEntry)]
    return Gathered(
        stamped=_stamped(client, accepted, size),
        checkpoint=note,
        size=size,
        logged=tuple(_logged(logged[index]) for index in sorted(logged)),
        federations=tuple(documents[index] for index in sorted(documents)),
        statements=stated,
        digests=frozenset(one.digest for one in told if isinstance(one, ReceiptEntry)),
    )


def _stamped(client: HubClient, indices: Iterable[int], size: int) -> tuple[Stamped, ...]:
    """For each of these entries the earliest time-stamped checkpoint that covers it, led to the one of `size`."""
    found: dict[int, Stamped] = {}
    for index in sorted(indices):
        if any(index < covered for covered in found):
            continue
        answer = client.stamped(index + 1)
        covered = 0 if answer is None else _size(answer.note)
        if answer is not None and index < covered <= size:
            found[covered] = Stamped(covered, answer.note, answer.token, client.consistency(covered, size))
    return tuple(found.values())


def _published(client: HubClient) -> bytes:
    """Return the newest checkpoint; raises `EvidenceRefused` before the first one, which a new hub has not yet."""
    try:
        return client.checkpoint()
    except HubProblem as error:
        if error.status == HTTPStatus.NOT_FOUND:
            raise EvidenceRefused("NOT_SIGNED_YET") from error
        raise


def _size(note: bytes) -> int:
    try:
        return Checkpoint.parse(Note.parse(note).text).size
    except AuditError as error:
        raise AnswerRefused("not a checkpoint") from error


def _about(client: HubClient, eid: str, size: int) -> tuple[LoggedEntry, ...]:
    found = client.entries_about(eid, size)
    if not any(isinstance(_parsed(one.entry), MessageEntry | RefusalEntry) for one in found):
        raise EvidenceRefused("NOT_SIGNED_YET")
    return found


def _documents(directory: Directory, client: HubClient, size: int, since: int) -> dict[int, bytes]:
    """The federation documents under the checkpoint, from the one in force at `since` on, by index of their leaf."""
    found: dict[int, bytes] = {}
    for version in range(directory.federation.version, 0, -1):
        document = client.federation(version)
        if document.index >= size:
            continue
        found[document.index] = document.wire
        (leaf,) = client.entries_at([document.index], size) or (None,)
        entry = None if leaf is None else _parsed(leaf.entry)
        if isinstance(entry, DirectoryEntry) and entry.time <= since:
            break
    return found


def _statements(directory: Directory, units: Iterable[str], size: int) -> dict[int, bytes]:
    """The statements of keys whose signatures stand in evidence, and their revocations, by index."""
    wanted, kids = set(units), set()
    found: dict[int, bytes] = {}
    for one in directory.parts.statements:
        if one.index >= size:
            continue
        stated = any_statement(statements.parse(one.wire, limit=STATEMENT_LIMIT).statement_bytes)
        if isinstance(stated, KeyStatement) and stated.use in USES and stated.unit in wanted:
            kids.add(stated.kid)
        if stated.kid in kids:
            found[one.index] = one.wire
    return found


def _parsed(entry: bytes) -> entries.AnyEntry:
    try:
        return entries.parse(entry)
    except SchemaError as error:
        raise AnswerRefused("not a log entry") from error


def _logged(one: LoggedEntry) -> Logged:
    return Logged(one.index, one.entry, tuple(bytes.fromhex(node) for node in one.path))
