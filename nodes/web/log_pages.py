"""The auditor's page: what was done in this unit, and that no entry was altered or removed. No content is shown."""

from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from crypto import instants
from nodes import oversight
from nodes.oversight import LogPage
from nodes.web.entrance import AtDesk
from nodes.web.languages import gettext
from nodes.web.site import wants_json
from nodes.web.wording import label

router: Final = APIRouter()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the page says about the log before it shows any entry."""

    good: bool
    title: str
    text: str
    root: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry in words."""

    index: int
    at: int
    what: str
    operation: str
    actor: str | None
    leaf: str
    proven: bool


@router.get("/log")
@router.get("/log.json")
def show_log(desk: AtDesk, before: int | None = None) -> Response:
    """Show the newest entries and whether each of them leads to the root of the log."""
    with desk.node.db.write() as session:
        found = oversight.page(session, desk.node, desk.actor, before)
    if wants_json(desk.request):
        return JSONResponse(_json(found))
    entries = [
        Entry(one.index, one.at, label("log_operations", one.operation), one.operation, one.actor, one.leaf, one.proven)
        for one in found.entries
    ]
    return desk.page("log.html", {"verdict": _verdict(found), "entries": entries, "older": found.older})


def _verdict(found: LogPage) -> Verdict:
    wrong = [str(one.index) for one in found.entries if not one.proven]
    root = f"{found.size} · {found.root}"
    if wrong:
        text = gettext("These entries do not lead to the root of the log: %s. Stop, and call the second auditor.")
        return Verdict(good=False, title=gettext("The log was altered"), text=text % ", ".join(wrong), root=root)
    text = gettext("The bytes of each entry were hashed again and lead, with their proofs, to the root of the log.")
    return Verdict(good=True, title=gettext("Every entry on this page is in the log"), text=text, root=root)


def _json(found: LogPage) -> dict[str, object]:
    entries = [
        {
            "index": one.index,
            "operation": one.operation,
            "at": instants.to_text(one.at),
            "actor": one.actor,
            "leaf": one.leaf,
            "proven": one.proven,
        }
        for one in found.entries
    ]
    return {"schema": "serai/log/1", "size": found.size, "root": found.root, "entries": entries, "older": found.older}
