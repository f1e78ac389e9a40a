"""How often somebody may try to sign in: a count for each account and each address in a window. No accounts, no text.

The account's share does not lock its owner out: the window ends by itself, and attempts by an address that is over its
own share are refused before they count against the account. Names and addresses are kept only as hashes.
"""

import hashlib

from sqlalchemy import delete
from sqlalchemy.orm import Session

from nodes.account_tables import RateRow
from nodes.errors import TooManyAttempts
from nodes.settings import NodeSettings


def check(session: Session, settings: NodeSettings, account: str, address: str, now: int) -> None:
    """Return if both may try again; raises `TooManyAttempts`. The pair of both has a share of its own."""
    window = now // settings.attempt_window
    for bucket, limit in _buckets(settings, account, address):
        row = session.get(RateRow, bucket)
        if row is not None and row.window == window and row.count >= limit:
            raise TooManyAttempts


def count(session: Session, settings: NodeSettings, account: str, address: str, now: int) -> None:
    """Count one failed attempt, and forget those of windows that are over."""
    window = now // settings.attempt_window
    session.execute(delete(RateRow).where(RateRow.window < window))
    for bucket, _ in _buckets(settings, account, address):
        row = session.get(RateRow, bucket, with_for_update=True)
        if row is None:
            session.add(RateRow(bucket=bucket, window=window, count=1))
        elif row.window != window:
            row.window, row.count = window, 1
        else:
            row.count += 1


def _buckets(settings: NodeSettings, account: str, address: str) -> tuple[tuple[str, int], tuple[str, int]]:
    """An account is limited only together with the address, so a stranger cannot lock an officer out from elsewhere."""
    return (
        (_hash("account", account, address), settings.attempts_per_account),
        (_hash("address", address), settings.attempts_per_address),
    )


def _hash(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
