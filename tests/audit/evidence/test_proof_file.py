"""A `.tlog-proof` under a policy that the reader brings."""

import pytest

from audit.evidence.findings import Report, Unreadable
from audit.evidence.proof_file import verify_proof_file
from audit.policy import Policy
from audit.proof import LogProof
from tests.audit.evidence.scenes import delivered

WITNESSED = delivered(quorum=2).files()
ALONE = delivered().files()
NAME = "log/proofs/3.tlog-proof"


def judged(files: dict[str, bytes], policy: bytes, entry: str | None = "log/entries/3.json") -> Report:
    return verify_proof_file(files[NAME], Policy.parse(policy), None if entry is None else files[entry])


def test_a_proof_holds_under_the_policy_of_its_federation() -> None:
    report = judged(WITNESSED, WITNESSED["log/policy"])
    assert (report.ok, report.codes()) == (True, ("CHECKPOINT_SIGNED", "QUORUM_MET", "ENTRY_PROVED"))
    report = judged(ALONE, ALONE["log/policy"])
    assert (report.ok, report.codes()) == (True, ("CHECKPOINT_SIGNED", "QUORUM_NOT_ASKED", "ENTRY_PROVED"))


def test_a_proof_alone_says_only_what_its_checkpoint_says() -> None:
    assert judged(WITNESSED, WITNESSED["log/policy"], None).codes()[-1] == "ENTRY_NOT_GIVEN"


def test_another_entry_is_refused() -> None:
    assert judged(WITNESSED, WITNESSED["log/policy"], "log/entries/4.json").codes()[-1] == "ENTRY_REFUSED"


def test_a_checkpoint_that_does_not_meet_the_policy_is_refused() -> None:
    assert judged(ALONE, WITNESSED["log/policy"]).codes() == ("QUORUM_MISSED",)
    wrong = LogProof.parse(WITNESSED[NAME])
    altered = LogProof(wrong.index, wrong.path, wrong.checkpoint.replace(b"live", b"lite", 1)).to_bytes()
    report = verify_proof_file(altered, Policy.parse(WITNESSED["log/policy"]))
    assert (report.ok, report.codes()) == (False, ("CHECKPOINT_REFUSED",))


def test_what_is_no_proof_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        verify_proof_file(b"c2sp.org/tlog-proof@v1\n", Policy.parse(WITNESSED["log/policy"]))
    logs_without_time = (
        b"".join(line for line in WITNESSED["log/policy"].splitlines(keepends=True)[:1]) + b"quorum none\n"
    )
    report = verify_proof_file(WITNESSED[NAME], Policy.parse(logs_without_time))
    assert report.codes()[0] == "CHECKPOINT_SIGNED"
