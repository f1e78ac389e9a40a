"""Permissions asked and decided between three units: TJ gave KG an answer, and KG wants to pass it on to KZ."""

from dataclasses import replace
from typing import Any

from sqlalchemy import select

from crypto import instants
from nodes import cases, checking, drafts, grants, outbox
from nodes.drafts import NewDraft
from nodes.tables import MessageRow, QuarantineRow
from nodes.views import DraftForm
from nodes.work import Work
from schemas.content import Author, Content, Recipient
from schemas.items import WHOLE, Item
from tests.instants import DAY
from tests.messages import AT_RISK, BODIES, form_labels, held, labels, lorry, person
from tests.nodes.world import World, send, someone

RESTRICTED: dict[str, Any] = {**AT_RISK, "handling": ["H1", "H2"]}


def gave(world: World, *to: str) -> str:
    """Let TJ send a request under H1 and H2, to KG; return its id: the item of the story is its person."""
    new = NewDraft("REQ", recipients=to or ("KG",))
    given = send(world.node("TJ"), someone(world.node("TJ"), "rustam"), new, RESTRICTED)
    world.sync()
    return given


def say(world: World, unit: str, who: str, new: NewDraft, **body: Any) -> str:
    """Send a message about items and let every unit that can be reached have it."""
    sent = send(world.node(unit), someone(world.node(unit), who), new, None, **body)
    world.sync()
    return sent


def ask(world: World, item: str, **body: Any) -> str:
    return say(world, "KG", "dilnoza", NewDraft("HCR", about=item), **{"items": [held(item)], **body})


def decide(world: World, request: str, item: str, **body: Any) -> str:
    return say(world, "TJ", "farida", NewDraft("HCD", in_reply_to=request), **{"items": [held(item)], **body})


def may(world: World, unit: str, item: str, object_id: str | None = "P1") -> set[str]:
    """What the unit may do with an item now."""
    with world.node(unit).db.read() as session:
        return {one.action for one in grants.covering(session, world.now, Item(item, object_id or WHOLE))}


def passed_on(item: str, origin: str = "TJ") -> dict[str, Any]:
    """The labels of a message that carries the item, under the codes under which it was given."""
    return {**RESTRICTED, "passed_on": [{"origin": origin, **held(item)}]}


def arrived(world: World, unit: str, kind: str) -> list[str]:
    with world.node(unit).db.read() as session:
        found = select(MessageRow.message_id).where(MessageRow.direction == "IN", MessageRow.kind == kind)
        return list(session.scalars(found.order_by(MessageRow.stored)))


def refused(world: World, unit: str) -> list[str]:
    """Why arrivals were not taken."""
    with world.node(unit).db.read() as session:
        return list(session.scalars(select(QuarantineRow.reason)))


def lie(world: World, unit: str, new: NewDraft, to: str, version: str = "1.0", **body: Any) -> None:
    """Seal and send what the pages of a unit would never let out: the keys are real, the content may be anything.

    `about` is the id that the message gets; without one it gets any. A member of the body that is None is left out.
    """
    node = world.node(unit)
    number = new.about or drafts.message_id(world.now)
    with node.db.write() as session:
        work = Work(session, node)
        content = Content(
            msg_id=number,
            kind=new.kind,
            schema_version=version,
            mode="LIVE",
            case_ref="TJ-TJ-2026-000123",
            thread_id=new.in_reply_to or number,
            in_reply_to=new.in_reply_to,
            author=Author(unit=unit, agency="POLICE", officer="LIAR-1", name="Liar"),
            recipients=(Recipient(unit=to, role="TO"),),
            created_at=world.now,
            sent_at=world.now,
            labels=labels(),
            body={name: value for name, value in {**BODIES[new.kind], **body}.items() if value is not None},
            objects=(person(), lorry()) if new.kind == "REQ" else (),
        )
        outbox.seal_and_queue(work, node.sealing_directory(), content, cases.open_case(work))
        work.finish()
    world.sync()


def passing(world: World, item: str, object_id: str = "P1", **marks: Any) -> set[str]:
    """What speaks against passing an object of TJ's message on from KG to KZ."""
    carried: dict[str, Any] = {"passed_on": [{"origin": "TJ", "message": item, "object": object_id}]}
    until = instants.to_text(world.now + 90 * DAY)[:10]
    told = {**RESTRICTED, "retention_until": until, **carried, **marks}
    return objections(world, "KG", "dilnoza", NewDraft("REQ", recipients=("KZ",)), **told)


def objections(world: World, unit: str, who: str, new: NewDraft, item: str = "", **marks: Any) -> set[str]:
    """What the check page says against a message, about an item if one is named; the unit's own rules bind as well."""
    node = world.node(unit)
    actor = replace(someone(node, who), rules=node.rules)
    body = {**BODIES[new.kind], **({"items": [held(item)]} if item else {"objects": [person(), lorry()]})}
    form = DraftForm((), form_labels(**marks), body)
    with node.db.write() as session:
        written = drafts.write(session, node, actor, new, form)
        return {fault.code for fault in checking.judge(Work(session, node), actor, written).faults}
