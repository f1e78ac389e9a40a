"""What a rule may know: the person who asks, the item or the house that it is about, and the circumstances.

Facts name nobody: two officers with the same roles in the same relation to equal items get the same decision, which
is therefore made once. This module must not decide anything.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from schemas import codes

CASE_ITSELF: Final = ""
"""The family of a case as such, which has none: whether somebody may look into it at all."""

EVERY_FAMILY: Final = frozenset({"control", CASE_ITSELF})
"""Families that are open to every agency."""


class Act(StrEnum):
    """What may be done with an item: the acts of the handling codes, and the decisions of others about it.

    Nothing asks SHARED_INDEX: there is no shared index; the rule stands so that none is built beside it.
    """

    READ = "READ"
    USE_AS_LEAD = "USE_AS_LEAD"
    CROSS_CHECK = "CROSS_CHECK"
    QUOTE = "QUOTE"
    ANSWER = "ANSWER"
    TASK = "TASK"
    SHARED_INDEX = "SHARED_INDEX"
    OWN_AGENCY = "OWN_AGENCY"
    OTHER_UNIT = "OTHER_UNIT"
    REGIONAL_BODY = "REGIONAL_BODY"
    COURT_FILE = "COURT_FILE"
    COURT_PARTIES = "COURT_PARTIES"
    MLA_QUOTE = "MLA_QUOTE"
    EXPORT = "EXPORT"
    EXERCISE = "EXERCISE"
    SEE_HEADER = "SEE_HEADER"
    ASK_PERMISSION = "ASK_PERMISSION"
    DECIDE_PERMISSION = "DECIDE_PERMISSION"
    RELEASE = "RELEASE"
    APPROVE = "APPROVE"
    INSPECT = "INSPECT"
    RECALL = "RECALL"
    HOLD = "HOLD"
    ERASE = "ERASE"


class Action(StrEnum):
    """What may be done with the things of a unit as a whole: its lists, accounts, keys and log."""

    COMPOSE = "COMPOSE"
    LIST_ARRIVALS = "LIST_ARRIVALS"
    READ_OWN = "READ_OWN"
    READ_ANY = "READ_ANY"
    SEARCH = "SEARCH"
    TAKE = "TAKE"
    ASSIGN = "ASSIGN"
    HAND_OVER = "HAND_OVER"
    ACKNOWLEDGE = "ACKNOWLEDGE"
    SEE_QUARANTINE = "SEE_QUARANTINE"
    SEE_STATUS = "SEE_STATUS"
    ADMINISTER_USERS = "ADMINISTER_USERS"
    ADMINISTER_KEYS = "ADMINISTER_KEYS"
    READ_LOG = "READ_LOG"
    DECIDE_QUERY = "DECIDE_QUERY"
    EXPORT_EVIDENCE = "EXPORT_EVIDENCE"
    REPLY_FINDINGS = "REPLY_FINDINGS"
    PROTECT_DATA = "PROTECT_DATA"
    SEE_APPROVALS = "SEE_APPROVALS"
    DECIDE_ERASURE = "DECIDE_ERASURE"
    APPROVE_SENDING = "APPROVE_SENDING"
    BREAK_GLASS = "BREAK_GLASS"
    REVIEW_EMERGENCY = "REVIEW_EMERGENCY"
    SEE_STATISTICS = "SEE_STATISTICS"


@dataclass(frozen=True, slots=True)
class Person:
    """An account, without its name. `clearance` is the rank of the highest classification it may see."""

    unit: str
    agency: str
    roles: frozenset[str]
    clearance: int
    active: bool = True

    def attributes(self) -> dict[str, Any]:
        """The members that the schema declares for a person."""
        return {
            "unit": _unit(self.unit),
            "agency": self.agency,
            "families": sorted(families_of(self.agency)),
            "clearance": self.clearance,
            "active": self.active,
        }


@dataclass(frozen=True, slots=True)
class House:
    """What a unit has as a whole: its lists, accounts, keys and log."""

    unit: str

    def attributes(self) -> dict[str, Any]:
        """The members that the schema declares for a house."""
        return {"unit": _unit(self.unit)}


@dataclass(frozen=True, slots=True)
class Item:
    """A message or one object in it, as `holder` has it.

    `classification` is a rank; `agencies` are those whose people work on the case; `permissions` are what the
    originator granted and what is valid now (`EVIDENCE`, `FORWARD:KG`, `PURPOSE:PROSECUTE`); `expired` says that the
    time of keeping is over, `held` that an authority forbade erasure, `recalled` that another unit says it was sent
    here by mistake, `protection` that it is about data protection itself: a breach, or the request of a person.
    """

    holder: str
    originator: str
    env: str
    family: str
    classification: int
    handling: frozenset[str]
    purposes: frozenset[str]
    agencies: frozenset[str] = frozenset()
    permissions: frozenset[str] = frozenset()
    expired: bool = False
    held: bool = False
    erased: bool = False
    recalled: bool = False
    protection: bool = False

    def attributes(self) -> dict[str, Any]:
        """The members that the schema declares for an item."""
        return {
            "holder": _unit(self.holder),
            "originator": _unit(self.originator),
            "env": self.env,
            "family": self.family,
            "classification": self.classification,
            "handling": sorted(self.handling),
            "purposes": sorted(self.purposes),
            "agencies": sorted(self.agencies),
            "permissions": sorted(self.permissions),
            "expired": self.expired,
            "held": self.held,
            "erased": self.erased,
            "recalled": self.recalled,
            "protection": self.protection,
        }


@dataclass(frozen=True, slots=True)
class Circumstances:
    """How the person stands to the item, what for and to whom, and what was shown or proved just now.

    `approved`: a second person agreed to exactly this. `inspects`: an approved request of an auditor covers the item.
    `emergency`: the person opened the case in an emergency, and the hour for which that holds has not passed.
    `to` is the unit, agency or body that would receive it, whose families follow from it if it is an agency.
    `text_confirmed`: the text of H3 was shown and confirmed for this act; `fresh_factor`: the person proved to be
    there, for this act alone.
    """

    env: str
    on_team: bool = False
    author: bool = False
    approved: bool = False
    inspects: bool = False
    emergency: bool = False
    purpose: str = ""
    to: str = ""
    text_confirmed: bool = False
    fresh_factor: bool = False

    def attributes(self) -> dict[str, Any]:
        """The members that the schema declares for the context; permissions that would be needed stand there whole."""
        return {
            "env": self.env,
            "on_team": self.on_team,
            "author": self.author,
            "approved": self.approved,
            "inspects": self.inspects,
            "emergency": self.emergency,
            "purpose": self.purpose,
            "changed_purpose": f"PURPOSE:{self.purpose}",
            "onward": f"FORWARD:{self.to}",
            "to_families": sorted(families_of(self.to)),
            "text_confirmed": self.text_confirmed,
            "fresh_factor": self.fresh_factor,
        }


@dataclass(frozen=True, slots=True)
class Question:
    """May this person do this with that, as things are? A `Action` is about a house, an `Act` about an item."""

    person: Person
    act: Act | Action
    about: Item | House
    circumstances: Circumstances


def strictest(handling: Iterable[Iterable[str]]) -> frozenset[str]:
    """Return the codes of what is made of several items: the union; H0 only if none is stricter (codes table)."""
    union = frozenset(code for codes_of_one in handling for code in codes_of_one)
    return union - {"H0"} or union


def families_of(agency: str) -> frozenset[str]:
    """Return the families, as the header names them, that people of an agency may work with; none for no agency."""
    table = codes.table("agency_types")
    known = table[agency].listed("families") if agency in table else ()
    return frozenset(known) | (EVERY_FAMILY if agency in table else frozenset())


def rank_of(classification: str) -> int:
    """Return the rank of a classification; raises `UnknownCode`."""
    return int(codes.table("classification")[classification].extra["rank"])


def _unit(unit: str) -> dict[str, dict[str, str]]:
    return {"__entity": {"type": "Serai::Unit", "id": unit}}
