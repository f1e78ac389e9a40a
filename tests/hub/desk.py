"""A real hub for tests, driven without threads, and what a unit's node would send to it. No part of it is faked."""

import asyncio
import copy
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from crypto import sealing
from crypto.canonical import dumps
from crypto.encoding import b64
from crypto.header import GENESIS, HeaderDraft
from crypto.keystore import Argon2Cost
from crypto.sealing import Recipient, Sealed
from exchange.database import Database
from exchange.hub import administration
from exchange.hub.administration import Publication
from exchange.hub.app import create_app
from exchange.hub.hub import Hub
from exchange.hub.keys import HubKeys
from exchange.hub.settings import HubSettings
from exchange.signatures import NodeAuth
from schemas import receipts
from schemas.directory import sign_federation
from schemas.receipts import Receipt
from tests.federation import HUB, UnitKeys, World
from tests.instants import DAY, NOW

URL = "https://hub.serai.example"
CHEAP = Argon2Cost(memory_kib=64, iterations=1)


class Inside(httpx.BaseTransport):
    """The hub's application as the other end of a connection, on an event loop and a thread of its own."""

    def __init__(self, app: Any) -> None:
        self._app = httpx.ASGITransport(app, raise_app_exceptions=True)
        self._runner = asyncio.Runner()
        self._thread = ThreadPoolExecutor(1, "inside")

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._thread.submit(lambda: self._runner.run(self._answer(request))).result()

    def close(self) -> None:
        self._thread.submit(self._runner.close).result()
        self._thread.shutdown()

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        asked = httpx.Request(request.method, request.url, headers=request.headers, content=request.read())
        answer = await self._app.handle_async_request(asked)
        body = await answer.aread()
        return httpx.Response(answer.status_code, headers=answer.headers, content=body, request=request)


@dataclass
class Chain:
    """A unit's own sequence."""

    seq: int = 0
    prev: str = GENESIS


