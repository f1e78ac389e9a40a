"""A house in which one unit holds as many requests as one likes, each stored as the courier stores an arrival.

Only the wire is spared: the first request was sent and opened, the others are the same under numbers of their own.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Final

from sqlalchemy import select, update

from crypto import envelope as cme
from crypto.sealing import Opened
from exchange.courier import Finding
from nodes import arrivals, keeping, receipts, storing, threads
from nodes.answers import Frame, FrameKind, Outcome
from nodes.drafts import message_id as new_id
from nodes.node import Node
from nodes.opening import Examined, Message
from nodes.tables import CaseRow, MemberRow, MessageRow, ThreadRow
from nodes.work import Work
from schemas.content import Content
from schemas.entries import MessageEntry
from serai.demo import requests
from tests.instants import NOW
from tests.nodes.web.house import House, build
from tests.nodes.web.work import send

PAGE: Final = 64
ASKED: Final = 3
"""So many requests ask the same as the first one; all others ask about lorries of their own."""

PENDING: Final = 200
"""So many of the last requests are still open, as at a unit that answers what it is asked."""

EVERY: Final = 4
"""One request of so many is the officer's own, so that his list is shorter than the unit's."""


def seeded(folder: Path, messages: int) -> House:
    """Return a house whose unit KG holds `messages` requests of TJ, with people for every page that is measured."""
    house = build(folder, NOW, ("KG", "TJ"))
    house.add_user("TJ", "TJ-1", "OFFICER")
    house.add_user("KG", "KG-1", "OFFICER")
    house.add_user("KG", "KG-3", "SUPERVISOR")
    house.add_user("KG", "KG-9", "AUDITOR")
    send(house.desk("TJ", "TJ-1"), "REQ", requests.lorry_owner(NOW), "KG")
    house.sync("TJ", "KG", "TJ")
    node = house.nodes["KG"]
    with node.db.read() as session:
        first = session.scalars(select(MessageRow)).one()
        content = storing.content_of(node, session.get_one(CaseRow, first.case_id), first)
    copies = _copies(first, content, messages - 1)
    while page := list(islice(copies, PAGE)):
        house.clock.now += 1
        _take(node, page)
    _own(node)
    _answer(node)
    return house


def _copies(first: MessageRow, content: Content, number: int) -> Iterator[Examined]:
    envelope = cme.parse(first.envelope)
    for at in range(number):
        message_id = new_id(NOW)
        (lorry,) = content.objects
        another = lorry if at < ASKED else {**lorry, "plate": f"{at % 100:02d}KG{at // 100:03d}QZ"}
        told = content.model_copy(update={"msg_id": message_id, "thread_id": message_id, "objects": (another,)})
        header = replace(envelope.header, id=message_id.replace("-", ""), seq=at + 2)
        copy = replace(envelope, core=header.to_core(), header=header)
        opened = Opened(told.to_bytes(), bytes(32), at + 2, first.eid, header)
        entry = MessageEntry(
            time=first.stored, nonce=f"{at:032x}", eid=copy.eid, sender="TJ", to=("KG",), sha512="0" * 128
        )
        frame = Frame(1_000_000 + at, FrameKind.MESSAGE, entry.to_bytes(), copy.to_bytes())
        yield Examined(frame, Finding.GOOD, entry, Message(copy, opened, told, permitted=True))


def _take(node: Node, page: list[Examined]) -> None:
    """Store a page as `nodes.collecting` does, and note that the hub has logged its receipts: the clocks run."""
    eids = [item.entry.eid for item in page if item.entry is not None]
    with node.db.write() as session:
        work = Work(session, node)
        arrivals.read_ahead(work, page, fresh=True)
        held = [arrivals.take(work, item) for item in page]
        assert not any(held)
        work.finish()
        keeping.keep(session, [item.frame for item in page])
    with node.db.write() as session:
        work = Work(session, node)
        logged = [Outcome(eid=eid, type="DELIVERED", status="LOGGED", time=node.now()) for eid in eids]
        threads.refresh_for(work, receipts.posted(work, logged))
        work.finish()


def _own(node: Node) -> None:
    """Give the officer his share."""
    with node.db.write() as session:
        chosen = select(MessageRow.message_id, MessageRow.case_id).order_by(MessageRow.stored)
        for message_id, case_id in session.execute(chosen).all()[::EVERY]:
            session.add(MemberRow(case_id=case_id, user_id="KG-1", since=node.now()))
            session.execute(update(MessageRow).where(MessageRow.message_id == message_id).values(assignee="KG-1"))


def _answer(node: Node) -> None:
    """Close all exchanges but the last."""
    last = select(MessageRow.message_id).order_by(MessageRow.stored.desc()).limit(PENDING)
    with node.db.write() as session:
        old = update(ThreadRow).where(ThreadRow.opening.not_in(last))
        session.execute(old.values(state="CLOSED", due=None).execution_options(synchronize_session=False))
