"""How a request becomes a `Desk` or a `Door`: cookies, the session behind them, the form, and its token.

Every router of signed-in pages depends on `at_desk`; there is no other way to a handler of an officer's page.
"""

import hashlib
import hmac
import secrets
from collections.abc import AsyncIterator
from typing import Annotated, Final

from fastapi import Depends, Request
from pydantic import Field
from starlette.datastructures import FormData
from starlette.formparsers import MultiPartException, MultiPartParser

from exchange.errors import BadRequest
from nodes import signin
from nodes.errors import Denied, SignedOut
from nodes.node import Node
from nodes.views import SignedIn
from nodes.web.guard import SAFE_METHODS
from nodes.web.site import Desk, Door

LONGEST_FORM: Final = 1 << 20
LONGEST_FILE: Final = 32 << 20
MOST_FIELDS: Final = 4000


def node_of(request: Request) -> Node:
    """Return the node that these pages belong to."""
    node: Node = request.app.state.node
    return node


def is_secure(node: Node) -> bool:
    """Return whether the pages are reached over TLS: only then may cookies carry the `__Host-` prefix."""
    return node.settings.public_origin.startswith("https://")


def cookie_name(node: Node, name: str) -> str:
    """Return the full cookie name: `__Host-` binds it to this origin; browsers refuse the prefix without TLS.

    Without TLS pages are only on loopback, where the cookies of one host go to all its ports: there the unit's id tells
    several nodes on one machine apart.
    """
    return f"__Host-{name}" if is_secure(node) else f"{name}-{node.unit.lower()}"


async def read_form(request: Request) -> FormData:
    """Return the posted form, empty for safe methods; raises `BadRequest` for one that is too long."""
    if request.method in SAFE_METHODS:
        return FormData()
    length = request.headers.get("content-length", "")
    if not length.isdecimal() or int(length) > LONGEST_FORM:
        raise BadRequest("form")
    return await request.form(max_files=0, max_fields=MOST_FIELDS)


class _InMemory(MultiPartParser):
    """What is sent to be looked at never touches the disk, not even as a temporary file."""

    spool_max_size = LONGEST_FILE + LONGEST_FORM


def known(request: Request) -> SignedIn:
    """Return who is signed in; raises `SignedOut`. Nothing of a stranger's file is read."""
    node = node_of(request)
    return signin.authenticate(node, request.cookies.get(cookie_name(node, "serai"), ""))


async def read_upload(request: Request, _known: Annotated[SignedIn, Depends(known)]) -> AsyncIterator[FormData]:
    """Give a posted form with one file, held in memory until the answer; raises `BadRequest` for one too long."""
    length = request.headers.get("content-length", "")
    if not length.isdecimal() or int(length) > LONGEST_FILE + LONGEST_FORM:
        raise BadRequest("file")
    try:
        form = await _InMemory(request.headers, request.stream(), max_files=1, max_fields=20).parse()
    except (MultiPartException, KeyError) as error:
        raise BadRequest("form") from error
    try:
        yield form
    finally:
        await form.close()


def at_counter(request: Request, form: Annotated[FormData, Depends(read_upload)]) -> Desk:
    """Return the desk of a signed-in person who hands in one file; raises as `at_desk` does."""
    return at_desk(request, form)


def at_desk(request: Request, form: Annotated[FormData, Depends(read_form)]) -> Desk:
    """Return the desk of a signed-in person; raises `SignedOut`, or `Denied` for an unsafe request not made here."""
    node = node_of(request)
    # what an open page fetches by itself (htmx, the stream of changes) is not a person at work
    by_itself = request.method in SAFE_METHODS and ("hx-request" in request.headers or request.url.path == "/events")
    token = request.cookies.get(cookie_name(node, "serai"), "")
    signed_in = signin.authenticate(node, token, active=not by_itself)
    if request.method not in SAFE_METHODS:
        if request.state.foreign:
            raise Denied("FOREIGN")
        presented = form.get("csrf", "")
        signin.check_csrf(signed_in, presented if isinstance(presented, str) else "")
    request.state.form = form  # an act that must be confirmed gives the person the same form back
    return Desk(request, node, signed_in, form)


def at_door(request: Request, form: Annotated[FormData, Depends(read_form)]) -> Door:
    """Return the door for a request of nobody; an unsafe one must carry the token of its own browser."""
    node = node_of(request)
    visit = request.cookies.get(cookie_name(node, "serai-visit"), "")
    if request.method not in SAFE_METHODS:
        token = form.get("csrf", "")
        given = token if isinstance(token, str) else ""
        if request.state.foreign or not visit or not hmac.compare_digest(visit_token(visit), given):
            raise SignedOut
    visit = visit or secrets.token_urlsafe(24)
    request.state.visit = visit
    return Door(request, node, visit_token(visit))


def visit_token(visit: str) -> str:
    """Return the form token of a browser that is not signed in; the cookie cannot be found from it."""
    return hashlib.sha256(b"serai/visit-token/1" + visit.encode()).hexdigest()


Place = Annotated[int, Field(ge=0, le=2**63 - 1)]
"""A number in an address: the index of an entry or the size of a log, as a database can hold it."""

AtCounter = Annotated[Desk, Depends(at_counter)]
AtDesk = Annotated[Desk, Depends(at_desk)]
AtDoor = Annotated[Door, Depends(at_door)]
Posted = Annotated[FormData, Depends(read_form)]
