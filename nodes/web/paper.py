"""A page that leaves on paper: as PDF, or where this machine makes none as the page that the browser prints."""

from collections.abc import Mapping

from fastapi.responses import Response

from nodes.web import pdf
from nodes.web.site import Desk


def sheet(desk: Desk, template: str, values: Mapping[str, object], recorded: int, name: str = "") -> Response:
    """Return a document that stands in the log as entry `recorded`, by which it is named unless `name` is given."""
    around = {"recorded": recorded, "now": desk.node.now(), "needed": pdf.NEEDED}
    page = desk.page(template, {**around, **values})
    made = pdf.document(bytes(page.body).decode())
    return page if made is None else download(made, name or f"{desk.node.unit}-{recorded}")


def download(made: bytes, name: str) -> Response:
    """Return a PDF to be kept as a file."""
    headers = {"Content-Disposition": f'attachment; filename="serai-{name}.pdf"'}
    return Response(made, headers=headers, media_type="application/pdf")
