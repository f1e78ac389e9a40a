"""Acts that nobody does on the strength of a session alone, and what exactly is done: the digest that is confirmed.

The table names the acts; a page that does one calls `nodes.proofs.require` with its deed, and nothing else is needed.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from crypto import canonical
from exchange.errors import Words
from nodes.errors import NodeError


class Deed(StrEnum):
    """The acts that need a fresh factor. APPROVAL: whatever a second person lets happen (`nodes.approvals`)."""

    APPROVAL = "APPROVAL"
    BREAK_GLASS = "BREAK_GLASS"
    COURT_EVIDENCE = "COURT_EVIDENCE"
    AUDIT_EVIDENCE = "AUDIT_EVIDENCE"
    PERMISSION = "PERMISSION"
    ACCOUNT_END = "ACCOUNT_END"
    PASSKEY_ADD = "PASSKEY_ADD"
    PASSKEY_REMOVE = "PASSKEY_REMOVE"
    CODES_PRINT = "CODES_PRINT"


@dataclass(frozen=True, slots=True)
class Exact:
    """One act on one object, with everything that determines what will be done."""

    deed: Deed
    target: str
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """SHA-512 over all of it, in hex: what is confirmed, and what the log names."""
        told: dict[str, canonical.Writable] = {
            "deed": self.deed.value,
            "target": self.target,
            "parameters": dict(self.parameters),
        }
        return hashlib.sha512(canonical.dumps(told)).hexdigest()


class ProofRefused(NodeError):
    """The factor that was shown is wrong, too old, for something else, or was shown before."""

    code = "EX-6014"
    words: ClassVar[Mapping[str, Words]] = {
        "en": Words(
            "That did not confirm it",
            "The code or passkey is wrong, too old, for something else, or was used before.",
            "Try again with a new code or your passkey.",
        ),
        "ru": Words(
            "Подтверждение не принято",
            "Код или ключ доступа неверен, устарел, дан для другого или уже использован.",
            "Повторите с новым кодом или ключом доступа.",
        ),
    }


class ProofNeeded(NodeError):
    """The act must be confirmed with a second factor, now and for exactly this; `refused`: what was shown is not it."""

    code = "EX-6015"
    words: ClassVar[Mapping[str, Words]] = {
        "en": Words(
            "Confirm it with your second factor",
            "This act needs a factor that is shown for it alone, not older than five minutes.",
            "Open the page in a browser and confirm there.",
        ),
        "ru": Words(
            "Подтвердите вторым фактором",
            "Это действие требует фактора, предъявленного именно для него, не старше пяти минут.",
            "Откройте страницу в браузере и подтвердите там.",
        ),
    }

    def __init__(self, exact: Exact, *, refused: bool = False) -> None:
        super().__init__(exact.deed)
        self.exact = exact
        self.refused = refused
