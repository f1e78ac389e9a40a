"""Handing a restored hub what it lost: everything that this node holds from the size on at which the hub stands.

The hub asks by refusing every call with `Restoring`, its size and the time of its last entry. What is handed over is
what was signed, logged or sealed for it; nothing that only this unit may read. A repetition hands over the same.
"""

from collections.abc import Iterator

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from audit import witness
from audit.submission import origin_hash
from crypto.encoding import unhex
from crypto.merkle_hash import HASH_SIZE
from exchange import contributions
from exchange.contributions import Part, Piece
from nodes import gossip, mirroring, trust
from nodes.errors import AnswerRefused, HubProblem
from nodes.hub_client import HubClient
from nodes.mirror import Mirror
from nodes.node import Node
from nodes.receipts import OWN
from nodes.tables import CursorRow, DirectoryRow, MessageRow, QuarantineRow, ReceiptRow, StatementRow
from nodes.watch_tables import AnchorRow, CollectedRow, SealedRow
from schemas import receipts

LEAVES_AT_ONCE = 4_096
MARGIN = 3_600
"""Seconds before the hub's last entry from which receipts are handed over: clocks differ."""

INBOX = "inbox"
HANDED_OVER = "handed-over"
AGAIN = 600
"""Seconds after which everything is handed over once more, while the hub stays closed."""


def hand_over(node: Node, client: HubClient, problem: HubProblem) -> int:
    """Hand over everything from the size on that the hub named; returns how many pages. Raises `HubUnreachable`.

    Our own receipts from then on are offered once more when the hub is open again: it knows those that it got back.
    """
    size, time = problem.answer.get("size"), problem.answer.get("time")
    if not isinstance(size, int) or not isinstance(time, int):
        raise AnswerRefused("a restored hub says where it stands")
    now = node.now()
    with node.db.read() as session:
        last = session.get(CursorRow, HANDED_OVER)
        if last is not None and last.index == size and now < last.since + AGAIN:
            return 0
        pages = list(contributions.pages(_pieces(node, session, size, time - MARGIN)))
    for page in pages:
        client.contribute(page)
    with node.db.write() as session:
        again = update(ReceiptRow).where(ReceiptRow.origin == OWN, ReceiptRow.posted >= time - MARGIN)
        session.execute(again.values(posted=None, outcome=None))
        session.execute(delete(AnchorRow).where(AnchorRow.index.is_(None)))  # anchored anew: nobody holds that entry
        session.merge(CursorRow(name=HANDED_OVER, index=size, leaf="", state="HANDED_OVER", since=now))
    return len(pages)


def _pieces(node: Node, session: Session, size: int, time: int) -> Iterator[Piece]:
    yield from _of_the_log(node, session, size)
    yield from _of_messages(session, size)
    yield from _of_receipts(session, time)
    yield from _of_the_directory(session, size)
    yield from _of_this_node(node, session)


def _of_the_log(node: Node, session: Session, size: int) -> Iterator[Piece]:
    """Leaf hashes of the mirror, sealed entries, and the entries that came with our mail."""
    mirror = Mirror(session, mirroring.hub_keys(node).origin)
    for start in range(size, mirror.size, LEAVES_AT_ONCE):
        end = min(start + LEAVES_AT_ONCE, mirror.size)
        yield Piece(Part.LEAVES, start, b"".join(mirror.leaf_hash(index) for index in range(start, end)))
    for piece in session.scalars(select(SealedRow).where(SealedRow.end > size).order_by(SealedRow.start)):
        yield Piece(Part.SEALED, piece.start, piece.sealed)
    for held in session.scalars(select(CollectedRow).where(CollectedRow.index >= size)):
        yield Piece(Part.ENTRY, held.index, held.entry)
    for row in session.scalars(select(AnchorRow).where(AnchorRow.index >= size)):
        yield Piece(Part.ENTRY, row.index or 0, row.entry or b"")


def _of_messages(session: Session, size: int) -> Iterator[Piece]:
    """Envelopes sent, taken in or set aside, the entries of what we sent, and what the hub said to them."""
    for wire in session.scalars(select(MessageRow.envelope).where(MessageRow.hub_index >= size)):
        yield Piece(Part.ENVELOPE, 0, wire)
    for row in session.scalars(select(QuarantineRow).where(QuarantineRow.hub_index >= size)):
        yield Piece(Part.ENVELOPE if row.frame == 1 else Part.RECEIPT, 0, row.wire)
    told = select(ReceiptRow.wire).where(ReceiptRow.type.in_(receipts.LOGGED_TYPES), ReceiptRow.wire.is_not(None))
    for receipt in session.scalars(told):
        said = receipts.parse(receipt or b"").receipt
        if said.index is not None and said.index >= size:
            yield Piece(Part.ENTRY, said.index, said.entry or b"")


def _of_receipts(session: Session, time: int) -> Iterator[Piece]:
    recent = or_(ReceiptRow.logged >= time, ReceiptRow.time >= time)
    for wire in session.scalars(select(ReceiptRow.wire).where(recent, ReceiptRow.wire.is_not(None))):
        yield Piece(Part.RECEIPT, 0, wire or b"")


def _of_the_directory(session: Session, size: int) -> Iterator[Piece]:
    for row in session.scalars(select(StatementRow).where(StatementRow.index >= size)):
        yield Piece(Part.STATEMENT, row.index, row.wire)
    for name, part in ((trust.FEDERATION, Part.FEDERATION), (trust.SNAPSHOT, Part.SNAPSHOT)):
        found = session.get(DirectoryRow, name)
        if found is not None:
            yield Piece(part, 0, found.wire)


def _of_this_node(node: Node, session: Session) -> Iterator[Piece]:
    """How far we have read, and the newest checkpoint that we accepted: with that, everything was said."""
    cursor = session.get(CursorRow, INBOX)
    if cursor is not None:
        yield Piece(Part.CURSOR, cursor.index, unhex(cursor.leaf, HASH_SIZE))
    origin = mirroring.hub_keys(node).origin
    held, cosigned = Mirror(session, origin).held, witness.held(session, origin)
    note = None if held is None else held.note
    if held is None or cosigned.size > held.accepted:
        note = witness.note(session, origin_hash(origin)) or note
    if note is not None:
        yield Piece(Part.SIGHTING, 0, gossip.ours(node, note))
