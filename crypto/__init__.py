"""Bytes in, bytes out: canonical JSON, signatures, seals, framing. No domain word; no IO but in `keystore`."""
