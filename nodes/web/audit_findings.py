"""What a check of evidence found, in words: every code of `audit.evidence.findings`, in the language of the page."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from audit.evidence.findings import Finding
from nodes.oversight_files import Checked, Judged, Outcome, Step
from nodes.web.languages import gettext, noted

FINDINGS: Final[Mapping[str, str]] = {
    "FILE_MISSING": noted("the list of the bundle names a file that is not here"),
    "FILE_CHANGED": noted("the file is not the one that the list of the bundle describes"),
    "FILE_UNLISTED": noted("the list of the bundle does not name this file"),
    "FILE_UNKNOWN": noted("a bundle has no such file"),
    "MANIFEST_COMPLETE": noted("every file is listed and unchanged"),
    "FEDERATION_SIGNED": noted("the federation document is signed by the threshold of its roots"),
    "FEDERATION_REFUSED": noted("the federation document does not hold"),
    "FEDERATION_LOGGED": noted("the hub logged the federation document"),
    "FEDERATION_NOT_LOGGED": noted("no proved entry says when the federation document came into force"),
    "ROOTS_NOT_PINNED": noted("compare these root keys with those you were given on paper"),
    "ROOTS_PINNED": noted("the root keys are those that this node knows"),
    "CHECKPOINT_SIGNED": noted("the log signed this checkpoint with both of its keys"),
    "CHECKPOINT_REFUSED": noted("the checkpoint does not hold"),
    "ENTRY_PROVED": noted("the entry stands in the log under the checkpoint"),
    "ENTRY_REFUSED": noted("the entry is not proved to stand in the log"),
    "ENTRY_ALONE": noted("the log records something whose document is not in the bundle"),
    "KEY_STATED": noted("the key was stated by its unit and logged"),
    "KEY_REFUSED": noted("the key statement does not hold"),
    "KEY_REVOKED": noted("the key was revoked by its unit and the revocation logged"),
    "ENVELOPE_SIGNED": noted("the sender signed the envelope, and the hub logged it"),
    "ENVELOPE_REFUSED": noted("the envelope does not hold"),
    "RECEIPT_SIGNED": noted("the receipt is signed by who says it, and logged"),
    "RECEIPT_REFUSED": noted("the receipt does not hold"),
    "SIGNER_REVOKED_LATER": noted("the signing key was good at the time of the log and was revoked afterwards"),
    "SIGNER_LEFT_LATER": noted("the unit was in the federation at the time of the log and left afterwards"),
    "CONTENT_OPENED": noted("the content is the one that the signed envelope commits to"),
    "CONTENT_ABSENT": noted("the content is not here, only the commitment to it in the signed header"),
    "CONTENT_REFUSED": noted("the content is not the one that the signed envelope commits to"),
    "LOG_KEYS_NOT_PINNED": noted("compare these keys of the log with those you were given on paper"),
    "LOG_KEYS_PINNED": noted("the checkpoint is signed by the keys of the log that this node knows"),
    "LINE_REFUSED": noted("the export has a line that is not of its form"),
    "LOG_COMPLETE": noted("the entries give the root that the log signed: none removed, added or changed"),
    "LOG_ALTERED": noted("the entries do not give the root that the log signed"),
}

STEPS: Final[Mapping[Step, str]] = {
    Step.FORM: noted("Form of the file"),
    Step.SIGNATURES: noted("Signatures"),
    Step.WITNESSES: noted("Witnesses"),
    Step.INCLUSION: noted("Inclusion in the log"),
}

OUTCOMES: Final[Mapping[Outcome, tuple[str, str]]] = {
    Outcome.GOOD: ("good", noted("holds")),
    Outcome.NOTICE: ("wait", noted("for you to judge")),
    Outcome.BAD: ("bad", noted("does not hold")),
    Outcome.NONE: ("none", noted("not part of such a file, or not reached")),
}

KINDS: Final[Mapping[str, str]] = {
    "PROOF": noted("A proof that one entry stands in a log"),
    "BUNDLE": noted("A bundle of evidence"),
    "EXPORT": noted("A whole log"),
    "UNKNOWN": noted("No file that can be checked here"),
}


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step in words, with its sign, and its findings: sign, subject, text and particulars."""

    name: str
    sign: str
    outcome: str
    findings: tuple[tuple[str, str, str, str], ...]
    hidden: int


MOST_SHOWN: Final = 40
"""Findings shown under one step; a bundle of a whole case has thousands of good ones."""


def kind_text(judged: Judged) -> str:
    """Return what kind of file it was."""
    return gettext(KINDS[judged.kind])


def step_lines(judged: Judged) -> list[StepLine]:
    """Return the steps of a check for the page, bad findings first."""
    return [_line(one) for one in judged.steps]


def _line(one: Checked) -> StepLine:
    sign, outcome = OUTCOMES[one.outcome]
    ordered = sorted(one.findings, key=lambda found: ("bad", "notice", "good").index(found.level.value))
    shown = tuple(_finding(found) for found in ordered[:MOST_SHOWN])
    return StepLine(gettext(STEPS[one.step]), sign, gettext(outcome), shown, len(ordered) - len(shown))


def _finding(found: Finding) -> tuple[str, str, str, str]:
    sign = {"good": "good", "notice": "wait", "bad": "bad"}[found.level.value]
    return sign, found.subject, gettext(FINDINGS.get(found.code, found.code)), found.detail
