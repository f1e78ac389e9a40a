"""Invitations and the requests that answer them: whole, in their time, and bound to each other."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from crypto import statements
from crypto.signing import SigningKey, new_seeds
from schemas import invitations
from schemas.directory import members
from schemas.invitations import (
    INVITATION_LABEL,
    LIFE,
    REQUEST_LABEL,
    EnrolmentRequest,
    FingerprintDiffers,
    Invitation,
    InvitationExpired,
    InvitationRefused,
    RequestRefused,
)
from tests.federation import UnitKeys, World, profile
from tests.instants import DAY, NOW

ROOT_SEEDS, KEY_SEEDS = new_seeds(), new_seeds()
ROOT, KEY = SigningKey.from_seeds(ROOT_SEEDS), SigningKey.from_seeds(KEY_SEEDS)
WORLD = World(NOW, roots=[ROOT, SigningKey.generate(), SigningKey.generate()])
UZ = UnitKeys("UZ")
CARD = UZ.card(NOW)


def invitation(**changes: object) -> Invitation:
    made = Invitation(
        federation="Test",
        anchor=WORLD.anchor(),
        hub_url="https://hub.example",
        profile=profile("UZ"),
        seeds=KEY_SEEDS,
        issued=NOW,
        expires=NOW + 14 * DAY,
    )
    return made.model_copy(update=changes)


WIRE = invitations.invite(invitation(), ROOT)
REQUEST = invitations.request(invitation(), UZ.root, CARD)


def signed(*keys: SigningKey, **changes: object) -> bytes:
    answer = EnrolmentRequest(invited=KEY.public, card=CARD).model_copy(update=changes)
    return statements.sign_batch(keys, REQUEST_LABEL, [members(answer)])[0]


def test_an_invitation_is_read_as_it_was_written_and_shows_no_secret() -> None:
    read = invitations.read_invitation(WIRE, NOW)
    assert read == invitation()
    assert read.key.kid == KEY.kid
    assert "seeds" not in repr(read)


@pytest.mark.parametrize("now", [NOW - 601, NOW + 14 * DAY])
def test_an_invitation_is_good_only_in_its_time(now: int) -> None:
    with pytest.raises(InvitationExpired):
        invitations.read_invitation(WIRE, now)


def test_no_invitation_is_good_for_long() -> None:
    with pytest.raises(ValidationError, match="30 days"):
        Invitation(**dict(invitation()) | {"expires": NOW + LIFE + 1})


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(WIRE) - 1), st.integers(0, 7))
def test_an_invitation_with_a_flipped_bit_anywhere_is_refused(at: int, bit: int) -> None:
    bent = bytearray(WIRE)
    bent[at] ^= 1 << bit
    with pytest.raises(InvitationRefused):
        invitations.read_invitation(bytes(bent), NOW)


@pytest.mark.parametrize(
    "wire",
    [
        invitations.invite(invitation(), SigningKey.generate()),
        statements.sign_batch([ROOT], REQUEST_LABEL, [members(invitation())])[0],
        invitations.invite(invitation(seeds=b"short"), ROOT),
        invitations.invite(invitation(seeds=ROOT_SEEDS), ROOT),
        b"{}",
    ],
    ids=["by a stranger", "under another label", "no key", "a root as the key", "nothing"],
)
def test_what_no_keeper_signed_as_an_invitation_is_none(wire: bytes) -> None:
    with pytest.raises(InvitationRefused):
        invitations.read_invitation(wire, NOW)


def test_a_request_is_bound_to_its_invitation_and_to_its_card() -> None:
    read = invitations.read_request(REQUEST)
    assert (read.kid, read.card) == (KEY.kid, CARD)


@pytest.mark.parametrize(
    "wire",
    [
        signed(KEY),
        signed(UZ.root),
        signed(UZ.root, SigningKey.generate()),
        signed(UZ.root, KEY, invited=SigningKey.generate().public),
        signed(UZ.root, KEY, card=UnitKeys("UZ").card(NOW)),
        signed(UZ.root, KEY, card=CARD.model_copy(update={"possession": UZ.card(NOW + 1).possession})),
        signed(UZ.root, KEY, invited=UZ.root.public),
        signed(UZ.root, KEY, invited=b"no key"),
        signed(
            UZ.root,
            KEY,
            card=CARD.model_copy(update={"unit": CARD.unit.model_copy(update={"roots": (UZ.root.public, KEY.public)})}),
        ),
        statements.sign_batch([ROOT], INVITATION_LABEL, [members(invitation())])[0],
        b"",
    ],
    ids=[
        "without the root",
        "without the invitation",
        "with another key",
        "of another invitation",
        "with the card of another root",
        "without possession",
        "the root for the invitation",
        "no key",
        "two roots",
        "an invitation",
        "nothing",
    ],
)
def test_a_request_that_does_not_prove_everything_is_refused(wire: bytes) -> None:
    with pytest.raises(RequestRefused):
        invitations.read_request(wire)


def test_a_fingerprint_is_digits_that_every_language_reads_alike() -> None:
    groups = invitations.fingerprint(REQUEST).split()
    assert [len(group) for group in groups] == [5] * 8
    assert "".join(groups).isdecimal()
    assert invitations.fingerprint(WIRE) != invitations.fingerprint(REQUEST)


def test_a_fingerprint_is_compared_however_its_groups_are_set_apart() -> None:
    read = invitations.fingerprint(REQUEST)
    for heard in (read, read.replace(" ", ""), read.replace(" ", "-"), f" {read}\n"):
        invitations.compare(REQUEST, heard)
    for heard in ("", read[:-1], read[::-1], f"{read} 0", invitations.fingerprint(WIRE)):
        with pytest.raises(FingerprintDiffers):
            invitations.compare(REQUEST, heard)
