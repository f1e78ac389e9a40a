"""Field types for what the world numbers and names: countries, languages, currencies, phones, accounts, vehicles.

Membership and check digits come from the published lists (ISO 3166, 639, 4217 by pycountry, E.164 by phonenumbers, the
rest by python-stdnum); names in the reader's language come from CLDR. This module must not know any form.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import ClassVar, Final

import phonenumbers
import pycountry
import stdnum.iban
import stdnum.imei
import stdnum.imo
import stdnum.iso6346
import stdnum.lei
import stdnum.luhn
from babel import Locale
from stdnum.exceptions import ValidationError as NumberInvalid

from crypto.canonical import Json
from schemas.faults import Refused
from schemas.field_types import Scalar
from schemas.fields import JsonSchema
from schemas.text import clean
from schemas.words import spoken

KOSOVO: Final = "XK"
"""User-assigned in ISO 3166; used as CLDR and the European Union use it."""


@cache
def _listed(kind: str, language: str) -> tuple[tuple[str, str], ...]:
    """Return the (code, name) pairs of one published list, by name."""
    locale = Locale(spoken(language))
    codes, names = {
        "country": ([entry.alpha_2 for entry in pycountry.countries] + [KOSOVO], locale.territories),
        "language": ([entry.alpha_2 for entry in pycountry.languages if hasattr(entry, "alpha_2")], locale.languages),
        "currency": ([entry.alpha_3 for entry in pycountry.currencies], locale.currencies),
    }[kind]
    return tuple(sorted(((code, names.get(code, code)) for code in codes), key=lambda pair: (pair[1], pair[0])))


@cache
def _members(kind: str) -> frozenset[str]:
    return frozenset(code for code, _ in _listed(kind, "en"))


@dataclass(frozen=True)
class Listed(Scalar):
    """One code of a published list: `country` (ISO 3166-1 alpha-2 and XK), `language` (ISO 639-1), `currency`."""

    widget: ClassVar[str] = "select"
    kind: str

    def canonical(self, text: str) -> str:
        """Return the code as listed."""
        code = text.lower() if self.kind == "language" else text.upper()
        if code not in _members(self.kind):
            raise Refused(f"BAD_{self.kind.upper()}")
        return code

    def schema(self) -> JsonSchema:
        """Return the schema of the code."""
        return {"type": "string", "enum": sorted(_members(self.kind))}

    def show(self, value: Json, language: str) -> str:
        """Return the name of the entry."""
        return dict(_listed(self.kind, language)).get(str(value), str(value))

    def options(self, language: str) -> list[tuple[str, str]]:
        """Return all entries by name."""
        return list(_listed(self.kind, language))


@dataclass(frozen=True)
class Phone(Scalar):
    """A phone number; canonical value is E.164, `+992372210000`."""

    widget: ClassVar[str] = "tel"

    def canonical(self, text: str) -> str:
        """Return the number in E.164; it must carry its country code."""
        try:
            number = phonenumbers.parse(clean(text))
        except phonenumbers.NumberParseException:
            raise Refused("BAD_PHONE") from None
        if not phonenumbers.is_possible_number(number) or number.extension:
            raise Refused("BAD_PHONE")
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)

    def schema(self) -> JsonSchema:
        """Return the schema of the number."""
        return {"type": "string", "pattern": r"^\+[1-9][0-9]{4,14}$"}

    def show(self, value: Json, language: str) -> str:  # noqa: ARG002  (digits read alike everywhere)
        """Return the number with its groups."""
        international = phonenumbers.PhoneNumberFormat.INTERNATIONAL
        return phonenumbers.format_number(phonenumbers.parse(str(value)), international)


def _vin(text: str) -> str:
    """ISO 3779: 17 characters without I, O, Q; the check digit is used in North America only, so it is not asked."""
    if not re.fullmatch(r"[A-HJ-NPR-Z0-9]{17}", text):
        raise NumberInvalid
    return text


def _wagon(text: str) -> str:
    """UIC 438 (12 digits) and the 1520 mm network (8 digits), both with a Luhn check digit."""
    if len(text) not in (8, 12):
        raise NumberInvalid
    return str(stdnum.luhn.validate(text))


def _imei(text: str) -> str:
    """3GPP TS 23.003: 15 digits with a Luhn check digit."""
    if len(text) != 15:
        raise NumberInvalid
    return str(stdnum.imei.validate(text))


_SCHEMES: Final[Mapping[str, Callable[[str], str]]] = {
    "iban": stdnum.iban.validate,
    "imei": _imei,
    "imo": stdnum.imo.validate,
    "iso6346": stdnum.iso6346.validate,
    "lei": stdnum.lei.validate,
    "vin": _vin,
    "wagon": _wagon,
}
SCHEMES: Final = tuple(_SCHEMES)


@dataclass(frozen=True)
class Numbered(Scalar):
    """A number with a check digit or fixed form, one of `SCHEMES`; canonical without separators, upper case."""

    widget: ClassVar[str] = "text"
    scheme: str

    def canonical(self, text: str) -> str:
        """Return the bare number."""
        bare = re.sub(r"[\s./-]", "", clean(text)).upper()
        try:
            return _SCHEMES[self.scheme](bare)
        except NumberInvalid:
            raise Refused("BAD_NUMBER_CHECK") from None

    def schema(self) -> JsonSchema:
        """Return the schema of the number; the check digit is not expressed."""
        return {"type": "string", "pattern": "^[A-Z0-9]{7,34}$"}


@dataclass(frozen=True)
class DocumentNumber(Scalar):
    """The number of a document as printed, in any script, upper case, single spaces."""

    widget: ClassVar[str] = "text"

    def canonical(self, text: str) -> str:
        """Return the number."""
        number = re.sub(r" +", " ", clean(text)).upper()
        allowed = all(sign in " -/№." or unicodedata.category(sign) in {"Lu", "Lo", "Nd"} for sign in number)
        if not allowed or not 1 <= len(number) <= 40:
            raise Refused("BAD_DOCUMENT")
        return number

    def schema(self) -> JsonSchema:
        """Return the schema of the number."""
        return {"type": "string", "minLength": 1, "maxLength": 40}


_REFERENCES: Final[Mapping[str, tuple[str, str]]] = {
    "case": (r"[A-Z]{2}-[A-Z][A-Z0-9-]{1,15}-[0-9]{4}-[0-9]{6}", "TJ-TJ-2026-000123"),
    "message": (
        r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
        "0193d2a0-0000-7000-8000-000000000000",
    ),
    "object": (r"[A-Z]{1,3}[0-9]{1,3}", "P1"),
    "exercise": (r"EX-[0-9A-Z-]{1,30}", "EX-2026-01"),
    "officer": (r"[A-Z0-9][A-Z0-9-]{1,31}", "TJ-0147"),
    "unit": (r"[A-Z][A-Z0-9-]{1,15}", "TJ"),
    "imsi": (r"[0-9]{15}", "436010123456789"),
    "bic": (r"[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?", "NBTJTJ22"),
    "unlocode": (r"[A-Z]{2}[A-Z2-9]{3}", "TJDYU"),
    "sha256": (r"[0-9a-f]{64}", "a SHA-256 in 64 hexadecimal digits"),
    "card_first6": (r"[0-9]{6}", "427600"),
    "card_last4": (r"[0-9]{4}", "1234"),
}
REFERENCES: Final = tuple(_REFERENCES)


@dataclass(frozen=True)
class Reference(Scalar):
    """An identifier of fixed form, one of `REFERENCES`: `case`, `message` (UUIDv7), `object` (P1), `unit`."""

    widget: ClassVar[str] = "text"
    form: str

    def canonical(self, text: str) -> str:
        """Return the reference."""
        pattern, example = _REFERENCES[self.form]
        if not re.fullmatch(pattern, text):
            raise Refused("BAD_REFERENCE", example=example)
        return text

    def schema(self) -> JsonSchema:
        """Return the schema of the reference."""
        return {"type": "string", "pattern": f"^{_REFERENCES[self.form][0]}$"}
