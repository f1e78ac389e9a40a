"""Who is who: one person is one token in every script and romanisation, and another person is another."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import subjects
from tests.messages import graded, lorry, person

LETTERS = "абвгдеёжзийклмнопрстуфхцчшщъыьэюя"
LATIN = "a b v g d e e zh z i i k l m n o p r s t u f kh ts ch sh shch ie y - e iu ia"
PASSPORT = {one: printed.replace("-", "") for one, printed in zip(LETTERS, LATIN.split(), strict=True)}
"""ICAO 9303 part 3, section 6: how a Russian name is printed in a passport."""

SOFT = "аеёийоуъыьэюя"
cyrillic = st.lists(
    st.tuples(st.sampled_from([letter for letter in PASSPORT if letter not in SOFT]), st.sampled_from(SOFT)),
    min_size=2,
    max_size=6,
).map(lambda syllables: "".join(map("".join, syllables)))
days = st.dates().map(str)


def named(family: str, first: str, born: str = "1987-03-14", **more: str) -> dict[str, Any]:
    names = [{"family": family, "given": first, **more}]
    return graded(object_type="PERSON", object_id="P1", names=names, birth={"date": born})


def printed(name: str) -> str:
    return "".join(PASSPORT[letter] for letter in name).upper()


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return not subjects.tokens([one]).isdisjoint(subjects.tokens([other]))


@given(cyrillic, cyrillic, days)
def test_a_person_is_the_same_in_cyrillic_and_as_printed_in_latin(family: str, first: str, born: str) -> None:
    assert same(named(family, first, born), named(printed(family), printed(first), born))


@given(cyrillic, cyrillic, cyrillic, days)
def test_neither_the_order_of_the_names_nor_a_patronymic_makes_another_person(
    family: str, first: str, father: str, born: str
) -> None:
    assert same(named(family, first, born), named(first, family, born, patronymic=father))


@given(cyrillic, cyrillic, days, days)
def test_another_day_of_birth_is_another_person(family: str, first: str, born: str, other: str) -> None:
    assert same(named(family, first, born), named(family, first, other)) is (born == other)


@pytest.mark.parametrize(
    "names",
    [
        ("Рахмонов", "Раҳмонов", "Rahmonov", "Rakhmonov", "Raxmonov", "RAHMONOV", "رحمانوف"),
        ("Ҷамшед", "Джамшед", "Jamshed", "Dzhamshed", "Žamšed"),
        ("Уткир", "Ўткир", "O‘tkir", "O'tkir"),
        ("Чары", "Çary", "Chary"),
        ("Александр", "Alexander", "Aleksandr"),
        ("Юсуф", "Yusuf", "Iusuf"),
    ],
)
def test_the_spellings_of_the_region_sound_the_same(names: tuple[str, ...]) -> None:
    assert len({tuple(map(subjects.sound, subjects.words(name))) for name in names}) == 1


@pytest.mark.parametrize(("one", "other"), [("Каримов", "Рахимов"), ("Назаров", "Низомов"), ("Рустам", "Фирдавс")])
def test_another_name_is_another_person(one: str, other: str) -> None:
    assert not same(named("Саидов", one), named("Саидов", other))


def holder(number: str) -> dict[str, Any]:
    return graded(object_type="PERSON", object_id="P1", names=[], identity=[{"type": "PASSPORT", "number": number}])


@pytest.mark.parametrize("number", ["A 123-4567", "a1234567", "А1234567"])
def test_a_document_is_known_by_its_number_however_it_is_written(number: str) -> None:
    assert same(holder(number), graded(object_type="DOCUMENT", object_id="D1", type="PASSPORT", number="A1234567"))


def test_another_number_or_one_too_short_to_tell_is_nobody_known() -> None:
    assert not same(holder("A1234567"), holder("A1234568"))
    assert not same(holder("A12"), holder("A12"))


def test_a_name_without_a_day_of_birth_is_nobody() -> None:
    assert subjects.tokens([{**person(), "birth": {"country": "TJ"}}]) == frozenset()
    assert subjects.tokens([{**person(), "birth": "1987"}]) == frozenset()


def test_a_single_name_stands_alone_and_a_name_without_letters_is_none() -> None:
    assert subjects.tokens([graded(object_type="PERSON", names=[{"family": "Али"}], birth={"date": "1987"})]) == {
        "PERSON:l:1987"
    }
    assert subjects.tokens([graded(object_type="PERSON", names=[{"family": "-"}], birth={"date": "1987"})]) == set()


def test_things_are_known_by_their_own_numbers() -> None:
    assert subjects.tokens([lorry()]) == {"VEHICLE.plate:01KG744ABC"}
    assert subjects.tokens([graded(object_type="LOCATION", name="Osh")]) == frozenset()
