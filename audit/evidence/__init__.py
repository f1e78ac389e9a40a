"""Offline checks of evidence: what a court's expert runs, with no server, no database and no trust in who sent it.

Stands on the standard library, `cryptography`, `crypto` and the pure modules of `audit`; it reads bytes, never files.
"""
