"""Entries of the log in the words of the auditor's pages: what, who, whether it holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from nodes.oversight import LoggedAct
from nodes.web.languages import gettext, noted
from nodes.web.site import Desk
from nodes.web.wording import label, unit_name

_FAULTS: Final[Mapping[str, str]] = {
    "CHANGED": noted("The stored bytes do not lead to the root of the log"),
    "MISTOLD": noted("The index says something else about it than the entry itself"),
    "UNLISTED": noted("The index of the log does not tell about it, so no search finds it"),
    "UNSIGNED": noted("The log cannot be signed as it is: its entries do not give its root"),
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a page says before anything else: it holds or it does not, and why."""

    good: bool
    title: str
    text: str
    root: str = ""


@dataclass(frozen=True, slots=True)
class Act:
    """One entry in words. `fault` is empty if its bytes prove every word."""

    index: int
    at: int
    what: str
    operation: str
    denied: bool
    actor: str
    role: str
    unit: str
    case_ref: str | None
    message_id: str | None
    leaf: str
    fault: str


def act_of(desk: Desk, one: LoggedAct) -> Act:
    """Return an entry in the language of the page."""
    return Act(
        index=one.index,
        at=one.at,
        what=label("log_operations", one.operation),
        operation=one.operation,
        denied=one.denied,
        actor=gettext("the node itself") if one.actor == "NODE" else one.actor or "–",
        role=label("roles", one.role) if one.role else "",
        unit=unit_name(desk.node, one.unit) if one.unit else "",
        case_ref=one.case_ref,
        message_id=one.message_id,
        leaf=one.leaf,
        fault=fault_text(one.fault),
    )


def fault_text(fault: str) -> str:
    """Return what is wrong with an entry; empty for one that holds."""
    return gettext(_FAULTS[fault]) if fault else ""
