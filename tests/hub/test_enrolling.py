"""Keepers let units in at the hub: by an open invitation, once, and only when enough signed the same document."""

import pytest

from exchange.enrolment_errors import NotInvited, OtherThanInvited
from exchange.errors import BadStatement, ExchangeError
from exchange.hub import enrolling, proposing
from exchange.hub.enrolling import Invited
from exchange.hub.proposing import Signed, Signing
from exchange.hub.tables import INVITATION, PROPOSAL
from schemas import invitations
from schemas.directory import Federation, sign_federation
from schemas.entries import AdminEntry, parse
from schemas.invitations import Invitation, RequestRefused
from serai import founding
from tests.federation import UnitKeys, profile
from tests.hub.desk import Desk
from tests.instants import DAY

UZ = UnitKeys("UZ")


def held(desk: Desk) -> Federation:
    return desk.hub.register.current.federation


def invite(desk: Desk, unit: str = "UZ", days: int = 14) -> Invitation:
    made = founding.invitation(held(desk), profile(unit), desk.settings.public_url, (desk.now, desk.now + days * DAY))
    enrolling.invite(desk.hub, Invited(made.profile, made.key.kid, made.expires, b"digest" * 10 + b"four"))
    return made


def asked(desk: Desk, invitation: Invitation, keys: UnitKeys = UZ) -> bytes:
    return invitations.request(invitation, keys.root, keys.card(desk.now))


def sign(desk: Desk, keeper: int, *requests: bytes, keys: UnitKeys = UZ, at: int = 0) -> Signed:
    """One keeper signs the document that lets the unit in."""
    document = founding.next_document(held(desk), desk.now + at, units=[keys.entry()])
    wire = sign_federation(document, [desk.world.roots[keeper]])
    return proposing.sign(desk.hub, Signing(wire, requests))


def acts(desk: Desk) -> list[tuple[str, str | None]]:
    with desk.db.read() as session:
        size = desk.hub.log.head(session).size
        entries = [parse(entry) for entry in desk.hub.log.entries(session, 0, size)]
    return [(one.act, one.unit) for one in entries if isinstance(one, AdminEntry) and one.act != "PUBLISH"]


def rows(desk: Desk) -> tuple[int, int]:
    with desk.db.read() as session:
        found = (session.connection().execute(table.select()).all() for table in (INVITATION, PROPOSAL))
        invited, waiting = (len(one) for one in found)
    return invited, waiting


def test_a_unit_is_in_when_the_second_keeper_has_signed_the_same_document(desk: Desk) -> None:
    request = asked(desk, invite(desk))
    first = sign(desk, 0, request)
    assert (first.signatures, first.needed, first.in_force, rows(desk)) == (1, 2, False, (1, 1))
    assert "UZ" not in [unit.unit for unit in held(desk).units]
    assert proposing.waiting(desk.hub)
    second = sign(desk, 2, request)
    assert (second.in_force, rows(desk)) == (True, (0, 0))
    assert desk.hub.register.current.unit("UZ").roots == (UZ.root.public,)
    desk.hub.register.current.encryption_key("UZ", desk.now)
    assert acts(desk)[-4:] == [("INVITE", "UZ"), ("SIGN", None), ("SIGN", None), ("ENROL", "UZ")]


def test_one_keeper_who_signs_twice_is_one(desk: Desk) -> None:
    request = asked(desk, invite(desk))
    assert [sign(desk, 0, request).signatures for _ in range(2)] == [1, 1]


def test_keepers_who_signed_different_documents_have_not_agreed(desk: Desk) -> None:
    request = asked(desk, invite(desk))
    assert [sign(desk, keeper, request, at=keeper).signatures for keeper in (0, 1)] == [1, 1]


def test_an_invitation_is_good_once_until_its_time_and_until_the_next_one(desk: Desk) -> None:
    replaced, present = asked(desk, invite(desk)), asked(desk, invite(desk, days=1))
    with pytest.raises(NotInvited):
        sign(desk, 0, replaced)
    desk.now += DAY
    with pytest.raises(NotInvited):
        sign(desk, 0, present)
    again = asked(desk, invite(desk))
    for keeper in (0, 1):
        sign(desk, keeper, again)
    with pytest.raises(NotInvited):
        sign(desk, 0, again)


def test_what_was_not_invited_does_not_come_in(desk: Desk) -> None:
    thief, other = UnitKeys("UZ"), UnitKeys("UZ", accreditation="CONF")
    made = invite(desk)
    tries: list[tuple[tuple[bytes, ...], UnitKeys, type[ExchangeError]]] = [
        ((), UZ, OtherThanInvited),
        ((asked(desk, made, thief),), UZ, OtherThanInvited),
        ((asked(desk, made, other),), other, OtherThanInvited),
        ((asked(desk, made), asked(desk, made)), UZ, OtherThanInvited),
        ((asked(desk, made, UnitKeys("TM")),), UnitKeys("TM"), NotInvited),
    ]
    for requests, keys, error in tries:
        with pytest.raises(error):
            sign(desk, 0, *requests, keys=keys)
    assert (rows(desk), acts(desk)[-1]) == ((1, 0), ("INVITE", "UZ"))


def test_a_request_of_another_environment_is_refused(desk: Desk) -> None:
    request = invitations.request(invite(desk), UZ.root, UZ.card(desk.now, "exercise"))
    with pytest.raises(OtherThanInvited):
        sign(desk, 0, request)


def test_a_document_that_no_keeper_signed_or_that_is_not_the_next_is_refused(desk: Desk) -> None:
    request = asked(desk, invite(desk))
    document = founding.next_document(held(desk), desk.now, units=[UZ.entry()])
    later = document.model_copy(update={"version": document.version + 1})
    wires = [sign_federation(document, [UZ.root]), sign_federation(later, [desk.world.roots[0]]), b"{}"]
    for wire in wires:
        with pytest.raises(BadStatement):
            proposing.sign(desk.hub, Signing(wire, (request,)))
    with pytest.raises(RequestRefused):
        proposing.sign(desk.hub, Signing(wires[0], (b"{}",)))
    assert rows(desk) == (1, 0)


def test_a_wrong_fingerprint_is_an_entry_of_the_log(desk: Desk) -> None:
    enrolling.refuse(desk.hub, "UZ", asked(desk, invite(desk)))
    assert acts(desk)[-1] == ("REFUSE", "UZ")
