"""What a node sends by itself, with no officer at it: notices passed on, and what it knows to have been done.

Whatever cannot be sealed now (an old directory, a restore that is not finished, a token that is away) is tried with the
next turn of the timers.
"""

from collections.abc import Callable
from typing import Final, TypeVar

from sqlalchemy.orm import Session

from nodes import drafts, log, restored
from nodes.errors import DirectoryTooOld, NotReady
from nodes.node import Node
from nodes.token_errors import TokenError
from nodes.work import Work
from schemas.content import Author, Recipient
from schemas.kind import Kind
from schemas.trust import Directory

NAME: Final = "Serai"
"""The author's name of what a node sends by itself."""

T = TypeVar("T")


def run(node: Node, owed: Callable[[Session, Node], T], send: Callable[[Work, Directory, T], int]) -> int:
    """Send what is `owed`, if anything is and it can be sealed now; returns what `send` returns."""
    with node.db.read() as session:
        if not owed(session, node):
            return 0
    try:
        directory = node.sealing_directory()
        with node.db.write() as session:
            restored.check_may_seal(session)
            work = Work(session, node)
            sent = send(work, directory, owed(session, node))
            work.finish()
    except (DirectoryTooOld, NotReady, TokenError):
        return 0
    if sent:
        node.changed.bump()
    return sent


def message(node: Node, directory: Directory, kind: Kind, units: tuple[str, ...]) -> dict[str, object]:
    """Return the members of a content that is this node's own: its number, author, recipients and times."""
    now = node.now()
    agency = next(one for one in directory.unit(node.unit).agencies if one in kind.senders)
    return {
        "msg_id": drafts.message_id(now),
        "kind": kind.code,
        "schema_version": kind.version,
        "partner_case_refs": (),
        "author": Author(unit=node.unit, agency=agency, officer=log.SYSTEM, name=NAME),
        "recipients": tuple(Recipient(unit=unit, role="TO") for unit in sorted(units)),
        "created_at": now,
        "sent_at": now,
    }
