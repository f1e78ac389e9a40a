"""What a draft does not bear yet of what binds it for what it carries: offered beside its form, not put in unasked."""

from nodes import quoting
from nodes.quoting import Bound
from nodes.views import Draft, DraftForm
from nodes.web import wording
from nodes.web.site import Desk
from nodes.work import Work


def lacking(desk: Desk, draft: Draft) -> tuple[wording.HandlingCode, ...]:
    """Return the handling codes that the draft lacks, H3 also where only its words are missing."""
    missing = _inherited(desk, draft).lacking(draft.common)
    return wording.handling(sorted(missing.codes | ({"H3"} if missing.texts else set())))


def taken_over(desk: Desk, draft: Draft, _: str) -> DraftForm:
    """Return the draft with all that it lacks."""
    return DraftForm(draft.recipients, _inherited(desk, draft).over(draft.common), draft.body, draft.copies)


def _inherited(desk: Desk, draft: Draft) -> Bound:
    with desk.node.db.read() as session:
        return quoting.inherited(Work(session, desk.node), desk.actor, draft.common)
