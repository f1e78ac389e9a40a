"""Units are let in by keepers of the roots, one after the other: each signs the same next document, none for another.

The hub is their clerk. It keeps which invitations are open, and a document that too few have signed; it puts one in
force when the threshold has signed it, in the transaction that uses up the invitations of its new units. What a keeper
checks before he signs happens where his root is (protocol.md §14). Every step is an entry of the log.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import delete, select

from crypto import statements
from crypto.errors import CryptoError
from crypto.statements import SignedStatement
from exchange.enrolment_errors import NotInvited, OtherThanInvited
from exchange.errors import BadStatement
from exchange.hub.batch import Batch
from exchange.hub.hub import Hub
from exchange.hub.register import digest
from exchange.hub.sequencer import Kind
from exchange.hub.tables import INVITATION, PROPOSAL
from schemas import invitations
from schemas.directory import FEDERATION_LABEL, Federation, Profile, Unit, keys_by_id
from schemas.entries import AdminEntry
from schemas.errors import SchemaError
from schemas.invitations import EnrolmentRequest
from schemas.trust import PART_LIMIT


@dataclass(frozen=True, slots=True)
class Invited:
    """All that is kept of an invitation: for whom, the id of its key, until when, and the digest of what was signed."""

    profile: Profile
    kid: str
    expires: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class Signing:
    """The next document as one keeper signed it, and the requests of the units that it lets in (wire forms)."""

    federation: bytes
    requests: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Signed:
    """How far a document is: in force once as many keepers have signed it as are needed."""

    version: int
    signatures: int
    needed: int

    @property
    def in_force(self) -> bool:
        """Whether it was put in force."""
        return self.signatures >= self.needed


@dataclass(frozen=True, slots=True)
class _Job:
    """A signing whose requests were read."""

    wire: bytes
    requests: tuple[tuple[bytes, EnrolmentRequest], ...]


def invite(hub: Hub, invited: Invited) -> None:
    """Open an invitation; an older one for the same unit is void from then on."""

    def act(batch: Batch, jobs: Sequence[Invited]) -> list[None]:
        for job in jobs:
            _invite(batch, job)
        return [None] * len(jobs)

    hub.do(Kind("invite", act, alone=True), invited)


def waiting(hub: Hub) -> tuple[bytes, ...]:
    """Return the documents that too few keepers have signed (wire forms)."""
    with hub.db.read() as session:
        return tuple(session.connection().execute(select(PROPOSAL.c.wire).order_by(PROPOSAL.c.digest)).scalars())


def sign(hub: Hub, signing: Signing) -> Signed:
    """Add a keeper's signature to the next document; with the last one needed it is in force.

    Raises `RequestRefused`, `NotInvited`, `OtherThanInvited`, or `BadStatement` for what nodes would refuse.
    """

    def act(batch: Batch, jobs: Sequence[_Job]) -> list[Signed]:
        return [_sign(hub, batch, job) for job in jobs]

    requests = tuple((wire, invitations.read_request(wire)) for wire in signing.requests)
    outcome: Signed = hub.do(Kind("sign", act, alone=True), _Job(signing.federation, requests))
    return outcome


def refuse(hub: Hub, unit: str, request: bytes) -> None:
    """Write down that a keeper heard another fingerprint than that of `request`."""

    def act(batch: Batch, jobs: Sequence[bytes]) -> list[None]:
        for job in jobs:
            _note(batch, "REFUSE", unit=unit, reason="FINGERPRINT", digested=digest(job))
        return [None] * len(jobs)

    hub.do(Kind("refuse", act, alone=True), request)


def _invite(batch: Batch, invited: Invited) -> None:
    unit = invited.profile.unit
    batch.connection.execute(delete(INVITATION).where(INVITATION.c.unit == unit))
    row = {"unit": unit, "kid": invited.kid, "expires": invited.expires, "profile": invited.profile.to_bytes()}
    batch.connection.execute(INVITATION.insert(), row)
    _note(batch, "INVITE", unit=unit, digested=invited.digest)


def _sign(hub: Hub, batch: Batch, job: _Job) -> Signed:
    held = batch.directory.federation
    try:
        mine = statements.parse(job.wire, limit=PART_LIMIT)
        wire = _with_those_before(batch, mine)
        document, signatures = _checked(held, wire)
    except (CryptoError, SchemaError) as error:
        raise BadStatement(str(error)) from error
    _check_units(batch, held, document, [request for _, request in job.requests])
    for kid, _ in mine.signatures:
        _note(batch, "SIGN", reason=f"ROOT.{kid[:16].upper()}", digested=digest(mine.statement_bytes))
    state = Signed(document.version, signatures, held.threshold)
    if state.in_force:
        _put_in_force(hub, batch, wire, job)
    else:
        row = {"digest": digest(mine.statement_bytes), "wire": wire}
        batch.connection.execute(delete(PROPOSAL).where(PROPOSAL.c.digest == row["digest"]))
        batch.connection.execute(PROPOSAL.insert(), row)
    return state


def _with_those_before(batch: Batch, mine: SignedStatement) -> bytes:
    """The document under the signatures of all keepers who signed exactly this one."""
    before = select(PROPOSAL.c.wire).where(PROPOSAL.c.digest == digest(mine.statement_bytes))
    wire = batch.connection.execute(before).scalar_one_or_none()
    return mine.wire if wire is None else statements.merge(wire, mine.wire, limit=PART_LIMIT)


def _checked(held: Federation, wire: bytes) -> tuple[Federation, int]:
    """The document that follows the one in force, and how many of its roots signed it."""
    signed, roots = statements.parse(wire, limit=PART_LIMIT), keys_by_id(held.roots)
    document = Federation.from_bytes(signed.statement_bytes)
    if document.version != held.version + 1:
        raise BadStatement("another version than the next")
    if not {kid for kid, _ in signed.signatures} <= set(roots):
        raise BadStatement("signed by a key that is no root")
    signed.verify(FEDERATION_LABEL, roots)
    return document, len(signed.signatures)


def _check_units(batch: Batch, held: Federation, document: Federation, requests: Sequence[EnrolmentRequest]) -> None:
    """Return if whoever enters, or is let in anew, was invited, and stands in the document as he was invited."""
    for request in requests:
        unit = request.card.unit
        row = batch.connection.execute(select(INVITATION).where(INVITATION.c.unit == unit.unit)).one_or_none()
        if row is None or row.kid != request.kid or row.expires <= batch.now:
            raise NotInvited(unit.unit)
        if request.card.env != held.env or unit != Unit.of(Profile.from_bytes(row.profile), unit.roots[0]):
            raise OtherThanInvited(unit.unit)
    entering = [unit for unit in document.units if unit not in held.units]
    if entering != sorted((request.card.unit for request in requests), key=lambda unit: unit.unit):
        raise OtherThanInvited("the document lets in others than those who asked")


def _put_in_force(hub: Hub, batch: Batch, wire: bytes, job: _Job) -> None:
    hub.register.publish(batch, wire, [one for _, request in job.requests for one in request.card.statements])
    batch.connection.execute(delete(PROPOSAL))
    for asked, request in job.requests:
        unit = request.card.unit.unit
        batch.connection.execute(delete(INVITATION).where(INVITATION.c.unit == unit))
        _note(batch, "ENROL", unit=unit, digested=digest(asked))


def _note(
    batch: Batch,
    act: Literal["INVITE", "SIGN", "ENROL", "REFUSE"],
    *,
    digested: bytes,
    unit: str | None = None,
    reason: str | None = None,
) -> None:
    entry = AdminEntry(time=batch.now, nonce=batch.nonce(), act=act, unit=unit, reason=reason, digest=digested.hex())
    batch.log(entry)
