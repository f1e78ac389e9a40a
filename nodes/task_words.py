"""What is said in a domestic task and in the replies to it: one form each, sealed under the key of the request.

What was erased with the request opens no more. This module decides nothing and stores nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from crypto.at_rest import DataKey
from crypto.canonical import Json
from nodes import rest
from nodes.errors import BadInput
from nodes.messages import Opened
from nodes.node import Node
from nodes.task_tables import TaskReplyRow, TaskRow
from schemas.base import UtcText, Wire
from schemas.content import Content
from schemas.facts import records

LONGEST_NAME: Final = 200
LONGEST_ORDER: Final = 4000
LONGEST_REPLY: Final = 8000


class Order(Wire):
    """What an agency is asked: the numbers of the questions, what is wanted, and the office if it is known."""

    items: tuple[int, ...]
    instructions: str
    office: str = ""


class ItemReply(Wire):
    """What was replied to one question."""

    item: int
    text: str


class Reply(Wire):
    """A reply as it was entered: per question, from which source, who answers for it, and when it was given."""

    answers: tuple[ItemReply, ...]
    source: str
    person: str
    rank: str
    given: UtcText


@dataclass(frozen=True, slots=True)
class Request:
    """The request that tasks are parts of: what it says, and its questions by their number, from 1."""

    message_id: str
    case_ref: str
    sender: str
    family: str
    classification: str
    content: Content
    questions: Mapping[int, Mapping[str, Json]]


def request_of(opened: Opened) -> Request:
    """Return a request as a value that outlives its session."""
    row, content = opened.row, opened.content
    asked = dict(enumerate(records(content.body.get(content.declared.questions)), 1))
    return Request(row.message_id, opened.case.case_ref, row.sender, row.family, row.classification, content, asked)


def check_order(order: Order, known: Mapping[int, object]) -> None:
    """Return if an order can be given; raises `BadInput` naming what is wrong."""
    wrong = {
        "items": not order.items or not known.keys() >= set(order.items) or len(set(order.items)) < len(order.items),
        "instructions": not 0 < len(order.instructions) <= LONGEST_ORDER,
        "office": len(order.office) > LONGEST_NAME,
    }
    _refuse(wrong)


def check_reply(reply: Reply, order: Order, now: int) -> None:
    """Return if a reply can be entered; raises `BadInput` naming what is wrong."""
    texts = [one.text for one in reply.answers]
    wrong = {
        "answers": not texts or any(not 0 < len(text) <= LONGEST_REPLY for text in texts),
        "items": not {one.item for one in reply.answers} <= set(order.items),
        "source": not 0 < len(reply.source) <= LONGEST_NAME,
        "person": not 0 < len(reply.person) <= LONGEST_NAME,
        "rank": len(reply.rank) > LONGEST_NAME,
        "given": reply.given > now,
    }
    _refuse(wrong)


def seal_order(node: Node, opened: Opened, task_id: str, order: Order) -> bytes:
    """Return an order sealed for its row."""
    return _key(node, opened).seal(order.to_bytes(), *rest.place("task", task_id, "order"))


def order_of(node: Node, opened: Opened, row: TaskRow) -> Order:
    """Return what the agency is asked."""
    return Order.from_bytes(_key(node, opened).open(row.sealed, *rest.place("task", row.task_id, "order")))


def seal_reply(node: Node, opened: Opened, place: tuple[str, int], reply: Reply) -> bytes:
    """Return a reply sealed for its row, named by task and ordinal."""
    return _key(node, opened).seal(reply.to_bytes(), *_place(*place))


def reply_of(node: Node, opened: Opened, row: TaskReplyRow) -> Reply:
    """Return what was replied."""
    return Reply.from_bytes(_key(node, opened).open(row.sealed, *_place(row.task_id, row.ordinal)))


def seal_reason(node: Node, opened: Opened, task_id: str, reason: str) -> bytes:
    """Return the reason for taking a task back, sealed for its row."""
    return _key(node, opened).seal(reason.encode(), *rest.place("task", task_id, "reason"))


def reason_of(node: Node, opened: Opened, row: TaskRow) -> str:
    """Return why a task was taken back; empty if it was not."""
    if row.reason_sealed is None:
        return ""
    return _key(node, opened).open(row.reason_sealed, *rest.place("task", row.task_id, "reason")).decode()


def _refuse(wrong: Mapping[str, bool]) -> None:
    named = next((name for name, found in wrong.items() if found), None)
    if named is not None:
        raise BadInput(named)


def _key(node: Node, opened: Opened) -> DataKey:
    return rest.message_key(node.store.kek, opened.case, opened.row)


def _place(task_id: str, ordinal: int) -> tuple[bytes, bytes, bytes]:
    return rest.place("task_reply", f"{task_id}/{ordinal}", "reply")
