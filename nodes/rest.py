"""Content at rest: every case and every draft has its own AES-256-GCM key, wrapped by the key store's key.

Each sealed value is bound to its table, row and column, so none can be moved to another place. Erasing the wrapped key
erases everything under it, in every copy of the database.
"""

from crypto.at_rest import DataKey
from nodes.errors import NotFound
from nodes.tables import CaseRow, DraftRow


def new_key(kek: DataKey, kind: str, row_id: str) -> tuple[DataKey, bytes]:
    """Return a fresh key for the case or draft `row_id` and its wrapped form."""
    key = DataKey.generate()
    return key, kek.wrap(key, kind.encode(), row_id.encode())


def case_key(kek: DataKey, case: CaseRow) -> DataKey:
    """Return the key of a case; raises `NotFound` once it was erased."""
    if case.wrapped_key is None:
        raise NotFound("the case was erased")
    return kek.unwrap(case.wrapped_key, b"case", case.case_id.encode())


def draft_key(kek: DataKey, draft: DraftRow) -> DataKey:
    """Return the key of a draft."""
    return kek.unwrap(draft.wrapped_key, b"draft", draft.draft_id.encode())


def place(table: str, row_id: str, column: str) -> tuple[bytes, bytes, bytes]:
    """Return the context that binds a sealed value to where it is kept."""
    return table.encode(), row_id.encode(), column.encode()
