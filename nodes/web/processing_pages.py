"""The register of purposes and recipients, and the field map: which personal data each kind of message can carry."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, PlainTextResponse, Response

from exchange.policy.facts import Action
from nodes import processing
from nodes.permissions import require
from nodes.web import wording
from nodes.web.entrance import AtDesk
from nodes.web.inbox_pages import kind_label
from nodes.web.languages import language
from nodes.web.spreadsheet import line
from schemas import codes
from schemas.kinds import KINDS

router: Final = APIRouter()
PLAIN: Final = "NONE"
"""The data group of a field without personal data."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """A field with personal data."""

    path: str
    label: str
    group: str


@dataclass(frozen=True, slots=True)
class KindMap:
    """A kind of message with its fields that hold personal data; `plain` counts the others."""

    code: str
    label: str
    fields: tuple[Mapped, ...]
    plain: int


@dataclass(frozen=True, slots=True)
class Recipient:
    """A unit that may receive, in words."""

    unit: str
    families: str
    classification: str
    disclosures: int


@router.get("/protection/register")
def show_register(desk: AtDesk) -> HTMLResponse:
    """Show purposes, recipients, times of keeping and the field map."""
    with desk.node.db.read() as session:
        found = processing.recipients(session, desk.node, desk.actor)
    headers = {row.text("header"): row.label.say(language()) for row in codes.table("families").values()}
    recipients = [
        Recipient(
            wording.unit_name(desk.node, one.unit),
            ", ".join(headers.get(family, family) for family in one.families),
            wording.label("classification", one.classification),
            one.disclosures,
        )
        for one in found
    ]
    values = {
        "purposes": [(code, wording.label("purposes", code)) for code in codes.table("purposes").offered],
        "retention": [wording.label("retention", code) for code in codes.table("retention").offered],
        "recipients": recipients,
        "kinds": [_kind(code) for code in KINDS],
    }
    return desk.page("register.html", values)


@router.get("/protection/field-map.csv")
def download_field_map(desk: AtDesk) -> Response:
    """Hand out the field map for a spreadsheet."""
    require(desk.actor, Action.PROTECT_DATA)
    headers = {"Content-Disposition": 'attachment; filename="serai-field-map.csv"'}
    return PlainTextResponse("".join(_rows()), headers=headers, media_type="text/csv; charset=utf-8")


def _rows() -> Iterator[str]:
    yield line(("kind", "field", "label", "data_group", "group", "required"))
    for code, kind in KINDS.items():
        for path, item in kind.field_map():
            group = wording.label("data_groups", item.data_group)
            yield line((code, path, item.label.say(language()), item.data_group, group, int(item.required)))


def _kind(code: str) -> KindMap:
    found = KINDS[code].field_map()
    personal = tuple(
        Mapped(path, item.label.say(language()), wording.label("data_groups", item.data_group))
        for path, item in found
        if item.data_group != PLAIN
    )
    return KindMap(code, kind_label(code), personal, len(found) - len(personal))
