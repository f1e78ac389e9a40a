"""Single values: what is accepted, what it becomes, what is refused and why."""

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.faults import FAULTS, Refused
from schemas.field_types import (
    Amount,
    Date,
    Instant,
    LongText,
    OneCode,
    Scalar,
    Several,
    ShortText,
    WholeNumber,
    yes_no_unknown,
)
from schemas.identifiers import REFERENCES, SCHEMES, DocumentNumber, Listed, Numbered, Phone, Reference
from schemas.text import clean

ACCEPTED: list[tuple[Scalar, str, Any]] = [
    (ShortText(), "  Иванов\u0301 ", "Иванов\u0301"),
    (ShortText(), "e\u0301", "é"),
    (ShortText(), "نام\u200cخانوادگی", "نام\u200cخانوادگی"),
    (LongText(), "a\nb", "a\nb"),
    (WholeNumber(0, 99), "007", 7),
    (WholeNumber(-9, 9), "-3", -3),
    (Amount(), "1 450,50", "1450.5"),
    (Amount(), "007.000", "7"),
    (Amount(within=90), "-38.560", "-38.56"),
    (Amount(within=90), "-0", "0"),
    (Date(partial=True), "2026", "2026"),
    (Date(partial=True), "2026-02", "2026-02"),
    (Date(), "2024-02-29", "2024-02-29"),
    (Date(), "1.9.2026", "2026-09-01"),
    (Instant(), "2026-11-22 06:00", "2026-11-22T06:00:00Z"),
    (Instant(), "2026-11-22T06:00:07Z", "2026-11-22T06:00:07Z"),
    (yes_no_unknown(), "UNKNOWN", "UNKNOWN"),
    (OneCode("handling"), "H2", "H2"),
    (Listed("country"), "tj", "TJ"),
    (Listed("country"), "XK", "XK"),
    (Listed("language"), "TG", "tg"),
    (Listed("currency"), "KZT", "KZT"),
    (Phone(), "+992 (37) 221-00-00", "+992372210000"),
    (Numbered("iban"), "kz86 125k zt50 0410 0100", "KZ86125KZT5004100100"),
    (Numbered("lei"), "213800WSGIIZCXF1P572", "213800WSGIIZCXF1P572"),
    (Numbered("imei"), "49-015420-323751-8", "490154203237518"),
    (Numbered("imo"), "9074729", "9074729"),
    (Numbered("iso6346"), "CSQU 305438-3", "CSQU3054383"),
    (Numbered("vin"), "1m8gdm9axkp042788", "1M8GDM9AXKP042788"),
    (Numbered("wagon"), "21 81 2471 217-3", "218124712173"),
    (DocumentNumber(), " a  0123456 ", "A 0123456"),
    (DocumentNumber(), "iv-жб № 123456", "IV-ЖБ № 123456"),
    (Reference("case"), "TJ-TJ-2026-000123", "TJ-TJ-2026-000123"),
    (Reference("object"), "P1", "P1"),
]

REFUSED: list[tuple[Scalar, str, str]] = [
    (ShortText(3), "abcd", "TOO_LONG"),
    (ShortText(), "a\nb", "CONTROL_CHARACTER"),
    (ShortText(), "a\x00b", "CONTROL_CHARACTER"),
    (ShortText(), "a\u200bb", "CONTROL_CHARACTER"),
    (ShortText(), "exe.\u202efdp", "BIDI_CONTROL"),
    (LongText(9, 3), "ab", "TOO_SHORT"),
    (LongText(), "a\u2028b", "CONTROL_CHARACTER"),
    (WholeNumber(), "1.5", "BAD_WHOLE"),
    (WholeNumber(), "٣", "BAD_WHOLE"),
    (WholeNumber(1, 5), "6", "OUT_OF_RANGE"),
    (Amount(), "1e5", "BAD_NUMBER"),
    (Amount(), "0", "NOT_POSITIVE"),
    (Amount(), "-1", "NOT_POSITIVE"),
    (Amount(within=90), "90.1", "OUT_OF_RANGE"),
    (Date(), "2026-11", "BAD_FULL_DATE"),
    (Date(), "2026-02-30", "BAD_FULL_DATE"),
    (Date(partial=True), "2026-13", "BAD_DATE"),
    (Date(partial=True), "yesterday", "BAD_DATE"),
    (Instant(), "2026-11-22", "BAD_INSTANT"),
    (Instant(), "2026-11-22 25:00", "BAD_INSTANT"),
    (Instant(), "2026-11-22T06:00:00+05:00", "BAD_INSTANT"),
    (Instant(), "0001-01-01 00:00", "BAD_INSTANT"),
    (OneCode("handling", ("H1",)), "H0", "UNKNOWN_CODE"),
    (Listed("country"), "ZZ", "BAD_COUNTRY"),
    (Listed("language"), "xx", "BAD_LANGUAGE"),
    (Listed("currency"), "ABC", "BAD_CURRENCY"),
    (Phone(), "221 00 00", "BAD_PHONE"),
    (Phone(), "+992 1", "BAD_PHONE"),
    (Phone(), "+992372210000 ext. 5", "BAD_PHONE"),
    (Numbered("iban"), "KZ87125KZT5004100100", "BAD_NUMBER_CHECK"),
    (Numbered("lei"), "213800WSGIIZCXF1P573", "BAD_NUMBER_CHECK"),
    (Numbered("imei"), "490154203237517", "BAD_NUMBER_CHECK"),
    (Numbered("imei"), "49015420323751", "BAD_NUMBER_CHECK"),
    (Numbered("imo"), "9074728", "BAD_NUMBER_CHECK"),
    (Numbered("iso6346"), "CSQU3054384", "BAD_NUMBER_CHECK"),
    (Numbered("vin"), "1M8GDM9AXKP04278O", "BAD_NUMBER_CHECK"),
    (Numbered("wagon"), "218124712174", "BAD_NUMBER_CHECK"),
    (Numbered("wagon"), "2181247", "BAD_NUMBER_CHECK"),
    (DocumentNumber(), "A<0123456", "BAD_DOCUMENT"),
    (DocumentNumber(), "A" * 41, "BAD_DOCUMENT"),
    (Reference("case"), "TJ-2026-1", "BAD_REFERENCE"),
]


