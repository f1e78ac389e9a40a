"""The evidence of a message or a whole case as one file for a court, verified before it is handed over.

What the unit holds (envelopes, receipts, key statements) is joined with what the hub's log says about it: entries and
their proofs under one published checkpoint. No transaction is open while the hub is asked; the export is logged with
the digest of the file. Content is there only if it is asked for, may be read by whoever asks, and its handling codes
allow it. A case that was erased has none to give, and its evidence verifies all the same.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import BinaryIO, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from audit.checkpoints import Checkpoint, LogKeys
from audit.errors import AuditError
from audit.evidence import archive
from audit.evidence.archive import Archive
from audit.evidence.bundle import BundleParts, Logged, Opened, UnitLog, write_bundle
from audit.evidence.findings import Level
from audit.evidence.verification import Trust, verify_bundle
from audit.notes import Note
from crypto import signing
from exchange.policy.facts import Act, Action
from nodes import cases, forks, gathering, judging, log, messages, oversight_scope, rest, restrictions, storing
from nodes.deeds import Deed, Exact
from nodes.errors import BadInput, EvidenceRefused, NotFound
from nodes.gathering import Gathered
from nodes.hub_client import HubClient
from nodes.judging import Wish
from nodes.node import Node
from nodes.permissions import allowed, require
from nodes.tables import CaseRow, EventRow, MessageRow, ReceiptRow
from nodes.views import Actor
from nodes.watch_tables import AnchorRow
from schemas import codes

_CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the evidence is to be about: one message, or every message of a case; `reason` goes into the log.

    `purpose`: for what the content is to be used, if for anything else than what it was given for. `use`: who gets it,
    a code of the table `court_uses`.
    """

    message_id: str | None = None
    case_ref: str | None = None
    with_content: bool = False
    reason: str = ""
    purpose: str = ""
    use: str = "COURT"


@dataclass(frozen=True, slots=True)
class Exported:
    """What went into the file: its SHA-512, and the messages whose content the rules keep out of it."""

    sha512: str
    messages: int
    receipts: int
    opened: int
    withheld: tuple[str, ...]
    log_index: int


@dataclass(frozen=True, slots=True)
class _Plan:
    """The rows in question by eid, read in one transaction; `anchor`: a size of our log, its place in the hub's."""

    case_id: str
    messages: Mapping[str, str] = field(default_factory=dict)
    receipts: tuple[bytes, ...] = ()
    open: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
    anchor: tuple[int, int] | None = None


def export(node: Node, actor: Actor, wanted: Wanted, out: BinaryIO) -> Exported:
    """Write the evidence to `out` (a seekable file open for reading and writing) and log the act.

    Raises `Denied`, `NotFound` for what is not this actor's to export, `HubUnreachable`, `HubProblem`, and
    `EvidenceRefused` when the hub's log does not cover it yet or what came does not verify; `out` is then worthless.
    """
    require(actor, Action.EXPORT_EVIDENCE)
    with node.db.read() as session:
        plan = _plan(session, node, actor, wanted)
    with HubClient(node) as client:
        gathered = gathering.gather(node, client, tuple(plan.messages), () if plan.anchor is None else plan.anchor[1:])
    receipts = tuple(wire for wire in plan.receipts if gathered.covers(wire))
    try:
        with node.db.read() as session:
            archive.write(out, write_bundle(_parts(session, node, plan, gathered, receipts)))
        _verify(node, out)
    except AuditError as error:
        raise EvidenceRefused(error.code) from error
    digest = _digest(out)
    with node.db.write() as session:
        index = log.record(session, node, _act(actor, wanted, plan, cases.of(session, plan.case_id), digest))
    return Exported(digest, len(plan.messages), len(receipts), len(plan.open), plan.withheld, index)


def check(session: Session, node: Node, actor: Actor, wanted: Wanted) -> None:
    """Return if there is something that `actor` may take out; raises `Denied`, `NotFound` and `OutsideVisit`."""
    require(actor, Action.EXPORT_EVIDENCE)
    _plan(session, node, actor, wanted)


