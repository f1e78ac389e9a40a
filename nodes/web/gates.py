"""What stands between a draft and its sealing, in words: questions that the federation's list asks, and second persons.

This module decides nothing: `nodes.rights` finds the pairs, `nodes.releasing` the reasons.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from nodes import approvals
from nodes.node import Node
from nodes.permissions import roles_that
from nodes.releasing import Need
from nodes.web import moments, wording
from nodes.web.languages import gettext, language
from nodes.web.sheets import BODY
from schemas import human_rights
from schemas.signed_policy import EVERY, RightsPair

PART: Final = f"{BODY}-{human_rights.SECTION.name}"
FIELD: Final = f"{BODY}.{human_rights.MEMBER}"
"""The section of the form in which the questions stand, and the field that holds them."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One pair of the signed list by which a draft must carry the check: who to whom, about what, by which law."""

    between: str
    areas: str
    source: str
    since: str


@dataclass(frozen=True, slots=True)
class Second:
    """Why a second person must agree, who may be it, and how far that is."""

    text: str
    who: str
    state: wording.State


def asked(node: Node, pairs: Sequence[RightsPair]) -> tuple[Asked, ...]:
    """Return why the questions about human rights come with a draft; nothing where they may be left out."""
    return tuple(_asked(node, pair) for pair in pairs)


def second(need: Need) -> Second:
    """Return why somebody else must agree, and by which roles he may."""
    state = wording.approval_state(need.approval.state) if need.approval is not None else None
    may = sorted(wording.label("roles", role) for role in roles_that(approvals.RULES[need.code].decides))
    return Second(need.words.say(language()), ", ".join(may), state or wording.State(gettext("Not asked yet"), "grey"))


def _asked(node: Node, pair: RightsPair) -> Asked:
    areas = (
        gettext("every area of crime") if one == EVERY else wording.label("crime_areas", one) for one in pair.areas
    )
    source = pair.source.ru if language() == "ru" else pair.source.en
    since = moments.local(pair.not_before, node.settings.time_zone) if pair.not_before else ""
    return Asked(f"{_party(node, pair.sender)} → {_party(node, pair.recipient)}", ", ".join(areas), source, since)


def _party(node: Node, unit: str) -> str:
    return gettext("every unit") if unit == EVERY else wording.unit_name(node, unit)
