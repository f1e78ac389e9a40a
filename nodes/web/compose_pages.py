"""Writing a message: choose a kind, fill in the form that its declaration makes, check, seal. Drafts live in the unit.

A form is posted, saved as it is, and shown again from what was saved: a reload, a crash or a switched-off browser costs
nothing, and a faulty answer keeps its text. No kind is known here by name.
"""

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, JSONResponse, Response

from crypto.canonical import Json
from exchange.policy.facts import Action
from nodes import drafts, messages, rights
from nodes.drafts import NewDraft
from nodes.errors import NotFound, RestrictionUnread
from nodes.permissions import may_write, require
from nodes.views import Draft
from nodes.web import forms, gates, inherited_codes, moments, sheets, task_offers, wording
from nodes.web.entrance import AtDesk
from nodes.web.inbox_pages import draft_line
from nodes.web.languages import gettext, language
from nodes.web.reading import ReadPart, sections_of
from nodes.web.recipients import Wanted, choices
from nodes.web.sheets import BODY, LABELS, Sheet, Task
from nodes.web.site import Desk, see
from nodes.web.wording import Problem
from schemas.facts import records
from schemas.kind import Kind
from schemas.kinds import KINDS, kind_of

router: Final = APIRouter()
QUESTION_PARTS: Final = 2
"""So many sections of the message that is answered stand beside the form; the rest is one link away."""


@dataclass(frozen=True, slots=True)
class Named:
    """A thing with a code, a name and a line that explains it."""

    code: str
    label: str
    hint: str


@dataclass(frozen=True, slots=True)
class Question:
    """The message that is being answered, with the marks under which whatever is quoted from it stands.

    `labels` are all of its labels, as they came.
    """

    message_id: str
    subject: str
    sections: tuple[ReadPart, ...]
    handling: tuple[wording.HandlingCode, ...]
    restriction: str
    labels: Mapping[str, Json]


@router.get("/compose")
def choose(desk: AtDesk) -> HTMLResponse:
    """Show the kinds of message that open an exchange, and the drafts that wait."""
    require(desk.actor, Action.COMPOSE)
    with desk.node.db.read() as session:
        own = drafts.own(session, desk.node, desk.actor)
    offered = [
        Named(kind.code, kind.label.say(language()), kind.hint.say(language()))
        for kind in KINDS.values()
        if not kind.answers
        and kind.concern is None
        and desk.actor.agency in kind.senders
        and may_write(desk.actor, kind)
    ]
    return desk.page("choose.html", {"kinds": offered, "drafts": [draft_line(desk, draft) for draft in own]})


@router.post("/compose")
def begin(desk: AtDesk) -> Response:
    """Begin a draft of the chosen kind."""
    require(desk.actor, Action.COMPOSE)
    return _begun(desk, NewDraft(desk.text("kind")))


@router.post("/messages/{message_id}/begin")
def begin_about(desk: AtDesk, message_id: str) -> Response:
    """Begin the draft of a message about this one: a permission asked for it, a correction, a revocation."""
    return _begun(desk, NewDraft(desk.text("kind"), about=message_id))


@router.post("/messages/{message_id}/reply")
def reply(desk: AtDesk, message_id: str) -> Response:
    """Begin the draft of an answer, a question back, a refusal: whatever the kind and its state allow."""
    return _begun(desk, NewDraft(desk.text("kind"), in_reply_to=message_id))


def _begun(desk: Desk, new: NewDraft) -> Response:
    """Begin a draft; what the button says of the form already stands on it."""
    given = _posted(desk)
    with desk.node.db.write() as session:
        draft = drafts.create(session, desk.node, desk.actor, new)
        if given:
            sheet = sheets.from_raw(kind_of(draft.kind), {**sheets.from_draft(draft).raw, **given})
            stored = sheets.to_store(sheet, draft.recipients, draft.copies)
            drafts.save(session, desk.node, desk.actor, drafts.Saved(draft.draft_id, draft.revision, stored))
    return see(f"/drafts/{draft.draft_id}")