def confirmed_as(actor: Actor, wanted: Wanted) -> Exact | None:
    """Return what is confirmed with a factor before it leaves: all that is content, and all that an auditor takes."""
    target, told = wanted.message_id or wanted.case_ref or "", {"purpose": wanted.purpose, "reason": wanted.reason}
    if wanted.with_content:
        return Exact(Deed.COURT_EVIDENCE, target, {**told, "use": wanted.use})
    return Exact(Deed.AUDIT_EVIDENCE, target, told) if allowed(actor, Action.READ_LOG) else None


def require_court(session: Session, node: Node, actor: Actor, wanted: Wanted) -> None:
    """Return if `actor` may hand out what one message says, for the purpose and to whom `wanted` says.

    Raises `Refused`, which names the rules, `NotFound`, `RestrictionUnread`, and `BadInput` for no such use.
    """
    found = messages.opened(session, node, actor, wanted.message_id or "", Act.READ)
    for wish in _showing(session, actor, found.row, wanted):
        judging.require(node, actor, found.subject, wish)


def _plan(session: Session, node: Node, actor: Actor, wanted: Wanted) -> _Plan:
    """Read what is asked for, as far as `actor` may have it; raises `NotFound`."""
    case, found = _chosen(session, wanted)
    rows = [row for row in found if row.envelope]  # an erased arrival whose envelope could still be opened has none
    if not rows:
        raise NotFound
    if wanted.with_content or not allowed(actor, Action.READ_LOG):
        cases.require_read(session, node, actor, case.case_id)
    oversight_scope.require_messages(actor, case.case_ref, rows)
    opened: list[str] = []
    withheld: list[str] = []
    for row in rows if wanted.with_content else ():
        if row.sealed and case.wrapped_key is not None:
            (opened if _for_courts(session, node, actor, row, wanted) else withheld).append(row.eid)
    numbers = {row.eid: row.message_id for row in rows}
    held = select(ReceiptRow.wire).where(ReceiptRow.eid.in_(numbers), ReceiptRow.wire.is_not(None))
    receipts = tuple(wire for wire in session.scalars(held) if wire is not None)
    return _Plan(case.case_id, numbers, receipts, tuple(opened), tuple(withheld), _anchor(session))


def _chosen(session: Session, wanted: Wanted) -> tuple[CaseRow, list[MessageRow]]:
    if wanted.message_id is not None:
        row = session.get(MessageRow, wanted.message_id)
        if row is None:
            raise NotFound
        return cases.of(session, row.case_id), [row]
    case = cases.by_ref(session, wanted.case_ref or "")
    return case, list(session.scalars(select(MessageRow).where(MessageRow.case_id == case.case_id)))


def _for_courts(session: Session, node: Node, actor: Actor, row: MessageRow, wanted: Wanted) -> bool:
    case, wishes = cases.of(session, row.case_id), _showing(session, actor, row, wanted)
    if not storing.is_readable(case, row, node.now()):
        return False
    subject = judging.subject(session, node, actor, row, storing.content_of(node, case, row).labels)
    return all(judging.decide(node, actor, subject, wish).allowed for wish in wishes)


def _showing(session: Session, actor: Actor, row: MessageRow, wanted: Wanted) -> tuple[Wish, Wish]:
    """A court's file is two acts: content leaves the node, and it is shown as `wanted` says."""
    if wanted.use not in codes.table("court_uses"):
        raise BadInput("use")
    use, confirmed = codes.table("court_uses")[wanted.use], restrictions.confirmed(session, actor, row.message_id)
    wish = Wish(Act(use.text("act")), to=use.text("to"), purpose=wanted.purpose, text_confirmed=confirmed)
    return replace(wish, act=Act.EXPORT), wish


class _Envelopes(Mapping[str, bytes]):
    """The envelopes of some messages by eid, each read from its row when its turn comes."""

    def __init__(self, session: Session, messages: Mapping[str, str]) -> None:
        self._session, self._messages = session, messages

    def __getitem__(self, eid: str) -> bytes:
        query = select(MessageRow.envelope).where(MessageRow.message_id == self._messages[eid])
        return self._session.scalars(query).one()

    def __iter__(self) -> Iterator[str]:
        return iter(self._messages)

    def __len__(self) -> int:
        return len(self._messages)


