"""The next federation document, signed by one keeper of a root after the other: each at his own desk, on his own day.

The hub keeps what too few have signed. With the signature that completes the threshold the document is in force, in one
transaction with whatever it lets in. A proposal is void once another document is in force, two weeks after its date, or
when a keeper who signed it withdraws it. All signatures at once are the same act, and need no waiting (protocol.md
§5.12). Every step is an entry of the log.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, or_, select, update

from crypto import statements
from crypto.errors import CryptoError
from crypto.statements import SignedStatement
from exchange.enrolment_errors import NothingProposed, OtherThanInvited, ProposalOver, ProposalVoid
from exchange.errors import BadStatement
from exchange.hub import enrolling
from exchange.hub.batch import Batch
from exchange.hub.enrolling import Asked
from exchange.hub.hub import Hub
from exchange.hub.register import digest
from exchange.hub.sequencer import Kind
from exchange.hub.tables import PROPOSAL
from schemas import invitations, proposals
from schemas.directory import Federation, keys_by_id
from schemas.errors import SchemaError
from schemas.proposals import Proposal, Step, Superseded
from schemas.trust import PART_LIMIT


@dataclass(frozen=True, slots=True)
class Signing:
    """The next document under signatures of keepers, and the requests of the units that it lets in (wire forms)."""

    federation: bytes
    requests: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Signed:
    """How far a document is: the ids of the roots that have signed, and of those that have not."""

    version: int
    signed: tuple[str, ...]
    missing: tuple[str, ...]
    needed: int
    in_force: bool

    @property
    def signatures(self) -> int:
        """How many have signed."""
        return len(self.signed)


@dataclass(frozen=True, slots=True)
class _Job:
    """A signing that was read; its requests are sorted, so that their order at a desk says nothing."""

    mine: SignedStatement
    asked: tuple[Asked, ...]

    @property
    def digest(self) -> bytes:
        return digest(self.mine.statement_bytes)

    def proposal(self, held: bytes, wire: bytes) -> Proposal:
        return Proposal(held=held, federation=wire, requests=tuple(one for one, _ in self.asked))


def waiting(hub: Hub) -> tuple[Proposal, ...]:
    """Return the proposals that may still be signed, the oldest first."""
    if not hub.register.version:
        return ()
    directory = hub.register.current
    still = (
        PROPOSAL.c.version == directory.federation.version + 1,
        PROPOSAL.c.expires > hub.clock(),
        PROPOSAL.c.withdrawn.is_(False),
    )
    with hub.db.read() as session:
        found = select(PROPOSAL.c.wire).where(*still).order_by(PROPOSAL.c.expires, PROPOSAL.c.digest)
        return tuple(proposals.read(wire) for wire in session.connection().execute(found).scalars())


def standing(hub: Hub) -> list[dict[str, Any]]:
    """Return a summary of each proposal that may still be signed (`Step.summary`)."""
    return [Step.of(hub.register.current.federation, one.federation).summary() for one in waiting(hub)]


def sign(hub: Hub, signing: Signing) -> Signed:
    """Add keepers' signatures to the next document; with the last one needed it is in force.

    The same signing again changes nothing and is answered as before. Raises `RequestRefused`, `NotInvited`,
    `OtherThanInvited`, `ProposalVoid`, `ProposalOver`, or `BadStatement` for what nodes would refuse.
    """

    def act(batch: Batch, jobs: Sequence[_Job]) -> list[Signed]:
        return [_sign(hub, batch, job) for job in jobs]

    asked = tuple((wire, invitations.read_request(wire)) for wire in sorted(signing.requests))
    try:
        mine = statements.parse(signing.federation, limit=PART_LIMIT)
    except CryptoError as error:
        raise BadStatement(str(error)) from error
    outcome: Signed = hub.do(Kind("sign", act, alone=True), _Job(mine, asked))
    return outcome


def withdraw(hub: Hub, withdrawal: bytes) -> None:
    """Let nobody sign a proposal any more, by the word of a keeper who signed it.

    Raises `NothingProposed`, or `BadStatement` for what no keeper signed.
    """

    def act(batch: Batch, jobs: Sequence[bytes]) -> list[None]:
        for job in jobs:
            _withdraw(batch, job)
        return [None] * len(jobs)

    hub.do(Kind("withdraw", act, alone=True), withdrawal)


def _sign(hub: Hub, batch: Batch, job: _Job) -> Signed:
    held = batch.directory
    if job.mine.statement_bytes == held.federation.to_bytes():  # done before, and the answer was lost
        return _in_force(held.federation, held.parts.federation)
    row = batch.connection.execute(select(PROPOSAL).where(PROPOSAL.c.digest == job.digest)).one_or_none()
    before = None if row is None else proposals.read(row.wire)
    proposal = job.proposal(held.parts.federation, _merged(job.mine, before))
    step = _step(held.federation, proposal)
    if not step.in_time(batch.now) or (row is not None and row.withdrawn):
        raise ProposalOver
    if before is not None and before.requests != proposal.requests:
        raise OtherThanInvited("other requests than those that keepers have checked")
    enrolling.check(batch, step, job.asked)
    known = () if before is None else _kids(before.federation)
    for kid in step.signed:
        if kid not in known:
            enrolling.note(batch, "SIGN", job.digest, reason=_root(kid))
    if step.complete:
        _put_in_force(hub, batch, proposal.federation, job)
    elif step.signed != known:
        _keep(batch, step, proposal)
    return Signed(step.document.version, step.signed, step.missing, step.needed, step.complete)


def _merged(mine: SignedStatement, before: Proposal | None) -> bytes:
    """The document under the signatures of all keepers who signed exactly this one."""
    try:
        return mine.wire if before is None else statements.merge(mine.wire, before.federation, limit=PART_LIMIT)
    except CryptoError as error:
        raise BadStatement(str(error)) from error


def _step(held: Federation, proposal: Proposal) -> Step:
    try:
        return Step.of(held, proposal.federation)
    except Superseded as error:
        raise ProposalVoid(str(error)) from error
    except SchemaError as error:
        raise BadStatement(str(error)) from error


def _put_in_force(hub: Hub, batch: Batch, wire: bytes, job: _Job) -> None:
    hub.register.publish(batch, wire, [one for _, request in job.asked for one in request.card.statements])
    batch.connection.execute(delete(PROPOSAL))
    enrolling.enter(batch, job.asked)


def _keep(batch: Batch, step: Step, proposal: Proposal) -> None:
    """Keep what too few have signed, in place of what is over."""
    over = (PROPOSAL.c.version <= step.held.version, PROPOSAL.c.expires <= batch.now, PROPOSAL.c.digest == step.digest)
    batch.connection.execute(delete(PROPOSAL).where(or_(*over)))
    row = {"digest": step.digest, "version": step.document.version, "expires": step.expires, "withdrawn": False}
    batch.connection.execute(PROPOSAL.insert(), {**row, "wire": proposal.to_bytes()})


def _withdraw(batch: Batch, wire: bytes) -> None:
    held = batch.directory.federation
    try:
        found = proposals.read_withdrawal(wire, held.roots)
    except SchemaError as error:
        raise BadStatement(str(error)) from error
    digested = bytes.fromhex(found.withdrawal.digest)
    still = (PROPOSAL.c.digest == digested, PROPOSAL.c.version > held.version, PROPOSAL.c.expires > batch.now)
    row = batch.connection.execute(select(PROPOSAL).where(*still)).one_or_none()
    if row is None or found.withdrawal.env != held.env or found.kid not in _kids(proposals.read(row.wire).federation):
        raise NothingProposed
    if not row.withdrawn:
        batch.connection.execute(update(PROPOSAL).where(PROPOSAL.c.digest == digested).values(withdrawn=True))
        enrolling.note(batch, "WITHDRAW", digested, reason=_root(found.kid))


def _in_force(document: Federation, wire: bytes) -> Signed:
    signed = _kids(wire)
    missing = (kid for kid in keys_by_id(document.roots) if kid not in signed)
    return Signed(document.version, signed, tuple(missing), document.threshold, in_force=True)


def _kids(wire: bytes) -> tuple[str, ...]:
    """The ids of the keys that signed a stored document."""
    return tuple(kid for kid, _ in statements.parse(wire, limit=PART_LIMIT).signatures)


def _root(kid: str) -> str:
    """The code by which a log entry names a root."""
    return f"ROOT.{kid[:16].upper()}"
