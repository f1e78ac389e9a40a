"""What was asked before, in the words of the pages that show it: before sealing, and beside a request that arrived.

What of it the reader may see is decided in `nodes.asking`; here it is worded.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from nodes.asking import Asked, Channel, Closed, Earlier
from nodes.views import MessageDetail
from nodes.web import moments, wording
from nodes.web.languages import gettext
from nodes.web.sheets import BODY
from nodes.web.site import Desk
from schemas.kinds import KINDS

_DUPLICATE: Final = "R4_DUPLICATE"
_GROUNDS: Final = "grounds"
"""The field by which a kind of message refuses another as a whole."""


@dataclass(frozen=True, slots=True)
class Line:
    """An earlier request: who asked whom, how it stands, and where else it was asked.

    `refusal`: what a button writes on the form of a refusal, by path; empty where it is no ground to refuse.
    """

    message_id: str
    reference: str
    at: int
    who: str
    to: str
    state: wording.State
    channels: tuple[str, ...]
    refusal: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Before:
    """What stands on the page. `refuses`: the kind of message that refuses this one, empty where none does now.

    `unread`: earlier requests of which nothing stands there but that they are, before their restriction was read.
    """

    warning: str
    lines: tuple[Line, ...]
    unread: tuple[str, ...]
    closed: tuple[str, ...]
    refuses: str = ""


def by_us(desk: Desk, asked: Asked) -> Before | None:
    """Return what the own unit asked before, for whoever is about to ask again; None if it did not."""
    if not asked.warning:
        return None
    lines = tuple(_line(desk, one, _agency(one), {}) for one in asked.earlier)
    return Before(asked.warning, lines, asked.unread, tuple(map(_closed_by_us, asked.closed)))


def by_others(desk: Desk, found: MessageDetail, asked: Asked) -> Before | None:
    """Return that for the page of the message: what its own sender asked before is a ground to refuse it."""
    if not (asked.earlier or asked.unread or asked.closed):
        return None
    refuses = next((code for code in found.replies if _GROUNDS in (one.name for one in KINDS[code].fields)), "")
    lines = []
    for one in asked.earlier:
        twice = bool(refuses) and one.unit == found.row.sender
        lines.append(_line(desk, one, wording.unit_name(desk.node, one.unit), _refusal(desk, one) if twice else {}))
    return Before("", tuple(lines), asked.unread, tuple(map(_closed_by_others, asked.closed)), refuses)


def _line(desk: Desk, one: Earlier, who: str, refusal: Mapping[str, str]) -> Line:
    return Line(
        one.message_id,
        one.reference,
        one.at,
        who,
        ", ".join(wording.unit_name(desk.node, unit) for unit in one.recipients),
        wording.state(one.state),
        tuple(map(_channel, one.channels)),
        refusal,
    )


def _refusal(desk: Desk, one: Earlier) -> dict[str, str]:
    told = one.reference, one.message_id, moments.local(one.at, desk.node.settings.time_zone)
    reason = gettext("Asked before: request %s (%s), received %s.") % told
    return {f"{BODY}.{_GROUNDS}": _DUPLICATE, f"{BODY}.reason_text": reason}


def _agency(one: Earlier) -> str:
    return wording.label("agency_types", one.agency) if one.agency else gettext("Your unit")


def _channel(one: Channel) -> str:
    told = f"{wording.label('channels', one.channel)}, {one.reference}"
    return f"{told}, {one.date}" if one.date else told


def _closed_by_us(one: Closed) -> str:
    if one.own_agency:
        return _with_supervisors(gettext("Your agency asked too, in a case that is not open to you."), one)
    return _with_supervisors(gettext("Another agency of this unit asked too."), one)


def _closed_by_others(one: Closed) -> str:
    return _with_supervisors(gettext("There is an earlier request about the same that is not open to you."), one)


def _with_supervisors(told: str, one: Closed) -> str:
    speak = gettext("Speak to a supervisor: %s.") % ", ".join(one.supervisors)
    return f"{told} {speak}" if one.supervisors else told
