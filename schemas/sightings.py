"""Sightings: a unit's signed word about the newest checkpoint of the hub's log that it accepted (protocol.md §9.5).

They travel through the hub, which can withhold one and be noticed, but can neither make nor change one. This module
knows the words; what two sightings prove together is found out by each node with its own mirror.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from crypto import statements
from crypto.errors import CryptoError
from crypto.signing import SigningKey
from schemas.base import Binary, Env, UnitId, UtcText, Wire
from schemas.errors import Malformed

LABEL = "serai/sighting/1"
"""Context of every signature of a sighting."""

WIRE_LIMIT = 16_384
"""Bytes of the largest sighting: a checkpoint with the two signatures of its log, and one of the unit."""


class Sighting(Wire):
    """`unit` accepted the checkpoint `note` (a C2SP signed note with the log's two lines) at `time`."""

    v: Literal[1] = 1
    type: Literal["SIGHTING"] = "SIGHTING"
    env: Env
    unit: UnitId
    time: UtcText
    note: Annotated[Binary, Field(max_length=8_192)]


@dataclass(frozen=True, slots=True)
class SignedSighting:
    """A sighting with the exact bytes that came and the id of the one key that signed it."""

    sighting: Sighting
    wire: bytes
    kid: str
    signed: statements.SignedStatement

    def verify(self, public: bytes) -> None:
        """Return if the composite key `public` signed it; raises `crypto.errors.CryptoError`."""
        self.signed.verify(LABEL, {self.kid: public})


def sign(key: SigningKey, sighting: Sighting) -> bytes:
    """Return the wire form of `sighting` under the unit's signing key."""
    return statements.sign_batch([key], LABEL, [sighting.model_dump(mode="json", exclude_none=True)])[0]


def parse(wire: bytes) -> SignedSighting:
    """Return the sighting in `wire`, not yet verified; raises `Malformed` unless it is the one canonical form."""
    try:
        signed = statements.parse(wire, limit=WIRE_LIMIT)
        sighting = Sighting.from_bytes(signed.statement_bytes)
    except CryptoError as error:
        raise Malformed(f"Sighting: {error}") from error
    if len(signed.signatures) != 1:
        raise Malformed("Sighting: one signature of the unit")
    return SignedSighting(sighting, wire, signed.signatures[0][0], signed)
