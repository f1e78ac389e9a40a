"""ACK, the acknowledgement of a notice: what was done about it here, and to whom it was passed on."""

from typing import Final

from schemas import codes
from schemas.facts import Facts
from schemas.field_types import OneCode
from schemas.fields import Field, Section, when
from schemas.kind import Approval, Causes, Kind
from schemas.notices import EVERYBODY, ONWARD, exception, reason
from schemas.words import Words


def _excepted(facts: Facts) -> bool:
    return facts.text("outcome") == "DONE_WITH_EXCEPTION"


KIND: Final = Kind(
    code="ACK",
    version="1.0",
    family="control",
    label=Words("Acknowledgement", "Подтверждение"),
    hint=Words("Say what was done about a notice.", "Сообщить, что сделано по уведомлению."),
    sections=(
        Section(
            "acknowledgement",
            Words("What was done", "Что сделано"),
            Words("Within 72 hours.", "В течение 72 часов."),
            (
                Field(
                    "outcome",
                    Words("Outcome", "Итог"),
                    Words("For all items of the notice.", "По всем сведениям уведомления."),
                    OneCode("notice_outcomes"),
                ),
                exception(when("outcome", "DONE_WITH_EXCEPTION")),
                reason(when("outcome", "REFUSED")),
                ONWARD,
            ),
        ),
    ),
    senders=EVERYBODY,
    receivers=EVERYBODY,
    answers=("COR", "ERA", "HRV"),
    side="requested",
    clock="ENDS",
    causes=Causes(
        chosen_by="outcome",
        by_value={code: row.text("event") for code, row in codes.table("notice_outcomes").items()},
    ),
    told="onward",
    approvals=(
        Approval(
            "ERASURE_OVERRIDE",
            "SUPERVISOR",
            Words("Something is kept in spite of the notice.", "Что-то сохраняется вопреки уведомлению."),
            _excepted,
        ),
    ),
)
