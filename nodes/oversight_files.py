"""Checking a file that somebody hands to the auditor, in four named steps: form, signatures, witnesses, inclusion.

The same checks as `serai log verify`, with the keys that this node knows; nothing of the file is kept. A proof is only
as good as the entry that it carries: one that does not carry its entry proves a hash, and that is refused.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from audit.checkpoints import Checkpoint, verify_checkpoint
from audit.errors import AuditError
from audit.evidence import export
from audit.evidence.archive import Archive
from audit.evidence.findings import Finding, Level, Report
from audit.evidence.verification import Trust, verify_bundle
from audit.merkle import verify_inclusion
from audit.notes import Note
from audit.proof import HEADER, LogProof
from crypto import signing
from crypto.instants import to_text
from crypto.merkle_hash import leaf_hash
from nodes.mirroring import hub_keys
from nodes.node import Node
from nodes.oversight_keys import log_keys, witnessed


class Step(StrEnum):
    """The steps, in their order."""

    FORM = "FORM"
    SIGNATURES = "SIGNATURES"
    WITNESSES = "WITNESSES"
    INCLUSION = "INCLUSION"


class Outcome(StrEnum):
    """How a step ended; `NONE` is a step that such a file has not, or that was not reached."""

    GOOD = "GOOD"
    NOTICE = "NOTICE"
    BAD = "BAD"
    NONE = "NONE"


STEP_OF: Final[Mapping[str, Step]] = {
    "MANIFEST": Step.FORM,
    "FILE": Step.FORM,
    "LINE": Step.FORM,
    "COSIGNATURE": Step.WITNESSES,
    "POLICY": Step.WITNESSES,
    "QUORUM": Step.WITNESSES,
    "ENTRY": Step.INCLUSION,
    "LOG_COMPLETE": Step.INCLUSION,
    "LOG_ALTERED": Step.INCLUSION,
}
"""Code of a finding, or what it begins with -> its step; whatever else is found is about signatures."""


_OUTCOMES: Final = {Level.BAD: Outcome.BAD, Level.NOTICE: Outcome.NOTICE, Level.GOOD: Outcome.GOOD}


@dataclass(frozen=True, slots=True)
class Checked:
    """One step: how it ended, and what was found in it."""

    step: Step
    outcome: Outcome
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of a file: `kind` is PROOF, BUNDLE, EXPORT or UNKNOWN; it is good if no step was bad."""

    kind: str
    steps: tuple[Checked, ...]
    reason: str = ""

    @property
    def ok(self) -> bool:
        """Whether the file proves something and nothing of it is bad."""
        ends = {one.outcome for one in self.steps}
        return Outcome.GOOD in ends and Outcome.BAD not in ends and self.kind != "UNKNOWN"


def judge(node: Node, data: bytes) -> Judged:
    """Return what `data` proves; a file of no known form is judged too: as UNKNOWN."""
    if data.startswith(HEADER.encode()):
        return _proof(node, data)
    bundle = data.startswith(b"PK")
    try:
        report = _bundle(node, data) if bundle else _export(node, data)
    except AuditError as error:
        return Judged("BUNDLE" if bundle else "UNKNOWN", _only(Step.FORM, Outcome.BAD), error.code)
    return Judged("BUNDLE" if bundle else "EXPORT", _by_step(report))


def _bundle(node: Node, data: bytes) -> Report:
    roots = frozenset(signing.kid_of(root) for root in node.directory().federation.roots)
    return verify_bundle(Archive(io.BytesIO(data)), Trust(roots))


def _export(node: Node, data: bytes) -> Report:
    """An export names its own keys; they count as known only if they are those that this node knows."""
    first = export.verify_export(data.splitlines(keepends=True))
    origin = next((one.subject for one in first.findings), "")
    keys = log_keys(node, origin)
    return first if keys is None else export.verify_export(data.splitlines(keepends=True), keys.vkeys)


def _proof(node: Node, data: bytes) -> Judged:
    """A `.tlog-proof`: its form, its log's two signatures, the witnesses of the hub's log, the way to the root."""
    try:
        proof = LogProof.parse(data)
        said = Checkpoint.parse(Note.parse(proof.checkpoint).text)
    except AuditError as error:
        return Judged("PROOF", _only(Step.FORM, Outcome.BAD), error.code)
    signatures = _signatures(node, proof, said)
    hub = said.origin == hub_keys(node).origin and signatures.outcome is Outcome.GOOD
    witnesses = _witnesses(node, proof) if hub else Checked(Step.WITNESSES, Outcome.NONE)
    return Judged("PROOF", (Checked(Step.FORM, Outcome.GOOD), signatures, witnesses, _inclusion(proof, said)))


def _signatures(node: Node, proof: LogProof, said: Checkpoint) -> Checked:
    keys = log_keys(node, said.origin)
    if keys is None:
        return Checked(Step.SIGNATURES, Outcome.BAD, (Finding("CHECKPOINT_REFUSED", said.origin, "LOG_UNKNOWN"),))
    try:
        signed = verify_checkpoint(proof.checkpoint, keys)
    except AuditError as error:
        return Checked(Step.SIGNATURES, Outcome.BAD, (Finding("CHECKPOINT_REFUSED", said.origin, error.code),))
    found = Finding("CHECKPOINT_SIGNED", said.origin, f"{said.size}, {to_text(signed.time)}")
    return Checked(Step.SIGNATURES, Outcome.GOOD, (found, Finding("LOG_KEYS_PINNED", said.origin)))


def _witnesses(node: Node, proof: LogProof) -> Checked:
    found = witnessed(node, proof.checkpoint)
    if found.fault:
        return Checked(Step.WITNESSES, Outcome.BAD, (Finding("CHECKPOINT_REFUSED", "", found.fault),))
    return Checked(Step.WITNESSES, Outcome.GOOD if found.needed else Outcome.NOTICE)


def _inclusion(proof: LogProof, said: Checkpoint) -> Checked:
    subject = str(proof.index)
    if proof.extra is None:
        return Checked(Step.INCLUSION, Outcome.BAD, (Finding("ENTRY_REFUSED", subject, "ENTRY_NOT_THERE"),))
    try:
        verify_inclusion(leaf_hash(proof.extra), proof.index, said.size, proof.path, said.root)
    except AuditError as error:
        return Checked(Step.INCLUSION, Outcome.BAD, (Finding("ENTRY_REFUSED", subject, error.code),))
    return Checked(Step.INCLUSION, Outcome.GOOD, (Finding("ENTRY_PROVED", subject),))


def _only(step: Step, outcome: Outcome) -> tuple[Checked, ...]:
    return tuple(Checked(one, outcome if one is step else Outcome.NONE) for one in Step)


def _by_step(report: Report) -> tuple[Checked, ...]:
    """The findings of a report under their steps; a step ends as its worst finding."""
    found: dict[Step, list[Finding]] = {step: [] for step in Step}
    for one in report.findings:
        step = STEP_OF.get(one.code) or STEP_OF.get(one.code.partition("_")[0], Step.SIGNATURES)
        found[step].append(one)
    return tuple(Checked(step, _worst(findings), tuple(findings)) for step, findings in found.items())


def _worst(findings: list[Finding]) -> Outcome:
    levels = {one.level for one in findings}
    for level, outcome in _OUTCOMES.items():
        if level in levels:
            return outcome
    return Outcome.NONE
