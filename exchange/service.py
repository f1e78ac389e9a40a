"""What every service of the exchange has around its routes: errors as problem details, headers, limits, logs.

RFC 9457 problem details carry a stable code, what happened, why and what to do in the caller's language, and a
correlation id that stands in both sides' logs. Logs are JSON lines in ASCII: no content, no names, control and
bidirectional characters escaped. This module must not know any route.
"""

import json
import os
import re
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import anyio.to_thread
import structlog
from starlette.exceptions import HTTPException

from exchange import errors, overload
from exchange.contributions import Restoring
from exchange.enrolment_errors import NothingProposed, NotInvited, OtherThanInvited, ProposalOver, ProposalVoid
from exchange.errors import ExchangeError, Words
from exchange.timestamps import StampRefused

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

THREADS: Final = 4
"""Threads for ordinary handlers: more only wait for the same writer and ruin the tail."""

PROBLEM: Final = b"application/problem+json"
CORRELATION: Final = b"x-correlation-id"
SNAPSHOT_FIELD: Final = "x-serai-snapshot"
"""Beside a unit's mail the hub names the version of its newest directory snapshot: a hint, covered by no signature."""

_CORRELATION_FORM: Final = re.compile(rb"[0-9a-f]{32}")

STATUSES: Final[Mapping[type[ExchangeError], int]] = {
    ExchangeError: 500,
    errors.Junk: 400,
    errors.NotReceipts: 400,
    errors.BadRequest: 400,
    errors.BadStatement: 400,
    errors.WrongEnvironment: 400,
    errors.Unsigned: 401,
    errors.Denied: 403,
    errors.KeyEnded: 403,
    errors.Unfound: 404,
    NothingProposed: 404,
    errors.MethodNotAllowed: 405,
    errors.IdTaken: 409,
    errors.EarlyNumber: 409,
    errors.Equivocation: 409,
    errors.LogRolledBack: 409,
    errors.AlreadyThere: 409,
    errors.Conflict: 409,
    NotInvited: 409,
    ProposalOver: 409,
    ProposalVoid: 409,
    errors.TooLarge: 413,
    errors.WrongMedia: 415,
    errors.RefusedForGood: 422,
    errors.CosignatureRefused: 422,
    OtherThanInvited: 422,
    overload.TooManyRequests: 429,
    overload.TooManyOpen: 429,
    errors.Unavailable: 503,
    overload.Busy: 503,
    errors.StaleDirectory: 503,
    errors.NotReady: 503,
    Restoring: 503,
    StampRefused: 502,
    errors.DiskLow: 507,
}
"""Every error has exactly one status; a test walks the classes."""

_FRAMEWORK: Final[Mapping[int, type[ExchangeError]]] = {404: errors.Unfound, 405: errors.MethodNotAllowed}

SECURITY_HEADERS: Final[Headers] = [
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"strict-transport-security", b"max-age=31536000"),
]


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer: status, media type, body and further header fields."""

    status: int
    media: bytes
    body: bytes
    headers: Headers = field(default_factory=list)

    @property
    def fields(self) -> Headers:
        """The header fields of the body itself."""
        return [(b"content-type", self.media), (b"content-length", b"%d" % len(self.body)), *self.headers]


def status_of(error: ExchangeError) -> int:
    """Return the HTTP status of an error."""
    return STATUSES[type(error)]


def language_of(accept: str) -> str:
    """Return `ru` or `en` for an `Accept-Language` field; the first of the two that is named, else English."""
    for part in accept.lower().split(","):
        primary = part.strip()[:2]
        if primary in {"en", "ru"}:
            return primary
    return "en"


def problem(error: ExchangeError, correlation: str, language: str = "en") -> Answer:
    """Return the problem details (RFC 9457) of an error."""
    words: Words = error.words[language]
    members: dict[str, str | int] = {
        "type": f"urn:serai:error:{error.code}",
        "title": words.title,
        "status": status_of(error),
        "code": error.code,
        "detail": words.why,
        "action": words.action,
        "correlation": correlation,
    }
    if error.detail:
        members["reason"] = error.detail
    body = json.dumps(members | error.members, ensure_ascii=True, sort_keys=True).encode()
    fields = [(b"content-language", language.encode())]
    if error.retry_after:
        fields.append((b"retry-after", b"%d" % error.retry_after))
    return Answer(status_of(error), PROBLEM, body, fields)


def header(scope: Scope, name: bytes) -> bytes:
    """Return the only value of a request field, or nothing: a field sent twice counts as absent."""
    found = [value for key, value in scope["headers"] if key == name]
    return found[0] if len(found) == 1 else b""


def correlation_of(scope: Scope) -> str:
    """Return the caller's correlation id if it has our form, else a new one."""
    given = header(scope, CORRELATION)
    return given.decode() if _CORRELATION_FORM.fullmatch(given) else os.urandom(16).hex()


