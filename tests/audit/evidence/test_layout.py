"""The manifest lists every file with size, digest and the words of the layout, or the bundle is unreadable."""

import re
from pathlib import Path
from typing import Any

import pytest

from audit.evidence.archive import MANIFEST
from audit.evidence.findings import LEVELS, WORDS, Language, Unreadable
from audit.evidence.layout import words_of
from audit.evidence.verification import verify_bundle
from crypto.canonical import dumps, loads
from tests.audit.evidence.forgeries import bad
from tests.audit.evidence.scenes import delivered

FILES = delivered().files()
FEDERATION = "directory/federation-1.json"


def manifest() -> dict[str, Any]:
    members: Any = loads(FILES[MANIFEST], limit=1 << 20)
    assert isinstance(members, dict)
    return members


def test_the_manifest_names_every_file_with_size_digest_and_words() -> None:
    assert manifest()["schema"] == "serai/bundle/1"
    rows = manifest()["files"]
    assert [row["name"] for row in rows] == sorted(set(FILES) - {MANIFEST})
    assert all(row["size"] == len(FILES[row["name"]]) and row["what"] == words_of(row["name"]) for row in rows)


def manifest_with(**changes: Any) -> bytes:
    first, *rest = manifest()["files"]
    return dumps({**manifest(), "files": [{**first, **changes}, *rest]})


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"what": "the signed confession"}, "described as what it is not"),
        ({"size": "1"}, "not a number"),
        ({"more": "1"}, "not described by"),
        ({"name": "zzz"}, "not in order"),
    ],
)
def test_a_manifest_that_says_more_less_or_something_else_is_unreadable(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        verify_bundle({**FILES, MANIFEST: manifest_with(**changes)})


def test_a_file_of_another_size_than_the_manifest_says_is_found() -> None:
    assert bad(verify_bundle({**FILES, MANIFEST: manifest_with(size=1)})) == [("FILE_CHANGED", FEDERATION)]


def test_every_finding_says_in_both_languages_what_it_means_and_what_not() -> None:
    for language, words in WORDS.items():
        assert list(words) == list(LEVELS)
        assert all(len(set(texts)) == 3 and all(texts) for texts in words.values())
        cyrillic = [any("а" <= char <= "я" for char in " ".join(texts)) for texts in words.values()]
        assert set(cyrillic) == {language is Language.RU}
        assert not [texts for texts in words.values() if texts[0].endswith(".") or not texts[1].endswith(".")]


def test_a_name_that_plays_with_the_terminal_is_shown_harmless() -> None:
    hostile = "notes\x1b[2J\r\u202efdp.txt"
    (found,) = [one for one in verify_bundle({**FILES, hostile: b""}).findings if one.code == "FILE_UNKNOWN"]
    assert found.text().startswith("notes\ufffd[2J\ufffd\ufffdfdp.txt: ")


def test_the_guide_and_the_manual_name_only_findings_that_there_are() -> None:
    root = Path(__file__).parents[3]
    pages = [*(root / "nodes" / "web" / "guide").glob("evidence.*.html"), root / "docs" / "verifier.md"]
    assert len(pages) == 3
    for page in pages:
        text = page.read_text().replace("<wbr>", "")
        named = set(re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b", text)) - {"NOT_SIGNED_YET"}
        assert named
        assert named <= set(LEVELS), page.name


def test_a_report_explains_each_sort_of_finding_once() -> None:
    report = verify_bundle(FILES)
    explained = report.explained(Language.RU)
    assert [line.partition(":")[0] for line in explained] == list(dict.fromkeys(report.codes()))
