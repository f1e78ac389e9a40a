"""Public-key encodings on Curve25519 that must never be registered: what OpenSSL accepts and should not be believed.

With the key 0100…00 one constant Ed25519 signature verifies for every message; a unit that registered such a key could
later deny, or be made to have signed, anything. Works on public values only, so it need not run in constant time.
"""

from functools import lru_cache
from typing import Final

from crypto.errors import KeyRefused

P: Final = 2**255 - 19
_D: Final = -121665 * pow(121666, -1, P) % P
_SIGN: Final = 1 << 255

_ORDER_8_Y: Final = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
"""The y of four of the eight torsion points; the other four of order 8 have its negative."""

LOW_ORDER_Y: Final = frozenset({0, 1, P - 1, _ORDER_8_Y, P - _ORDER_8_Y})
"""y of the points of order 1, 2, 4 and 8. With either sign and with y + p where that fits: 14 encodings."""

_ORDER_8_U: Final = (
    0x00B8495F16056286FDB1329CEB8D09DA6AC49FF1FAE35616AEB8413B7C7AEBE0,
    0x57119FD0DD4E22D8868E1C58C45C44045BEF839C55B1D0B1248C50A3BC959C5F,
)
LOW_ORDER_U: Final = frozenset({0, 1, P - 1, *_ORDER_8_U})
"""u of the points of low order on the curve and its twist (RFC 7748 §6.1): the shared secret would be zero."""


@lru_cache(maxsize=1024)  # a directory has few keys, and each is checked whenever the directory is read
def check_ed25519(public: bytes) -> None:
    """Raise KeyRefused for a key of low order, a y not reduced modulo p, or a y of no point (RFC 8032 §5.1.3)."""
    y = int.from_bytes(public, "little") & ~_SIGN
    if y % P in LOW_ORDER_Y:
        raise KeyRefused("Ed25519 key of low order")
    if y >= P:
        raise KeyRefused("Ed25519 key with a non-canonical y")
    if pow((y * y - 1) * (_D * y * y + 1), (P - 1) // 2, P) != 1:
        raise KeyRefused("Ed25519 key that is no point of the curve")


def check_x25519(public: bytes) -> None:
    """Raise KeyRefused for a key of low order or a u not reduced modulo p (RFC 7748 §5 masks; a register must not)."""
    u = int.from_bytes(public, "little")
    if (u & ~_SIGN) % P in LOW_ORDER_U:
        raise KeyRefused("X25519 key of low order")
    if u >= P:
        raise KeyRefused("X25519 key with a non-canonical u")
