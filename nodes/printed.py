"""Printed one-time codes: a second factor on paper, for when device and passkey are away. Each serves once."""

from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from nodes import passwords
from nodes.account_tables import PrintedCodeRow

SHEET: Final = 10
"""Codes on one sheet."""


def make(session: Session, user_id: str) -> tuple[str, ...]:
    """Return a new sheet for the account, to be shown once; the codes of an older one end."""
    session.execute(delete(PrintedCodeRow).where(PrintedCodeRow.user_id == user_id))
    codes = tuple(passwords.new_half() for _ in range(SHEET))
    session.add_all(PrintedCodeRow(code_hash=passwords.half_hash(code), user_id=user_id) for code in codes)
    return codes


def take(session: Session, user_id: str, code: str) -> bool:
    """Use a code up; returns whether it was one of the account."""
    mine = PrintedCodeRow.user_id == user_id, PrintedCodeRow.code_hash == passwords.half_hash(code)
    done = session.execute(delete(PrintedCodeRow).where(*mine))
    return isinstance(done, CursorResult) and done.rowcount == 1


def left(session: Session, user_id: str) -> int:
    """Return how many codes of the account are not used yet."""
    query = select(func.count()).select_from(PrintedCodeRow).where(PrintedCodeRow.user_id == user_id)
    return session.scalar(query) or 0
