"""What a permission says to its reader: the code that it lifts, what may be done, until when, for what purpose."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from nodes import grants
from nodes.grants import Grant
from nodes.web import moments, wording
from nodes.web.languages import gettext, noted
from nodes.web.site import Desk
from schemas import codes

_ACTIONS: Final[Mapping[str, str]] = {
    "EVIDENCE": noted("H1: may be used in court"),
    "FORWARD": noted("H2: may go to %s"),
    "EXPORT": noted("H2: may leave this system"),
    "PURPOSE": noted("May be used for another purpose"),
    "DOWNGRADE": noted("May be handled as: %s"),
}


@dataclass(frozen=True, slots=True)
class Permit:
    """A permission in words, and whether it holds now."""

    text: str
    state: wording.State
    holds: bool


def permit(desk: Desk, one: Grant) -> Permit:
    """Return a permission with its end; one that ended keeps its words."""
    if one.revoked is not None:
        return Permit(sentence(desk, one), wording.state("REVOKED"), holds=False)
    holds = desk.node.now() < one.until
    return Permit(sentence(desk, one), wording.state("VALID" if holds else "ENDED"), holds)


def held(desk: Desk, message_id: str) -> tuple[str, ...]:
    """Return what this unit may do with a message and its objects now."""
    with desk.node.db.read() as session:
        found = grants.held(session, desk.node.now(), message_id)
    return tuple(sentence(desk, one) for one in found)


def sentence(desk: Desk, one: Grant) -> str:
    """Return for example `P1 – H2: may go to Kazakhstan until 3 Dec 2026, 11:00, for: prosecute`."""
    action, _, to = one.action.partition(":")
    text = gettext(_ACTIONS[action])
    what = text % _named(desk, action, to) if "%s" in text else text
    until = moments.local(one.until, desk.node.settings.time_zone)
    words = gettext("%s until %s, for: %s") % (what, until, wording.label("purposes", one.purpose))
    return f"{one.item.object} – {words}" if one.item.object else words


def _named(desk: Desk, action: str, code: str) -> str:
    """Return the name of a unit, an agency or a classification."""
    if action == "DOWNGRADE":
        return wording.label("classification", code)
    agencies = codes.table("agency_types")
    return wording.label("agency_types", code) if code in agencies else wording.unit_name(desk.node, code)
