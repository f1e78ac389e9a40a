"""How a unit comes into a federation: the invitation that it gets, and the request with which it answers, once.

A keeper of a federation root signs the invitation; it carries the seeds of a key for one use, of which the federation
keeps only the id. The unit's answer is signed by that key and by the unit's new root, so it is bound to the invitation
and to exactly these keys. Neither proves that the other side is who it says: for that people read each other the
fingerprints (protocol.md §14). Which invitations are open is no concern of this module.
"""

import re
from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import Field, model_validator

from crypto import signing, statements
from crypto.errors import CryptoError
from crypto.pae import tagged
from crypto.signing import SigningKey
from schemas.base import Binary, Name, UtcText, Wire
from schemas.directory import Profile, UnitCard, keys_by_id, members
from schemas.errors import Malformed, SchemaError
from schemas.keychecks import possession_nonce
from schemas.trust import CLOCK_SKEW, Anchor

INVITATION_LABEL: Final = "serai/invitation/1"
REQUEST_LABEL: Final = "serai/enrolment/1"
FINGERPRINT_LABEL: Final = "serai/fingerprint/1"

LIFE: Final = 30 * 86_400
"""Seconds after which no invitation can be answered any more."""

LIMIT: Final = 1 << 20

GROUPS: Final = 8
GROUP: Final = 5
_SEPARATORS: Final = re.compile(r"[\s.,-]+")


class InvitationRefused(SchemaError):
    """No invitation, or changed since a keeper signed it."""

    code: ClassVar[str] = "INVITATION_REFUSED"


class InvitationExpired(SchemaError):
    """The invitation is past its time, or not yet good by this clock."""

    code: ClassVar[str] = "INVITATION_EXPIRED"


class RequestRefused(SchemaError):
    """No enrolment request, or one that does not prove what it claims."""

    code: ClassVar[str] = "ENROLMENT_REFUSED"


class FingerprintDiffers(SchemaError):
    """What was read by telephone is not the fingerprint of what is here."""

    code: ClassVar[str] = "FINGERPRINT_DIFFERS"


class Invitation(Wire):
    """One unit is invited into one federation, until `expires`; `seeds` are those of the key that signs the answer.

    The anchor is all that a node must believe: the keys of the hub stand in the document that these roots sign.
    """

    v: Literal[1] = 1
    type: Literal["INVITATION"] = "INVITATION"
    federation: Name
    anchor: Anchor
    hub_url: Annotated[str, Field(max_length=300)]
    profile: Profile
    seeds: Annotated[Binary, Field(repr=False)]
    issued: UtcText
    expires: UtcText

    @model_validator(mode="after")
    def _short(self) -> Self:
        if not 0 < self.expires - self.issued <= LIFE:
            raise ValueError("expires: within 30 days of issued")
        return self

    @property
    def key(self) -> SigningKey:
        """The key for one use; raises `InvitationRefused` if the seeds are none."""
        try:
            return SigningKey.from_seeds(self.seeds)
        except CryptoError as error:
            raise InvitationRefused("no key for the answer") from error


class EnrolmentRequest(Wire):
    """What an invited unit answers: its card, and the public key of the invitation that it answers."""

    v: Literal[1] = 1
    type: Literal["ENROLMENT"] = "ENROLMENT"
    invited: Binary
    card: UnitCard

    @property
    def kid(self) -> str:
        """The id of the invitation's key: all that the federation keeps of its secret."""
        return signing.kid_of(self.invited)


def invite(invitation: Invitation, root: SigningKey) -> bytes:
    """Return the wire form of `invitation` under a root of its own anchor."""
    return statements.sign_batch([root], INVITATION_LABEL, [members(invitation)])[0]


def read_invitation(wire: bytes, now: int) -> Invitation:
    """Return the invitation in `wire`, good at `now`; raises `InvitationRefused` or `InvitationExpired`.

    It is then whole, and from whoever holds these roots; who that is, only the compared fingerprint says.
    """
    try:
        signed = statements.parse(wire, limit=LIMIT)
        found = Invitation.from_bytes(signed.statement_bytes)
        signed.verify(INVITATION_LABEL, keys_by_id(found.anchor.roots))
    except (CryptoError, Malformed) as error:
        raise InvitationRefused(str(error)) from error
    if found.key.kid in keys_by_id(found.anchor.roots):
        raise InvitationRefused("a root is no key for one use")
    if not found.issued - CLOCK_SKEW <= now < found.expires:
        raise InvitationExpired("past its time, or from the future")
    return found


def request(invitation: Invitation, root: SigningKey, card: UnitCard) -> bytes:
    """Return the wire form of the answer to `invitation`, under its key and the unit's `root`."""
    key = invitation.key
    answer = members(EnrolmentRequest(invited=key.public, card=card))
    return statements.sign_batch([key, root], REQUEST_LABEL, [answer])[0]


def read_request(wire: bytes) -> EnrolmentRequest:
    """Return the request in `wire`; raises `RequestRefused` unless both keys signed it and the root is proved."""
    try:
        signed = statements.parse(wire, limit=LIMIT)
        found = EnrolmentRequest.from_bytes(signed.statement_bytes)
        unit, publics = found.card.unit, keys_by_id([found.invited, *found.card.unit.roots])
        if len(unit.roots) != 1:
            raise RequestRefused("not exactly one root")
        for public in publics.values():
            signing.check_public(public)
        signed.verify(REQUEST_LABEL, publics, threshold=2)
        nonce = possession_nonce(found.card.env, found.card.stated)
        signing.verify_possession(unit.roots[0], unit.unit, nonce, found.card.possession)
    except (CryptoError, Malformed) as error:
        raise RequestRefused(str(error)) from error
    return found


def fingerprint(wire: bytes) -> str:
    """Return what people read to each other: 8 groups of 5 decimal digits, alike in every language (132 bits)."""
    digits = f"{int.from_bytes(tagged(FINGERPRINT_LABEL, wire)) % 10 ** (GROUPS * GROUP):0{GROUPS * GROUP}d}"
    return " ".join(digits[start : start + GROUP] for start in range(0, GROUPS * GROUP, GROUP))


def compare(wire: bytes, heard: str) -> None:
    """Return if `heard` is the fingerprint of `wire`, however its groups are set apart; raises `FingerprintDiffers`."""
    if _SEPARATORS.sub("", heard) != _SEPARATORS.sub("", fingerprint(wire)):
        raise FingerprintDiffers("not that of what is here: stop, and ask the other side over a number that you know")
