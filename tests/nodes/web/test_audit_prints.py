"""What is taken away on paper: tagged, in its language, without anything from outside, and the same bytes again."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodes.web import pdf
from nodes.web.pdf_engine import PAGES, OwnFiles
from tests.nodes.web.auditing import disclosure
from tests.nodes.web.house import Browser, House
from tests.nodes.web.prints import opened

HOSTILE = "<script>alert(1)</script><img src=http://127.0.0.1:9/x>{{ 7*7 }}\u202e"


def test_each_print_is_a_tagged_document_and_an_entry_of_the_log(auditor: Browser) -> None:
    index = disclosure(auditor)["index"]
    for path, codes in (
        (f"/log/{index}/entry.pdf", ["ENTRY", "PDF", str(index)]),
        ("/log/export.pdf?operation=DISCLOSE", ["LOG", "PDF", "ALL", "OPERATION.DISCLOSE"]),
    ):
        answer = auditor.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
        assert answer.content.startswith(b"%PDF-1.7")
        assert all(word in opened(answer.content) for word in (b"/MarkInfo", b"/Lang (en)", b"pdfuaid:part"))
        printed = auditor.get("/log/looks.json").json()["looks"][0]
        assert (printed["operation"], printed["codes"]) == ("AUDIT_EXPORT", codes)
        assert answer.headers["content-disposition"].endswith(f'"serai-KG-{printed["index"]}.pdf"')


def test_the_guide_is_one_page_in_either_language(auditor: Browser) -> None:
    for language in ("en", "ru"):
        auditor.client.cookies.set("serai-language", language)
        made = opened(auditor.get("/verify/guide.pdf").content)
        assert len(re.findall(rb"/Type /Page\b", made)) == 1
        assert f"/Lang ({language})".encode() in made
    auditor.client.cookies.delete("serai-language")


def test_the_same_page_is_the_same_document() -> None:
    page = '<html lang="tg"><title>Ҷ</title><p>Ғаффорович <b>Өмүралиевич</b></p></html>'
    first = pdf.document(page)
    assert first is not None
    assert first == pdf.document(page) != pdf.document(page.replace("Ҷ", "Ҳ"))


@pytest.mark.usefixtures("no_engine")
def test_without_the_engine_the_sheet_is_a_page_that_says_what_to_install(auditor: Browser) -> None:
    index = disclosure(auditor)["index"]
    page = auditor.get(f"/log/{index}/entry.pdf")
    assert page.headers["content-type"].startswith("text/html")
    assert all(word in page.text for word in (pdf.NEEDED, "Print this page", "Printed for Officer KG-9 (KG-9)"))
    assert "Leaf: SHA-256" in page.text
    assert auditor.get("/verify/guide.pdf").headers["content-disposition"] == 'attachment; filename="guide.html"'


def test_paper_needs_a_mandate_and_is_not_for_officers(audited: House) -> None:
    assert audited.desk("KG", "KG-10").get("/log/export.pdf").headers["location"].startswith("/log/mandate?back=")
    officer = audited.desk("KG", "KG-1")
    assert [officer.get(path).status_code for path in ("/log/export.pdf", "/verify/guide.pdf")] == [403, 403]
    assert audited.desk("KG", "KG-9").get("/inspections/none/report.pdf").status_code == 404


@pytest.mark.usefixtures("no_engine")
def test_words_in_a_search_stay_words_on_paper(auditor: Browser) -> None:
    page = auditor.client.get("/log/export.pdf", params={"q": HOSTILE})
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text
    assert "<script" not in page.text
    assert "{{ 7*7 }}" in page.text


@given(st.text(max_size=60))
@settings(max_examples=50)
def test_no_address_but_our_own_static_files_is_ever_fetched(path: str) -> None:
    for url in (path, f"file://{path}", f"{PAGES}/{path}", f"http://127.0.0.1/static/{path}", f"data:text/css,{path}"):
        with pytest.raises(ValueError, match="not a file of the pages"):
            OwnFiles().fetch(url)


@pytest.mark.parametrize("path", ["../app.py", "vendor/../../pdf.py", "serai.js", "vendor", "paper.css?"])
def test_no_way_leads_out_of_the_static_files(path: str) -> None:
    with pytest.raises(ValueError, match="not a file of the pages"):
        OwnFiles().fetch(f"{PAGES}/static/{path}")
    assert OwnFiles().fetch(f"{PAGES}/static/paper.css").read()