@dataclass
class Desk:
    """A hub with a federation published at it, and the hands of its units."""

    folder: Path
    database_url: str
    units: Sequence[str] = ("KG", "KZ", "TJ")
    env: str = "live"
    now: int = NOW
    database: Database | None = None
    chains: dict[str, Chain] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.settings = HubSettings(
            home=self.folder,
            name=HUB,
            env=self.env,  # type: ignore[arg-type]  # tests also try what is no environment
            public_url=URL,
            database_url=self.database_url,
            least_free_megabytes=0,
        )
        self.keys = HubKeys.create(self.folder, "a passphrase", self.settings.origin, CHEAP)
        self.world = World(self.now, self.env, receipt=self.keys.receipt, snapshot=self.keys.snapshot)
        self.world.request = self.keys.request
        self.world.card = self.keys.card(self.now)
        self.db = self.database or Database(self.database_url)
        administration.prepare_database(self.db, self.settings)
        self.hub = self.start()
        self.publish(self.units)

    @classmethod
    def copied(cls, template: "Desk", folder: Path, database_url: str) -> "Desk":
        """The desk of `template`, which is closed: with a copy of its key store in `folder`, and of its database."""
        desk = copy.copy(template)
        desk.folder, desk.database_url, desk.chains = folder, database_url, copy.deepcopy(template.chains)
        desk.world = template.world.copy()
        desk.settings = template.settings.model_copy(update={"home": folder, "database_url": database_url})
        desk.keys = HubKeys.open(folder, "a passphrase", desk.settings.origin)
        desk.db = Database(database_url)
        desk.hub = desk.start()
        return desk

    def start(self) -> Hub:
        hub = Hub(self.settings, self.keys, self.db, lambda: self.now, inline=True)
        hub.check_identity()
        self.client = httpx.Client(transport=Inside(create_app(hub)), base_url=URL)
        return hub

    def restart(self) -> None:
        self.client.close()
        self.hub = self.start()

    def close(self) -> None:
        self.client.close()
        self.hub.stop()

    def publish(self, units: Sequence[str], **changes: Any) -> None:
        """Admit units: the document of the roots and the units' own first statements."""
        new = [unit for unit in units if unit not in self.world.units]
        self.world.units |= {unit: UnitKeys(unit) for unit in new}
        version = self.hub.register.current.federation.version + 1 if self.hub.register.version else 1
        document = self.world.federation(version, issued=self.now, **changes)
        statements = [wire for unit in new for wire in self.world.units[unit].key_statements(self.now, self.env)]
        signed = sign_federation(document, self.world.roots[:2])
        administration.publish(self.hub, Publication(signed, tuple(statements)))

    # --- what a unit does ---------------------------------------------------------------------------------------------

    def seal(
        self, sender: str = "TJ", to: Sequence[str] = ("KG",), content: bytes = b"content", **changes: Any
    ) -> Sealed:
        """Seal the next envelope of `sender`; `changes` override members of the header."""
        chain = self.chains.setdefault(sender, Chain())
        members: dict[str, Any] = {
            "env": self.env,
            "ctype": "message",
            "id": f"{len(self.chains):02x}{chain.seq + 1:030x}",
            "sender": sender,
            "created": self.now,
            "expires": self.now + 7 * DAY,
            "seq": chain.seq + 1,
            "prev": chain.prev,
            "family": "operational",
            "urgency": "ROUTINE",
            "classification": "OFFUSE",
            "handling": ("H1",),
        }
        keys = self.world.units
        recipients = [Recipient(unit, keys[unit].encryption.public, 1, GENESIS) for unit in sorted(to)]
        return sealing.seal(HeaderDraft(**(members | changes)), content, keys[sender].signing, recipients)

    def consumed(self, sealed: Sealed) -> None:
        """Go on after `sealed`, whose number the hub consumed."""
        header = sealed.header
        self.chains[header.sender] = Chain(header.seq, sealed.eid)

    def post(self, wire: bytes, **headers: str) -> httpx.Response:
        fields = {"content-type": "application/octet-stream", **headers}
        return self.client.post("/v1/messages", content=wire, headers=fields)

    def send(self, sender: str = "TJ", to: Sequence[str] = ("KG",), **changes: Any) -> Sealed:
        """Seal and have accepted."""
        sealed = self.seal(sender, to, **changes)
        answer = self.post(sealed.wire)
        assert answer.status_code == 201, answer.text
        self.consumed(sealed)
        return sealed

    def get(self, unit: str, path: str, **headers: str) -> httpx.Response:
        return self.client.get(path, auth=self.auth(unit), headers=headers)

    def auth(self, unit: str) -> NodeAuth:
        keys = self.world.units[unit]
        return NodeAuth(keys.node, keys.keyid, self.env, lambda: self.now)

    def inbox(self, unit: str, after: int = -1, leaf: str = "") -> list[tuple[int, int, bytes, bytes]]:
        answer = self.get(unit, f"/v1/inbox?after={after}&leaf={leaf}&wait=0")
        assert answer.status_code == 200, answer.text
        return frames(answer.content)

    def receipt(self, unit: str, kind: str, eid: str, **changes: Any) -> bytes:
        members: dict[str, Any] = {
            "env": self.env,
            "type": kind,
            "eid": eid,
            "by": unit,
            "unit": unit,
            "time": self.now,
        }
        stated = Receipt(**(members | changes))
        return receipts.sign([self.world.units[unit].signing], [stated])[0]

    def report(self, *wires: bytes) -> httpx.Response:
        body = dumps([b64(wire) for wire in wires])
        return self.client.post("/v1/receipts", content=body, headers={"content-type": "application/json"})

    def rows(self) -> dict[str, int]:
        """How many rows each table has."""
        with self.db.read() as session:
            connection = session.connection()
            return {name: connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar_one() for name in TABLES}  # noqa: S608 - our own names


TABLES = (
    "message",
    "sender",
    "evidence",
    "delivery",
    "mailbox",
    "receipt",
    "signatures",
    "nonce",
    "statement",
    "snapshot",
    "log_entry",
)


def frames(data: bytes) -> list[tuple[int, int, bytes, bytes]]:
    """(index, kind, entry, payload) of each inbox frame."""
    found = []
    at = 0
    while at < len(data):
        index, kind = int.from_bytes(data[at : at + 8], "big"), data[at + 8]
        size = int.from_bytes(data[at + 9 : at + 13], "big")
        entry, at = data[at + 13 : at + 13 + size], at + 13 + size
        length = int.from_bytes(data[at : at + 4], "big")
        found.append((index, kind, entry, data[at + 4 : at + 4 + length]))
        at += 4 + length
    return found
