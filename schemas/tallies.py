"""Tallies: a unit's signed word about what it exchanged with one partner in a period, for mirror statistics.

Each side counts alone; laid beside each other two tallies of one pair and period show every message that only one side
has. Both sides hold what stands in them anyway: ids, the hub's time, coded labels. No content, no case, no person.
"""

from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from crypto import statements
from crypto.errors import CryptoError
from crypto.signing import SigningKey
from schemas.base import CodeText, Env, Hex64, UnitId, UtcText, Wire
from schemas.errors import Malformed

LABEL = "serai/tally/1"
"""Context of every signature of a tally."""

MOST = 20_000
WIRE_LIMIT = 8 << 20
"""Bytes of the largest tally: twenty thousand messages and one signature."""


class Exchanged(Wire):
    """One message: sent by the unit (`OUT`) or received by it (`IN`), at the time of the hub's log."""

    eid: Hex64
    way: Literal["OUT", "IN"]
    at: UtcText
    kind: CodeText
    urgency: CodeText


class Tally(Wire):
    """Everything that `unit` exchanged with `partner` in [since, until), ordered by id."""

    v: Literal[1] = 1
    type: Literal["TALLY"] = "TALLY"
    env: Env
    unit: UnitId
    partner: UnitId
    since: UtcText
    until: UtcText
    made: UtcText
    messages: Annotated[tuple[Exchanged, ...], Field(max_length=MOST)]

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        eids = [one.eid for one in self.messages]
        if eids != sorted(set(eids)):
            raise ValueError("messages: sorted by id, each once")
        if self.unit == self.partner or self.since >= self.until:
            raise ValueError("partner, until: another unit, and later than since")
        if any(not self.since <= one.at < self.until for one in self.messages):
            raise ValueError("messages: of the period")
        return self


@dataclass(frozen=True, slots=True)
class SignedTally:
    """A tally with the id of the one key that signed it."""

    tally: Tally
    kid: str
    signed: statements.SignedStatement

    def verify(self, public: bytes) -> None:
        """Return if the composite key `public` signed it; raises `crypto.errors.CryptoError`."""
        self.signed.verify(LABEL, {self.kid: public})


def sign(key: SigningKey, tally: Tally) -> bytes:
    """Return the wire form of `tally` under the unit's signing key."""
    return statements.sign_batch([key], LABEL, [tally.model_dump(mode="json", exclude_none=True)])[0]


def parse(wire: bytes) -> SignedTally:
    """Return the tally in `wire`, not yet verified; raises `Malformed` unless it is the one canonical form."""
    try:
        signed = statements.parse(wire, limit=WIRE_LIMIT)
        tally = Tally.from_bytes(signed.statement_bytes, limit=WIRE_LIMIT)
    except CryptoError as error:
        raise Malformed(f"Tally: {error}") from error
    if len(signed.signatures) != 1:
        raise Malformed("Tally: one signature of the unit")
    return SignedTally(tally, signed.signatures[0][0], signed)
