"""The hub's own keys, sealed in its key store: receipts, snapshots, answers, the log. It holds no key that opens."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.checkpoints import LogSigner
from audit.cosignatures import Cosigner
from crypto import note_keys
from crypto.errors import CryptoError, KeyFileExists
from crypto.keystore import Argon2Cost, KeyStore
from crypto.signing import SigningKey
from exchange.errors import AlreadyThere, NotReady
from schemas.directory import HubCard, HubKey, node_kid

KEYS: Final = "keys"
YEAR: Final = 395 * 86_400
_SIZES: Final = {"receipt": 64, "snapshot": 64, "request": 32, "log": 64, "witness": 64}


@dataclass(frozen=True)
class HubKeys:
    """What the hub signs with; `request` is Ed25519, `receipt` and `snapshot` are composite."""

    receipt: SigningKey
    snapshot: SigningKey
    request: Ed25519PrivateKey
    log: LogSigner
    witness: Cosigner
    name: str

    @classmethod
    def create(cls, home: Path, passphrase: str, origin: str, cost: Argon2Cost | None = None) -> Self:
        """Make the keys and seal them under `passphrase`; raises `AlreadyThere` if there are any."""
        try:
            store = KeyStore.create(home / KEYS, passphrase, cost)
            store.store("hub", "receipt", SigningKey.generate().seeds)
            store.store("hub", "snapshot", SigningKey.generate().seeds)
            store.store("hub", "request", Ed25519PrivateKey.generate().private_bytes_raw())
            store.store("hub", "log", os.urandom(_SIZES["log"]))
            store.store("hub", "witness", note_keys.new_seeds())
        except CryptoError as error:
            raise AlreadyThere(f"{error.code}: {error.reason}") from error
        return cls.open(home, passphrase, origin)

    @classmethod
    def open(cls, home: Path, passphrase: str, origin: str) -> Self:
        """Unseal the keys; raises `NotReady` if the store is missing, exposed, broken or locked otherwise."""
        try:
            store = KeyStore.open(home / KEYS, passphrase)
            _add_witness(store)
            seeds = {name: store.load("hub", name) for name in _SIZES}
            return cls(
                SigningKey.from_seeds(seeds["receipt"]),
                SigningKey.from_seeds(seeds["snapshot"]),
                Ed25519PrivateKey.from_private_bytes(seeds["request"]),
                LogSigner.from_seeds(origin, seeds["log"]),
                Cosigner(f"{origin.partition('/')[0]}/witness", seeds["witness"]),
                origin.partition("/")[0],
            )
        except CryptoError as error:
            raise NotReady(f"{error.code}: {error.reason}") from error

    @property
    def keyid(self) -> str:
        """The name under which answers are signed: `hub-name/node-kid`."""
        return f"{self.name}/{node_kid(self.request.public_key().public_bytes_raw())}"

    def card(self, now: int) -> HubCard:
        """Return what the federation document says about this hub, its keys valid for 13 months from a day ago."""
        start, end = now - 86_400, now + YEAR
        return HubCard(
            name=self.name,
            keys=(
                HubKey(use="RECEIPT", public=self.receipt.public, not_before=start, not_after=end),
                HubKey(use="SNAPSHOT", public=self.snapshot.public, not_before=start, not_after=end),
                HubKey(
                    use="REQUEST",
                    public=self.request.public_key().public_bytes_raw(),
                    not_before=start,
                    not_after=end,
                ),
            ),
            log=self.log.keys.vkeys,
            witness=self.witness.keys.vkeys,
        )


def _add_witness(store: KeyStore) -> None:
    """Make the pair with which the hub cosigns the units' logs; a hub of an older release has none yet."""
    if "witness" not in store.names():
        with suppress(KeyFileExists):  # another process of this hub was faster
            store.store("hub", "witness", note_keys.new_seeds())
