"""What an officer of the demo writes: the labels of a message, the body of its kind, and the things it is about."""

from dataclasses import dataclass, field
from typing import Any, Final

from crypto import instants

Members = dict[str, Any]

DAY: Final = 86_400
KEPT_DAYS: Final = 365

AGREEMENT: Final = {
    "instrument": "Agreement on cooperation against illicit drugs, 4 May 1996",
    "article": "4",
}
CONVENTION: Final = {
    "instrument": "UN Convention against Illicit Traffic in Narcotic Drugs, 1988",
    "article": "9(1)(a), 11",
}
ORGANISED_CRIME: Final = {
    "instrument": "UN Convention against Transnational Organized Crime, 2000",
    "article": "27(1)",
}


@dataclass(frozen=True, slots=True)
class Writing:
    """The labels, the body and the objects of one message."""

    labels: Members
    body: Members
    objects: tuple[Members, ...] = field(default=())


def day(at: int, days: int = 0) -> str:
    """Return the date `days` after the instant `at`."""
    return instants.to_text(at + days * DAY)[:10]


def labels(at: int, subject: str, language: str, *crime_areas: str, **more: Any) -> Members:
    """Return the labels of a message of the instant `at`: routine, for use against crime, unless `more` differs."""
    usual = {
        "subject_line": subject,
        "language": language,
        "crime_areas": list(crime_areas),
        "purpose": "INVESTIGATE",
        "legal_basis": [AGREEMENT, CONVENTION],
        "urgency": "ROUTINE",
        "classification": "RESTR",
        "source_at_risk": "NO",
        "handling": ["H0"],
        "retention_until": day(at, KEPT_DAYS),
        "cc_own_spoc": "YES",
    }
    return {**usual, **more}


AT_RISK: Final[Members] = {
    "source_at_risk": "YES",
    "handling": ["H1"],
    "handling_reason": "Источник работает в окружении водителя; раскрытие в суде его выдаст.",
}
"""The handling of a message whose source would be found out."""

NO_DOUBT: Final = dict.fromkeys(
    ("political", "military", "religious", "racial", "death_penalty", "torture", "minor"), "NO"
)
"""The human-rights check of a case that raises no question."""


def graded(source: str, information: str, as_of: str, statement: str = "FACT") -> Members:
    """Return how an object is graded in the 4x4 system, and the day on which it held."""
    return {
        "source_grade": source,
        "information_grade": information,
        "statement": statement,
        "valid_as_of": as_of,
    }
