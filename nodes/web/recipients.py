"""Which units a message may go to, and for every other unit the reason why it cannot be chosen. Empty means no."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from nodes.node import Node
from nodes.web import moments, wording
from nodes.web.languages import gettext, noted
from schemas.directory import Unit
from schemas.errors import SchemaError
from schemas.kind import Kind
from schemas.trust import ClassificationTooHigh, KeyUnknown, NoAgreement, UnitSuspended

_WHY: Final[tuple[tuple[type[SchemaError], str], ...]] = (
    (UnitSuspended, noted("Suspended by the hub for now.")),
    (ClassificationTooHigh, noted("Not accredited for this classification.")),
    (NoAgreement, noted("Your unit has no agreement with this unit for this family of messages.")),
    (KeyUnknown, noted("No valid key of this unit is known: it could not open the message.")),
)


@dataclass(frozen=True, slots=True)
class Choice:
    """A unit of the directory; `why` is empty when it can be chosen, `terms` says on what terms."""

    unit: str
    name: str
    chosen: bool
    why: str
    terms: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be sent: its kind, how it is classified, and the units chosen so far."""

    kind: Kind
    classification: str
    chosen: Collection[str]


def choices(node: Node, wanted: Wanted) -> tuple[Choice, ...]:
    """Return every other unit of the directory, those that can be chosen first."""
    others = (unit for unit in node.directory().units() if unit.unit != node.unit)
    return tuple(sorted((_choice(node, unit, wanted) for unit in others), key=lambda one: (bool(one.why), one.name)))


def _choice(node: Node, unit: Unit, wanted: Wanted) -> Choice:
    hour = moments.hand(node.now(), unit.time_zone)
    terms = gettext("Up to %s. Their clock says %s.") % (wording.label("classification", unit.accreditation), hour)
    name, chosen = wording.unit_name(node, unit.unit), unit.unit in wanted.chosen
    return Choice(unit.unit, name, chosen, _why(node, unit, wanted), terms)


def _why(node: Node, unit: Unit, wanted: Wanted) -> str:
    """Return why the unit cannot be chosen, by the checks that the hub makes too; empty when it can."""
    if not wanted.kind.receivers & frozenset(unit.agencies):
        return gettext("No agency of this unit receives this kind of message.")
    directory = node.directory()
    try:
        directory.check_active(unit.unit)
        directory.check_agreement(node.unit, unit.unit, wanted.kind.family, wanted.classification)
        directory.encryption_key(unit.unit, node.now())
    except SchemaError as error:
        return next((gettext(text) for kind, text in _WHY if isinstance(error, kind)), gettext("Not available now."))
    return ""
