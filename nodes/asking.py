"""The same asked before: shown to whoever is about to ask again, and beside a request that arrived. It forbids nothing.

An earlier request has a fingerprint in common with the new one (`nodes.fingerprints`), whichever partner it went to.
To compare them is an act with each (CROSS_CHECK), which the rules of access allow or not. Of the others one learns that
they are there, and which supervisor may look. Each look is logged as what it is: data of two cases brought together
(Directive (EU) 2016/680, article 25).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from exchange.policy.facts import Act, Action
from nodes import draft_rows, fates, fingerprints, log, messages, rows, signin, visits
from nodes.account_tables import RoleRow, UserRow
from nodes.asking_errors import AskedBefore
from nodes.checking import Judged, Written
from nodes.errors import NotFound, Refused, RestrictionUnread
from nodes.messages import Opened
from nodes.node import Node
from nodes.permissions import roles_that
from nodes.tables import CaseRow, MessageRow
from nodes.views import Actor, Draft, InboxRow
from nodes.work import Work
from schemas.content import Content
from schemas.facts import records

MOST: Final = 20
"""So many earlier requests are shown, the last first."""

SHORTEST_REASON: Final = 10
_LOOKED: Final = "ASKED_BEFORE"
_AGAIN: Final = "ASKED_AGAIN"
_SHOWN: Final = b"shown before asking again"


@dataclass(frozen=True, slots=True)
class Channel:
    """Where else the same was asked: a code of the table `channels`, the reference there, perhaps the day."""

    channel: str
    reference: str
    date: str


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier request that the reader may compare; `reference` and `agency` are those of the unit that asked."""

    message_id: str
    reference: str
    at: int
    unit: str
    agency: str
    recipients: tuple[str, ...]
    state: str
    channels: tuple[Channel, ...]


