"""The verifier as a program of its own: what it prints and how it ends; elsewhere it runs as one file."""

import json
from pathlib import Path

import pytest

from audit.evidence import archive
from serai import verifier
from tests.audit.evidence.scenes import delivered

FILES = delivered(quorum=2).files()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a bundle, a proof with its entry and its policy, and a letter."""
    place = tmp_path_factory.mktemp("evidence")
    with (place / "bundle.zip").open("wb") as target:
        archive.write(target, FILES.items())
    for name in ("log/policy", "log/entries/3.json", "log/proofs/3.tlog-proof"):
        (place / Path(name).name).write_bytes(FILES[name])
    (place / "letter").write_text("Dear court")
    (place / "long").write_bytes(bytes(1 << 21))
    return place


def test_people_read_the_verdict_the_findings_and_what_they_mean(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verifier.main([str(folder / "bundle.zip")]) == verifier.GOOD
    said = capsys.readouterr().out
    assert said.splitlines()[0].endswith("GOOD: everything that is here holds")
    assert "QUORUM_MET: So many units vouch" in said


def test_programs_read_one_object(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verifier.main([str(folder / "bundle.zip"), "--root", "0" * 64, "--json", "--lang", "ru"]) == verifier.BAD
    shown = json.loads(capsys.readouterr().out)
    assert (shown["schema"], shown["ok"]) == (verifier.SCHEMA, False)
    assert shown["findings"][0].keys() == {"code", "level", "subject", "text", "means", "does_not_mean"}


UNREADABLE = [
    ["letter"],
    ["missing"],
    ["letter", "--json"],
    ["3.tlog-proof"],
    ["3.tlog-proof", "--policy", "letter"],
    ["3.tlog-proof", "--policy", "long"],
    ["3.tlog-proof", "--policy", "policy", "--root", "0"],
    ["bundle.zip", "--vkey", "x"],
    ["letter", "--entry", "3.json"],
]


@pytest.mark.parametrize("given", UNREADABLE, ids=" ".join)
def test_what_cannot_be_judged_is_unreadable(
    given: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    assert verifier.main(given) == verifier.UNREADABLE
    said = capsys.readouterr()
    assert ":" in said.err
    assert bool(said.out) == ("--json" in given)


def test_a_proof_with_its_policy_and_entry_is_judged(folder: Path) -> None:
    policy, entry = ("--policy", str(folder / "policy")), ("--entry", str(folder / "3.json"))
    assert verifier.main([str(folder / "3.tlog-proof"), *policy, *entry]) == verifier.GOOD
    assert verifier.main([str(folder / "3.tlog-proof"), *policy, "--entry", str(folder / "policy")]) == verifier.BAD


def test_the_version_names_the_program(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program = tmp_path / "serai-verify.py"
    program.write_bytes(b"")
    with pytest.raises(SystemExit):
        verifier.main(["--version"], program)
    assert capsys.readouterr().out.strip().endswith("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
