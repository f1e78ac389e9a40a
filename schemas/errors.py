"""What can be wrong with the words: one base error for the package, each subclass with a stable code.

Messages name the member that is wrong, never its value: values may be personal data.
"""

from collections.abc import Sequence
from typing import ClassVar

from schemas.faults import Fault


class SchemaError(Exception):
    """Base of every error that leaves this package."""

    code: ClassVar[str] = "SCHEMA"


class Malformed(SchemaError):
    """The bytes or values are not the one canonical form of the thing they claim to be."""

    code: ClassVar[str] = "MALFORMED"


class UnknownCode(SchemaError):
    """A code that its table does not have, or a table that does not exist."""

    code: ClassVar[str] = "UNKNOWN_CODE"


class TableInvalid(SchemaError):
    """A code table file that may not be loaded: a programming error in the file, found at start."""

    code: ClassVar[str] = "TABLE_INVALID"


class SchemaUnknown(SchemaError):
    """A kind, or a major version of the schema, that this release does not know."""

    code: ClassVar[str] = "SCHEMA_UNKNOWN"


class LabelMismatch(SchemaError):
    """The clear header of an envelope and the content inside it say different things."""

    code: ClassVar[str] = "LABEL_MISMATCH"


class ContentInvalid(SchemaError):
    """A message that is well-formed but breaks rules of its labels, its kind or its objects: `faults` says which."""

    code: ClassVar[str] = "CONTENT_INVALID"

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(f"{fault.path}: {fault.code}" for fault in faults[:10]))
        self.faults = tuple(faults)
