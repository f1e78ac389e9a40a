"""The ground of every wire form: frozen, strict models with exactly one byte form, and the value types they share.

Inside the code an instant is `int` (unix seconds UTC) and binary is `bytes`; on the wire they are RFC 3339 text and
base64url without padding. A member that is absent is left out: the wire knows no null. This module must not know any
message, table or unit.
"""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, StringConstraints, ValidationError

from crypto import canonical, encoding, instants
from crypto.errors import CryptoError
from schemas.errors import Malformed

WIRE_LIMIT = 1 << 20
"""Bytes that a wire form may have unless its class says otherwise."""


def _instant(value: object) -> object:
    """Wire text -> unix seconds; anything else is left to the strict `int` behind it."""
    if not isinstance(value, str):
        return value
    try:
        return instants.from_text(value)
    except CryptoError as error:
        raise ValueError("not a UTC instant of the form 2026-11-22T06:00:00Z") from error


def _binary(value: object) -> object:
    """Wire base64url -> bytes; anything else is left to the strict `bytes` behind it."""
    if not isinstance(value, str):
        return value
    try:
        return encoding.unb64(value)
    except CryptoError as error:
        raise ValueError("not base64url without padding") from error


UtcText = Annotated[int, BeforeValidator(_instant), PlainSerializer(instants.to_text, return_type=str)]
"""Unix seconds in the code, `2026-11-22T06:00:00Z` on the wire."""

Binary = Annotated[bytes, BeforeValidator(_binary), PlainSerializer(encoding.b64, return_type=str)]
"""Bytes in the code, base64url without padding on the wire."""

UnitId = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9-]{1,15}$")]
"""A national unit, partner or body of the federation: TJ, KG, CARICC."""

Hex32 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
Hex64 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Hex128 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{128}$")]
CodeText = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9_.+-]{0,39}$")]
"""The spelling of every code of every table; membership is checked where the table is known."""

Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Env = Literal["live", "exercise"]


class Wire(BaseModel):
    """A value with one canonical byte form: parse, serialise again, demand equality."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", hide_input_in_errors=True)

    def to_bytes(self) -> bytes:
        """Return the canonical JSON bytes; raises `Malformed` for a value that the wire cannot carry."""
        try:
            return canonical.dumps(self.model_dump(mode="json", exclude_none=True))
        except CryptoError as error:
            raise Malformed(f"{type(self).__name__}: {error}") from error

    @classmethod
    def from_bytes(cls, data: bytes, *, limit: int = WIRE_LIMIT) -> Self:
        """Return the value of `data` (at most `limit` bytes); raises `Malformed` for any but its canonical form."""
        try:
            canonical.loads(data, limit=limit)
            value = cls.model_validate_json(data)
        except CryptoError as error:
            raise Malformed(f"{cls.__name__}: {error}") from error
        except ValidationError as error:
            raise Malformed(f"{cls.__name__}: {explain(error)}") from error
        if value.to_bytes() != data:
            raise Malformed(f"{cls.__name__}: not in canonical form")
        return value


class Names(Wire):
    """A name, or another short text, in the federation's two working languages."""

    en: Name
    ru: Name


def explain(error: ValidationError) -> str:
    """Return the first fault as `member: reason`, without the value that was refused."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "whole"
    return f"{where}: {first['msg']}"
