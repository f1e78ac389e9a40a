"""The hub has its checkpoints time-stamped by a real authority, and nothing that an authority does holds it up."""

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import pytest

from audit.notes import Note
from crypto.encoding import unb64
from exchange import timestamps
from exchange.errors import NotReady
from exchange.hub.hub import LOG_ID
from exchange.hub.settings import HubSettings
from exchange.hub.stamping import Stamper, covering
from exchange.timestamps import StampRefused
from tests.hub.authority import Authority
from tests.hub.desk import Desk
from tests.hub.test_proofs import answered


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa") / "one")


def stamper(desk: Desk, authority: Authority, url: str = "http://127.0.0.1:9/") -> Stamper:
    changes = {"timestamp_url": url, "timestamp_ca": authority.roots, "timestamp_timeout": 1}
    return Stamper(desk.settings.model_copy(update=changes), desk.db, LOG_ID, desk.hub.do)


def stored(desk: Desk) -> int:
    with desk.db.read() as session:
        found = covering(session.connection(), 1)
    return 0 if found is None else found.size


@pytest.fixture
def signed(desk: Desk) -> Desk:
    """A hub whose log is signed and published."""
    desk.now += 2
    desk.hub.tick()
    return desk


def test_a_checkpoint_is_stamped_once_and_told_to_every_member(signed: Desk, authority: Authority) -> None:
    one = stamper(signed, authority)
    assert one.stamp_once(authority)
    assert not one.stamp_once(authority)
    told = answered(signed.get("KZ", "/v1/log/stamped?size=1"))
    body = Note.parse(unb64(told["note"])).text.encode()
    timestamps.check(body, unb64(told["token"]), timestamps.roots_of(authority.roots.read_bytes()))
    size = int(body.split(b"\n")[1])
    assert signed.get("KZ", f"/v1/log/stamped?size={size + 1}").status_code == 404
    assert signed.client.get("/v1/log/stamped?size=1").status_code == 401


HOSTILE: dict[str, Callable[[bytes], bytes]] = {
    "garbage": lambda _: b"garbage",
    "nothing": lambda _: b"",
    "a flood": lambda _: bytes(1 << 20),
    "cut": lambda answer: answer[:-9],
    "altered": lambda answer: answer[:-1] + bytes([answer[-1] ^ 1]),
}


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_answer_is_refused_and_nothing_is_stored(
    signed: Desk, authority: Authority, change: Callable[[bytes], bytes]
) -> None:
    authority.change = change
    with pytest.raises(StampRefused):
        stamper(signed, authority).stamp_once(authority)
    authority.change = bytes
    assert stored(signed) == 0
    assert stamper(signed, authority).stamp_once(authority)


def test_an_old_answer_is_refused_for_its_nonce(signed: Desk, authority: Authority) -> None:
    with signed.db.read() as session:
        shown = signed.hub.log.checkpoint(session)
    assert shown is not None
    old = authority.stamp(timestamps.ask(Note.parse(shown.note).text.encode()).der)
    authority.change = lambda _: old
    with pytest.raises(StampRefused, match="Nonce"):
        stamper(signed, authority).stamp_once(authority)
    authority.change = bytes


def test_before_anything_is_signed_nobody_is_asked(desk: Desk, authority: Authority) -> None:
    asked = authority.asked
    assert not stamper(desk, authority).stamp_once(authority)
    assert authority.asked == asked


# --- over a connection ------------------------------------------------------------------------------------------------


class Server(HTTPServer):
    """The authority on loopback; `manner` is how it behaves."""

    authority: Authority
    manner: str


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        request = self.rfile.read(int(self.headers["content-length"]))
        if self.server.manner == "error":
            self.send_error(500)
            return
        self.send_response(200)
        self.end_headers()
        if self.server.manner == "stamps":
            self.wfile.write(self.server.authority.stamp(request))
        while self.server.manner == "drips":
            try:
                self.wfile.write(b"0")
            except OSError:
                return
            time.sleep(0.05)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server(authority: Authority) -> Iterator[Server]:
    running = Server(("127.0.0.1", 0), Handler)
    running.authority, running.manner = authority, "stamps"
    threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
    yield running
    running.manner = "stamps"
    running.shutdown()
    running.server_close()


def test_an_authority_that_fails_drips_or_is_gone_is_given_up_and_asked_again(
    signed: Desk, authority: Authority, server: Server
) -> None:
    one = stamper(signed, authority, f"http://127.0.0.1:{server.server_port}/")
    for manner in ("error", "drips"):
        server.manner = manner
        with pytest.raises((StampRefused, httpx.HTTPError)):
            one.stamp_once()
    with pytest.raises(httpx.HTTPError):
        stamper(signed, authority).stamp_once()
    server.manner = "stamps"
    assert one.stamp_once()


def test_a_running_hub_stamps_by_itself_and_stops_at_once(signed: Desk, authority: Authority, server: Server) -> None:
    one = stamper(signed, authority, f"http://127.0.0.1:{server.server_port}/")
    one.start()
    until = time.monotonic() + 20
    while stored(signed) == 0 and time.monotonic() < until:
        time.sleep(0.01)
    one.stop()
    assert stored(signed) > 0


def test_a_hub_without_an_authority_has_no_thread(desk: Desk) -> None:
    before = threading.active_count()
    one = Stamper(desk.settings, desk.db, LOG_ID, desk.hub.do)
    one.start()
    assert threading.active_count() == before
    one.stop()


WRONG = [
    ({"timestamp_url": "https://tsa.example/"}, "both or neither"),
    ({"timestamp_ca": "ca.pem"}, "both or neither"),
    ({"timestamp_url": "ftp://tsa.example/", "timestamp_ca": "ca.pem"}, "an http"),
]


@pytest.mark.parametrize(("given", "reason"), WRONG)
def test_half_an_authority_in_the_settings_is_refused(given: dict[str, str], reason: str, tmp_path: Path) -> None:
    common = {"name": "hub.serai.example", "env": "live", "public_url": "https://hub.serai.example"}
    with pytest.raises(NotReady, match=reason):
        HubSettings.read(tmp_path, **common, **given)


def test_an_authority_without_readable_roots_stops_the_start(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("not a certificate")
    for path in (tmp_path / "ca.pem", tmp_path / "missing.pem"):
        settings = desk.settings.model_copy(update={"timestamp_url": "https://tsa.example/", "timestamp_ca": path})
        with pytest.raises(NotReady, match="timestamp_ca"):
            Stamper(settings, desk.db, LOG_ID, desk.hub.do)
