"""What was asked before, on the pages: told before sealing, and a ground for the receiver to refuse with one button."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from serai.demo import requests
from serai.demo.writing import Writing
from tests.instants import NOW
from tests.nodes.web.house import Browser, House, build
from tests.nodes.web.work import draft_of, inputs, revision, send, warning, write

SIENA = [{"channel": "SIENA", "reference": "1234-5", "date": "2026-11-02"}]
WARNED = {"en": "Your unit has asked about the same before", "ru": "Ваше подразделение уже запрашивало о том же"}


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Tajikistan, where an officer has asked Kyrgyzstan about a lorry, and a duty officer there."""
    made = build(tmp_path_factory.mktemp("earlier"), NOW, ("KG", "KZ", "TJ"))
    made.add_user("TJ", "TJ-1", "OFFICER")
    made.add_user("TJ", "TJ-5", "OFFICER")
    made.add_user("KG", "KG-2", "OFFICER", "SPOC_DUTY")
    send(made.desk("TJ", "TJ-1"), "REQ", question(made), "KG")
    made.sync("TJ", "KG", "TJ")
    yield made
    made.close()


def question(house: House) -> Writing:
    writing = requests.lorry_owner(house.clock.now)
    return replace(writing, labels={**writing.labels, "other_channel_refs": SIENA})


def checked(desk: Browser, house: House) -> tuple[str, str]:
    """Write the same once more; return the address of the draft and its check page."""
    draft = draft_of(desk.post("/compose", kind="REQ"))
    write(desk, draft, {**inputs("REQ", question(house)), "recipients": ["KG"]})
    return draft, desk.get(f"{draft}/check").text


def test_the_check_page_tells_what_was_asked_before_and_seals_only_for_a_reason(pair: House) -> None:
    desk = pair.desk("TJ", "TJ-1")
    draft, page = checked(desk, pair)
    assert all(told in page for told in (WARNED["en"], "TJ-TJ-2026-000001", "SIENA, 1234-5, 2026-11-02"))
    shown = {"revision": revision(page), "confirm": "yes", "warning": warning(page)}
    refused = desk.post(f"{draft}/seal", **shown, again="why not")
    assert (refused.status_code, 'id="again-error"' in refused.text, "why not" in refused.text) == (409, True, True)
    assert desk.post(f"{draft}/seal", **shown, again="The court needs another period").status_code == 303


def test_a_colleague_without_the_case_reads_in_his_language_that_his_agency_asked(pair: House) -> None:
    desk = pair.desk("TJ", "TJ-5")
    desk.client.cookies.set("serai-language", "ru")
    _, page = checked(desk, pair)
    assert all(told in page for told in (WARNED["ru"], "Ваше ведомство тоже запрашивало об этом"))
    assert "TJ-TJ-2026-000001" not in page


def test_the_receiver_refuses_with_one_button_what_the_same_partner_asked_before(pair: House) -> None:
    officer, duty = pair.desk("TJ", "TJ-1"), pair.desk("KG", "KG-2")
    sent = send(officer, "REQ", question(pair), "KG")
    pair.sync("TJ", "KG", "TJ")
    duty.post(f"{sent}/take")
    page = duty.get(sent).text
    assert "The same was asked here before" in page
    assert duty.get(f"{sent}.json").json()["asked_before"]["earlier"][-1]["reference"] == "TJ-TJ-2026-000001"
    (_, form) = page.split("Refuse as asked before")[-2].rsplit("<form", 1)
    given = dict(re.findall(r'name="(kind|body\.[a-z_]+)" value="([^"]+)"', form))
    draft = duty.get(draft_of(duty.post(f"{sent}/reply", **given))).text
    assert re.search(r'value="R4_DUPLICATE"[^>]* (checked|selected)', draft)
    assert "Asked before: request TJ-TJ-2026-000001" in draft


def test_a_draft_that_is_not_yet_whole_is_not_compared_with_anything(pair: House) -> None:
    desk = pair.desk("TJ", "TJ-1")
    draft = draft_of(desk.post("/compose", kind="REQ"))
    assert WARNED["en"] not in desk.get(f"{draft}/check").text
