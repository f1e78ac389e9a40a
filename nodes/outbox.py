"""Sealing: a checked draft becomes an envelope in the outbox, all in one transaction. The courier sends it later.

Numbers, predecessors, envelope, sealed copy, deliveries, thread and log leaf stand or fall together: if we die before
the commit, nothing was sealed and the draft is there; if after it, the courier finds the envelope (protocol.md §7.1).
"""

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from crypto.header import GENESIS, HeaderDraft
from crypto.sealing import Recipient, Sealed
from crypto.sealing import seal as seal_envelope
from exchange.courier import Pair
from nodes import cases, checking, draft_rows, restored, threads
from nodes.errors import DraftChanged, Incomplete
from nodes.node import Node
from nodes.permissions import Action, require
from nodes.pushing import QUEUED
from nodes.storing import Sent, store_sent
from nodes.tables import CaseRow, ChainRow, OutboxRow
from nodes.views import Actor
from schemas.content import Content
from schemas.trust import Directory

OWN = "own"


def seal(session: Session, node: Node, actor: Actor, draft_id: str, revision: int) -> str:
    """Seal a draft as it was checked and queue it; returns the message id. The draft is gone then.

    Raises `Denied`, `DraftChanged` for another revision than the one checked, `Incomplete` with what to correct,
    `DirectoryTooOld` after the directory's grace, `NotReady` while a restore is unfinished.
    """
    require(actor, Action.SEND)
    restored.check_may_seal(session)
    directory = node.sealing_directory()
    row = draft_rows.own_row(session, actor, draft_id)
    if row.revision != revision:
        raise DraftChanged
    checked = checking.judge(session, node, actor, row)
    if checked.faults or checked.content is None:
        raise Incomplete(checked.faults)
    case = cases.of(session, row.case_id) if row.case_id else cases.open_case(session, node, checked.content.case_ref)
    seal_and_queue(session, node, directory, checked.content, case)
    cases.add_member(session, case.case_id, actor.user_id, node.now())
    session.delete(row)
    return checked.content.msg_id


def seal_and_queue(session: Session, node: Node, directory: Directory, content: Content, case: CaseRow) -> Sealed:
    """Assign numbers, seal `content` to every unit it names, store it with its evidence and queue it."""
    now = node.now()
    own = _chain(session, OWN)
    pairs = {unit: _chain(session, f"out:{unit}") for unit in sorted(content.units)}
    content_bytes = content.to_bytes()
    handling = content.labels["handling"]
    draft = HeaderDraft(
        env=node.settings.env,
        ctype="message",
        id=content.msg_id.replace("-", ""),
        sender=node.unit,
        created=now,
        expires=now + node.settings.message_lifetime,
        seq=own.seq + 1,
        prev=own.eid,
        family=content.declared.family,
        urgency=content.label("urgency"),
        classification=content.label("classification"),
        handling=tuple(sorted(str(code) for code in handling)) if isinstance(handling, list) else (),
    )
    places = {unit: Pair(pair.seq + 1, pair.eid) for unit, pair in pairs.items()}
    sealed = seal_envelope(draft, content_bytes, node.keys.signing, _recipients(directory, places, now))
    _advance([own, *pairs.values()], sealed.eid)
    store_sent(session, node, Sent(sealed, content, content_bytes, case, places))
    session.add(
        OutboxRow(
            seq=draft.seq,
            message_id=content.msg_id,
            eid=sealed.eid,
            prev=draft.prev,
            state=QUEUED,
            queued=now,
            accepted=None,
        )
    )
    threads.note_message(session, node, content, case)
    return sealed


def _recipients(directory: Directory, places: Mapping[str, Pair], now: int) -> list[Recipient]:
    keys = {unit: directory.encryption_key(unit, now).public for unit in places}
    return [Recipient(unit, keys[unit], place.seq, place.prev) for unit, place in places.items()]


def _chain(session: Session, name: str) -> ChainRow:
    """The last link of a chain, locked until the transaction ends: two sealings never get one number."""
    row = session.get(ChainRow, name, with_for_update=True)
    if row is None:
        row = ChainRow(chain=name, seq=0, eid=GENESIS)
        session.add(row)
        session.flush()
    return row


def _advance(chains: Sequence[ChainRow], eid: str) -> None:
    for chain in chains:
        chain.seq, chain.eid = chain.seq + 1, eid
