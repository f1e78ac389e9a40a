"""Tickets: what a page hands out before a factor is shown, bound to who holds it and to what exactly it is for.

A ticket is sealed, not stored, so asking for pages fills no table; the challenge that an authenticator signs is made
from it. That one is taken only once is written down by whoever takes it (`nodes.proofs`).
"""

import hashlib
from dataclasses import dataclass
from typing import Final

from crypto.encoding import b64, unb64
from crypto.errors import CryptoError
from crypto.pae import pae
from nodes.deeds import ProofRefused
from nodes.node import Node

LIFETIME: Final = 300
"""Seconds that a ticket is good: a factor shown for an act is never older than that."""

_LABEL: Final = b"serai/ticket/1"
_EXPIRY: Final = 8


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a ticket is for: the kind of act, who holds it (a session, a visit, an enrolment), the digest of the act."""

    act: str
    holder: str
    digest: str = ""

    def parts(self) -> tuple[bytes, bytes, bytes, bytes]:
        """Return what a ticket is sealed to."""
        return _LABEL, self.act.encode(), self.holder.encode(), self.digest.encode()


def issue(node: Node, purpose: Purpose) -> str:
    """Return a fresh ticket for `purpose`."""
    expiry = (node.now() + LIFETIME).to_bytes(_EXPIRY, "big")
    return b64(node.store.kek.seal(expiry, *purpose.parts()))


def check(node: Node, purpose: Purpose, ticket: str) -> None:
    """Return if `ticket` was issued here for `purpose` and its time is not over; raises `ProofRefused`."""
    try:
        expiry = int.from_bytes(node.store.kek.open(unb64(ticket), *purpose.parts()), "big")
    except CryptoError as error:
        raise ProofRefused from error
    if expiry <= node.now():
        raise ProofRefused


def challenge(purpose: Purpose, ticket: str) -> bytes:
    """Return the 32 bytes that an authenticator signs: they say what is approved, by whom it was asked, and once."""
    return hashlib.sha256(pae(*purpose.parts(), ticket.encode())).digest()
