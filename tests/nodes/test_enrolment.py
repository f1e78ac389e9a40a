"""A new unit joins a federation that is at work: invited, compared, let in by two keepers, and written to and heard."""

import pytest
from sqlalchemy import select

from exchange.hub import enrolling, proposing
from exchange.hub.enrolling import Invited
from exchange.hub.proposing import Signing
from nodes import enrolment
from nodes.drafts import NewDraft
from nodes.enrolment import Secrets
from nodes.enrolment_errors import InvitationOver, InvitationRefused, OtherFingerprint
from nodes.settings import NodeSettings
from nodes.tables import MessageRow, ThreadRow
from schemas import invitations
from schemas.directory import sign_federation
from schemas.invitations import Invitation, fingerprint
from serai import founding
from tests.federation import everybody, profile
from tests.hub.desk import CHEAP, URL
from tests.instants import DAY
from tests.nodes.world import PASSPHRASE, Unit, Wire, World, send, someone


def invite(world: World) -> bytes:
    """A keeper invites Uzbekistan; what he hands over."""
    held = world.desk.hub.register.current.federation
    made = founding.invitation(held, profile("UZ"), URL, (world.now, world.now + DAY))
    wire = invitations.invite(made, world.desk.world.roots[0])
    enrolling.invite(world.desk.hub, Invited(made.profile, made.key.kid, made.expires, bytes(64)))
    return wire


def answer(world: World, invitation: Invitation) -> bytes:
    """The unit makes its node, and asks to be let in."""
    folder = world.folder / "UZ"
    settings = NodeSettings(unit="UZ", env="live", folder=folder, hub_url=invitation.hub_url, poll_wait=0)
    folder.mkdir()
    world.units["UZ"] = Unit(settings, Wire(world.inside), lambda: world.now)
    return enrolment.answer(settings, invitation, Secrets(PASSPHRASE, PASSPHRASE, CHEAP), world.now)


def let_in(world: World, request: bytes, read: str) -> None:
    """Two keepers, each by himself: compare what the unit read to him, check, sign."""
    for root in world.desk.world.roots[1:]:
        invitations.compare(request, read)
        held = world.desk.hub.register.current.federation
        units = [founding.check_request(request, held).card.unit]
        agreed = everybody([unit.unit for unit in (*held.units, *units)])
        document = founding.next_document(held, world.now, units=units, agreements=agreed)
        proposing.sign(world.desk.hub, Signing(sign_federation(document, [root]), (request,)))


def arrived(world: World, unit: str) -> str:
    with world.node(unit).db.read() as session:
        return session.scalars(select(MessageRow.message_id).where(MessageRow.direction == "IN")).one()


def test_a_new_unit_is_invited_let_in_by_two_keepers_and_answers_a_request(small: World) -> None:
    invitation = enrolment.read(invite(small), small.now)
    request = answer(small, invitation)
    let_in(small, request, fingerprint(request))
    anchor = invitation.anchor.to_bytes()
    enrolment.join(small.units["UZ"].open(), anchor, fingerprint(anchor))
    small.sync("UZ", "TJ", rounds=1)
    tj, uz = small.node("TJ"), small.node("UZ")
    asked = send(tj, someone(tj, "rustam"), NewDraft("REQ", recipients=("UZ",)))
    small.sync("TJ", "UZ")
    assert arrived(small, "UZ") == asked
    answered = send(uz, someone(uz, "dilnoza"), NewDraft("ANS", in_reply_to=asked))
    small.sync("UZ", "TJ")
    assert arrived(small, "TJ") == answered
    with tj.db.read() as session:
        assert session.scalars(select(ThreadRow.state)).one() == "ANSWERED_PARTIAL"


def test_a_unit_that_hears_another_fingerprint_believes_no_roots(small: World) -> None:
    invitation = enrolment.read(invite(small), small.now)
    request = answer(small, invitation)
    node = small.units["UZ"].open()
    with pytest.raises(OtherFingerprint):
        enrolment.join(node, invitation.anchor.to_bytes(), fingerprint(request))


def test_a_changed_or_late_invitation_makes_nothing(small: World) -> None:
    wire = invite(small)
    with pytest.raises(InvitationRefused):
        enrolment.read(wire.replace(b"UZ", b"UA"), small.now)
    with pytest.raises(InvitationOver):
        enrolment.read(wire, small.now + DAY)
