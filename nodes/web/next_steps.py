"""What can be done next with a message: answer it, or begin something about it. No kind is known here by name."""

from dataclasses import dataclass
from typing import Final

from nodes.recalled import RECALLS
from nodes.views import InboxRow
from nodes.web import wording
from nodes.web.languages import language
from nodes.web.site import Desk
from schemas.kinds import KINDS

_OWN_PAGE: Final = dict.fromkeys(RECALLS, "recall")
"""Kinds that are not written on a form: what is begun instead, below the address of the message."""


@dataclass(frozen=True, slots=True)
class NextStep:
    """Something that can be done with the message; `page`: it is a page of its own, not a draft."""

    kind: str
    label: str
    hint: str
    page: str = ""


def answering(code: str) -> NextStep:
    """Return the step that answers with a message of this kind."""
    kind = KINDS[code]
    return NextStep(code, kind.label.say(language()), kind.hint.say(language()))


def begun(desk: Desk, row: InboxRow, code: str) -> NextStep:
    """Return the step that begins a message of this kind about another."""
    kind, unit = KINDS[code], wording.unit_name(desk.node, row.sender)
    words = kind.concern.invitation.say(language(), unit=unit) if kind.concern and kind.concern.invitation else ""
    return NextStep(code, words, kind.hint.say(language()), _OWN_PAGE.get(code, ""))


def follows(row: InboxRow) -> str:
    """Return the address of the page that shows what became of a message; empty where its own page says all."""
    return f"/recalls/{row.message_id}" if row.kind in RECALLS else ""
