"""What agencies replied, offered beside the form of the answer: each text can be taken over into its own row.

The kind of the answer declares which rows these are (`Kind.replies`); nothing is taken over unasked.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from crypto.canonical import Json
from nodes import task_reading
from nodes.errors import NotFound
from nodes.task_reading import Entered, Shown
from nodes.views import Draft, DraftForm
from nodes.web import wording
from nodes.web.site import Desk
from schemas.facts import records
from schemas.kind import Replies
from schemas.kinds import kind_of


@dataclass(frozen=True, slots=True)
class Offer:
    """What was replied to one question: `name` is how the form asks for it."""

    name: str
    item: int
    text: str
    agency: str
    source: str
    person: str


def offers(desk: Desk, draft: Draft) -> tuple[Offer, ...]:
    """Return the replies that the draft of an answer may take over; looking at them is logged."""
    if draft.in_reply_to is None or kind_of(draft.kind).replies is None:
        return ()
    with desk.node.db.write() as session:
        found = task_reading.replies(session, desk.node, desk.actor, draft.in_reply_to)
    return tuple(
        _offer(shown, entered, (f"{shown.task.task_id}.{ordinal}.{one.item}", one.item, one.text))
        for shown in found
        for ordinal, entered in enumerate(shown.task.replies)
        for one in entered.reply.answers
    )


def taken_over(desk: Desk, draft: Draft, name: str) -> DraftForm:
    """Return the draft with one reply in the row of its question; raises `NotFound`."""
    offer = next((one for one in offers(desk, draft) if one.name == name), None)
    replies = kind_of(draft.kind).replies
    if offer is None or replies is None:
        raise NotFound
    rows = [*records(draft.body.get(replies.rows))]
    at = next((at for at, row in enumerate(rows) if str(row.get(replies.number)) == str(offer.item)), None)
    if at is None:
        rows.append(_row(replies, offer, {}))
    else:
        rows[at] = _row(replies, offer, rows[at])
    rows.sort(key=lambda row: int(number) if (number := str(row.get(replies.number))).isdecimal() else len(rows))
    return DraftForm(draft.recipients, draft.common, {**draft.body, replies.rows: [*rows]}, draft.copies)


def _row(replies: Replies, offer: Offer, row: Mapping[str, Json]) -> dict[str, Json]:
    """The row with the text below what stands there; the same text is not added again."""
    before = str(row.get(replies.text, ""))
    text = before if offer.text in before else f"{before}\n\n{offer.text}".strip()
    return {**row, **replies.begins, replies.number: offer.item, replies.text: text}


def _offer(shown: Shown, entered: Entered, said: tuple[str, int, str]) -> Offer:
    reply = entered.reply
    person = ", ".join(part for part in (reply.person, reply.rank) if part)
    return Offer(*said, wording.label("agency_types", shown.task.agency), reply.source, person)
