"""What another unit gave, used as it allows: forbidden, asked for, permitted within a scope, used, ended, taken back.

Three units. Tajikistan gives, Kyrgyzstan wants to use, Kazakhstan may get it. One story for each handling code that
binds: H1 in English, H2 in Russian, H3 in a browser without scripts.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from audit.evidence.archive import Archive
from audit.evidence.verification import Trust, verify_bundle
from crypto import instants, signing
from nodes.drafts import NewDraft
from serai.demo.writing import Writing
from tests.e2e.browser.conftest import PATIENCE, Street, Window, examine, open_window, served
from tests.e2e.browser.filling import accept, fill
from tests.instants import NOW
from tests.messages import request
from tests.nodes.web.house import build
from tests.nodes.web.work import inputs
from tests.nodes.world import send as give_away
from tests.nodes.world import someone

pytestmark = pytest.mark.slow

SPAN = 600
"""Seconds that a permission of these stories holds: shorter than a session without use."""

SAID: dict[str, Any] = {
    "urgency": "ROUTINE",
    "classification": "OFFUSE",
    "retention_until": "2027-05-22",
    "cc_own_spoc": "YES",
}
OFFICE = "Head of the national unit"
RESTRICTION = "Only for the road check of 24 November."
COURT = "City court of Osh, case 1-77/2026"


@pytest.fixture(scope="module")
def crossing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    """Tajikistan with a lawyer, Kyrgyzstan with an officer and a supervisor, Kazakhstan on duty."""
    house = build(tmp_path_factory.mktemp("crossing"), NOW, ("KG", "KZ", "TJ"))
    house.add_user("TJ", "TJ-4", "LEGAL")
    house.add_user("KG", "KG-1", "OFFICER", "SPOC_DUTY")
    house.add_user("KG", "KG-3", "SUPERVISOR")
    house.add_user("KZ", "KZ-1", "OFFICER", "SPOC_DUTY")
    with served(house) as made:
        yield made


@dataclass
class Story:
    """One item of Tajikistan, and the two people who deal with it: who wants to use it, and who decides."""

    street: Street
    user: Window
    decider: Window
    message: str
    browser: Browser
    scripts: bool
    looked: set[str] = field(default_factory=set)

    @property
    def address(self) -> str:
        """The address of the message at the unit that wants to use it."""
        return f"{self.street.addresses['KG']}{self.message}"

    def see(self) -> Page:
        """Look at the message, and at whom it may be passed on to now."""
        self.user.page.goto(self.address)
        return self.user.page

    def court(self, purpose: str = "") -> Page:
        """Look whether it may be shown to a court now, for a purpose."""
        self.user.page.goto(f"{self.address}/court" + (f"?purpose={purpose}" if purpose else ""))
        return self.user.page

    def look(self, page: Page) -> None:
        """Examine a page, each kind of a unit once in a story; the one without scripts inspects what it alone shows."""
        kind = re.sub(r"[0-9a-f-]{32,}|\?.*", "", page.url)
        if self.scripts and kind not in self.looked:
            self.looked.add(kind)
            self.inspect(page)

    def inspect(self, page: Page) -> None:
        """Examine a page; of a browser without scripts, in which axe cannot run, what one with scripts is shown."""
        if self.scripts:
            examine(page)
            return
        twin = self.browser.new_context(storage_state=page.context.storage_state())
        twin.set_default_timeout(PATIENCE)
        beside = twin.new_page()
        beside.goto(page.url)
        examine(beside)
        twin.close()

    def ask(self, wish: str, **given: Any) -> None:
        """Press the button under what is forbidden, add the reason, and seal the request."""
        page = self.user.page
        page.click(f"form[action$='/begin']:has(input[value={wish}]) button")
        page.wait_for_url("**/drafts/**")
        self.look(page)
        assert page.locator(f'[name="body.wanted"][value="{wish}"]').is_checked()
        until = instants.to_text(self.street.house.clock.now + 3 * 86_400)
        reason = "The case rests on it; nothing less will do."
        fill(page, inputs("HCR", labelled("Permission", justification=reason, needed_by=until, **given)))
        seal(page)
        self.street.sync("KG", "TJ", "KG")

    def decide(self) -> str:
        """Let the lawyer of the giver grant exactly what was asked, for ten minutes; returns his decision's address."""
        page, now = self.decider.page, self.street.house.clock.now
        page.goto(f"{self.street.addresses['TJ']}/permissions")
        self.look(page)
        page.click(".grid__title a >> nth=0")
        self.look(page)
        page.click("form:has(input[value=HCD]) button")
        page.wait_for_url("**/drafts/**")
        expect(page.locator("#closed")).to_be_visible()  # who decides does not work on the case
        self.look(page)
        times = {"valid_until": instants.to_text(now + SPAN), "decided_at": instants.to_text(now)}
        fill(page, inputs("HCD", labelled("Decision", decision="GRANTED", authority=OFFICE, **times)))
        seal(page, lambda: self.street.prove(page, "TJ-4"))
        self.street.sync("TJ", "KG", "TJ")
        return page.url.partition("?")[0]

    def revoke(self, decision: str) -> None:
        """Let the lawyer take his permission back, and the holder's node hear of it."""
        page = self.decider.page
        page.goto(decision)
        page.click("form:has(input[value=HRV]) button")
        page.wait_for_url("**/drafts/**")
        fill(page, inputs("HRV", labelled("Revoked", cause="SOURCE_AT_RISK")))
        seal(page, lambda: self.street.prove(page, "TJ-4"))
        self.street.sync("TJ", "KG", "TJ")

    def end(self) -> None:
        """Everything that was opened held to the content policy and threw nothing."""
        refused = ("403", "409", "428")  # pages that say no have these statuses, and the browser notes them
        told = self.user.complaints + self.decider.complaints
        assert not [one for one in told if not any(f"status of {status}" in one for status in refused)]
        assert sum(map(self.street.house.reports, ("KG", "KZ", "TJ"))) == 0


