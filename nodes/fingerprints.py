"""What requests are about, as keyed fingerprints: by them an earlier request on the same subject and offence is found.

A fingerprint is a tag over a token of the subject (`schemas.subjects`) and the group of the offence, under a key that
is derived from the key store's: in another unit, or without the store, the same person has another one or none. Names,
numbers and dates of birth are in no row. It is kept with the message and deleted with it; a token that outlived its
case would still answer whether somebody was asked about.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import delete
from sqlalchemy.orm import Session

from crypto.canonical import Json
from nodes.fingerprint_tables import FingerprintRow
from nodes.node import Node
from nodes.work import Work
from schemas import codes, subjects
from schemas.content import Content

_USE: Final = b"subject and offence"
_OFFENCE: Final = "offence"
"""The member of a body that names the offence: what has none asks nothing about a subject."""


def asks(body: Mapping[str, Json]) -> bool:
    """Return whether a message with this body, perhaps incomplete, is one that has fingerprints."""
    return _OFFENCE in body


def of(node: Node, content: Content) -> frozenset[str]:
    """Return the fingerprints of a message: one for each token of its subjects; none if it names no offence."""
    offence = content.body.get(_OFFENCE)
    if not isinstance(offence, dict):
        return frozenset()
    group = group_of(str(offence["crime_area"]))
    tag = node.store.kek.tag
    return frozenset(tag(_USE, token.encode(), group.encode()).hex() for token in subjects.tokens(content.objects))


def group_of(crime_area: str) -> str:
    """Return the area of crime that a code belongs to: heroin and opium are both drug trafficking."""
    return codes.table("crime_areas")[crime_area].text("parent") or crime_area


def note(work: Work, content: Content) -> None:
    """Keep the fingerprints of a message that is stored."""
    for fingerprint in sorted(of(work.node, content)):
        work.add(FingerprintRow(fingerprint=fingerprint, message_id=content.msg_id))


def forget(session: Session, numbers: Sequence[str]) -> None:
    """Delete the fingerprints of messages that are erased."""
    session.execute(delete(FingerprintRow).where(FingerprintRow.message_id.in_(numbers)))