@router.get("/drafts/{draft_id}")
def edit(desk: AtDesk, draft_id: str, add: str = "", check: int = 0) -> HTMLResponse:
    """Show the form with what was saved; with `check`, also what is wrong."""
    with desk.node.db.read() as session:
        draft = drafts.get(session, desk.node, desk.actor, draft_id)
    sheet = sheets.from_draft(draft)
    return _form(desk, draft, sheet, adding=frozenset({add} - {""}), checked=bool(check))


@router.post("/drafts/{draft_id}")
def post(desk: AtDesk, draft_id: str) -> Response:
    """Save the form, then do what the button says: check, save, delete, add or remove a row."""
    act, _, path = desk.text("act").partition(":")
    if act == "discard":
        with desk.node.db.write() as session:
            drafts.discard(session, desk.node, desk.actor, draft_id)
        return see("/compose", "discarded")
    sheet = _save(desk, draft_id, path if act == "drop" else "")
    if act == "check":
        whole = sheet.whole and _has_recipients(desk, draft_id)
        return see(f"/drafts/{draft_id}/check") if whole else see(f"/drafts/{draft_id}?check=1")
    if act in _TAKEN:
        return _take_over(desk, draft_id, act, path)
    if act in {"add", "show", "drop"}:
        more = f"?add={quote(path)}" if act == "add" else ""
        return see(f"/drafts/{draft_id}{more}#{forms.html_id(path.rpartition('.')[0] if act == 'drop' else path)}")
    return see(f"/drafts/{draft_id}", "saved")


@router.post("/drafts/{draft_id}/autosave")
def autosave(desk: AtDesk, draft_id: str) -> JSONResponse:
    """Save what an open page holds; it answers with the new revision and a sentence for the page."""
    _save(desk, draft_id, "")
    with desk.node.db.read() as session:
        draft = drafts.get(session, desk.node, desk.actor, draft_id)
    return JSONResponse({"schema": "serai/draft/1", "revision": draft.revision, "saved": _saved(desk, draft)})


def _save(desk: Desk, draft_id: str, dropped: str) -> Sheet:
    """Store what the browser posted, without the row `dropped`, and return it judged."""
    raw = _posted(desk)
    if dropped:
        raw = forms.without_row(raw, dropped)
    with desk.node.db.write() as session:
        draft = drafts.get(session, desk.node, desk.actor, draft_id)
        sheet = sheets.from_raw(kind_of(draft.kind), raw)
        recipients = desk.texts("recipients") if draft.in_reply_to is None else draft.recipients
        stored = sheets.to_store(sheet, recipients, desk.texts("copies"))
        drafts.save(session, desk.node, desk.actor, drafts.Saved(draft_id, revision_of(desk), stored))
    return sheet


def revision_of(desk: Desk) -> int:
    """Return the revision that the page was made from; -1, which no draft has, for anything that is no number."""
    return int(desk.text("revision")) if desk.text("revision").isdecimal() else -1


def _posted(desk: Desk) -> dict[str, list[str]]:
    """Return the inputs of a form that were posted, by path."""
    return {name: list(desk.texts(name)) for name in desk.form if name.startswith((f"{BODY}.", f"{LABELS}."))}


_TAKEN: Final = MappingProxyType({"take": task_offers.taken_over, "inherit": inherited_codes.taken_over})
"""What a button puts into the saved form: a reply of an agency into its row, or what binds it for what it carries."""


def _take_over(desk: Desk, draft_id: str, act: str, name: str) -> Response:
    with desk.node.db.read() as session:
        draft = drafts.get(session, desk.node, desk.actor, draft_id)
    form = _TAKEN[act](desk, draft, name)
    with desk.node.db.write() as session:
        drafts.save(session, desk.node, desk.actor, drafts.Saved(draft_id, draft.revision, form))
    return see(f"/drafts/{draft_id}", "taken-over")


def _has_recipients(desk: Desk, draft_id: str) -> bool:
    with desk.node.db.read() as session:
        return bool(drafts.get(session, desk.node, desk.actor, draft_id).recipients)