def announced(scope: Scope, limit: int) -> int:
    """Return how long the body can become: what is announced, else `limit`; raises `TooLarge` if that is above it."""
    declared = header(scope, b"content-length")
    if not declared:
        return limit
    if not declared.isdigit() or len(declared) > 18 or int(declared) > limit:
        raise errors.TooLarge
    return int(declared)


async def read_body(scope: Scope, receive: Receive, limit: int) -> bytes:
    """Return the whole body; raises `TooLarge` as soon as more than `limit` bytes are announced or have come."""
    limit = announced(scope, limit)
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise errors.BadRequest("the caller went away")
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise errors.TooLarge
        parts.append(part)
        if not message.get("more_body", False):
            return parts[0] if len(parts) == 1 else b"".join(parts)


async def send_answer(send: Send, answer: Answer, correlation: str, fields: Iterable[tuple[bytes, bytes]] = ()) -> None:
    """Send an answer with the security headers and its correlation id."""
    headers = [*answer.fields, (CORRELATION, correlation.encode()), *SECURITY_HEADERS, *fields]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


def answer_of(error: Exception, correlation: str, language: str, log: structlog.stdlib.BoundLogger) -> Answer:
    """Return the answer to any failure; what nobody foresaw is logged by its type only and answered without detail."""
    if isinstance(error, ExchangeError):
        log.info("refused", code=error.code, correlation=correlation)
        return problem(error, correlation, language)
    if isinstance(error, HTTPException):
        return problem(_FRAMEWORK.get(error.status_code, errors.BadRequest)(), correlation, language)
    frames = _frames(error)
    log.error("unforeseen", error=type(error).__name__, frames=frames, correlation=correlation)
    return problem(ExchangeError(), correlation, language)


def _frames(error: BaseException) -> list[str]:
    """Return file and line of each frame, never a local value or the message, which may hold content."""
    frames = []
    trace = error.__traceback__
    while trace is not None:
        frames.append(f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}")
        trace = trace.tb_next
    return frames[-8:]


def configure_logging(level: int, stream: Any = None) -> None:
    """Make every log line one ASCII JSON object on `stream` (standard error), at `level` or above."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(sort_keys=True, ensure_ascii=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: structlog.WriteLogger(stream or sys.stderr),
        cache_logger_on_first_use=False,
    )


def bound_threads(threads: int = THREADS) -> None:
    """Bound the pool of ordinary handlers; call it inside the running event loop."""
    anyio.to_thread.current_default_thread_limiter().total_tokens = threads


def query_of(scope: Scope, names: Sequence[str]) -> dict[str, str]:
    """Return the query members, each at most once and no other than `names`; raises `BadRequest`."""
    raw: bytes = scope["query_string"]
    members: dict[str, str] = {}
    for part in raw.decode("ascii", "replace").split("&") if raw else []:
        name, separator, value = part.partition("=")
        if not separator or name not in names or name in members or "%" in value or "+" in value:
            raise errors.BadRequest("the query is not understood")
        members[name] = value
    return members


def decimal_of(text: str) -> int:
    """Return the number that a member of the query writes in decimal digits; raises `BadRequest`."""
    if not text.isascii() or not text.isdigit() or len(text) > 15 or str(int(text)) != text:
        raise errors.BadRequest("a number is decimal digits")
    return int(text)
