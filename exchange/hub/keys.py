"""The hub's own keys, sealed in its key store: receipts, snapshots, answers, the log. It holds no key that opens.

A key is made here, named by the next federation document, and used a minute after that document says that it begins;
the one before signs until then (protocol.md §5.4). The pair of the log stays for as long as the log.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Literal, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.checkpoints import LogSigner
from audit.cosignatures import Cosigner
from crypto import note_keys, signing
from crypto.errors import CryptoError, KeyFileExists
from crypto.keystore import Argon2Cost, KeyStore
from crypto.signing import SigningKey
from exchange.errors import AlreadyThere, NotReady
from schemas.directory import HubCard, HubKey, node_kid

Use = Literal["RECEIPT", "SNAPSHOT", "REQUEST"]

KEYS: Final = "keys"
KIND: Final = "hub"
YEAR: Final = 395 * 86_400
SETTLING: Final = 60
"""Seconds for which a key is in force before it is used: a node's clock may be that much behind."""

_SIZES: Final = {"receipt": 64, "snapshot": 64, "request": 32, "log": 64, "witness": 64}
_KID_OF: Final[Mapping[str, Callable[[bytes], str]]] = {
    "RECEIPT": signing.kid_of,
    "SNAPSHOT": signing.kid_of,
    "REQUEST": node_kid,
}


@dataclass(frozen=True)
class HubKeys:
    """What the hub signs with now; `request` is Ed25519, `receipt` and `snapshot` are composite."""

    receipt: SigningKey
    snapshot: SigningKey
    request: Ed25519PrivateKey
    log: LogSigner
    witness: Cosigner
    name: str
    store: KeyStore = field(repr=False)

    @classmethod
    def create(cls, home: Path, passphrase: str, origin: str, cost: Argon2Cost | None = None) -> Self:
        """Make the keys and seal them under `passphrase`; raises `AlreadyThere` if there are any."""
        try:
            store = KeyStore.create(home / KEYS, passphrase, cost)
            store.store(KIND, "receipt", signing.new_seeds())
            store.store(KIND, "snapshot", signing.new_seeds())
            store.store(KIND, "request", Ed25519PrivateKey.generate().private_bytes_raw())
            store.store(KIND, "log", os.urandom(_SIZES["log"]))
            store.store(KIND, "witness", note_keys.new_seeds())
        except CryptoError as error:
            raise AlreadyThere(f"{error.code}: {error.reason}") from error
        return cls.open(home, passphrase, origin)

    @classmethod
    def open(cls, home: Path, passphrase: str, origin: str) -> Self:
        """Unseal the keys; raises `NotReady` if the store is missing, exposed, broken or locked otherwise."""
        try:
            store = KeyStore.open(home / KEYS, passphrase)
            _add_witness(store)
            seeds = {name: store.load(KIND, name) for name in _SIZES}
            return cls(
                SigningKey.from_seeds(seeds["receipt"]),
                SigningKey.from_seeds(seeds["snapshot"]),
                Ed25519PrivateKey.from_private_bytes(seeds["request"]),
                LogSigner.from_seeds(origin, seeds["log"]),
                Cosigner(f"{origin.partition('/')[0]}/witness", seeds["witness"]),
                origin.partition("/")[0],
                store,
            )
        except CryptoError as error:
            raise NotReady(f"{error.code}: {error.reason}") from error

    def turned(self, card: HubCard, now: int) -> "HubKeys":
        """Return the keys to sign with at `now` by what the document in force says; ourselves if nothing changes.

        A key that the document names and this store does not hold is passed over.
        """
        receipt, snapshot, request = (self._next(use, kid, card, now) for use, kid in self._present().items())
        pair = None if card.witness in {None, self.witness.keys.vkeys} else self._pair(card.witness or ())
        if not (receipt or snapshot or request or pair):
            return self
        return replace(
            self,
            receipt=SigningKey.from_seeds(receipt) if receipt else self.receipt,
            snapshot=SigningKey.from_seeds(snapshot) if snapshot else self.snapshot,
            request=Ed25519PrivateKey.from_private_bytes(request) if request else self.request,
            witness=pair or self.witness,
        )

    def ends(self, card: HubCard) -> dict[Use, int]:
        """Return for each use when the key in use ends by the document in force (unix seconds), 0 if it names none."""
        named = {(key.use, _KID_OF[key.use](key.public)): key.not_after for key in card.keys}
        return {use: named.get((use, kid), 0) for use, kid in self._present().items()}

    def publics(self, use: Literal["RECEIPT", "SNAPSHOT"]) -> dict[str, bytes]:
        """Return every public key that this hub has, or had, for composite signatures of `use`, by its id."""
        first = use.lower()
        names = [name for name in self.store.names() if name == first or name.startswith(f"{first}-")]
        held = [SigningKey.from_seeds(self.store.load(KIND, name)) for name in names]
        return {key.kid: key.public for key in held}

    def propose(self, uses: Iterable[Use]) -> dict[Use, bytes]:
        """Make the next key for each of `uses` and return the public halves, for the roots to put into force."""
        made: dict[Use, bytes] = {}
        for use in uses:
            seed = os.urandom(_SIZES[use.lower()])
            made[use] = (
                Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
                if use == "REQUEST"
                else SigningKey.from_seeds(seed).public
            )
            self.store.store(KIND, f"{use.lower()}-{_KID_OF[use](made[use])}", seed)
        return made

    def propose_witness(self) -> tuple[str, ...]:
        """Make the next pair that cosigns the units' logs and return its verifier keys."""
        seeds = note_keys.new_seeds()
        self.store.store(KIND, f"witness-{note_keys.kid_of(note_keys.public_of(seeds))}", seeds)
        return Cosigner(self._cosigner, seeds).keys.vkeys

    def _present(self) -> dict[Use, str]:
        return {
            "RECEIPT": self.receipt.kid,
            "SNAPSHOT": self.snapshot.kid,
            "REQUEST": node_kid(self.request.public_key().public_bytes_raw()),
        }

    def _next(self, use: Use, present: str, card: HubCard, now: int) -> bytes | None:
        """The seeds of the newest key for `use` that is in force, unless it is the `present` one or not held here."""
        newest = _newest(card.keys, use, now)
        name = f"{use.lower()}-{newest}"
        return self.store.load(KIND, name) if newest not in {None, present} and name in self.store.names() else None

    def _pair(self, vkeys: tuple[str, ...]) -> Cosigner | None:
        pairs = (self.store.load(KIND, name) for name in self.store.names() if name.startswith("witness-"))
        cosigners = (Cosigner(self._cosigner, seeds) for seeds in pairs)
        return next((one for one in cosigners if one.keys.vkeys == vkeys), None)

    @property
    def _cosigner(self) -> str:
        return f"{self.name}/witness"

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
            store.store(KIND, "witness", note_keys.new_seeds())


def _newest(keys: Iterable[HubKey], use: Use, now: int) -> str | None:
    """The id of the newest key for `use` that has been in force for a minute and has not ended."""
    good = [key for key in keys if key.use == use and key.not_before + SETTLING <= now < key.not_after]
    return _KID_OF[use](max(good, key=lambda key: key.not_before).public) if good else None