@pytest.mark.parametrize(("kind", "text", "value"), ACCEPTED)
def test_a_text_becomes_its_canonical_value(kind: Scalar, text: str, value: Any) -> None:
    assert kind.canonical(text) == value
    assert kind.canonical(str(value)) == value


@pytest.mark.parametrize(("kind", "text", "code"), REFUSED)
def test_a_text_is_refused_with_its_reason(kind: Scalar, text: str, code: str) -> None:
    with pytest.raises(Refused) as caught:
        kind.canonical(text)
    assert caught.value.code == code
    assert code in FAULTS


@pytest.mark.parametrize(("kind", "_", "value"), ACCEPTED)
def test_a_value_is_shown_and_goes_back_into_a_form(kind: Scalar, _: str, value: Any) -> None:
    assert kind.show(value, "ru")
    assert kind.schema()["type"] in {"string", "integer"}
    raw: dict[str, list[str]] = {}
    for name, text in kind.spread(value, "x"):
        raw.setdefault(name, []).append(text)
    assert kind.canonical(str(kind.gather(raw, "x"))) == value


KINDS = sorted({kind for kind, *_ in [*ACCEPTED, *REFUSED]}, key=repr)


@given(st.sampled_from(KINDS), st.text(max_size=40))
def test_a_canonical_value_stays_as_it_is(kind: Scalar, text: str) -> None:
    try:
        value = kind.canonical(text)
    except Refused:
        return
    assert kind.canonical(str(value)) == value


@given(st.text(max_size=30))
def test_clean_text_is_nfc_without_hidden_characters(text: str) -> None:
    try:
        cleaned = clean(text, newlines=True)
    except Refused:
        return
    assert unicodedata.is_normalized("NFC", cleaned)
    assert not any(unicodedata.category(sign) == "Cc" and sign != "\n" for sign in cleaned)


def test_the_schemes_and_references_are_all_tried() -> None:
    assert {kind.scheme for kind in KINDS if isinstance(kind, Numbered)} == set(SCHEMES)
    assert {"case", "object"} <= set(REFERENCES)


def test_few_choices_are_radios_and_many_a_list() -> None:
    assert OneCode("yes_no").widget == "radios"
    assert OneCode("crime_areas").widget == "select"
    assert Several(OneCode("handling")).widget == "checkboxes"
    assert Several(Phone()).widget == "lines"
    assert OneCode("yes_no").options("ru")[0] == ("YES", "Да")
    assert Several(OneCode("yes_no")).options("en")[0] == ("YES", "Yes")
    assert ("TJ", "Таджикистан") in Listed("country").options("ru")


def test_a_list_typed_in_lines_is_read_line_by_line() -> None:
    phones = Several(Phone(), high=2)
    assert phones.gather({"p": ["+992372210000\r\n\r\n +996312000000"]}, "p") == ["+992372210000", "+996312000000"]
    assert phones.gather({"p": ["  "]}, "p") is None
    assert phones.show(["+992372210000"], "en") == "+992 372 21 0000"
    assert phones.schema()["maxItems"] == 2


def test_a_main_crime_area_keeps_its_place() -> None:
    areas = Several(OneCode("crime_areas"), ranked=True)
    assert list(areas.spread(["DRUGS", "TERROR"], "a")) == [("a", "DRUGS"), ("a", "TERROR")]


def test_a_date_is_read_from_its_three_inputs() -> None:
    raw = {"d.year": ["2026"], "d.month": ["9"], "d.day": ["1"]}
    assert Date().gather(raw, "d") == "2026-09-01"
    assert Date().gather({"d.month": ["9"]}, "d") == "09"
    assert Instant().gather({"t.date": ["2026-11-22"], "t.time": ["06:00"]}, "t") == "2026-11-22 06:00"
    assert Date().gather({}, "d") is None
