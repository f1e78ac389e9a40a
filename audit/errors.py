"""Every error that `audit` raises: one base, one stable code a kind. Nothing foreign escapes its parsers and checks."""

from typing import ClassVar


class AuditError(Exception):
    """Base of the package's errors. `code` is stable and safe to show; the text says what and why, never content."""

    code: ClassVar[str] = "LOG_ERROR"


class Malformed(AuditError):
    """Bytes that are not the one allowed form of a note, key, checkpoint, tile address, bundle or proof file."""

    code = "LOG_MALFORMED"


class ProofRefused(AuditError):
    """A Merkle proof that does not lead to the root it is held against."""

    code = "LOG_PROOF_REFUSED"


class SignatureRefused(AuditError):
    """A signature that is missing, made by another key, or wrong."""

    code = "LOG_SIGNATURE_REFUSED"


class QuorumMissed(AuditError):
    """Too few witnesses cosigned: nobody who follows the policy believes this checkpoint yet."""

    code = "LOG_QUORUM_MISSED"


class EntryTooLong(AuditError):
    """An entry that does not fit an entry bundle: 65,535 bytes is the most."""

    code = "LOG_ENTRY_TOO_LONG"


class NotInLog(AuditError):
    """An index, range, tile or size that the log does not have, or has not signed yet."""

    code = "LOG_NOT_THERE"


class HeadMoved(AuditError):
    """The head is not the one this transaction read: somebody else advanced the log. Roll back and try again."""

    code = "LOG_HEAD_MOVED"


class LogDamaged(AuditError):
    """What is stored contradicts itself: a row was lost or changed. Nothing is signed over it."""

    code = "LOG_DAMAGED"


class CheckpointRefused(AuditError):
    """Signing now could show two histories: the head is smaller, different, uncommitted, or the clock went back."""

    code = "LOG_CHECKPOINT_REFUSED"
