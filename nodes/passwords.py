"""Passwords and one-time codes: Argon2id (64 MiB, 3 passes) and TOTP, both from `cryptography`. No accounts, no rows.

Two verifications run at a time, whatever the number of callers, so a flood of sign-ins cannot eat the memory. A missing
account costs the same time as a wrong password: a dummy hash is verified instead.
"""

import base64
import hashlib
import os
import secrets
import threading
import unicodedata

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.twofactor import InvalidToken
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from nodes.errors import BadInput

MEMORY_KIB = 64 * 1024
PASSES = 3
SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 1024
TOTP_STEP = 30
TOTP_DIGITS = 6
TOTP_SECRET = 20
CODE_ALPHABET = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
HALF_GROUPS = 4

_slots = threading.BoundedSemaphore(2)


def _argon2id(salt: bytes) -> Argon2id:
    return Argon2id(salt=salt, length=32, iterations=PASSES, lanes=1, memory_cost=MEMORY_KIB)


def _plain(password: str) -> bytes:
    return unicodedata.normalize("NFKC", password).encode()


def check_new(password: str) -> None:
    """Return if `password` may be set (12 to 1,024 characters, not one repeated); raises `BadInput`."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD or len(set(password)) < 5:
        raise BadInput("password")


def hash_password(password: str) -> str:
    """Return the PHC string of `password`; takes about half a second and 64 MiB."""
    with _slots:
        return _argon2id(os.urandom(16)).derive_phc_encoded(_plain(password))


_DUMMY = "$argon2id$v=19$m=65536,t=3,p=1$Oa9UUD9b1b8TU0EZ56PHUg$bmU/ooreBmuvA7wlvu008Asi+Mvwp09lkmS3b/JK0KM"
"""The hash of a random value that nobody kept, verified where there is no account."""


def matches(password: str, phc: str | None) -> bool:
    """Return whether `password` is the one behind `phc`; without an account a dummy is verified, and never matches."""
    with _slots:
        try:
            Argon2id.verify_phc_encoded(_plain(password[:LONGEST_PASSWORD]), phc or _DUMMY)
        except InvalidKey:
            return False
    return phc is not None


def new_totp_secret() -> bytes:
    """Return a fresh secret for one-time codes (20 bytes, RFC 4226 §4)."""
    return os.urandom(TOTP_SECRET)


def totp_base32(secret: bytes) -> str:
    """Return `secret` as an authenticator application takes it."""
    return base64.b32encode(secret).decode()


def totp_secret(base32: str) -> bytes:
    """Return the secret of its form for authenticator applications."""
    return base64.b32decode(base32)


def totp_uri(secret: bytes, account: str, issuer: str) -> str:
    """Return the `otpauth://` address that an authenticator application reads from a QR code."""
    return _totp(secret).get_provisioning_uri(account, issuer)


def totp_code(secret: bytes, at: int) -> str:
    """Return the code of `secret` at instant `at`."""
    return _totp(secret).generate(at).decode()


def totp_step(secret: bytes, code: str, at: int, last_step: int) -> int | None:
    """Return the step that `code` belongs to, or None if it is wrong or its step was used before.

    The step before and after the present one are accepted; a step is accepted once (RFC 6238 §5.2).
    """
    present = at // TOTP_STEP
    for step in (present, present - 1, present + 1):
        try:
            _totp(secret).verify(code.encode(), step * TOTP_STEP)
        except InvalidToken:
            continue
        return step if step > last_step else None
    return None


def _totp(secret: bytes) -> TOTP:
    return TOTP(secret, TOTP_DIGITS, SHA1(), TOTP_STEP)  # noqa: S303 - the algorithm every authenticator speaks


def new_half() -> str:
    """Return half of an enrolment code, to be shown once: four groups of four letters and digits, about 78 bits.

    Two administrators hold one half each, so neither can enrol in the place of a colleague.
    """
    groups = ("".join(secrets.choice(CODE_ALPHABET) for _ in range(4)) for _ in range(HALF_GROUPS))
    return "-".join(groups)


def half_hash(half: str) -> str:
    """Return the hash under which a half is kept; it is random and long, so a fast hash is enough."""
    return hashlib.sha256(_plain_code(half).encode()).hexdigest()


def code_hash(code: str) -> str:
    """Return the hash of a whole enrolment code as a person types it."""
    plain, middle = _plain_code(code), HALF_GROUPS * 4
    return joined_hash(half_hash(plain[:middle]), half_hash(plain[middle:]))


def joined_hash(one: str, other: str) -> str:
    """Return the hash of the code whose halves have these hashes; their order does not matter."""
    return hashlib.sha256("".join(sorted((one, other))).encode()).hexdigest()


def _plain_code(code: str) -> str:
    """Return `code` as it is compared: upper case, without the marks that people add when they type."""
    return "".join(character for character in code.upper() if character in CODE_ALPHABET)
