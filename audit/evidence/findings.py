"""What a check found: stable codes, words for people, and a report that names every finding, good and bad.

The table below is complete: a finding with a code that is not in it has no level.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from audit.errors import AuditError
from audit.evidence import words_en, words_ru


class Level(StrEnum):
    """How a finding counts: one BAD makes the report bad; a NOTICE is for the reader to judge."""

    GOOD = "good"
    NOTICE = "notice"
    BAD = "bad"


class Language(StrEnum):
    """The languages in which findings speak."""

    EN = "en"
    RU = "ru"


LEVELS: Final[Mapping[str, Level]] = MappingProxyType(
    {
        "FILE_MISSING": Level.BAD,
        "FILE_CHANGED": Level.BAD,
        "FILE_UNLISTED": Level.BAD,
        "FILE_UNKNOWN": Level.BAD,
        "MANIFEST_COMPLETE": Level.GOOD,
        "FEDERATION_SIGNED": Level.GOOD,
        "FEDERATION_REFUSED": Level.BAD,
        "FEDERATION_LOGGED": Level.GOOD,
        "FEDERATION_NOT_LOGGED": Level.BAD,
        "ROOTS_NOT_PINNED": Level.NOTICE,
        "ROOTS_PINNED": Level.GOOD,
        "CHECKPOINT_SIGNED": Level.GOOD,
        "CHECKPOINT_REFUSED": Level.BAD,
        "POLICY_STATED": Level.GOOD,
        "POLICY_REFUSED": Level.BAD,
        "QUORUM_MET": Level.GOOD,
        "QUORUM_MISSED": Level.BAD,
        "QUORUM_NOT_ASKED": Level.NOTICE,
        "COSIGNATURE_REFUSED": Level.BAD,
        "HISTORY_CONTRADICTED": Level.BAD,
        "CONFLICT_REFUSED": Level.BAD,
        "ENTRY_PROVED": Level.GOOD,
        "ENTRY_REFUSED": Level.BAD,
        "ENTRY_NOT_GIVEN": Level.NOTICE,
        "ENTRY_ALONE": Level.NOTICE,
        "KEY_STATED": Level.GOOD,
        "KEY_REFUSED": Level.BAD,
        "KEY_REVOKED": Level.GOOD,
        "ENVELOPE_SIGNED": Level.GOOD,
        "ENVELOPE_REFUSED": Level.BAD,
        "RECEIPT_SIGNED": Level.GOOD,
        "RECEIPT_REFUSED": Level.BAD,
        "SIGNER_REVOKED_LATER": Level.NOTICE,
        "SIGNER_LEFT_LATER": Level.NOTICE,
        "CONTENT_OPENED": Level.GOOD,
        "CONTENT_ABSENT": Level.NOTICE,
        "CONTENT_REFUSED": Level.BAD,
        "UNIT_LOG_SIGNED": Level.GOOD,
        "UNIT_LOG_REFUSED": Level.BAD,
        "UNIT_ENTRY_PROVED": Level.GOOD,
        "UNIT_ENTRY_REFUSED": Level.BAD,
        "UNIT_LOG_ANCHORED": Level.GOOD,
        "UNIT_LOG_NOT_ANCHORED": Level.NOTICE,
        "TIME_STAMPED": Level.GOOD,
        "TIME_STAMP_NOT_CHECKED": Level.NOTICE,
        "TIME_STAMP_REFUSED": Level.BAD,
        "LOG_KEYS_NOT_PINNED": Level.NOTICE,
        "LOG_KEYS_PINNED": Level.GOOD,
        "LINE_REFUSED": Level.BAD,
        "LOG_COMPLETE": Level.GOOD,
        "LOG_ALTERED": Level.BAD,
    }
)
LEVEL_WORDS: Final[Mapping[Language, Mapping[Level, str]]] = MappingProxyType(
    {
        Language.EN: {Level.GOOD: "good", Level.NOTICE: "notice", Level.BAD: "BAD"},
        Language.RU: {Level.GOOD: "верно", Level.NOTICE: "учесть", Level.BAD: "НЕВЕРНО"},
    }
)
WORDS: Final[Mapping[Language, Mapping[str, tuple[str, str, str]]]] = MappingProxyType(
    {Language.EN: words_en.WORDS, Language.RU: words_ru.WORDS}
)
"""For each code the sentence, what it means, and what it does not mean."""


@dataclass(frozen=True)
class Finding:
    """One result: a code of TEXTS, what it is about (a file or an id), and the reason or particulars."""

    code: str
    subject: str = ""
    detail: str = ""

    @property
    def level(self) -> Level:
        """How it counts."""
        return LEVELS[self.code]

    def text(self, language: Language = Language.EN) -> str:
        """The finding in one line; what a file name or a note may hide (escapes, marks of direction) is shown as �."""
        detail = f" ({self.detail})" if self.detail else ""
        line = ": ".join(part for part in (self.subject, WORDS[language][self.code][0] + detail) if part)
        return "".join(char if char.isprintable() else "\ufffd" for char in line)

    def members(self, language: Language) -> dict[str, str]:
        """The finding for programs: JSON members."""
        _, means, limits = WORDS[language][self.code]
        return {
            "code": self.code,
            "level": self.level.value,
            "subject": self.subject,
            "text": self.text(language),
            "means": means,
            "does_not_mean": limits,
        }


@dataclass(frozen=True)
class Report:
    """Everything that a check found, in the order of checking. No finding is ever left out."""

    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """True when there is evidence and nothing of it is bad: an empty report proves nothing."""
        levels = {finding.level for finding in self.findings}
        return Level.GOOD in levels and Level.BAD not in levels

    def codes(self) -> tuple[str, ...]:
        """The codes in their order."""
        return tuple(finding.code for finding in self.findings)

    def lines(self, language: Language = Language.EN) -> list[str]:
        """The report for people, one line a finding."""
        levels = LEVEL_WORDS[language]
        return [f"{levels[one.level]:7} {one.code:22} {one.text(language)}" for one in self.findings]

    def explained(self, language: Language) -> list[str]:
        """What each sort of finding means and does not mean, once, in the order of the report."""
        codes = dict.fromkeys(self.codes())
        return [f"{code}: {' '.join(WORDS[language][code][1:])}" for code in codes]

    def members(self, language: Language = Language.EN) -> dict[str, Any]:
        """The report for programs: JSON members."""
        return {"ok": self.ok, "findings": [one.members(language) for one in self.findings]}


class EvidenceRefused(AuditError):
    """A piece of evidence does not hold; the text is the reason."""

    code = "LOG_EVIDENCE_REFUSED"


class Unreadable(AuditError):
    """What was given is no bundle and no export at all: nothing was checked."""

    code = "LOG_UNREADABLE"
