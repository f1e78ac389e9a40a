"""The words and the exit status that a person at a terminal gets for an error of the packages below: one table."""

from collections.abc import Mapping
from typing import Final

from audit.errors import AuditError
from crypto.errors import CryptoError
from exchange.errors import ExchangeError
from nodes.errors import Denied
from schemas.errors import SchemaError
from serai.failure_words import WORDS
from serai.output import CommandError, Exit

STATUSES: Final[Mapping[str, Exit]] = {
    "EX-4011": Exit.NOT_ALLOWED,
    "EX-4031": Exit.NOT_ALLOWED,
    "EX-6011": Exit.NOT_ALLOWED,
    "EX-6012": Exit.NOT_ALLOWED,
    "EX-6013": Exit.NOT_ALLOWED,
    "EX-6028": Exit.NOT_ALLOWED,
    "EX-6030": Exit.NOT_ALLOWED,
    "EX-6031": Exit.NOT_ALLOWED,
    "EX-6291": Exit.NOT_ALLOWED,
    "EX-6361": Exit.NOT_ALLOWED,
    "WRONG_PASSPHRASE": Exit.NOT_ALLOWED,
    "EX-5031": Exit.UNREACHABLE,
    "EX-6034": Exit.UNREACHABLE,
    "EX-6035": Exit.UNREACHABLE,
    "EX-6360": Exit.UNREACHABLE,
    "EX-4091": Exit.CONFLICT,
    "EX-4092": Exit.CONFLICT,
    "EX-4093": Exit.CONFLICT,
    "EX-4094": Exit.CONFLICT,
    "EX-4095": Exit.CONFLICT,
    "EX-4097": Exit.CONFLICT,
    "EX-6091": Exit.CONFLICT,
    "EX-6092": Exit.CONFLICT,
    "EX-6093": Exit.CONFLICT,
    "EX-6094": Exit.CONFLICT,
    "EX-6095": Exit.CONFLICT,
    "EX-6640": Exit.CONFLICT,
    "EX-6641": Exit.CONFLICT,
    "EX-6642": Exit.CONFLICT,
    "KEY_FILE_EXISTS": Exit.CONFLICT,
    "PROPOSAL_SUPERSEDED": Exit.CONFLICT,
    "EX-6350": Exit.WRONG,
    "EX-6352": Exit.WRONG,
    "ENROLMENT_REFUSED": Exit.WRONG,
    "FINGERPRINT_DIFFERS": Exit.WRONG,
    "LOG_DAMAGED": Exit.WRONG,
    "LOG_CHECKPOINT_REFUSED": Exit.WRONG,
    "LOG_PROOF_REFUSED": Exit.WRONG,
    "LOG_SIGNATURE_REFUSED": Exit.WRONG,
    "PROPOSAL_REFUSED": Exit.WRONG,
}
"""Stable code -> exit status; every other known error is wrong use or an unreadable file."""


def explained(error: Exception, lang: str) -> CommandError | None:
    """Return the error in words and with its exit status, or None for a defect of ours, which keeps its traceback."""
    if isinstance(error, CommandError):
        return error
    if isinstance(error, ExchangeError):
        words = error.words[lang]
        said = f"{words.why} ({error.detail})" if error.detail else words.why
        rules = error.rules if isinstance(error, Denied) else ()
        why = " ".join([said, *(f"{rule.name}: {rule.words.say(lang)}" for rule in rules)])
        return CommandError(error.code, words.title, why, words.action, STATUSES.get(error.code, Exit.USAGE))
    if isinstance(error, SchemaError | CryptoError | AuditError):
        what = WORDS[error.code].say(lang)
        return CommandError(error.code, what, str(error), status=STATUSES.get(error.code, Exit.USAGE))
    if isinstance(error, ConnectionError | TimeoutError):
        return CommandError("SERAI-UNREACHABLE", str(error), status=Exit.UNREACHABLE)
    if isinstance(error, OSError):
        return CommandError("SERAI-FILE", f"{error.filename}: {error.strerror}")
    return None
