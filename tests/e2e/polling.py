"""One wait for mail at the hub, as a unit's node asks for it, that somebody may interrupt by suspending the unit."""

import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from crypto.keystore import KeyStore
from exchange.database import Database
from exchange.signatures import NodeAuth
from nodes.settings import NodeSettings
from nodes.tables import CursorRow

WAIT = 25


@dataclass(frozen=True)
class Poll:
    """A request that waits at the hub; `status` is what it was answered with."""

    status: Future[int]

    @classmethod
    def begin(cls, settings: NodeSettings, store: KeyStore, kid: str) -> "Poll":
        """Ask for mail behind what the node has read, on a thread of its own."""
        database = Database(settings.database)
        with database.read() as session:
            cursor = session.get_one(CursorRow, "inbox")
            place = f"after={cursor.index}&leaf={cursor.leaf}&wait={WAIT}"
        database.close()
        key = Ed25519PrivateKey.from_private_bytes(store.load("node", f"node-{kid}"))
        auth = NodeAuth(key, f"{settings.unit}/{settings.node_name}/{kid}", settings.env, lambda: int(time.time()))
        status: Future[int] = Future()

        def ask() -> None:
            url = f"{settings.hub_url}/v1/inbox?{place}"
            status.set_result(httpx.get(url, auth=auth, timeout=2 * WAIT, trust_env=False).status_code)

        threading.Thread(target=ask, daemon=True).start()
        return cls(status)

    def refused(self, seconds: float) -> int:
        """Wait for the answer and return its status; raises TimeoutError."""
        return self.status.result(seconds)
