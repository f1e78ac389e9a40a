"""The page of statistics and its files: the same figures in every form, for those who may see them, and no formula."""

import csv
import io

import pytest

from exchange.figures import Cell, Way
from nodes.web.figure_words import WIDTH, halves
from tests.nodes.web.auditing import entries
from tests.nodes.web.house import Browser, House
from tests.nodes.web.prints import opened


@pytest.fixture(scope="module")
def supervisor(audited: House) -> Browser:
    """A supervisor of Kyrgyzstan, which has asked Tajikistan one question."""
    audited.add_user("KG", "KG-5", "SUPERVISOR")
    audited.add_user("KG", "KG-4", "OVERSIGHT")
    return audited.desk("KG", "KG-5")


def test_every_form_gives_the_same_figures_with_unit_period_and_version(supervisor: Browser) -> None:
    told = supervisor.get("/statistics.json?period=2026-Q4").json()
    sent = [one for one in told["cells"] if (one["code"], one["partner"]) == ("REQ_SENT", "TJ")]
    assert (told["unit"], told["since"], told["until"]) == ("KG", "2026-10-01", "2026-12-31")
    assert (sent[0]["value"], set(told["definitions"])) == (1, {one["code"] for one in told["cells"]})
    assert "X4_SHARE" in told["not_counted"]
    lines = list(csv.DictReader(io.StringIO(supervisor.get("/statistics.csv?period=2026-Q4").text)))
    assert [one["value"] for one in lines] == [str(one["value"]) for one in told["cells"]]
    assert {one["version"] for one in lines} == {told["version"]}
    page = supervisor.get("/statistics?period=2026-Q4").text
    assert ("Tajikistan" in page, "What we asked of other units" in page) == (True, True)


def test_the_yearly_report_holds_what_article_18_asks_for_alone(supervisor: Browser) -> None:
    lines = list(csv.DictReader(io.StringIO(supervisor.get("/statistics.csv?period=2026&only=ARTICLE_18").text)))
    assert [(one["code"], one["article_18"], one["value"]) for one in lines] == [("REQ_SENT", "YES", "1")]


def test_a_print_is_named_in_the_log_as_every_file_is(auditor: Browser, supervisor: Browser) -> None:
    answer = supervisor.get("/statistics.pdf?period=2026")
    assert answer.headers["content-type"] in {"application/pdf", "text/html; charset=utf-8"}
    assert entries(auditor, "operation=EXPORT")[0]["actor"] == "KG-5"


def test_each_bar_and_each_colour_of_a_print_is_a_figure_with_its_words(supervisor: Browser) -> None:
    made = opened(supervisor.get("/statistics.pdf?period=2026").content)
    assert made.count(b"/S /Figure") == made.count(b"/Alt ") == 5, "one bar, and four colours in the key"


@pytest.mark.parametrize("query", ["period=2026-Q5", "since=2026-02-30&until=2026-03-01", "since=2026-02-02"])
def test_days_that_are_none_are_said_on_the_page(supervisor: Browser, query: str) -> None:
    assert supervisor.get(f"/statistics?{query}").status_code == 422
    assert supervisor.get(f"/statistics.csv?{query}").status_code == 422


@pytest.mark.parametrize(("user", "status"), [("KG-1", 403), ("KG-9", 200), ("KG-4", 200)])
def test_only_who_directs_or_watches_sees_them(audited: House, supervisor: Browser, user: str, status: int) -> None:
    assert supervisor.get("/statistics?since=2020-01-01&until=2020-01-31").text.count("Nothing began in this period")
    assert audited.desk("KG", user).get("/statistics").status_code == status


def test_whoever_oversees_begins_there(audited: House, supervisor: Browser) -> None:
    assert supervisor.get("/").headers["location"] == "/inbox"
    assert audited.desk("KG", "KG-4").get("/").headers["location"] == "/statistics"


def test_the_bars_of_a_chart_share_one_scale_and_end_where_their_numbers_do() -> None:
    asked = [Cell("REQ_RECEIVED", Way.RECEIVED, unit, "", number) for unit, number in (("KZ", 8), ("TJ", 4))]
    became = Cell("ANSWERED", Way.RECEIVED, "KZ", "URGENT", 5), Cell("REQ_OPEN", Way.RECEIVED, "KZ", "", 3)
    refused = Cell("REFUSED", Way.RECEIVED, "TJ", "", 4), Cell("REFUSED", Way.RECEIVED, "TJ", "A_NOT_HELD", 4)
    requests_of, grounds, *_ = halves((*asked, *became, *refused), {"KZ": "Kazakhstan", "TJ": "Tajikistan"})[0].sheets
    assert requests_of.chart is not None
    first, second = requests_of.chart.bars
    assert [(part.tone, part.x, part.width) for part in first.parts] == [("answered", 0, 625), ("open", 625, 375)]
    assert (second.parts[0].width, second.said) == (WIDTH // 2, "refused: 4")
    assert requests_of.whole[:2] == ("All units", "12")
    assert grounds.lines[0][1:] == ("6(1)(a)", "Tajikistan", "4")
