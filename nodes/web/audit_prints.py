"""What an auditor takes away on paper: a signed report, an entry with its proof, a view of the log, the one-page guide.

Each print is an entry of the log, named at the foot of every sheet with who took it out and why. Where this machine
cannot make a PDF, the same sheet is a page that the browser prints.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from fastapi import APIRouter
from fastapi.responses import Response

from crypto import statements
from exchange.policy.facts import Action
from nodes import oversight, oversight_inspections, oversight_proofs
from nodes.oversight_mandates import mandate_of
from nodes.permissions import require
from nodes.web import paper, pdf
from nodes.web.audit_entry import open_entry, shown_of, verdict_of
from nodes.web.audit_inspections import line_of
from nodes.web.audit_lookups import read_lookup, spoken
from nodes.web.audit_words import act_of
from nodes.web.entrance import AtDesk, Place
from nodes.web.languages import language
from nodes.web.site import Desk

router: Final = APIRouter()
GUIDE: Final = Path(__file__).parent / "guide"
MOST: Final = 200
"""Entries of a view on paper: about ten sheets. The CSV file has them all."""


@router.get("/log/export.pdf")
def print_view(desk: AtDesk) -> Response:
    """Print the entries that the address asks for, the newest first, as far as they go on paper."""
    lookup = read_lookup(desk)
    taken = oversight.export(desk.node, desk.actor, lookup, "PDF")
    entries = [act_of(desk, one) for one in next(taken.entries, [])[:MOST]]
    values = {"taken": taken, "entries": entries, "filter": spoken(desk, lookup)}
    return _sheet(desk, "audit_print_log.html", values, taken.recorded)


@router.get("/log/{index}/entry.pdf")
def print_entry(desk: AtDesk, index: Place) -> Response:
    """Print one entry with the steps of its proof."""
    found = open_entry(desk, index)
    with desk.node.db.write() as session:
        recorded = oversight_proofs.take_out(session, desk.node, desk.actor, "ENTRY", "PDF", str(index))
    values = {"shown": shown_of(desk, found), "verdict": verdict_of(found)}
    return _sheet(desk, "audit_print_entry.html", values, recorded)


@router.get("/inspections/{number}/report.pdf")
def print_report(desk: AtDesk, number: str) -> Response:
    """Print the report of a closed inspection; what is signed is the file, named here by its digest."""
    with desk.node.db.write() as session:
        wire = oversight_inspections.report(session, desk.actor, number)
        found, drawn = oversight_inspections.inspection(session, desk.node, desk.actor, number)
        what = "INSPECTION", "PDF", f"ID.{number.upper()}"
        recorded = oversight_proofs.take_out(session, desk.node, desk.actor, *what)
    keys = ", ".join(kid for kid, _ in statements.parse(wire, limit=len(wire)).signatures)
    signed = {"digest": hashlib.sha512(wire).hexdigest(), "key": keys}
    values = {"one": found, "lines": [line_of(desk, one) for one in drawn], "signed": signed}
    return _sheet(desk, "audit_print_inspection.html", values, recorded)


@router.get("/verify/guide.pdf")
def print_guide(desk: AtDesk) -> Response:
    """Give the one page that says what a bundle of evidence proves; it is public, so nothing is logged."""
    require(desk.actor, Action.READ_LOG)
    html = (GUIDE / f"evidence.{language()}.html").read_text(encoding="utf-8")
    made = pdf.document(html)
    if made is None:
        headers = {"Content-Disposition": 'attachment; filename="guide.html"'}
        return Response(html, headers=headers, media_type="text/html; charset=utf-8")
    return paper.download(made, "guide")


def _sheet(desk: Desk, template: str, values: Mapping[str, object], recorded: int) -> Response:
    with desk.node.db.read() as session:
        mandate = mandate_of(session, desk.node, desk.actor, demand=True)
    return paper.sheet(desk, template, {**values, "mandate": mandate}, recorded)
