"""Binary inside JSON: base64url without padding, and lower-case hex. One spelling for each value."""

import base64
import binascii
import re

from crypto.errors import Malformed


def b64(data: bytes) -> str:
    """Encode as base64url without padding (RFC 4648 §5)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def unb64(text: str) -> bytes:
    """Decode what `b64` writes. Raises Malformed for padding, other alphabets and spare bits that are not zero."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error) as error:
        raise Malformed("not base64url without padding") from error
    if b64(data) != text:
        raise Malformed("not the canonical base64url form")
    return data


def unhex(text: str, size: int) -> bytes:
    """Decode `size` bytes of lower-case hex. Raises Malformed for any other length or letter."""
    if not re.fullmatch(r"[0-9a-f]*", text) or len(text) != 2 * size:
        raise Malformed(f"not {size} bytes of lower-case hex")
    return bytes.fromhex(text)
