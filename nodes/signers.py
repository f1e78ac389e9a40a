"""Whether the unit can sign now, and where the halves of its signing key live.

Without its token a node opens, shows and files what comes, and keeps receipts unsigned; it seals nothing. Nothing of
that is decided here: whoever signs gets the token's error, and what waits is tried again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from crypto.custody import SEEDS
from nodes import alerts
from nodes.alerts import Cause, Raised
from nodes.node import Node
from nodes.token_errors import KeyNotInToken, TokenAway, TokenError

Where = Literal["FILE", "TOKEN", "FILE_SEALED_BY_TOKEN"]
PKCS11: Final = "signing-pkcs11"
"""The kind of the custody of a token (`nodes.token_custody`), which is imported only where there is one."""
HALVES: Final[Mapping[str, tuple[Where, Where]]] = {
    SEEDS.kind: ("FILE", "FILE"),
    PKCS11: ("FILE_SEALED_BY_TOKEN", "TOKEN"),
}
"""Custody -> where the ML-DSA-65 half is, and where the Ed25519 half."""


@dataclass(frozen=True, slots=True)
class Signer:
    """The signing key in use: its id, where its halves are, and why it cannot sign now ("" if it can)."""

    kid: str
    mldsa65: Where
    ed25519: Where
    trouble: str


def standing(node: Node) -> Signer:
    """Return how the signing key in use stands; asks the token, if it is in one."""
    kid, error = node.keys.signing.kid, trouble(node)
    said = "" if error is None else f"{error.code} {error.detail}".strip()
    return Signer(kid, *HALVES[node.store.custody_of(kid)], said)


def trouble(node: Node) -> TokenError | None:
    """Return why the unit cannot sign now, or None."""
    try:
        node.keys.signing.check()
    except TokenError as error:
        return error
    return None


def check_start(node: Node) -> None:
    """Raise `TokenError` where a person must first put the settings, the PIN or the tokens right.

    A token that is away may come back, and a lost key is replaced at a node that runs.
    """
    error = trouble(node)
    if error is not None and not isinstance(error, TokenAway | KeyNotInToken):
        raise error


def watch(node: Node) -> None:
    """Say that the token is away or refuses, and take it back once it signs again."""
    error = trouble(node)
    with node.db.read() as session:
        said = alerts.is_raised(session, Cause.SIGNER_SILENT, node.unit)
    if said != (error is not None):
        silent = Raised(Cause.SIGNER_SILENT, node.unit, alerts.ADMIN, outbound=True)
        with node.db.write() as session:
            alerts.keep(session, node, silent, on=error is not None)
        node.changed.bump()
