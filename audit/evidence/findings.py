"""What a check found: stable codes, one sentence each, and a report that names every finding, good and bad.

The table below is complete: a finding with a code that is not in it cannot be made.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from audit.errors import AuditError


class Level(StrEnum):
    """How a finding counts: one BAD makes the report bad; a NOTICE is for the reader to judge."""

    GOOD = "good"
    NOTICE = "notice"
    BAD = "bad"


TEXTS: Final[Mapping[str, tuple[Level, str]]] = MappingProxyType(
    {
        "FILE_MISSING": (Level.BAD, "the manifest names a file that is not here"),
        "FILE_CHANGED": (Level.BAD, "the file is not the one that the manifest describes"),
        "FILE_UNLISTED": (Level.BAD, "the manifest does not name this file"),
        "FILE_UNKNOWN": (Level.BAD, "the bundle layout has no such file"),
        "MANIFEST_COMPLETE": (Level.GOOD, "every file is listed and unchanged"),
        "FEDERATION_SIGNED": (Level.GOOD, "the federation document is signed by the threshold of its roots"),
        "FEDERATION_REFUSED": (Level.BAD, "the federation document does not hold"),
        "FEDERATION_LOGGED": (Level.GOOD, "the hub logged the federation document"),
        "FEDERATION_NOT_LOGGED": (Level.BAD, "no proved entry says when the federation document came into force"),
        "ROOTS_NOT_PINNED": (Level.NOTICE, "compare these root key ids with those you were given on paper"),
        "ROOTS_PINNED": (Level.GOOD, "the threshold of the root keys you named signed the federation document"),
        "CHECKPOINT_SIGNED": (Level.GOOD, "the log signed this checkpoint with both of its keys"),
        "CHECKPOINT_REFUSED": (Level.BAD, "the checkpoint does not hold"),
        "ENTRY_PROVED": (Level.GOOD, "the entry stands in the log under the checkpoint"),
        "ENTRY_REFUSED": (Level.BAD, "the entry is not proved to stand in the log"),
        "ENTRY_ALONE": (Level.NOTICE, "the log records something whose document is not in the bundle"),
        "KEY_STATED": (Level.GOOD, "the key was stated by its unit and logged"),
        "KEY_REFUSED": (Level.BAD, "the key statement does not hold"),
        "KEY_REVOKED": (Level.GOOD, "the key was revoked by its unit and the revocation logged"),
        "ENVELOPE_SIGNED": (Level.GOOD, "the sender signed the envelope, and the hub logged it"),
        "ENVELOPE_REFUSED": (Level.BAD, "the envelope does not hold"),
        "RECEIPT_SIGNED": (Level.GOOD, "the receipt is signed by who says it, and logged"),
        "RECEIPT_REFUSED": (Level.BAD, "the receipt does not hold"),
        "SIGNER_REVOKED_LATER": (Level.NOTICE, "the signing key was good at the log's time and was revoked afterwards"),
        "SIGNER_LEFT_LATER": (Level.NOTICE, "the unit was in the federation at the log's time and left afterwards"),
        "CONTENT_OPENED": (Level.GOOD, "the content is the one that the signed envelope commits to"),
        "CONTENT_ABSENT": (Level.NOTICE, "the content is not here, only the commitment to it in the signed header"),
        "CONTENT_REFUSED": (Level.BAD, "the content is not the one that the signed envelope commits to"),
        "LOG_KEYS_NOT_PINNED": (Level.NOTICE, "compare these log keys with those you were given on paper"),
        "LOG_KEYS_PINNED": (Level.GOOD, "the checkpoint is signed by the log keys you named"),
        "LINE_REFUSED": (Level.BAD, "the export has a line that is not of its form"),
        "LOG_COMPLETE": (Level.GOOD, "the entries give the root that the log signed: none removed, added or changed"),
        "LOG_ALTERED": (Level.BAD, "the entries do not give the root that the log signed"),
    }
)


@dataclass(frozen=True)
class Finding:
    """One result: a code of TEXTS, what it is about (a file or an id), and the reason or particulars."""

    code: str
    subject: str = ""
    detail: str = ""

    @property
    def level(self) -> Level:
        """How it counts."""
        return TEXTS[self.code][0]

    @property
    def text(self) -> str:
        """The finding in one line."""
        detail = f" ({self.detail})" if self.detail else ""
        return ": ".join(part for part in (self.subject, TEXTS[self.code][1] + detail) if part)


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

    def lines(self) -> list[str]:
        """The report for people, one line a finding."""
        return [f"{finding.level.value:6} {finding.code:20} {finding.text}" for finding in self.findings]

    def members(self) -> dict[str, Any]:
        """The report for programs: JSON members."""
        findings = [
            {"code": one.code, "level": one.level.value, "subject": one.subject, "text": one.text}
            for one in self.findings
        ]
        return {"ok": self.ok, "findings": findings}


class EvidenceRefused(AuditError):
    """A piece of evidence does not hold; the text is the reason."""

    code = "LOG_EVIDENCE_REFUSED"


class Unreadable(AuditError):
    """What was given is no bundle and no export at all: nothing was checked."""

    code = "LOG_UNREADABLE"
