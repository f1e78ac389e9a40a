"""A draft as it is kept: one sealed row, which its author alone may open."""

from collections.abc import Container, Mapping

from sqlalchemy.orm import Session

from crypto import canonical
from crypto.at_rest import DataKey
from crypto.canonical import Json
from crypto.errors import CryptoError
from nodes import rest
from nodes.errors import BadInput, NotFound
from nodes.node import Node
from nodes.permissions import require_writer
from nodes.tables import CaseRow, DraftRow
from nodes.views import Actor, Draft, DraftForm
from schemas.facts import records
from schemas.kinds import kind_of

LARGEST = 512 * 1024


def own_row(session: Session, actor: Actor, draft_id: str) -> DraftRow:
    """Return the row of one's own draft, locked; raises `NotFound` for another's."""
    row = session.get(DraftRow, draft_id, with_for_update=True)
    if row is None or row.author != actor.user_id:
        raise NotFound
    require_writer(actor, kind_of(row.kind))
    return row


def view(session: Session, node: Node, row: DraftRow) -> Draft:
    """Return a draft unsealed."""
    form = _form(_opened(node.store.kek, row))
    case = session.get(CaseRow, row.case_id) if row.case_id else None
    return Draft(
        row.draft_id,
        row.revision,
        row.kind,
        row.author,
        case.case_ref if case else None,
        row.in_reply_to,
        form.recipients,
        form.copies,
        form.common,
        form.body,
        row.created,
        row.updated,
    )


def carries(kek: DataKey, row: DraftRow, message_ids: Container[str]) -> bool:
    """Return whether a draft passes something of one of these messages on."""
    carried = records(_form(_opened(kek, row)).common.get("passed_on"))
    return any(one.get("message") in message_ids for one in carried)


def sealed(node: Node, row: DraftRow, form: DraftForm) -> bytes:
    """Return a form sealed for its row; raises `BadInput` for values that canonical JSON cannot carry."""
    return rest.draft_key(node.store.kek, row).seal(plain(form), *rest.place("draft", row.draft_id, "form"))


def normal(form: DraftForm) -> DraftForm:
    """Return a form as it would be read from its row; raises `BadInput` as `sealed` does."""
    return _form(plain(form))


def plain(form: DraftForm) -> bytes:
    """Return the bytes of a form, canonical JSON; raises `BadInput` for what it cannot carry or what is too large."""
    units: list[Json] = [*sorted(set(form.recipients))]
    copies: list[Json] = [*sorted({*form.copies} - {*form.recipients})]
    value: dict[str, Json] = {
        "recipients": units,
        "copies": copies,
        "common": dict(form.common),
        "body": dict(form.body),
    }
    try:
        written = canonical.dumps(value)
    except CryptoError as error:
        raise BadInput("form") from error
    if len(written) > LARGEST:
        raise BadInput("form too large")
    return written


def _opened(kek: DataKey, row: DraftRow) -> bytes:
    return rest.draft_key(kek, row).open(row.sealed, *rest.place("draft", row.draft_id, "form"))


def _form(written: bytes) -> DraftForm:
    opened = canonical.loads(written, limit=LARGEST)
    form = opened if isinstance(opened, dict) else {}
    return DraftForm(
        _units(form, "recipients"), _members(form, "common"), _members(form, "body"), _units(form, "copies")
    )


def _units(form: Mapping[str, Json], name: str) -> tuple[str, ...]:
    value = form.get(name)
    return tuple(map(str, value)) if isinstance(value, list) else ()


def _members(form: Mapping[str, Json], name: str) -> Mapping[str, Json]:
    value = form.get(name, {})
    return value if isinstance(value, dict) else {}
