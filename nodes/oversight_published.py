"""What the hub published of its log before, as this node accepted it: an hour apart, each judged anew when it is shown.

A checkpoint that was kept is still one of this history only if the mirrored tree has its root at its size.
"""

from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from audit import history
from audit.errors import AuditError, ProofRefused
from audit.history import Publication
from audit.merkle import MAX_SIZE
from nodes.errors import NotFound
from nodes.mirror import Mirror
from nodes.mirroring import hub_keys
from nodes.node import Node
from nodes.oversight_checkpoints import Signed, signed_of
from nodes.oversight_keys import Witnessed, witnessed

PAGE = 20


@dataclass(frozen=True, slots=True)
class Published:
    """A published checkpoint: what it says, when this node kept it, and who cosigned it by the keys of its time."""

    signed: Signed
    kept: int
    witnessed: Witnessed


def published(session: Session, node: Node, below: int = MAX_SIZE) -> tuple[tuple[Published, ...], int | None]:
    """Return those that are smaller than `below`, the newest first, and where the next page starts, or None."""
    origin = hub_keys(node).origin
    rows = history.kept(session.connection(), origin, below, PAGE + 1)
    mirror = Mirror(session, origin)
    found = tuple(_judged(node, mirror, one) for one in rows[:PAGE])
    return found, rows[PAGE - 1].size if len(rows) > PAGE else None


def note(session: Session, node: Node, size: int) -> bytes:
    """Return the published checkpoint of `size` as it came; raises `NotFound` for one that was not kept."""
    rows = history.kept(session.connection(), hub_keys(node).origin, size + 1, 1)
    if not rows or rows[0].size != size:
        raise NotFound
    return rows[0].note


def _judged(node: Node, mirror: Mirror, one: Publication) -> Published:
    signed = signed_of(one.note, hub_keys(node))
    if not signed.fault:
        signed = replace(signed, fault=_fault(mirror, signed))
    return Published(replace(signed, size=one.size), one.time, witnessed(node, one.note, signed.time or one.time))


def _fault(mirror: Mirror, signed: Signed) -> str:
    try:
        same = mirror.root(signed.size).hex() == signed.root
    except AuditError as error:
        return error.code
    return "" if same else ProofRefused.code
