"""The hub's service: relays ciphertext, orders it, logs it and keeps the signed directory. It cannot read."""