def labelled(subject: str, **body: Any) -> Writing:
    """What a person still has to type where the form has begun with the rest."""
    return Writing({"subject_line": subject, **SAID}, body)


def seal(page: Page, prove: Callable[[], None] = lambda: None) -> None:
    """Check the form and seal what it says; who decides about a permission is asked to prove it is him."""
    page.click("button[value=check]:not([aria-hidden])")
    page.wait_for_url("**/check")
    confirm(page, prove)


def confirm(page: Page, prove: Callable[[], None] = lambda: None) -> None:
    """Say on the check page that exactly these units may read it."""
    accept(page)
    page.click("#seal button")
    prove()
    page.wait_for_url("**/messages/**")


def begin(street: Street, browser: Browser, language: str, *codes: str, scripts: bool = True) -> Story:
    """Let Tajikistan give something under these codes, and two people sign in."""

    def give() -> str:
        node = street.house.nodes["TJ"]
        marks = {"handling": [*codes], "source_at_risk": "YES", "handling_reason": "The driver would know who spoke."}
        text = {"handling_text": RESTRICTION} if "H3" in codes else {}
        told = {"subject_line": f"Driver under {' '.join(codes)}", **marks, **text}
        sent = give_away(node, someone(node, "rustam"), NewDraft("REQ", recipients=("KG",)), told)
        street.house.sync("TJ", "KG", "TJ")
        return f"/messages/{sent}"

    message = street.worker.submit(give).result()
    user, decider = (open_window(browser, language, scripts=scripts) for _ in range(2))
    street.sign_in(user, "KG", "KG-1")
    street.sign_in(decider, "TJ", "TJ-4")
    return Story(street, user, decider, message, browser, scripts)


def later(street: Street, seconds: int) -> None:
    """Let time pass at all three units."""
    street.house.clock.now += seconds


def in_court(page: Page) -> bool:
    """Return whether the page says that it may be shown to a court."""
    allowed = page.locator("form[method=post][action$='/court']").count() == 1
    assert page.locator("#verdict .sign circle").count() == allowed
    return allowed


def to_kazakhstan(page: Page) -> bool:
    """Return whether the page of the message offers to pass it on to Kazakhstan; it says which rule forbids it else."""
    offered = page.locator("#onward-to option[value=KZ]").count() == 1
    assert page.locator("section[aria-labelledby=onward]", has_text="H2-ONWARD").count() == (not offered)
    return offered


def take_out(story: Story, page: Page, file: Path) -> None:
    """Take the evidence out for a court, and check it as a court does: nothing is known but the federation's roots."""
    story.street.worker.submit(story.street.house.hub.tick).result()
    story.street.sync("KG", "KZ", "TJ")
    page.fill("#reason", COURT)
    page.click("form[method=post][action$='/court'] button")
    with page.expect_download() as download:
        story.street.prove(page, "KG-1")
    download.value.save_as(file)
    roots = story.street.house.nodes["KG"].directory().federation.roots
    with file.open("rb") as stream:
        report = verify_bundle(Archive(stream), Trust(frozenset(map(signing.kid_of, roots))))
    assert (report.ok, "CONTENT_OPENED" in report.codes()) == (True, True)


def notified(story: Story) -> None:
    """The holder's unit shows the notice that a permission was taken back."""
    page = story.user.page
    page.goto(f"{story.street.addresses['KG']}/notices")
    story.look(page)
    expect(page.locator(".grid__title a", has_text="Revoked").first).to_be_visible()


