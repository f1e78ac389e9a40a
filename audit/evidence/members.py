"""Reading members of parsed canonical JSON without a schema library: right type or EvidenceRefused, nothing between."""

from collections.abc import Iterator
from contextlib import contextmanager

from audit.errors import AuditError
from audit.evidence.findings import EvidenceRefused
from crypto.canonical import Json, loads
from crypto.encoding import unb64
from crypto.errors import CryptoError
from crypto.instants import from_text

Members = dict[str, Json]


@contextmanager
def refusing(what: str) -> Iterator[None]:
    """Turn every error of `crypto` and `audit` inside the block into EvidenceRefused with the reason."""
    try:
        yield
    except EvidenceRefused:
        raise
    except (CryptoError, AuditError) as error:
        raise EvidenceRefused(f"{what}: {error.code} {error}") from error


def parsed(data: bytes, limit: int) -> Members:
    """The object that `data` is the canonical JSON of. Raises EvidenceRefused."""
    with refusing("not canonical JSON"):
        value = loads(data, limit=limit)
    if not isinstance(value, dict):
        raise EvidenceRefused("not a JSON object")
    return value


def text(members: Members, member: str) -> str:
    """A string. Raises EvidenceRefused."""
    value = members.get(member)
    if not isinstance(value, str):
        raise EvidenceRefused(f"member {member} is not a string")
    return value


def number(members: Members, member: str) -> int:
    """An integer. Raises EvidenceRefused."""
    value = members.get(member)
    if not isinstance(value, int):
        raise EvidenceRefused(f"member {member} is not a number")
    return value


def inner(members: Members, member: str) -> Members:
    """An object. Raises EvidenceRefused."""
    value = members.get(member)
    if not isinstance(value, dict):
        raise EvidenceRefused(f"member {member} is not an object")
    return value


def texts(members: Members, member: str) -> list[str]:
    """A list of strings. Raises EvidenceRefused."""
    value = members.get(member)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise EvidenceRefused(f"member {member} is not a list of strings")
    return [item for item in value if isinstance(item, str)]


def objects(members: Members, member: str) -> list[Members]:
    """A list of objects. Raises EvidenceRefused."""
    value = members.get(member)
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise EvidenceRefused(f"member {member} is not a list of objects")
    return [item for item in value if isinstance(item, dict)]


def instant(members: Members, member: str) -> int:
    """A time on the wire, in unix seconds. Raises EvidenceRefused."""
    with refusing(f"member {member}"):
        return from_text(text(members, member))


def binary(members: Members, member: str) -> bytes:
    """Bytes that travel as base64url. Raises EvidenceRefused."""
    with refusing(f"member {member}"):
        return unb64(text(members, member))
