"""Passkeys: WebAuthn credentials of the people of a unit, on security keys or devices, with no help from the internet.

The relying party is the host that officers type, so a page elsewhere can ask for nothing that counts here. Attestation
is not asked for; the authenticator must have verified its user, so a passkey alone is two factors. Challenges come from
`nodes.tickets`; this module decides nothing about sessions or acts.
"""

import hashlib
import ipaddress
import json
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

import webauthn
from sqlalchemy import select
from sqlalchemy.orm import Session
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from crypto.encoding import b64, unb64
from crypto.errors import CryptoError
from crypto.pae import pae
from nodes.account_tables import PasskeyRow
from nodes.deeds import ProofRefused
from nodes.errors import BadInput
from nodes.node import Node
from nodes.settings import NodeSettings

ALGORITHMS: Final = [COSEAlgorithmIdentifier.EDDSA, COSEAlgorithmIdentifier.ECDSA_SHA_256]
MOST: Final = 10
"""Passkeys of one account."""

LONGEST: Final = 16_384
_WRONG: Final = (WebAuthnException, CryptoError, ValueError, LookupError, TypeError, AttributeError)
"""All that the library lets out for an answer that is none; everything else would be a defect."""


def offered(settings: NodeSettings) -> bool:
    """Return whether passkeys can be used: browsers know them only for a host that has a name."""
    try:
        ipaddress.ip_address(_host(settings))
    except ValueError:
        return True
    return False


def creation(node: Node, user_id: str, challenge: bytes, known: Sequence[PasskeyRow]) -> str:
    """Return the options (JSON) with which a browser makes a passkey that the account does not have yet."""
    options = webauthn.generate_registration_options(
        rp_id=_host(node.settings),
        rp_name=f"Serai {node.unit}",
        user_id=handle(node.unit, user_id),
        user_name=user_id,
        challenge=challenge,
        attestation=AttestationConveyancePreference.NONE,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[_descriptor(row) for row in known],
        supported_pub_key_algs=ALGORITHMS,
    )
    return webauthn.options_to_json(options)


def request(node: Node, challenge: bytes, known: Sequence[PasskeyRow] = ()) -> str:
    """Return the options (JSON) with which a browser asks for a passkey: of `known`, or any that it has for us."""
    options = webauthn.generate_authentication_options(
        rp_id=_host(node.settings),
        challenge=challenge,
        allow_credentials=[_descriptor(row) for row in known],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return webauthn.options_to_json(options)


def attested(settings: NodeSettings, challenge: bytes, answer: str) -> VerifiedRegistration:
    """Return the passkey that a browser made for `challenge`; raises `ProofRefused`."""
    _short(answer)
    try:
        return webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=_host(settings),
            expected_origin=settings.public_origin,
            require_user_verification=True,
            supported_pub_key_algs=ALGORITHMS,
        )
    except _WRONG as error:
        raise ProofRefused from error


def register(session: Session, node: Node, owner: tuple[str, str], made: VerifiedRegistration) -> str:
    """Keep a new passkey of the account and label in `owner`; returns its id, raises `BadInput` for one too many."""
    user_id, label = owner
    credential_id = b64(made.credential_id)
    if (
        not 1 <= len(label) <= 60
        or len(of(session, user_id)) >= MOST
        or session.get(PasskeyRow, credential_id) is not None
    ):
        raise BadInput("passkey")
    row = PasskeyRow(
        credential_id=credential_id,
        user_id=user_id,
        label=label,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        created=node.now(),
        used=None,
    )
    session.add(row)
    return credential_id


def asserted(session: Session, node: Node, challenge: bytes, answer: str) -> PasskeyRow:
    """Return the passkey that signed `challenge`, and remember its count; raises `ProofRefused`.

    A count that does not grow is a copy of the key, and is refused; authenticators without a count always say 0.
    """
    _short(answer)
    try:
        told = json.loads(answer)
        row = session.get(PasskeyRow, str(told["id"]), with_for_update=True)
        whose = unb64(told["response"].get("userHandle") or "")
    except _WRONG as error:
        raise ProofRefused from error
    if row is None or (whose and whose != handle(node.unit, row.user_id)):
        raise ProofRefused
    row.sign_count, row.used = _verified(node.settings, challenge, answer, row).new_sign_count, node.now()
    return row


def of(session: Session, user_id: str) -> Sequence[PasskeyRow]:
    """Return the passkeys of an account, the oldest first."""
    query = select(PasskeyRow).where(PasskeyRow.user_id == user_id)
    return session.scalars(query.order_by(PasskeyRow.created, PasskeyRow.credential_id)).all()


def handle(unit: str, user_id: str) -> bytes:
    """Return the name under which an authenticator keeps the account; it tells nobody the staff number."""
    return hashlib.sha256(pae(b"serai/passkey-user/1", unit.encode(), user_id.encode())).digest()


def _verified(settings: NodeSettings, challenge: bytes, answer: str, row: PasskeyRow) -> VerifiedAuthentication:
    try:
        return webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=_host(settings),
            expected_origin=settings.public_origin,
            credential_public_key=row.public_key,
            credential_current_sign_count=row.sign_count,
            require_user_verification=True,
        )
    except _WRONG as error:
        raise ProofRefused from error


def _short(answer: str) -> None:
    if not 0 < len(answer) <= LONGEST:
        raise ProofRefused


def _descriptor(row: PasskeyRow) -> PublicKeyCredentialDescriptor:
    return PublicKeyCredentialDescriptor(id=unb64(row.credential_id))


def _host(settings: NodeSettings) -> str:
    return urlsplit(settings.public_origin).hostname or ""