def _form(desk: Desk, draft: Draft, sheet: Sheet, *, adding: frozenset[str], checked: bool) -> HTMLResponse:
    """Draw the form; nothing is called wrong before the officer asked for a check."""
    missing = checked and not draft.recipients
    no_recipient = gettext("Choose at least one unit that receives it.") if missing else ""
    found = sheets.problems(sheet) if checked else ()
    classification = str(draft.common.get("classification", "UNCL"))
    question, (items, closed) = _question(desk, draft), _items(desk, sheet.kind, draft)
    wanted = Wanted(sheet.kind, classification, draft.copies)
    asked = rights.asked(desk.node, draft, question.labels if question is not None else {})
    needed = frozenset({gates.FIELD} if asked else ())
    values: dict[str, Any] = {
        "kind": Named(sheet.kind.code, sheet.kind.label.say(language()), sheet.kind.hint.say(language())),
        "draft": draft,
        "saved": _saved(desk, draft),
        "question": question,
        "offers": task_offers.offers(desk, draft),
        "inherits": inherited_codes.lacking(desk, draft),
        "items": items,
        "closed": closed,
        "recipients": () if draft.in_reply_to else choices(desk.node, replace(wanted, chosen=draft.recipients)),
        "answered": [wording.unit_name(desk.node, unit) for unit in draft.recipients] if draft.in_reply_to else (),
        "copies": [
            one for one in choices(desk.node, wanted) if not (draft.in_reply_to and one.unit in draft.recipients)
        ],
        "recipients_error": no_recipient,
        "parts": sheets.parts(sheet, show_errors=checked, adding=adding, asked=needed),
        "asked": {gates.PART: gates.asked(desk.node, asked)},
        "tasks": _tasks(draft, sheet, needed),
        "problems": (*((Problem(no_recipient, "#f-recipients"),) if missing else ()), *found),
        "handling_costs": wording.handling_costs(),
        "banner": banner_of(draft, question, *items),
    }
    return desk.page("compose.html", values, counterpart=next(iter(draft.recipients), ""))


def _tasks(draft: Draft, sheet: Sheet, asked: Collection[str]) -> tuple[Task, ...]:
    if draft.in_reply_to is not None:
        return sheets.tasks(sheet, asked)
    state, colour = (gettext("Done"), "green") if draft.recipients else (gettext("To do"), "blue")
    return (Task("recipients", gettext("Who it is for"), state, colour), *sheets.tasks(sheet, asked))


def _question(desk: Desk, draft: Draft) -> Question | None:
    """Return the message that is being answered, for reading beside the form."""
    return _read(desk, draft.in_reply_to) if draft.in_reply_to is not None else None


def _items(desk: Desk, kind: Kind, draft: Draft) -> tuple[list[Question], bool]:
    """Return the messages that a draft is about, as far as the officer may read them, and whether one is closed to him.

    What they hold is decided on.
    """
    named = records(draft.body.get("items")) if kind.concern is not None else ()
    numbers, found = dict.fromkeys(str(row.get("message", "")) for row in named), []
    for message_id in numbers:
        with suppress(NotFound, RestrictionUnread):
            found.append(_read(desk, message_id))
    return found, len(found) < len(numbers)


def _read(desk: Desk, message_id: str) -> Question:
    with desk.node.db.write() as session:
        found = messages.read(session, desk.node, desk.actor, message_id)
    asked = sections_of(kind_of(found.row.kind), found.body)
    marks, restriction = wording.handling(found.row.handling), str(found.common.get("handling_text", ""))
    parts, labels = asked[:QUESTION_PARTS], found.common
    return Question(found.row.message_id, found.row.subject or "", parts, marks, restriction, labels)


def _saved(desk: Desk, draft: Draft) -> str:
    return gettext("Draft, saved in your unit at %s") % moments.hand(draft.updated, desk.node.settings.time_zone)


def banner_of(draft: Draft, *shown: Question | None) -> wording.Banner | None:
    """Return the banner of a page that shows a draft, and perhaps messages that it answers or is about."""
    found, text = codes_of(draft), str(draft.common.get("handling_text", ""))
    for one in (one for one in shown if one is not None):
        found |= {mark.code for mark in one.handling}
        text = one.restriction or text
    return wording.banner(found, text)


def codes_of(draft: Draft) -> set[str]:
    """Return the handling codes that a draft has so far."""
    given = draft.common.get("handling")
    return {str(code) for code in given} & wording.BANNERS.keys() if isinstance(given, list) else set()