def test_h1_what_may_not_go_to_court_goes_there_once_it_is_permitted_and_no_longer(
    crossing: Street, browser: Browser, tmp_path: Path
) -> None:
    story = begin(crossing, browser, "en", "H1")
    page = story.see()
    story.look(page)
    page.click("form[action$='/court'] button")
    assert not in_court(page)
    expect(page.locator("main")).to_contain_text("not to be disclosed in judicial proceedings")
    story.look(page)
    proceedings = {"court": "City court of Osh", "case_no": "1-77/2026", "stage": "TRIAL", "defence_disclosure": "YES"}
    story.ask("LIFT_H1", proceedings=proceedings)
    assert not in_court(story.court())
    story.decide()
    assert not in_court(story.court("PROSECUTE"))
    page = story.court()
    assert in_court(page)
    story.inspect(page)
    take_out(story, page, tmp_path / "evidence.zip")
    later(crossing, SPAN)
    page.click("form[method=post][action$='/court'] button")  # once more with the same factor
    expect(page.locator("main")).to_contain_text("H1-COURT")
    assert not in_court(story.court())
    story.ask("LIFT_H1", proceedings=proceedings)
    decision = story.decide()
    assert in_court(story.court())
    story.revoke(decision)
    assert not in_court(story.court())
    notified(story)
    story.end()


def test_h2_what_may_not_be_passed_on_is_passed_on_once_it_is_permitted_and_no_longer(
    crossing: Street, browser: Browser
) -> None:
    story = begin(crossing, browser, "ru", "H2")
    assert in_court(story.court())
    page = story.see()
    assert not to_kazakhstan(page)
    expect(page.locator("main")).to_contain_text("не передавать другим")
    story.look(page)
    kazakhstan = [{"type": "UNIT", "unit": "KZ"}]
    story.ask("LIFT_H2", recipients_wanted=kazakhstan)
    story.decide()
    assert to_kazakhstan(story.see())
    draft = write_to_kazakhstan(story)
    later(crossing, SPAN)
    page.goto(f"{draft}/check")
    expect(page.locator(".govuk-error-summary")).to_contain_text("KZ")
    story.look(page)
    assert not to_kazakhstan(story.see())
    story.ask("LIFT_H2", recipients_wanted=kazakhstan)
    decision = story.decide()
    agree(story, draft)
    confirm(page)
    crossing.sync("KG", "KZ", "KG")
    arrived(crossing, browser)
    assert to_kazakhstan(story.see())
    story.revoke(decision)
    assert not to_kazakhstan(story.see())
    notified(story)
    story.end()


def write_to_kazakhstan(story: Story) -> str:
    """Begin the message that passes the person on, and write what is missing; returns the draft's address."""
    page = story.user.page
    page.select_option("#onward-kind", "REQ")
    page.click("form[action$='/pass'] button")
    page.wait_for_url("**/drafts/**")
    assert page.locator('[name="recipients"][value="KZ"]').is_checked()
    said = {"subject_line": "Driver for Kazakhstan", "handling_reason": "The driver would know who spoke.", **SAID}
    fill(page, inputs("REQ", Writing(said, request())))
    page.click("button[value=check]:not([aria-hidden])")
    page.wait_for_url("**/check")
    return page.url.rpartition("/check")[0]


def agree(story: Story, draft: str) -> None:
    """Ask the supervisor, and let him read and approve what waits, with a code of its own."""
    page = story.user.page
    page.goto(f"{draft}/check")
    page.fill("#reason", "The lorry crosses tomorrow morning.")
    page.click("form[action$='/approval'] button")
    page.wait_for_url("**/check?**")
    supervisor = open_window(story.browser, "ru")
    story.street.sign_in(supervisor, "KG", "KG-3")
    desk = supervisor.page
    desk.goto(f"{story.street.addresses['KG']}/approvals")
    desk.click("main table a >> nth=0")
    story.look(desk)
    desk.click("button[value=approve]")
    story.street.prove(desk, "KG-3")
    desk.wait_for_url("**/approvals**")
    page.goto(f"{draft}/check")


def arrived(street: Street, browser: Browser) -> None:
    """Kazakhstan has it, under the code of the unit that gave it first."""
    there = open_window(browser, "ru")
    street.sign_in(there, "KZ", "KZ-1")
    there.page.click(".grid__title a >> nth=0")
    expect(there.page.locator(".banner").first).to_contain_text("H2")
    examine(there.page)
    assert not there.complaints


def test_h3_what_the_sender_laid_down_is_read_first_and_another_purpose_is_permitted_without_scripts(
    crossing: Street, browser: Browser, tmp_path: Path
) -> None:
    story = begin(crossing, browser, "en", "H3", scripts=False)
    page = story.court()
    expect(page.locator(".restriction")).to_contain_text(RESTRICTION)
    story.inspect(page)
    page.click("form[action$='/confirm'] button")
    story.inspect(page)
    assert in_court(story.court())
    page.select_option("#purpose", "PROSECUTE")
    page.click("form[method=get][action$='/court'] button")
    assert not in_court(page)
    expect(page.locator("main")).to_contain_text("The information was given for another purpose.")
    story.inspect(page)
    story.ask("CHANGE_PURPOSE")
    story.decide()
    take_out(story, story.court("PROSECUTE"), tmp_path / "evidence.zip")
    later(crossing, SPAN)
    assert not in_court(story.court("PROSECUTE"))
    story.ask("CHANGE_PURPOSE")
    decision = story.decide()
    assert in_court(story.court("PROSECUTE"))
    story.revoke(decision)
    assert not in_court(story.court("PROSECUTE"))
    notified(story)
    story.end()