@dataclass(frozen=True, slots=True)
class Closed:
    """Earlier requests that the reader may not open: whether his own agency asked, and who may look for him."""

    own_agency: bool
    supervisors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked before; `warning` stands for exactly these requests and the new text, empty where nothing was.

    `unread` are those whose sender's own restriction the reader has not read: of these he learns that they are there.
    """

    warning: str = ""
    earlier: tuple[Earlier, ...] = ()
    unread: tuple[str, ...] = ()
    closed: tuple[Closed, ...] = ()


@dataclass(frozen=True, slots=True)
class Again:
    """The author was shown `warning` and asks again for a reason; empty where nothing was shown."""

    warning: str = ""
    reason: str = ""


FIRST_TIME: Final = Again()


def by_us(session: Session, node: Node, actor: Actor, judged: Judged) -> Asked:
    """Return what this unit asked before about the subjects of a message that is being written, and log the look.

    Nothing while something is wrong with the message.
    """
    content, written = judged.content, judged.written
    if content is None or not fingerprints.of(node, content):
        return Asked()
    work = Work(session, node)
    found = _found(work, content, "OUT")
    case = work.case(written.case_id) if written.case_id else None
    act = _combined(actor, content, found)
    asked = _look(session, node, actor, found, replace(act, case=case))
    return replace(asked, warning=_warning(node, written.draft, found))


def by_others(session: Session, node: Node, actor: Actor, one: Opened) -> Asked:
    """Return what any unit asked here before about the subjects of an arrival that was opened to be read.

    Nothing for whoever may read it and not compare it. The look is logged if there is any.
    """
    found = _found(Work(session, node), one.content, "IN") if one.row.direction == "IN" else []
    if not found or not _may_compare(session, node, actor, one):
        return Asked()
    return _look(session, node, actor, found, replace(_combined(actor, one.content, found), case=one.case))


def _may_compare(session: Session, node: Node, actor: Actor, one: Opened) -> bool:
    try:
        messages.require(session, node, actor, one, Act.CROSS_CHECK)
    except Refused:
        return False
    return True


def require_said(work: Work, actor: Actor, written: Written, content: Content, again: Again) -> None:
    """Return if nothing was asked before, or the author was shown just that for just this text and said why; logged.

    Raises `AskedBefore`.
    """
    found = _found(work, content, "OUT")
    if not found:
        return
    words = " ".join(again.reason.split())
    said = SHORTEST_REASON <= len(words) <= log.LONGEST_WORDS
    if again.warning != _warning(work.node, written.draft, found) or not said:
        raise AskedBefore
    work.record(replace(_combined(actor, content, found), justification=words, codes=(_AGAIN,)))


def _found(work: Work, content: Content, direction: str) -> list[MessageRow]:
    """The earlier requests whose time of keeping is not over, the last first; an erased one has no fingerprint left."""
    prints = sorted(fingerprints.of(work.node, content))
    numbers = {row.message_id for row in work.fingerprints.read(prints)} - {content.msg_id}
    held = [row for row in work.messages.read(sorted(numbers)) if row.direction == direction]
    work.cases.read(row.case_id for row in held)
    alive = (row for row in held if not fates.is_expired(work.case(row.case_id), work.node.now()))
    return sorted(alive, key=lambda row: (row.stored, row.message_id), reverse=True)[:MOST]


def _combined(actor: Actor, content: Content, found: Sequence[MessageRow]) -> log.Act:
    return replace(log.by(actor, "COMBINE"), message_id=content.msg_id, count=len(found), codes=(_LOOKED,))


def _warning(node: Node, draft: Draft, found: Sequence[MessageRow]) -> str:
    """Return what confirms that these requests were shown to the author of this text; empty for none."""
    numbers = [row.message_id.encode() for row in found]
    return node.store.kek.tag(_SHOWN, draft_rows.plain(draft.form), *numbers).hex() if found else ""


def _look(session: Session, node: Node, actor: Actor, found: Sequence[MessageRow], act: log.Act) -> Asked:
    """Return what `actor` may see of these requests, and log it: with what he writes or reads, and in each case."""
    chosen = select(MessageRow).where(MessageRow.message_id.in_([row.message_id for row in found]))
    whole = {row.message_id: row for row in session.scalars(chosen)}
    shown: list[Opened] = []
    unread: list[MessageRow] = []
    closed: list[MessageRow] = []
    for row in (whole[one.message_id] for one in found):
        try:
            shown.append(messages.opened(session, node, actor, row.message_id, Act.CROSS_CHECK))
        except RestrictionUnread:
            unread.append(row)
        except (Refused, NotFound):
            closed.append(row)
    seen = [(row.message_id, session.get_one(CaseRow, row.case_id)) for row in (*(one.row for one in shown), *unread)]
    looks = [replace(act, case=case, message_id=number, eid=None, count=None) for number, case in seen]
    log.record_all(session, node, [act, *looks])
    lines = rows.views(session, node, actor, [one.row for one in shown])
    return Asked(
        earlier=tuple(map(_earlier, shown, lines)),
        unread=tuple(row.message_id for row in unread),
        closed=_closed(session, node, actor, closed),
    )


def _earlier(one: Opened, line: InboxRow) -> Earlier:
    channels = (
        Channel(str(told["channel"]), str(told["reference"]), str(told.get("date", "")))
        for told in records(one.content.labels.get("other_channel_refs"))
    )
    return Earlier(
        message_id=line.message_id,
        reference=one.content.case_ref,
        at=line.at,
        unit=line.sender,
        agency=one.content.author.agency,
        recipients=line.recipients,
        state=line.state,
        channels=tuple(channels),
    )


def _closed(session: Session, node: Node, actor: Actor, found: Iterable[MessageRow]) -> tuple[Closed, ...]:
    """Return at most one line for the own agency and one for others: not even how many there are is told."""
    may: dict[bool, set[str]] = {}
    for row in found:
        author = session.get(UserRow, row.author) if row.author is not None else None
        own = author is not None and author.agency == actor.agency
        may.setdefault(own, set()).update(_supervisors(session, node, row))
    return tuple(Closed(own, tuple(sorted(names))) for own, names in sorted(may.items()))


def _supervisors(session: Session, node: Node, row: MessageRow) -> Iterable[str]:
    """Yield the names of the supervisors who may read a message."""
    heads = select(RoleRow.user_id).where(RoleRow.role.in_(roles_that(Action.APPROVE_SENDING)))
    for user in session.scalars(select(UserRow).where(UserRow.user_id.in_(heads))):
        head = signin.actor_of(session, node, user)
        if visits.usable(user, node.now()) and rows.view(session, node, head, row).subject is not None:
            yield head.display_name
