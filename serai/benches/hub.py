"""The hub measured: accepted envelopes a second, with everything on, against the ceiling of the same run.

Real processes, real signatures, fsync on. The ceiling C is HTTP and both halves of the signature in two processes with
nothing stored; the hub also checks policy and order, logs, stores and signs receipts. A shared machine is not as quick
at one moment as at another, so a figure's ceiling is the mean of two: right before it, and right after.
"""

import logging
import multiprocessing
import os
import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import fmean
from typing import Any, Final

import uvicorn

from crypto import envelope, sealing, signing
from crypto.encryption import EncryptionKey
from crypto.header import GENESIS, HeaderDraft
from crypto.keystore import Argon2Cost
from crypto.sealing import Recipient
from crypto.signing import SigningKey
from exchange.database import Database
from exchange.hub import administration
from exchange.hub.administration import Publication
from exchange.hub.app import create_app
from exchange.hub.hub import Hub
from exchange.hub.settings import HubSettings
from exchange.service import configure_logging
from schemas import keychecks
from schemas.base import Names
from schemas.directory import Agreement, Federation, KeyStatement, Unit, sign_federation, sign_statement
from serai.benches.load import Shot, Taken, fire
from serai.benches.measure import cpu_seconds, spread, timed

CONTENT: Final = 4_000
DAY: Final = 86_400
PASSPHRASE: Final = "a benchmark holds no secret"  # noqa: S105 - it protects keys that live for a minute
START_SECONDS: Final = 20.0
PROVISION: Final = {64: 2_600, 16: 1_400, 1: 350}
"""Connections, and the envelopes sealed for each second with them; a machine that takes more ends early."""
UNITS: Final = 64
VERIFICATIONS: Final = 100
WARM_SECONDS: Final = 1.0
"""What a new hub is given first, uncounted: its processes start, and its statements are prepared."""

_spawned: Final = multiprocessing.get_context("spawn")


def run(seconds: float, url: str) -> dict[str, object]:
    """Measure a new hub in the empty database at `url` for about `seconds` at each number of connections.

    Returns rates in envelopes a second, latencies and processor time in milliseconds, and the ratio to the ceiling.
    """
    with tempfile.TemporaryDirectory(prefix="serai-bench-") as name:
        yard = Yard(Path(name), url)
        found: dict[str, object] = {"database": Database(url).engine.dialect.name}
        bodies = yard.bodies(seconds)
        found["verification"] = spread(timed(lambda: yard.verify(bodies[0][0]), VERIFICATIONS)).members()
        with ceiling(yard) as ports, serving(yard) as (port, pid):
            left = _rest(bodies, _fired([port], bodies, WARM_SECONDS))
            tops = [_figures(_fired(ports, bodies, seconds / 2))]
            for connections in PROVISION:
                before = cpu_seconds(pid)
                taken = _fired([port], left[:connections], seconds)
                used = cpu_seconds(pid) - before
                left = _rest(left, taken)
                tops.append(_figures(_fired(ports, bodies, seconds / 2)))
                figures = _figures(taken)
                found[f"connections_{connections}"] = figures | {
                    "of_ceiling": round(figures["rate"] / fmean(top["rate"] for top in tops[-2:]), 3),
                    "cpu_ms_each": round(used * 1000 / max(1, len(taken.latencies)), 3),
                }
        return found | {"ceiling": tops[0], "ceiling_rates": [top["rate"] for top in tops]}


class Yard:
    """A hub with 64 units, each of which sends to one other."""

    def __init__(self, folder: Path, url: str) -> None:
        self.now = int(time.time())
        self.folder = folder
        self.settings = HubSettings(
            home=folder, name="hub.bench.example", env="exercise", public_url="http://127.0.0.1", database_url=url
        )
        self._chains: dict[str, tuple[int, str]] = {}
        keys = administration.initialise(self.settings, PASSPHRASE, Argon2Cost(64, 1))
        self._signing = {f"U{number:02}": SigningKey.generate() for number in range(UNITS)}
        self._encryption = {unit: EncryptionKey.generate() for unit in self._signing}
        roots = {unit: SigningKey.generate() for unit in self._signing}
        root = SigningKey.generate()
        units = sorted(self._signing)
        document = Federation(
            env="exercise",
            name="Bench",
            version=1,
            issued=self.now,
            expires=self.now + 300 * DAY,
            threshold=1,
            roots=(root.public,),
            hub=keys.card(self.now),
            units=tuple(_unit(unit, roots[unit].public) for unit in units),
            agreements=tuple(_agreement(unit, _next(units, unit)) for unit in units),
        )
        hub = Hub(self.settings, keys, Database(url), inline=True)
        statements = [wire for unit in units for wire in self._statements(unit, roots[unit])]
        administration.publish(hub, Publication(sign_federation(document, [root]), tuple(statements)))
        hub.stop()

    def _statements(self, unit: str, root: SigningKey) -> Iterator[bytes]:
        key, opening = self._signing[unit], self._encryption[unit]
        proof = signing.prove_possession(key, unit, keychecks.possession_nonce("exercise", self.now))
        yield sign_statement(self._statement(unit, "SIGNING", key.kid, key.public, proof), root)
        yield sign_statement(self._statement(unit, "ENCRYPTION", opening.kid, opening.public, None), key)

    def _statement(self, unit: str, use: Any, kid: str, public: bytes, proof: bytes | None) -> KeyStatement:
        return KeyStatement(
            env="exercise",
            unit=unit,
            use=use,
            kid=kid,
            public=public,
            possession=proof,
            stated=self.now,
            not_before=self.now - 60,
            not_after=self.now + 300 * DAY,
        )

    def bodies(self, seconds: float) -> list[list[bytes]]:
        """Seal what the units send in all measurements of `seconds` each: more by those that take part in more."""
        names = sorted(self._signing)
        warm = max(PROVISION.values()) * WARM_SECONDS / UNITS
        each = [
            int(warm + sum(rate * seconds / units for units, rate in PROVISION.items() if number < units))
            for number in range(UNITS)
        ]
        return [
            [self._seal(unit, _next(names, unit)) for _ in range(count)]
            for unit, count in zip(names, each, strict=True)
        ]

    def _seal(self, unit: str, to: str) -> bytes:
        seq, prev = self._chains.get(unit, (0, GENESIS))
        draft = HeaderDraft(
            env="exercise",
            ctype="message",
            id=os.urandom(16).hex(),
            sender=unit,
            created=self.now,
            expires=self.now + DAY,
            seq=seq + 1,
            prev=prev,
            family="operational",
            urgency="ROUTINE",
            classification="OFFUSE",
            handling=("H1",),
        )
        recipient = Recipient(to, self._encryption[to].public, seq + 1, prev)
        sealed = sealing.seal(draft, os.urandom(CONTENT), self._signing[unit], [recipient])
        self._chains[unit] = (seq + 1, sealed.eid)
        return sealed.wire

    def verify(self, wire: bytes) -> None:
        """Check both halves of the signature of an envelope, as the hub and the ceiling do."""
        parsed = envelope.parse(wire)
        envelope.verify_signature(parsed, self._signing[parsed.header.sender].public)

    def publics(self) -> dict[str, bytes]:
        """Return the public signing keys by id."""
        return {key.kid: key.public for key in self._signing.values()}


