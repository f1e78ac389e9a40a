"""What a check of evidence found, in the verifier's own words and the language of the page, under named steps."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from audit.evidence.findings import WORDS, Finding, Language
from nodes.oversight_files import Checked, Judged, Outcome, Step
from nodes.web.languages import gettext, language, noted

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
    return sign, found.subject, WORDS[Language(language())][found.code][0], found.detail
