"""Content at rest: every case and draft has its own AES-256-GCM key, wrapped by the key store's key.

The key of a message is wrapped by that of its case, so that each can be erased by itself. A sealed value is bound to
its table, row and column, so none can be moved to another place. Erasing the wrapped key erases everything under it.
"""

from crypto.at_rest import DataKey
from nodes.retention_errors import Erased
from nodes.tables import CaseRow, DraftRow, MessageRow


def new_key(kek: DataKey, kind: str, row_id: str) -> tuple[DataKey, bytes]:
    """Return a fresh key for the case, draft or message `row_id` and its form wrapped under `kek`."""
    key = DataKey.generate()
    return key, kek.wrap(key, kind.encode(), row_id.encode())


def case_key(kek: DataKey, case: CaseRow) -> DataKey:
    """Return the key of a case; raises `Erased` once it was."""
    if case.wrapped_key is None:
        raise Erased(case.case_id)
    return kek.unwrap(case.wrapped_key, b"case", case.case_id.encode())


def message_key(kek: DataKey, case: CaseRow, message: MessageRow) -> DataKey:
    """Return the key of a message; raises `Erased` once it or its case was."""
    key = case_key(kek, case)
    if not message.sealed:
        raise Erased(case.case_id, message.message_id)
    if message.wrapped_key is None:  # stored before messages had keys of their own
        return key
    return key.unwrap(message.wrapped_key, b"message", message.message_id.encode())


def draft_key(kek: DataKey, draft: DraftRow) -> DataKey:
    """Return the key of a draft."""
    return kek.unwrap(draft.wrapped_key, b"draft", draft.draft_id.encode())


def place(table: str, row_id: str, column: str) -> tuple[bytes, bytes, bytes]:
    """Return the context that binds a sealed value to where it is kept."""
    return table.encode(), row_id.encode(), column.encode()