def _unit(unit: str, root: bytes) -> Unit:
    return Unit(
        unit=unit,
        unit_class="TRAINING",
        names=Names(en=unit, ru=unit),
        agencies=("POLICE",),
        languages=("en",),
        time_zone="UTC",
        accreditation="RESTR",
        roots=(root,),
    )


def _next(units: Sequence[str], unit: str) -> str:
    return units[(units.index(unit) + 1) % len(units)]


def _agreement(sender: str, recipient: str) -> Agreement:
    return Agreement(sender=sender, recipient=recipient, families=("operational",), classification="RESTR")


# --- processes --------------------------------------------------------------------------------------------------------


@contextmanager
def serving(yard: Yard) -> Iterator[tuple[int, int]]:
    """Run the hub in a process of its own; give its port and its process id."""
    with _process(serve_hub, yard.settings) as running:
        yield running


@contextmanager
def ceiling(yard: Yard) -> Iterator[list[int]]:
    """Run two processes that verify and store nothing; give their ports."""
    with _process(serve_ceiling, yard.publics()) as first, _process(serve_ceiling, yard.publics()) as second:
        yield [first[0], second[0]]


@contextmanager
def _process(target: Callable[[Any, int], None], given: Any) -> Iterator[tuple[int, int]]:
    with socket.socket() as plug:
        plug.bind(("127.0.0.1", 0))
        port: int = plug.getsockname()[1]
    process = _spawned.Process(target=target, args=(given, port), daemon=True)
    process.start()
    try:
        _until_open(port)
        yield port, process.pid or 0
    finally:
        process.terminate()
        process.join()


def _until_open(port: int) -> None:
    until = time.monotonic() + START_SECONDS
    while True:
        with socket.socket() as plug:
            if plug.connect_ex(("127.0.0.1", port)) == 0:
                return
        if time.monotonic() > until:
            raise TimeoutError("the measured service did not start")
        time.sleep(0.05)


def serve_hub(settings: HubSettings, port: int) -> None:
    """Run the hub of `settings` on `port`."""
    configure_logging(logging.ERROR)
    _serve(create_app(Hub.open(settings, PASSPHRASE)), port)


def serve_ceiling(publics: dict[str, bytes], port: int) -> None:
    """Run the yardstick on `port`: raw ASGI, both halves of the signature, nothing else."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message["body"], message.get("more_body", False)
        parsed = envelope.parse(body)
        envelope.verify_signature(parsed, publics[parsed.header.skid])
        await send({"type": "http.response.start", "status": 201, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"{}"})

    _serve(app, port)


def _serve(app: Any, port: int) -> None:
    uvicorn.run(app, port=port, loop="uvloop", http="httptools", ws="none", access_log=False, log_config=None)


def _fired(ports: Sequence[int], bodies: Sequence[Sequence[bytes]], seconds: float) -> Taken:
    """Let a process of its own send `bodies`, one connection each, for `seconds`."""
    shots = [Shot(ports[number % len(ports)], own) for number, own in enumerate(bodies)]
    ours, theirs = _spawned.Pipe(duplex=False)
    process = _spawned.Process(target=fire, args=(shots, seconds, theirs), daemon=True)
    process.start()
    taken: Taken = ours.recv()
    process.join()
    return taken


def _rest(bodies: Sequence[Sequence[bytes]], taken: Taken) -> list[Sequence[bytes]]:
    """Return what is left of `bodies` for as many connections as have sent."""
    return [own[sent:] for own, sent in zip(bodies, taken.sent, strict=False)]


def _figures(taken: Taken) -> dict[str, Any]:
    rate = round(len(taken.latencies) / taken.elapsed, 1)
    return {"rate": rate, "failed": taken.failed, "latency": spread(taken.latencies).members()}
