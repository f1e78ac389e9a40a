"""Mirror statistics as table, bars and CSV, and beside the signed tally that another unit hands over."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from crypto import instants
from exchange.policy.facts import Action
from nodes import oversight_mirror, oversight_proofs
from nodes.errors import BadInput
from nodes.oversight_mirror import Comparison, Difference, Pair
from nodes.permissions import require
from nodes.web import spreadsheet
from nodes.web.audit_periods import Period, period
from nodes.web.audit_words import Verdict
from nodes.web.entrance import AtCounter, AtDesk
from nodes.web.inbox_pages import kind_label
from nodes.web.languages import gettext, ngettext
from nodes.web.site import Desk, wants_json
from nodes.web.wording import Problem, unit_name

router: Final = APIRouter()
USUAL_DAYS: Final = 30
BAR: Final = 160
COLUMNS: Final = ("unit", "sent", "delivered", "opened", "rejected", "received")


@dataclass(frozen=True, slots=True)
class Line:
    """One partner in words, with the lengths of its bars."""

    unit: str
    name: str
    pair: Pair
    sent_bar: int
    delivered_bar: int


@dataclass(frozen=True, slots=True)
class CountLine:
    """One kind in one direction, as both sides count it."""

    way: str
    kind: str
    ours: int
    theirs: int
    ours_bar: int
    theirs_bar: int


@router.get("/mirror")
@router.get("/mirror.json")
@router.get("/mirror.csv")
def show_mirror(desk: AtDesk, since: str = "", until: str = "") -> Response:
    """Show what was sent to each partner beside what its receipts say, and what came from it."""
    days = period(desk, USUAL_DAYS, since, until)
    as_csv = desk.request.url.path.endswith(".csv")
    with desk.node.db.write() as session:
        if as_csv:
            oversight_proofs.take_out(session, desk.node, desk.actor, "MIRROR", "CSV")
        found = oversight_mirror.overview(session, desk.node, desk.actor, *days.ends)
    if as_csv:
        return _download(desk, (_cells(one) for one in found), COLUMNS)
    if wants_json(desk.request):
        pairs = [dict(zip(COLUMNS, _cells(one), strict=True)) for one in found]
        return JSONResponse({"schema": "serai/mirror/1", "since": days.since, "until": days.until, "pairs": pairs})
    return _page(desk, days, found)


@router.get("/mirror/tally")
def download_tally(desk: AtDesk, unit: str = "", since: str = "", until: str = "") -> Response:
    """Hand out our signed tally for the auditor of a partner."""
    days = period(desk, USUAL_DAYS, since, until)
    with desk.node.db.write() as session:
        wire = oversight_mirror.statement(session, desk.node, desk.actor, unit, days.ends)
    name = f"tally-{desk.node.unit}-{unit}-{days.since}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(wire, headers=headers, media_type="application/json")


@router.post("/mirror/compare")
def compare(desk: AtCounter) -> Response:
    """Lay the tally that was handed in beside our own; nothing of it is kept."""
    require(desk.actor, Action.READ_LOG)
    try:
        with desk.node.db.write() as session:
            found = oversight_mirror.compare(session, desk.node, desk.actor, desk.file("file"))
    except BadInput:
        text = gettext("This is no tally that another unit signed for this one.")
        days = period(desk, USUAL_DAYS)
        with desk.node.db.write() as session:
            pairs = oversight_mirror.overview(session, desk.node, desk.actor, *days.ends)
        return _page(desk, days, pairs, (Problem(text, "#file"),))
    if desk.text("form") == "CSV":
        cells = (_difference_cells(one) for one in found.differences)
        return _download(desk, cells, ("eid", "difference", "kind", "at", "receipted"))
    if wants_json(desk.request):
        return JSONResponse(_json(found))
    return desk.page("mirror_compare.html", _beside(desk, found))


def _page(desk: Desk, days: Period, found: tuple[Pair, ...], problems: tuple[Problem, ...] = ()) -> HTMLResponse:
    longest = max((one.sent for one in found), default=0) or 1
    lines = [
        Line(
            one.unit,
            unit_name(desk.node, one.unit),
            one,
            one.sent * BAR // longest,
            one.delivered * BAR // longest,
        )
        for one in found
    ]
    values = {"lines": lines, "since": days.since, "until": days.until, "problems": problems}
    return desk.page("mirror.html", values, 422 if problems else 200)


def _beside(desk: Desk, found: Comparison) -> dict[str, object]:
    longest = max((max(one.ours, one.theirs) for one in found.counts), default=0) or 1
    ways = {"OUT": gettext("from us to them"), "IN": gettext("from them to us")}
    counts = [
        CountLine(
            ways[one.way],
            kind_label(one.kind),
            one.ours,
            one.theirs,
            one.ours * BAR // longest,
            one.theirs * BAR // longest,
        )
        for one in found.counts
    ]
    differences = [(one.eid, difference_text(one), *_particulars(one)) for one in found.differences]
    name = unit_name(desk.node, found.theirs.unit)
    return {
        "verdict": _verdict(found, name),
        "name": name,
        "theirs": found.theirs,
        "counts": counts,
        "differences": differences,
    }


def difference_text(one: Difference) -> str:
    """Return in words what the two sides do not agree on."""
    if one.ours is not None and one.theirs is not None:
        return gettext("Both have it, with other labels or another time")
    if one.ours is None:
        return gettext("Only they have it")
    if one.receipted:
        return gettext("Only we have it, and they signed a receipt for it: their tally contradicts their receipt")
    return gettext("Only we have it")


def _verdict(found: Comparison, name: str) -> Verdict:
    number = len(found.differences)
    if number:
        title = ngettext("%s difference", "%s differences", number) % number
        return Verdict(good=False, title=title, text=gettext("Each is named below. Ask %s about it.") % name)
    text = gettext("Both units count the same messages, one by one.")
    return Verdict(good=True, title=gettext("The two sides agree"), text=text)


def _particulars(one: Difference) -> tuple[str, int]:
    side = one.ours or one.theirs
    return (kind_label(side.kind), side.at) if side is not None else ("", 0)


def _cells(one: Pair) -> tuple[object, ...]:
    return one.unit, one.sent, one.delivered, one.opened, one.rejected, one.received


def _difference_cells(one: Difference) -> tuple[object, ...]:
    side = one.ours or one.theirs
    kind, at = (side.kind, instants.to_text(side.at)) if side is not None else ("", "")
    return one.eid, difference_text(one), kind, at, "YES" if one.receipted else "NO"


def _json(found: Comparison) -> dict[str, object]:
    counts = [{"way": one.way, "kind": one.kind, "ours": one.ours, "theirs": one.theirs} for one in found.counts]
    differences = [
        {"eid": one.eid, "ours": one.ours is not None, "theirs": one.theirs is not None, "receipted": one.receipted}
        for one in found.differences
    ]
    head = {"schema": "serai/mirror-comparison/1", "unit": found.theirs.unit, "ok": not differences}
    return {**head, "counts": counts, "differences": differences}


def _download(desk: Desk, rows: Iterator[tuple[object, ...]], columns: tuple[str, ...]) -> PlainTextResponse:
    text = "".join(spreadsheet.line(row) for row in (columns, *rows))
    headers = {"Content-Disposition": f'attachment; filename="serai-mirror-{desk.node.unit}.csv"'}
    return PlainTextResponse(text, headers=headers, media_type="text/csv; charset=utf-8")
