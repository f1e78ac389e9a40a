"""Bytes in, bytes out: canonical JSON, signatures, seals, envelope framing. Knows no domain word and, but for `keystore`, does no IO."""
