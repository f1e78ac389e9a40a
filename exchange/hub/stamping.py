"""Time-stamps of an outside authority over published checkpoints: proof of time that does not rest on the hub's clock.

On a thread of its own: an authority that is slow, down or hostile holds up nothing, and is asked again. What it answers
is verified before it is stored, and stored by the sequencer like everything else. Without an address in the settings
there is no thread and no stamp (protocol.md §12.6).
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import httpx
import structlog
from cryptography import x509
from sqlalchemy import Connection, select

from audit.notes import Note
from exchange import timestamps
from exchange.database import Database
from exchange.errors import ExchangeError, NotReady
from exchange.hub import publication
from exchange.hub.batch import Batch
from exchange.hub.sequencer import Kind
from exchange.hub.settings import HubSettings
from exchange.hub.tables import STAMP
from exchange.timestamps import ANSWER_LIMIT, MEDIA_ANSWERED, MEDIA_ASKED, StampRefused

RETRY: Final = 60
"""Seconds after which an authority that failed is asked again."""


@dataclass(frozen=True, slots=True)
class Stamped:
    """A published checkpoint with its time-stamp; `time` is what the authority states (unix seconds)."""

    size: int
    note: bytes
    token: bytes
    time: int


def keep(batch: Batch, jobs: Sequence[Stamped]) -> list[bool]:
    """Store time-stamps; the first of a size stays. Returns which are new."""
    return [_keep(batch.connection, job) for job in jobs]


STAMPS: Final = Kind("stamps", keep)


def _keep(connection: Connection, stamped: Stamped) -> bool:
    if connection.execute(select(STAMP.c.size).where(STAMP.c.size == stamped.size)).first():
        return False
    values = {"size": stamped.size, "note": stamped.note, "token": stamped.token, "time": stamped.time}
    connection.execute(STAMP.insert(), values)
    return True


def covering(connection: Connection, size: int) -> Stamped | None:
    """Return the earliest stamped checkpoint of at least `size` entries."""
    row = connection.execute(select(STAMP).where(STAMP.c.size >= size).order_by(STAMP.c.size).limit(1)).one_or_none()
    return None if row is None else Stamped(row.size, row.note, row.token, row.time)


class Stamper:
    """Asks the authority of the settings; `do` hands a job to the sequencer and waits for its outcome."""

    def __init__(self, settings: HubSettings, database: Database, log_id: str, do: Callable[[Kind, Any], Any]) -> None:
        self._settings = settings
        self._db = database
        self._log_id = log_id
        self._do = do
        self._roots = _roots(settings)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to ask, if there is an authority."""
        if self._settings.timestamp_url:
            self._thread = threading.Thread(target=self._loop, name="stamper", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Ask no more; what was under way is asked again after the next start."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(self._settings.timestamp_timeout + 1)

    def stamp_once(self, transport: httpx.BaseTransport | None = None) -> bool:
        """Have the published checkpoint stamped unless it is already; returns whether a stamp was stored.

        Raises `StampRefused` for an answer that does not hold, `httpx.HTTPError` for none.
        """
        with self._db.read() as session:
            shown = publication.published(session.connection(), self._log_id)
            held = None if shown is None else covering(session.connection(), shown.size)
        if shown is None or held is not None:
            return False
        body = Note.parse(shown.note).text.encode()
        asked = timestamps.ask(body)
        token = self._answer(asked.der, transport)
        stamp = timestamps.check(body, token, self._roots, asked.nonce)
        return bool(self._do(STAMPS, Stamped(shown.size, shown.note, token, stamp.time)))

    def _loop(self) -> None:
        log = structlog.get_logger("exchange.hub.stamping")
        while not self._stop.is_set():
            wait = self._settings.timestamp_every
            try:
                self.stamp_once()
            except (ExchangeError, httpx.HTTPError) as error:
                wait = RETRY
                log.warning("stamp", code=getattr(error, "code", type(error).__name__))
            self._stop.wait(wait)

    def _answer(self, der: bytes, transport: httpx.BaseTransport | None) -> bytes:
        """Return the body of the authority's answer; one that drips or swells is cut off."""
        patience = self._settings.timestamp_timeout
        deadline = threading.Event()
        timer = threading.Timer(patience, deadline.set)
        timer.start()
        client = httpx.Client(transport=transport, timeout=patience, trust_env=False, follow_redirects=False)
        try:
            headers = {"content-type": MEDIA_ASKED, "accept": MEDIA_ANSWERED, "accept-encoding": "identity"}
            url = self._settings.timestamp_url
            with client, client.stream("POST", url, content=der, headers=headers) as response:
                return _read(response, deadline)
        finally:
            timer.cancel()


def _read(response: httpx.Response, deadline: threading.Event) -> bytes:
    if response.status_code != httpx.codes.OK or "content-encoding" in response.headers:
        raise StampRefused(f"status {response.status_code}")
    body = b""
    for part in response.iter_bytes():
        body += part
        if len(body) > ANSWER_LIMIT or deadline.is_set():
            raise StampRefused("the answer is too long or too slow")
    return body


def _roots(settings: HubSettings) -> tuple[x509.Certificate, ...]:
    """The roots of the authority; raises `NotReady` when they cannot be read."""
    if settings.timestamp_ca is None:
        return ()
    try:
        return timestamps.roots_of(settings.timestamp_ca.read_bytes())
    except (OSError, StampRefused) as error:
        raise NotReady("timestamp_ca: not a file of certificates in PEM") from error
