"""Every code table: complete in both languages, strict to load, and true to the rules that stand in it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import casrn

from exchange import courier
from schemas import codes
from schemas.errors import TableInvalid, UnknownCode
from schemas.words import LANGUAGES, Words, spoken

GOOD = """table = "sample"
version = "2026.1"
title = { en = "Sample", ru = "Пример" }
source = "none"
columns = { days = "number", tags = "list" }
codes = [{ code = "A", en = "a", ru = "а", days = 1, tags = ["x"] }, { code = "B", en = "b", ru = "б", retired = true }]
"""
TABLES = codes.names()


@pytest.mark.parametrize("name", TABLES)
def test_a_table_speaks_both_languages(name: str) -> None:
    table = codes.table(name)
    assert len(table) > 0
    assert table.source
    for code in table:
        for language in LANGUAGES:
            assert table.label(code, language).strip()


RUSSIAN_WITHOUT_CYRILLIC = {
    "SIENA",
    "SIRENE",
    "FIUNET",
    "ESW",
    "ECODEX",
    "PEN",
    "PICS",
    "SYNCAN_JWH018",
    "SYNCAN_MDMB4EN",
}


@pytest.mark.parametrize("name", TABLES)
def test_a_russian_label_is_russian(name: str) -> None:
    latin = {row.code for row in codes.table(name).values() if not re.search("[а-яё]", row.label.ru, re.IGNORECASE)}
    assert latin <= RUSSIAN_WITHOUT_CYRILLIC


@pytest.mark.parametrize("name", ["substances", "precursors", "watched_chemicals"])
def test_every_cas_number_keeps_its_check_digit(name: str) -> None:
    numbers = [cas for row in codes.table(name).values() for cas in (row.text("cas"), *row.listed("other_cas")) if cas]
    assert len(numbers) > 10
    assert [cas for cas in numbers if not casrn.is_valid(cas)] == []


def test_precursors_carry_their_customs_code() -> None:
    assert all(re.fullmatch(r"\d{4}\.\d{2}", row.text("hs")) for row in codes.table("precursors").values())


def test_rows_that_were_not_checked_say_so() -> None:
    assert not codes.table("substances")["HEROIN"].verified
    assert codes.table("handling")["H1"].verified


REFERRED = [
    ("handling_actions", "h0", "handling_verdicts"),
    ("handling_actions", "h1", "handling_verdicts"),
    ("handling_actions", "h2", "handling_verdicts"),
    ("handling_actions", "h3", "handling_verdicts"),
    ("handling", "combines", "handling"),
    ("crime_areas", "parent", "crime_areas"),
    ("person_categories", "groups", "data_groups"),
    ("information_categories", "persons", "person_categories"),
    ("information_categories", "availability", "availability"),
    ("substances", "units", "units"),
    ("starter_units", "class", "node_classes"),
]


@pytest.mark.parametrize(("name", "column", "target"), REFERRED)
def test_a_column_of_codes_names_codes_that_exist(name: str, column: str, target: str) -> None:
    for row in codes.table(name).values():
        value = row.extra.get(column, ())
        named = (value,) if isinstance(value, str) else value
        assert set(named) <= set(codes.table(target))


def test_annex_one_has_thirty_areas_and_each_sub_code_its_parent() -> None:
    areas = codes.table("crime_areas")
    assert sum(row.extra["annex"] for row in areas.values()) == 30
    assert all(row.code.startswith(row.text("parent") + ".") for row in areas.values() if row.text("parent"))


def test_exercises_may_use_no_received_information() -> None:
    row = codes.table("handling_actions")["EXERCISE"]
    assert {row.text(code) for code in ("h0", "h1", "h2", "h3")} == {"F"}


@pytest.mark.parametrize("grades", ["source", "information"])
@pytest.mark.parametrize("scheme", ["5x5x5", "3x5x2", "admiralty"])
def test_a_worse_grade_never_becomes_a_better_one(scheme: str, grades: str) -> None:
    ranks = codes.table(f"{grades}_4x4")
    rows = [row for row in codes.table("evaluation_crosswalk").values() if row.text("scheme") == scheme]
    series = [row for row in rows if row.text("grades") == grades]
    assert [row.text("grade") for row in series] == list(codes.table(f"{grades}_{scheme}"))
    assessed = [ranks[row.text("to")].extra["rank"] for row in series if row.text("to") != "X"]
    assert assessed == sorted(assessed)


def test_every_delivery_state_and_rejection_of_the_courier_has_its_words() -> None:
    assert {state.value for state in courier.State} == set(codes.table("delivery_states"))
    reasons = (
        {taken.reason for taken in courier.__dict__["_FINDINGS"].values()} if "_FINDINGS" in dir(courier) else set()
    )
    assert {reason for reason in reasons if reason} <= set(codes.table("rejection_reasons"))


def test_a_table_keeps_its_order_and_does_not_offer_what_is_retired() -> None:
    table = codes.load("sample", GOOD)
    assert list(table) == ["A", "B"]
    assert table.offered == ("A",)
    assert table["A"].listed("tags") == ("x",)
    assert table["B"].listed("tags") == ()
    assert "C" not in table
    assert table.label("B", "ru") == "б"


@pytest.mark.parametrize(
    "change",
    [
        ("table = ", "table == "),
        ('"sample"', '"other"'),
        ("source =", "origin ="),
        ('"2026.1"', '"1"'),
        ('"number"', '"money"'),
        ('ru = "Пример"', 'ru = " "'),
        ('title = { en = "Sample", ', "title = { "),
        ('code = "B"', 'code = "A"'),
        ('code = "B"', 'code = "b"'),
        ('ru = "б", ', ""),
        ("days = 1", 'days = "1"'),
        ('"number"', "{}"),
        ('tags = ["x"]', "tags = [1]"),
        ('{ code = "A"', '1, { code = "A"'),
        ('"2026.1"', "2026"),
        ('ru = "б"', "ru = 1"),
        ("days = 1", "hours = 1"),
        ("retired = true", 'retired = "yes"'),
    ],
)
def test_a_bad_table_is_refused(change: tuple[str, str]) -> None:
    assert change[0] in GOOD
    with pytest.raises(TableInvalid):
        codes.load("sample", GOOD.replace(*change))


def test_an_empty_table_is_refused() -> None:
    with pytest.raises(TableInvalid):
        codes.load("sample", GOOD.partition("codes =")[0] + "codes = []")


@pytest.mark.parametrize("name", ["nothing", "../codes/handling", "", "HANDLING"])
def test_an_unknown_table_is_refused(name: str) -> None:
    with pytest.raises(UnknownCode):
        codes.table(name)


def test_an_unknown_code_is_refused() -> None:
    with pytest.raises(UnknownCode):
        codes.table("handling")["H9"]


@pytest.mark.parametrize(
    ("asked", "read"), [("ru-RU", "ru"), ("tg", "ru"), ("uz_Cyrl", "ru"), ("EN", "en"), ("mk", "en"), ("", "en")]
)
def test_a_reader_gets_the_closest_complete_language(asked: str, read: str) -> None:
    assert spoken(asked) == read
    assert codes.table("yes_no").label("YES", asked) == {"en": "Yes", "ru": "Да"}[read]


@given(st.text(max_size=20))
def test_any_language_tag_gives_a_complete_language(tag: str) -> None:
    assert spoken(tag) in LANGUAGES


def test_a_text_without_one_of_its_languages_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="missing"):
        Words("Yes", " ")
