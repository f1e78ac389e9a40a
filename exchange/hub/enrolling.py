"""Which units may come in: those that a keeper of the roots invited, once, and as he described them.

The hub is the keepers' clerk: it keeps which invitations are open, and lets no document in force whose units are others
(`exchange.hub.proposing`). What a keeper checks before he signs happens where his root is (protocol.md §14). Every step
is an entry of the log.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import delete, select

from exchange.enrolment_errors import NotInvited, OtherThanInvited
from exchange.hub.batch import Batch
from exchange.hub.hub import Hub
from exchange.hub.register import digest
from exchange.hub.sequencer import Kind
from exchange.hub.tables import INVITATION
from schemas.directory import Profile, Unit
from schemas.entries import AdminEntry
from schemas.invitations import EnrolmentRequest
from schemas.proposals import ProposalRefused, Step


@dataclass(frozen=True, slots=True)
class Invited:
    """All that is kept of an invitation: for whom, the id of its key, until when, and the digest of what was signed."""

    profile: Profile
    kid: str
    expires: int
    digest: bytes


Asked = tuple[bytes, EnrolmentRequest]
"""A request that was read: its wire form and what it says."""


def invite(hub: Hub, invited: Invited) -> None:
    """Open an invitation; an older one for the same unit is void from then on."""

    def act(batch: Batch, jobs: Sequence[Invited]) -> list[None]:
        for job in jobs:
            _invite(batch, job)
        return [None] * len(jobs)

    hub.do(Kind("invite", act, alone=True), invited)


def refuse(hub: Hub, unit: str, request: bytes) -> None:
    """Write down that a keeper heard another fingerprint than that of `request`."""

    def act(batch: Batch, jobs: Sequence[bytes]) -> list[None]:
        for job in jobs:
            note(batch, "REFUSE", digest(job), unit=unit, reason="FINGERPRINT")
        return [None] * len(jobs)

    hub.do(Kind("refuse", act, alone=True), request)


def check(batch: Batch, step: Step, asked: Sequence[Asked]) -> None:
    """Return if whoever enters, or is let in anew, was invited, and stands in the document as he was invited.

    Raises `NotInvited` or `OtherThanInvited`.
    """
    for _, request in asked:
        unit = request.card.unit
        row = batch.connection.execute(select(INVITATION).where(INVITATION.c.unit == unit.unit)).one_or_none()
        if row is None or row.kid != request.kid or row.expires <= batch.now:
            raise NotInvited(unit.unit)
        if request.card.env != step.held.env or unit != Unit.of(Profile.from_bytes(row.profile), unit.roots[0]):
            raise OtherThanInvited(unit.unit)
    try:
        step.check_entering([request.card.unit for _, request in asked])
    except ProposalRefused as error:
        raise OtherThanInvited(str(error)) from error


def enter(batch: Batch, asked: Sequence[Asked]) -> None:
    """Use up the invitations of units that are in."""
    for wire, request in asked:
        unit = request.card.unit.unit
        batch.connection.execute(delete(INVITATION).where(INVITATION.c.unit == unit))
        note(batch, "ENROL", digest(wire), unit=unit)


def note(
    batch: Batch,
    act: Literal["INVITE", "SIGN", "WITHDRAW", "ENROL", "REFUSE"],
    digested: bytes,
    *,
    unit: str | None = None,
    reason: str | None = None,
) -> None:
    """Log a step of keepers; `digested` is the SHA-512 of what they gave."""
    entry = AdminEntry(time=batch.now, nonce=batch.nonce(), act=act, unit=unit, reason=reason, digest=digested.hex())
    batch.log(entry)


def _invite(batch: Batch, invited: Invited) -> None:
    unit = invited.profile.unit
    batch.connection.execute(delete(INVITATION).where(INVITATION.c.unit == unit))
    row = {"unit": unit, "kid": invited.kid, "expires": invited.expires, "profile": invited.profile.to_bytes()}
    batch.connection.execute(INVITATION.insert(), row)
    note(batch, "INVITE", invited.digest, unit=unit)
