"""Domestic tasks: the list, splitting a request, one task with its letter and its replies.

No kind of message is known here by name: its declaration says which of its fields holds the questions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from exchange.policy.facts import families_of
from nodes import task_reading, tasks
from nodes.errors import BadInput, RestrictionUnread
from nodes.messages import Opened
from nodes.task_errors import TooLate
from nodes.task_reading import OVERDUE, Letter, Line, Shown
from nodes.task_words import ItemReply, Order, Reply, Request
from nodes.tasks import Plan, State
from nodes.views import MessageDetail
from nodes.web import moments, paper, wording
from nodes.web.entrance import AtDesk
from nodes.web.forms import Option
from nodes.web.languages import gettext, ngettext, noted
from nodes.web.reading import row_lines
from nodes.web.refusals import reasons, to_agency
from nodes.web.site import Desk, see
from nodes.web.wording import Problem, spoken_problem
from schemas import codes, fields

router: Final = APIRouter()
_STATES: Final[Mapping[str, tuple[str, str]]] = {
    State.OPEN: ("grey", noted("Not sent yet")),
    State.SENT: ("blue", noted("With the agency")),
    OVERDUE: ("red", noted("Overdue")),
    State.ANSWERED: ("green", noted("Replied")),
    State.CANCELLED: ("grey", noted("Taken back")),
}
_WRONG: Final[Mapping[str, tuple[str, str]]] = {
    "agency": ("#agency", noted("Choose the agency.")),
    "items": ("#items", noted("Choose at least one question.")),
    "instructions": ("#instructions", noted("Say what the agency is asked to do. At most 4,000 characters.")),
    "office": ("#office", noted("The name of the office has at most 200 characters.")),
    "due": ("#due", noted("Choose a moment to come.")),
    "answers": ("#reply", noted("Enter the reply to at least one question.")),
    "source": ("#source", noted("Say where the agency has it from. At most 200 characters.")),
    "person": ("#person", noted("Name the person who answers for the reply. At most 200 characters.")),
    "rank": ("#rank", noted("Rank and post have at most 200 characters.")),
    "given": ("#given", noted("Say on which day it was replied; not a day to come.")),
    "reason": ("#reason", noted("Say why the task is taken back. At least 10 characters.")),
}
"""What a use case calls wrong -> where it stands on the page, and what to do."""


@dataclass(frozen=True, slots=True)
class Row:
    """A task in a list."""

    line: Line
    agency: str
    handling: tuple[wording.HandlingCode, ...]
    state: wording.State
    left: str
    late: bool


@dataclass(frozen=True, slots=True)
class Counter:
    """How many tasks stand so."""

    number: int
    text: str
    tone: str
    href: str
    here: bool


@router.get("/tasks")
def show_tasks(desk: AtDesk, state: str = "") -> HTMLResponse:
    """List the tasks of the requests that the person may read, what is overdue first."""
    with desk.node.db.read() as session:
        found = task_reading.listed(session, desk.node, desk.actor)
    chosen = [line for line in found if state in {"", line.state}]
    values = {
        "counters": [_counter(found, code, state) for code in _STATES if code != State.CANCELLED],
        "rows": [_row(desk, line) for line in chosen],
        "chosen": state,
        "count": ngettext("%s task", "%s tasks", len(chosen)) % len(chosen),
        "banner": wording.banner(code for line in chosen for code in line.request.handling),
    }
    return desk.page("tasks.html", values)


@router.get("/messages/{message_id}/tasks")
def ask_for_task(desk: AtDesk, message_id: str) -> HTMLResponse:
    """Show the form of a new task, with a moment well before the legal deadline."""
    return _form(desk, message_id, ())


@router.post("/messages/{message_id}/tasks")
def make(desk: AtDesk, message_id: str) -> Response:
    """Make a task; nothing leaves the unit by this."""
    items = tuple(int(text) for text in desk.texts("items") if text.isdecimal())
    order = Order(items=items, instructions=desk.text("instructions"), office=desk.text("office"))
    try:
        plan = Plan(message_id, desk.text("agency"), _moment(desk, "due"), order)
        with desk.node.db.write() as session:
            task_id = tasks.make(session, desk.node, desk.actor, plan)
    except BadInput as error:
        return _form(desk, message_id, (_problem(error),), 422)
    except TooLate as error:
        return _form(desk, message_id, (spoken_problem(error, "#due"),), 422)
    return see(f"/tasks/{task_id}", "task-made")


@router.get("/tasks/{task_id}")
def show(desk: AtDesk, task_id: str) -> HTMLResponse:
    """Show a task: what is asked, whether its letter may leave, what was replied."""
    return _page(desk, task_id, ())


@router.post("/tasks/{task_id}/send")
def send(desk: AtDesk, task_id: str) -> Response:
    """Note that the letter leaves; from here on it can be printed."""
    try:
        with desk.node.db.write() as session:
            tasks.send(session, desk.node, desk.actor, task_id, confirmed=desk.text("confirm") == "yes")
    except RestrictionUnread:
        text = gettext("Confirm that the letter keeps to the sender’s restriction.")
        return _page(desk, task_id, (Problem(text, "#confirm"),), 422)
    return see(f"/tasks/{task_id}", "task-sent")


@router.get("/tasks/{task_id}/letter.pdf")
def print_letter(desk: AtDesk, task_id: str) -> Response:
    """Print the letter to the agency."""
    with desk.node.db.write() as session:
        found = task_reading.letter(session, desk.node, desk.actor, task_id)
    return paper.sheet(desk, "task_letter.html", _letter(desk, found), found.recorded)


@router.post("/tasks/{task_id}/reply")
def reply(desk: AtDesk, task_id: str) -> Response:
    """Enter what the agency replied."""
    given = [(name.removeprefix("text-"), desk.text(name)) for name in desk.form if name.startswith("text-")]
    answers = tuple(ItemReply(item=int(number), text=text) for number, text in given if number.isdecimal() and text)
    told = {name: desk.text(name) for name in ("source", "person", "rank")}
    try:
        entered = Reply(answers=answers, **told, given=_moment(desk, "given"))
        with desk.node.db.write() as session:
            tasks.answer(session, desk.node, desk.actor, task_id, entered)
    except BadInput as error:
        return _page(desk, task_id, (_problem(error),), 422)
    return see(f"/tasks/{task_id}", "task-replied")


@router.post("/tasks/{task_id}/cancel")
def cancel(desk: AtDesk, task_id: str) -> Response:
    """Take a task back, with the reason."""
    try:
        with desk.node.db.write() as session:
            tasks.cancel(session, desk.node, desk.actor, task_id, desk.text("reason"))
    except BadInput as error:
        return _page(desk, task_id, (_problem(error),), 422)
    return see(f"/tasks/{task_id}", "task-cancelled")


def beside(desk: Desk, found: MessageDetail, opened: Opened) -> dict[str, Any]:
    """Return the tasks of a message for its own page, and whether its reader may make another."""
    with desk.node.db.read() as session:
        lines = task_reading.of_message(session, desk.node, found.row)
        may_split = task_reading.may_split(session, desk.node, desk.actor, opened)
    return {"tasks": [_row(desk, line) for line in lines], "may_split": may_split}


def _form(desk: Desk, message_id: str, problems: tuple[Problem, ...], status: int = 200) -> HTMLResponse:
    with desk.node.db.read() as session:
        found = tasks.propose(session, desk.node, desk.actor, message_id)
    zone, chosen, request = desk.node.settings.time_zone, desk.texts("items"), found.request
    values = {
        **_around(desk, request),
        "problems": problems,
        "legal": found.legal,
        "due": desk.text("due") or moments.to_type(found.due, zone),
        "agencies": _agencies(request.family, desk.text("agency")),
        "questions": [
            (number, lines, str(number) in chosen) for number, lines in _questions(request, list(request.questions))
        ],
        "typed": {name: desk.text(name) for name in ("office", "instructions")},
    }
    return desk.page("task_new.html", values, status, counterpart=request.sender)


def _page(desk: Desk, task_id: str, problems: tuple[Problem, ...], status: int = 200) -> HTMLResponse:
    with desk.node.db.write() as session:
        found = task_reading.read(session, desk.node, desk.actor, task_id)
    task, request = found.task, found.request
    values = {
        **_around(desk, request),
        **_task(found),
        "problems": problems,
        "steps": {step.value for step in task.steps},
        "refused": reasons(task.refused, to_agency(task.agency)),
        "typed": {name: desk.text(name) for name in desk.form},
        "today": moments.to_type(desk.node.now(), desk.node.settings.time_zone)[:10],
    }
    return desk.page("task.html", values, status, counterpart=request.sender)


def _task(found: Shown) -> dict[str, Any]:
    task = found.task
    return {
        "task": task,
        "agency": wording.label("agency_types", task.agency),
        "state": _state(task.state),
        "questions": _questions(found.request, task.order.items),
    }


def _letter(desk: Desk, found: Letter) -> dict[str, Any]:
    request = found.shown.request
    things = row_lines(request.content.declared, "objects", found.objects) if found.objects else ()
    names = [wording.label("object_types", str(one["object_type"])) for one in found.objects]
    return {
        **_around(desk, request),
        **_task(found.shown),
        "things": list(zip(found.objects, names, things, strict=True)),
        "withheld": found.withheld,
    }


def _around(desk: Desk, request: Request) -> dict[str, Any]:
    """Return what every page of a task says of its request."""
    content, handling = request.content, [str(code) for code in request.content.labels["handling"]]
    restriction = str(content.labels.get("handling_text", ""))
    return {
        "message_id": request.message_id,
        "subject": content.label("subject_line"),
        "case_ref": request.case_ref,
        "sender": wording.unit_name(desk.node, request.sender),
        "handling": wording.handling(handling),
        "restriction": restriction,
        "classification": wording.label("classification", request.classification),
        "purpose_code": content.label("purpose"),
        "purpose": wording.label("purposes", content.label("purpose")),
        "banner": wording.banner(handling, restriction),
    }


def _questions(request: Request, numbers: Sequence[int]) -> list[tuple[int, tuple[fields.Line, ...]]]:
    """Return the chosen questions as lines to read."""
    kind, chosen = request.content.declared, [request.questions[number] for number in numbers]
    return list(zip(numbers, row_lines(kind, kind.questions, chosen), strict=True))


def _agencies(family: str, chosen: str) -> list[Option]:
    """Return the agencies that work with messages of a family."""
    offered = (code for code in codes.table("agency_types") if family in families_of(code))
    return [Option(code, wording.label("agency_types", code), code == chosen) for code in offered]


def _row(desk: Desk, line: Line) -> Row:
    left, running = line.due - desk.node.now(), line.state in {State.OPEN, State.SENT}
    text = moments.duration(left) if running else ""
    return Row(
        line=line,
        agency=wording.label("agency_types", line.agency),
        handling=wording.handling(line.request.handling),
        state=_state(line.state),
        left=text,
        late=line.state == OVERDUE,
    )


def _counter(found: Sequence[Line], code: str, chosen: str) -> Counter:
    number = sum(line.state == code for line in found)
    tone = "none" if not number else "bad" if code == OVERDUE else "calm"
    return Counter(number, _state(code).label, tone, f"/tasks?state={code}", code == chosen)


def _state(code: str) -> wording.State:
    colour, text = _STATES[code]
    return wording.State(gettext(text), colour)


def _moment(desk: Desk, name: str) -> int:
    """Return a posted moment, in the unit's zone; raises `BadInput`."""
    try:
        return moments.typed(desk.text(name), desk.node.settings.time_zone)
    except ValueError as error:
        raise BadInput(name) from error


def _problem(error: BadInput) -> Problem:
    href, text = _WRONG[str(error)]
    return Problem(gettext(text), href)
