"""Sealing and opening a case message: five recipients, full suite 1, nothing left out."""

import secrets
from collections.abc import Mapping
from typing import Final

from crypto import envelope
from crypto.encryption import EncryptionKey
from crypto.header import GENESIS, HeaderDraft
from crypto.sealing import Opened, Recipient, open_sealed, seal
from crypto.signing import SigningKey
from serai.benches.measure import spread, timed

UNITS: Final = ("CARICC", "KG", "KZ", "TJ", "UZ")
SIZES: Final = (2_048, 65_536, 1_048_576)
RUNS: Final = 101
SENT: Final = 1_795_327_200


def draft() -> HeaderDraft:
    """Return the header of a first envelope."""
    return HeaderDraft(
        env="live",
        ctype="message",
        id=secrets.token_hex(16),
        sender="TJ",
        created=SENT,
        expires=SENT + 30 * 86_400,
        seq=1,
        prev=GENESIS,
        family="operational",
        urgency="ROUTINE",
        classification="RESTRICTED",
        handling=("H1",),
    )


def run(runs: int = RUNS) -> dict[str, object]:
    """Measure every size; returns the members of the report."""
    sender = SigningKey.generate()
    keys = {unit: EncryptionKey.generate() for unit in UNITS}
    sizes = [_measured(secrets.token_bytes(size), sender, keys, runs) for size in SIZES]
    return {"sizes": sizes}


def _measured(content: bytes, sender: SigningKey, keys: Mapping[str, EncryptionKey], runs: int) -> dict[str, object]:
    recipients = [Recipient(unit, key.public, 1, GENESIS) for unit, key in keys.items()]
    ring = {keys["KG"].kid: keys["KG"]}
    wire = seal(draft(), content, sender, recipients).wire
    parsed = envelope.parse(wire)

    def opened() -> Opened:
        return open_sealed(envelope.parse(wire), ring, "KG", sender.public, "live")

    return {
        "content_bytes": len(content),
        "envelope_bytes": len(wire),
        "recipients": len(UNITS),
        "seal": spread(timed(lambda: seal(draft(), content, sender, recipients), runs)).members(),
        "verify": spread(timed(lambda: envelope.verify_signature(parsed, sender.public), runs)).members(),
        "open": spread(timed(opened, runs)).members(),
    }
