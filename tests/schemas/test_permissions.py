"""Permissions and notices: how long a decision may take, whom silence alarms, what is passed on, who must agree."""

import pytest

from schemas.facts import Facts
from schemas.kinds import KINDS
from tests.instants import NOW
from tests.messages import wish


def asked(hearing: str) -> Facts:
    """A request for a permission, to be used in court if there is a hearing."""
    if not hearing:
        return Facts(wish(), at=NOW)
    proceedings = {"court": "City court", "case_no": "1-17", "stage": "TRIAL", "defence_disclosure": "YES"}
    body = wish(wanted="LIFT_H1", proceedings={**proceedings, "next_hearing": hearing})
    return Facts({name: value for name, value in body.items() if name != "recipients_wanted"}, at=NOW)


@pytest.mark.parametrize(("hearing", "hours"), [("2026-11-22", 24), ("2026-11-27", 24), ("2026-11-28", 168), ("", 168)])
def test_a_near_hearing_shortens_the_time_to_decide(hearing: str, hours: int) -> None:
    term = KINDS["HCR"].term
    made = asked(hearing)
    assert KINDS["HCR"].validate(made) == []
    assert term is not None
    assert term.seconds(made) == hours * 3600


def test_a_notice_is_acknowledged_within_72_hours_or_the_auditors_hear_of_it() -> None:
    for code in ("COR", "ERA", "HRV", "RCL"):
        term = KINDS[code].term
        assert term is not None
        assert (term.seconds(Facts({})), term.silence) == (72 * 3600, "AUDITOR")


def test_an_exception_to_an_erasure_needs_a_supervisor() -> None:
    ack = KINDS["ACK"]
    assert ack.approvals_needed(Facts({"outcome": "DONE"})) == ()
    asked = ack.approvals_needed(Facts({"outcome": "DONE_WITH_EXCEPTION"}))
    assert [(one.code, one.role) for one in asked] == [("ERASURE_OVERRIDE", "SUPERVISOR")]


def test_a_correction_that_matters_to_nobody_else_stays_with_its_first_recipients() -> None:
    concern = KINDS["COR"].concern
    assert concern is not None
    assert concern.onward is not None
    assert [concern.onward({"must_tell_onward": answer}) for answer in ("YES", "NO")] == [True, False]
    assert all(one.onward({}) for code in ("ERA", "HRV", "RCL") if (one := KINDS[code].concern) and one.onward)
