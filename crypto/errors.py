"""Every error of this package. Nothing foreign (ValueError, InvalidTag, OSError) may leave it.

An error carries two codes. `code` is stable and exact, for the local log and for tests. `OUTWARD` is the only thing
that another unit may learn: which step of opening failed must not be visible from outside (docs/protocol.md §4).
A reason never contains a key, a seed or content.
"""

from typing import ClassVar, Final

OUTWARD: Final = "UNREADABLE"
"""The one code under which every cryptographic failure is reported to another party."""


class CryptoError(Exception):
    """Base of the package; `code` is the stable inner code, `reason` a sentence for the local log."""

    code: ClassVar[str] = "CRYPTO"
    outward: ClassVar[str] = OUTWARD

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Malformed(CryptoError):
    """The bytes are not the one form the format allows."""

    code = "MALFORMED"


class NotCanonical(Malformed):
    """The JSON is not its own canonical form (RFC 8785 over strings, integers, lists and objects)."""

    code = "NOT_CANONICAL"


class TooLarge(Malformed):
    """A part is above the size limit of the format."""

    code = "TOO_LARGE"


class WrongSuite(CryptoError):
    """The suite number is not one that this deployment accepts."""

    code = "WRONG_SUITE"


class WrongEnvironment(CryptoError):
    """An exercise object reached a live deployment, or the reverse."""

    code = "WRONG_ENVIRONMENT"


class KeyRefused(CryptoError):
    """A key that must not be used: wrong length, low order, non-canonical, or possession not shown."""

    code = "KEY_REFUSED"


class WrongSenderKey(CryptoError):
    """The sender's key is not the one that the signed header names."""

    code = "WRONG_SENDER_KEY"


class BadSignature(CryptoError):
    """At least one half of a composite signature does not verify."""

    code = "BAD_SIGNATURE"


class TooFewSignatures(BadSignature):
    """Fewer distinct trusted keys signed than the threshold asks."""

    code = "TOO_FEW_SIGNATURES"


class BadProof(CryptoError):
    """A Merkle path does not lead from the leaf to the root."""

    code = "BAD_PROOF"


class NotForUs(CryptoError):
    """The unit that opens is not among the recipients."""

    code = "NOT_FOR_US"


class UnknownRecipientKey(CryptoError):
    """Sealed to a key of ours that is no longer, or was never, in the key ring."""

    code = "UNKNOWN_RECIPIENT_KEY"


class Undecryptable(CryptoError):
    """A wrap, a body or an object at rest does not open under its key and context."""

    code = "UNDECRYPTABLE"


class BadPadding(CryptoError):
    """The decrypted body is not padded in the one allowed way."""

    code = "BAD_PADDING"


class CommitmentMismatch(CryptoError):
    """The content is not the one that the signed header commits to."""

    code = "COMMITMENT_MISMATCH"


class KeyFileError(CryptoError):
    """Base of everything that can be wrong with a key store on disk."""

    code = "KEY_FILE"


class KeyFileMissing(KeyFileError):
    """No such key file. A new key is never made in its place."""

    code = "KEY_FILE_MISSING"


class KeyFileExists(KeyFileError):
    """A key of this name is already stored; it is never overwritten."""

    code = "KEY_FILE_EXISTS"


class KeyFileExposed(KeyFileError):
    """Others than the owner may read or change the file or its folder."""

    code = "KEY_FILE_EXPOSED"


class KeyFileBroken(KeyFileError):
    """The file is cut, altered, or holds another key than its name says."""

    code = "KEY_FILE_BROKEN"


class KeyFileElsewhere(KeyFileError):
    """The key is in the custody of something that this store was not opened with, such as a token."""

    code = "KEY_FILE_ELSEWHERE"


class KeyFileUnavailable(KeyFileError):
    """The operating system refused to read or write the file."""

    code = "KEY_FILE_UNAVAILABLE"


class WrongPassphrase(KeyFileError):
    """The passphrase does not open the key store."""

    code = "WRONG_PASSPHRASE"
