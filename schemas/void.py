"""The content of a `void` envelope: its sender says that numbers of the pair's order carry no message and never will.

A receiver that waits for one of them closes its mark *an earlier message is missing* (docs/protocol.md §4.14).
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from crypto.canonical import LARGEST
from schemas.base import Wire

LIMIT = 256
"""Bytes of the largest void."""

Number = Annotated[int, Field(ge=1, le=LARGEST)]


class Void(Wire):
    """The numbers `first` to `last`, both included, of the order from the sender to this one recipient."""

    v: Literal[1] = 1
    type: Literal["VOID"] = "VOID"
    first: Number
    last: Number

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise ValueError("last: not before first")
        return self
