"""The append-only Merkle log and everything that proves it. Only `log`, `store` and `witness` touch a database."""
