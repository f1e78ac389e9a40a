"""What every signed-in person has: first page, session, sign-out, help, the strip of alarms, the stream of changes."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse

from nodes import signin
from nodes.node import Node
from nodes.web.entrance import AtDesk, cookie_name, is_secure
from nodes.web.site import KEYS_COOKIE, home, see, wants_json

router: Final = APIRouter()
BEAT: Final = 0.5
"""Seconds between two looks at the number of changes; a look is one comparison in memory."""
QUIET: Final = 20
"""Seconds after which a silent stream sends a comment, so that proxies keep it open."""


@router.get("/")
def first_page(desk: AtDesk) -> RedirectResponse:
    """Go to the first page of the person's roles."""
    return RedirectResponse(home(desk.actor), 303)


@router.post("/sign-out")
def sign_out(desk: AtDesk) -> Response:
    """End the session."""
    with desk.node.db.write() as session:
        signin.sign_out(session, desk.node, desk.actor)
    answer = see("/sign-in", "signed-out")
    answer.delete_cookie(cookie_name(desk.node, "serai"), secure=is_secure(desk.node), httponly=True, path="/")
    return answer


@router.post("/session")
def stay(desk: AtDesk) -> Response:
    """Keep the session: reaching this handler has already renewed it."""
    seconds = desk.node.settings.idle_timeout
    if wants_json(desk.request):
        return JSONResponse({"schema": "serai/session/1", "seconds": seconds})
    return see(home(desk.actor))


@router.get("/help")
def show_help(desk: AtDesk) -> HTMLResponse:
    """Show help and keys."""
    return desk.page("help.html", {})


@router.post("/help")
def set_keys(desk: AtDesk) -> Response:
    """Turn single keys on or off in this browser."""
    answer = see("/help", "keys")
    value = "on" if desk.text("keys") == "on" else "off"
    answer.set_cookie(KEYS_COOKIE, value, secure=is_secure(desk.node), httponly=True, samesite="lax", path="/")
    return answer


@router.get("/alarm")
def alarm_strip(desk: AtDesk) -> HTMLResponse:
    """Return the strip of alarms alone, for open pages that heard that something changed."""
    return desk.page("alarm.html", {})


@router.get("/events")
async def events(request: Request, desk: AtDesk) -> StreamingResponse:
    """Stream the number of the last change and never what changed; pages then ask again under the usual checks."""
    held = request.headers.get("last-event-id", "")
    start = int(held) if held.isdecimal() else desk.node.changed.number
    return StreamingResponse(_changes(request, desk.node, start), media_type="text/event-stream")


async def _changes(request: Request, node: Node, seen: int) -> AsyncGenerator[str, None]:
    quiet = 0.0
    yield f"id: {seen}\n\n"
    while not await request.is_disconnected():
        await asyncio.sleep(BEAT)
        quiet += BEAT
        number = node.changed.number
        if number != seen:
            seen, quiet = number, 0.0
            yield f"id: {number}\nevent: changed\ndata: {number}\n\n"
        elif quiet >= QUIET:
            quiet = 0.0
            yield ": quiet\n\n"
