"""The main job as an officer does it, through the forms of the pages: compose, check, seal, take, ask back, answer."""

import re
from collections.abc import Mapping

from httpx import Response

from nodes.web.forms import above
from schemas import fields, labels
from schemas.kinds import kind_of
from serai.demo.writing import Writing
from tests.nodes.web.house import Browser


def inputs(kind: str, writing: Writing) -> dict[str, object]:
    """Return a message as the inputs of its form."""
    body = {**writing.body, **({"objects": [*writing.objects]} if writing.objects else {})}
    raw = above(kind_of(kind).spread(body), "body") | above(fields.spread(labels.FORM, writing.labels), "common")
    return dict(raw)


def draft_of(answer: Response) -> str:
    """Return the address of the draft that a page has begun."""
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"]).partition("?")[0].partition("#")[0]


def revision(page: str) -> str:
    """Return the revision that a form was drawn from."""
    return str(re.findall(r'name="revision" value="(\d+)"', page)[0])


def warning(page: str) -> str:
    """Return the warning that a check page gives about earlier requests; empty where it gives none."""
    return "".join(re.findall(r'name="warning" value="([0-9a-f]+)"', page))


def write(desk: Browser, draft: str, form: Mapping[str, object], act: str = "check") -> Response:
    """Fill in the form of a draft and press a button."""
    return desk.post(draft, revision=revision(desk.get(draft).text), act=act, **form)


def seal(desk: Browser, draft: str) -> str:
    """Seal a checked draft and return the address of the message."""
    page = desk.get(f"{draft}/check").text
    warned = {"warning": one, "again": "for another part of the case"} if (one := warning(page)) else {}
    answer = desk.post(f"{draft}/seal", revision=revision(page), confirm="yes", **warned)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"]).partition("?")[0]


def send(desk: Browser, kind: str, writing: Writing, *units: str) -> str:
    """Write and seal a message that opens an exchange; return its address."""
    draft = draft_of(desk.post("/compose", kind=kind))
    answer = write(desk, draft, {**inputs(kind, writing), "recipients": list(units)})
    assert answer.headers["location"] == f"{draft}/check", desk.get(f"{draft}?check=1").text
    return seal(desk, draft)


def reply(desk: Browser, message: str, kind: str, writing: Writing) -> str:
    """Write and seal a message that answers another; return its address."""
    draft = draft_of(desk.post(f"{message}/reply", kind=kind))
    answer = write(desk, draft, inputs(kind, writing))
    assert answer.headers["location"] == f"{draft}/check", desk.get(f"{draft}?check=1").text
    return seal(desk, draft)