class _Contents(Mapping[str, Opened]):
    """The contents to be opened by eid, each unsealed when its turn comes."""

    def __init__(self, session: Session, node: Node, plan: _Plan) -> None:
        self._session, self._node, self._plan = session, node, plan

    def __getitem__(self, eid: str) -> Opened:
        row = self._session.get_one(MessageRow, self._plan.messages[eid])
        case = cases.of(self._session, row.case_id)
        key = rest.message_key(self._node.store.kek, case, row)
        salt = key.open(row.salt_sealed, *rest.place("message", row.message_id, "salt"))
        return Opened(salt, storing.plain_of(self._node, case, row))

    def __iter__(self) -> Iterator[str]:
        return iter(self._plan.open)

    def __len__(self) -> int:
        return len(self._plan.open)


def _parts(session: Session, node: Node, plan: _Plan, gathered: Gathered, receipts: tuple[bytes, ...]) -> BundleParts:
    return BundleParts(
        created=node.now(),
        federations=gathered.federations,
        statements=gathered.statements,
        checkpoint=gathered.checkpoint,
        logged=gathered.logged,
        messages=_Envelopes(session, plan.messages),
        receipts=receipts,
        opened=_Contents(session, node, plan),
        forks=_forks(session, node),
        stamped=gathered.stamped,
        unit=_unit_log(session, node, plan),
    )


def _anchor(session: Session) -> tuple[int, int] | None:
    """The newest head of our own log that stands in the hub's: its size, and the index there."""
    placed = select(AnchorRow.size, AnchorRow.index).where(AnchorRow.index.is_not(None))
    for size, index in session.execute(placed.order_by(AnchorRow.size.desc()).limit(1)):
        return size, index or 0
    return None


def _unit_log(session: Session, node: Node, plan: _Plan) -> UnitLog | None:
    """What our own log records about these messages, under its newest anchored head."""
    if plan.anchor is None:
        return None
    size = plan.anchor[0]
    about = EventRow.message_id.in_(plan.messages.values())
    indices = session.scalars(select(EventRow.index).where(about, EventRow.index < size))
    logged = [Logged(at, node.log.entry(session, at), node.log.inclusion(session, at, size)) for at in indices]
    return UnitLog(session.get_one(AnchorRow, size).note, logged)


def _forks(session: Session, node: Node) -> list[tuple[bytes, bytes]]:
    """Every pair of checkpoints of the hub's log, of one size, that were shown here and cannot both be true."""
    origin = LogKeys.parse(*node.directory().federation.hub.log).origin
    pairs = [(fork.held, fork.other) for fork in forks.found(session) if fork.log_id == origin]
    return [pair for pair in pairs if len({Checkpoint.parse(Note.parse(note).text).size for note in pair}) == 1]


def _verify(node: Node, out: BinaryIO) -> None:
    """Check the file as a court would, from the roots that this node pinned; raises `EvidenceRefused`."""
    trust = Trust(frozenset(signing.kid_of(root) for root in node.directory().federation.roots))
    report = verify_bundle(Archive(out), trust)
    # That the log signed two histories is no fault of the evidence: it is what a court must see.
    faults = {one.code for one in report.findings if one.level is Level.BAD} - {"HISTORY_CONTRADICTED"}
    if faults:
        raise EvidenceRefused(", ".join(sorted(faults)))


def _digest(out: BinaryIO) -> str:
    out.seek(0)
    digest = hashlib.sha512()
    while chunk := out.read(_CHUNK):
        digest.update(chunk)
    out.seek(0)
    return digest.hexdigest()


def _act(actor: Actor, wanted: Wanted, plan: _Plan, case: CaseRow, digest: str) -> log.Act:
    """What left the unit: an auditor's or an officer's export, or the disclosure of content."""
    operation = "AUDIT_EXPORT" if allowed(actor, Action.READ_LOG) else "EXPORT"
    return replace(
        log.by(actor, "DISCLOSE" if plan.open else operation),
        case=None if case.wrapped_key is None else case,
        message_id=wanted.message_id,
        justification=wanted.reason,
        codes=("EVIDENCE", *(("CONTENT", f"USE.{wanted.use}") if plan.open else ())),
        digest=digest,
    )
