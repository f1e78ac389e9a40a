"""Sightings: a unit's signed word about what the hub showed it and took from it (protocol.md §9.5, §9.23).

It names the newest checkpoint of the hub's log that the unit accepted, and for each partner the last message that the
hub took. Sightings travel through the hub, which can withhold one and be noticed, but can neither make nor change one.
This module knows the words; what they prove is found out by each node with its own mirror and its own mail.
"""

from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from crypto import statements
from crypto.errors import CryptoError
from crypto.pae import tagged
from crypto.signing import SigningKey
from schemas.base import Binary, Env, Hex64, UnitId, UtcText, Wire
from schemas.errors import Malformed

LABEL = "serai/sighting/1"
"""Context of every signature of a sighting."""

HEAD = "serai/pair-head/1"
MOST = 256

WIRE_LIMIT = 49_152
"""Bytes of the largest sighting: a checkpoint with the two signatures of its log, the heads, and one of the unit."""


class Head(Wire):
    """The last message that the hub took for `unit`, as `head_of` hides it from all others."""

    unit: UnitId
    head: Hex64


class Sighting(Wire):
    """`unit` accepted the checkpoint `note` (a C2SP signed note with the log's two lines) at `time`.

    By then the hub had taken, for each of the units in `heads`, the message that stands there, and none after it.
    """

    v: Literal[1] = 1
    type: Literal["SIGHTING"] = "SIGHTING"
    env: Env
    unit: UnitId
    time: UtcText
    note: Annotated[Binary, Field(max_length=8_192)]
    heads: Annotated[tuple[Head, ...], Field(max_length=MOST)] = ()

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        units = [one.unit for one in self.heads]
        if units != sorted(set(units)) or self.unit in units:
            raise ValueError("heads: sorted by unit, each other unit once")
        return self

    def speaks_to(self, unit: str) -> bool:
        """Return whether it says that the hub took anything for `unit`."""
        return any(one.unit == unit for one in self.heads)

    def names(self, unit: str, eid: str) -> bool:
        """Return whether it says that the message `eid` is what the hub took last for `unit`."""
        return Head(unit=unit, head=head_of(self.unit, unit, self.time, eid)) in self.heads


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


def head_of(sender: str, recipient: str, time: int, eid: str) -> str:
    """Return the commitment to a message at `time`: only who knows its id can tell what it is, or whether it is new.

    It differs by recipient and from one sighting to the next, so that no third unit learns when two others write.
    """
    return tagged(HEAD, sender.encode(), recipient.encode(), str(time).encode(), bytes.fromhex(eid))[:32].hex()


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
