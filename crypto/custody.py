"""Where the halves of a signing key live. A key store is handed one custody, and makes its new signing keys there.

This package knows one: seeds, sealed in the store's own files. Whoever has a token hands in another; a store opens what
was made under either, so that a unit moves from one to the other by making its next key.
"""

from typing import Final, Protocol

from crypto.signing import SigningKey, new_seeds


class Custody(Protocol):
    """A way to keep signing keys. `kind` stands in the file of each, so that the custody that made it opens it."""

    @property
    def kind(self) -> str:
        """The stable name of this way."""
        ...

    def make(self) -> tuple[SigningKey, bytes]:
        """Make a key; returns it, and what the store must keep, sealed, for `open`."""
        ...

    def open(self, kept: bytes) -> SigningKey:
        """Return the key of what `make` gave to be kept. Raises KeyRefused for what it cannot have given."""
        ...


class Seeds:
    """Both halves are seeds: the store's files hold all of the key."""

    kind: Final = "signing"

    def make(self) -> tuple[SigningKey, bytes]:
        """Make a key of 64 random bytes, which are what is kept."""
        seeds = new_seeds()
        return SigningKey.from_seeds(seeds), seeds

    def open(self, kept: bytes) -> SigningKey:
        """Return the key of its seeds."""
        return SigningKey.from_seeds(kept)


SEEDS: Final = Seeds()
