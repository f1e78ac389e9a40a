"""Checkpoints, and whether any two of them belong to one history: the auditor's proof that nothing was removed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from audit.merkle import MAX_SIZE
from crypto import instants
from nodes import oversight_checkpoints, oversight_proofs
from nodes.oversight_checkpoints import HUB, OWN, Checkpoints, Consistency, Side, Signed
from nodes.web import moments
from nodes.web.audit_words import Verdict
from nodes.web.entrance import AtDesk, Place
from nodes.web.forms import Option
from nodes.web.languages import gettext, noted
from nodes.web.site import wants_json
from nodes.web.wording import unit_name

router: Final = APIRouter()
LONGEST: Final = 18


@dataclass(frozen=True, slots=True)
class Line:
    """A checkpoint in words."""

    size: int
    root: str
    time: int
    age: str
    fault: str


_TOLD: Final[Mapping[str, tuple[str, str]]] = {
    "AGREES": ("good", noted("was shown the same log")),
    "AHEAD": ("wait", noted("was shown more than this node has mirrored yet")),
    "SILENT": ("wait", noted("has not said yet what it was shown")),
    "FORKED": ("bad", noted("was shown another log")),
}


@router.get("/checkpoints")
@router.get("/checkpoints.json")
def show_checkpoints(desk: AtDesk, below: Place = MAX_SIZE) -> Response:
    """Show the checkpoints of this unit's log and of the hub's."""
    oversight_proofs.cover(desk.node, -1)
    with desk.node.db.write() as session:
        oversight_proofs.look(session, desk.node, desk.actor, "CHECKPOINTS")
        found = oversight_checkpoints.held(session, desk.node, min(below, MAX_SIZE))
    if wants_json(desk.request):
        return JSONResponse(_json(found))
    now = desk.node.now()
    values = {
        "verdict": _verdict(found),
        "own": [_line(one, now) for one in found.own],
        "origin": found.origin,
        "older": found.older,
        "hub": found.hub,
        "newest": _line(found.hub.newest, now) if found.hub is not None else None,
        "asked": moments.duration(now - found.hub.asked) if found.hub is not None else "",
        "forks": bool(found.forks),
        "told": [(unit_name(desk.node, one.unit), one.size, one.time, *_told(one.state)) for one in found.told],
        "logs": _logs(OWN),
        "sizes": ("", ""),
    }
    return desk.page("checkpoints.html", values)


@router.get("/checkpoints/consistency")
@router.get("/checkpoints/consistency.json")
def show_consistency(desk: AtDesk, log: str = OWN, old: str = "", new: str = "") -> Response:
    """Prove that the larger of two trees begins with the smaller, in steps."""
    sizes = _size(old), _size(new)
    with desk.node.db.write() as session:
        oversight_proofs.look(session, desk.node, desk.actor, "CONSISTENCY", *map(str, sizes))
        found = oversight_checkpoints.consistency(session, desk.node, log, sizes)
    if wants_json(desk.request):
        return JSONResponse(_consistency_json(found))
    values = {"found": found, "verdict": _agreement(found), "logs": _logs(log), "sizes": sizes}
    return desk.page("consistency.html", values)


def _size(text: str) -> int:
    """Return a size; whatever is none is one that no log has."""
    digits = text.strip()
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= LONGEST else 0


def _line(one: Signed, now: int) -> Line:
    fault = gettext("Its signatures do not hold") if one.fault else ""
    return Line(one.size, one.root, one.time, moments.duration(now - one.time), fault)


def _told(state: str) -> tuple[str, str]:
    sign, text = _TOLD[state]
    return sign, gettext(text)


def _logs(chosen: str) -> tuple[Option, ...]:
    texts = ((OWN, gettext("The log of this unit")), (HUB, gettext("The hub’s log, as this node mirrors it")))
    return tuple(Option(value, text, value == chosen) for value, text in texts)


def _verdict(found: Checkpoints) -> Verdict:
    if found.forks:
        text = gettext("Two signed heads cannot both be true. Both are kept as evidence; call the other units.")
        return Verdict(good=False, title=gettext("The hub has shown two histories"), text=text)
    if any(one.fault for one in found.own) or (found.hub is not None and found.hub.newest.fault):
        text = gettext("A checkpoint below is not signed by the keys of its log. Stop, and call the second auditor.")
        return Verdict(good=False, title=gettext("A checkpoint does not hold"), text=text)
    text = gettext("Both signatures of each checkpoint were verified again, and no second history was seen.")
    return Verdict(good=True, title=gettext("Every checkpoint holds"), text=text)


def _agreement(found: Consistency) -> Verdict:
    sizes = gettext("size %s") % found.old.size, gettext("size %s") % found.new.size
    if found.reason:
        text = gettext(
            "The larger tree does not begin with the smaller. Stop, and call the second auditor. Reason: %s."
        )
        return Verdict(good=False, title=gettext("These two are not one history"), text=text % found.reason)
    text = gettext("Every entry of %s stands unchanged at its place in the larger one: nothing was removed or altered.")
    return Verdict(good=True, title=gettext("One history"), text=text % sizes[0], root=" → ".join(sizes))


def _json(found: Checkpoints) -> dict[str, object]:
    hub = found.hub
    followed = {"origin": hub.origin, "mirrored": hub.mirrored, **_signed_json(hub.newest)} if hub is not None else None
    return {
        "schema": "serai/checkpoints/1",
        "origin": found.origin,
        "older": found.older,
        "own": [_signed_json(one) for one in found.own],
        "hub": followed,
        "told": [{"unit": one.unit, "size": one.size, "state": one.state} for one in found.told],
        "forks": [
            {"told_by": one.told_by, "held": one.held.decode(), "other": one.other.decode()} for one in found.forks
        ],
    }


def _signed_json(one: Signed) -> dict[str, object]:
    return {"size": one.size, "root": one.root, "time": instants.to_text(one.time), "fault": one.fault or None}


def _consistency_json(found: Consistency) -> dict[str, object]:
    def side(one: Side) -> dict[str, object]:
        return {"size": one.size, "root": one.root, "signed": one.signed}

    steps = [{"hash": one.given, "first": one.first, "last": one.last} for one in found.steps]
    members = {"origin": found.origin, "old": side(found.old), "new": side(found.new), "steps": steps}
    return {"schema": "serai/consistency/1", "ok": not found.reason, "reason": found.reason or None, **members}
