"""What was not opened is shown with its reason to whoever must act, and every reason and alarm has its words."""

import pytest

from exchange.courier import ARRIVALS, Alarm, Take
from nodes.alerts import Cause
from nodes.tables import QuarantineRow
from nodes.views import Alert
from nodes.web import wording
from nodes.web.languages import speaking
from tests.nodes.web.house import House


@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_reason_for_not_opening_has_words(language: str) -> None:
    codes = [finding.value for finding, taken in ARRIVALS.items() if taken.take in {Take.HOLD, Take.REJECT}]
    with speaking(language):
        assert not [code for code in codes if wording.finding(code) == code]


@pytest.mark.parametrize("cause", [*Alarm, *Cause], ids=str)
def test_every_alarm_has_words(cause: str) -> None:
    alert = Alert("a", str(cause), "s", None, "role:NODE_ADMIN", "RAISED", 0, None, None, notified=False)
    assert wording.alert_text(alert) != str(cause)


@pytest.mark.parametrize("language", ["en", "ru"])
def test_an_alarm_about_a_damaged_log_names_the_finding_and_its_place(language: str) -> None:
    subject = "ENTRY_ALTERED 256 role:AUDITOR"
    alert = Alert("a", "LOG_DAMAGED", subject, None, "role:AUDITOR", "RAISED", 0, None, None, notified=False)
    with speaking(language):
        assert wording.alert_text(alert).endswith(" (ENTRY_ALTERED 256)")


def test_an_arrival_that_was_not_opened_is_listed_for_those_who_must_act(house: House) -> None:
    node = house.nodes["KG"]
    with node.db.write() as session:
        session.add(
            QuarantineRow(
                hub_index=7,
                frame=1,
                eid=None,
                sender="TJ",
                reason="KEY_UNKNOWN",
                state="HELD",
                since=node.now(),
                attempts=1,
                retry_at=node.now() + 60,
                entry=b"",
                wire=b"",
            )
        )
    page = house.desk("KG", "KG-8").get("/quarantine")
    assert "key is not in the directory yet" in page.text
    assert "/quarantine" in house.desk("KG", "KG-2").get("/inbox").text
    assert house.desk("KG", "KG-1").get("/quarantine").status_code == 403
    assert house.desk("KG", "KG-2").get("/quarantine.json").json()["arrivals"][0]["reason"] == "KEY_UNKNOWN"
