"""The tiles of a log behind an address: any server of the C2SP tlog-tiles layout, or a hub that is asked as a member.

Nothing that an answer says is believed: hashes and signatures decide. No redirects, no proxies of the environment.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx

from audit.audit_tiles import Fetch
from audit.notes import MAX_NOTE
from audit.tiles import MAX_ENTRY, TILE_WIDTH
from crypto.keystore import KeyStore
from exchange.database import Database
from exchange.signatures import OCTETS, NodeAuth
from nodes import keys
from nodes.settings import NodeSettings
from serai.output import CommandError, Exit
from serai.passphrases import passphrase
from serai.tokens import custody_of

LARGEST: Final = max(MAX_NOTE, TILE_WIDTH * (MAX_ENTRY + 2))
TIMEOUT: Final = 30.0
GONE: Final = frozenset({403, 404, 410})


@contextmanager
def tiles(address: str, home: Path | None, file: Path | None, descriptor: int | None) -> Iterator[Fetch]:
    """Open the tiles under `address`; with the folder of a node, every request is signed by that node."""
    auth = _auth(home, file, descriptor) if home is not None else None
    with httpx.Client(timeout=TIMEOUT, trust_env=False, follow_redirects=False, auth=auth) as client:

        def fetch(name: str) -> bytes | None:
            try:
                return _get(client, f"{address.rstrip('/')}/{name}")
            except httpx.HTTPError as error:
                raise CommandError(
                    "SERAI-UNREACHABLE", f"{address} does not answer.", type(error).__name__, status=Exit.UNREACHABLE
                ) from error

        yield fetch


def _get(client: httpx.Client, url: str) -> bytes | None:
    headers = {"content-type": OCTETS, "accept-encoding": "identity"}
    with client.stream("GET", url, headers=headers) as response:
        if response.status_code in GONE:
            return None
        if response.status_code != httpx.codes.OK:
            raise CommandError("SERAI-LOG-REMOTE", f"{url} answers with status {response.status_code}.")
        body = bytearray()
        for part in response.iter_bytes():
            body += part
            if len(body) > LARGEST:
                raise CommandError("SERAI-LOG-REMOTE", f"{url} is longer than any tile.")
        return bytes(body)


def _auth(home: Path, file: Path | None, descriptor: int | None) -> NodeAuth:
    """Return what signs requests as the node in `home`; it may be running meanwhile."""
    settings = NodeSettings.read(home)
    secret = passphrase(file or settings.passphrase_file, descriptor, "passphrase of the node")
    database = Database(settings.database)
    try:
        with database.read() as session:
            held = keys.load(session, KeyStore.open(settings.keys, secret, custody_of(settings)), settings)
    finally:
        database.close()
    return NodeAuth(held.request, held.request_keyid, settings.env, lambda: int(time.time()))
