"""The verifier as one file: the same bytes each time, and at work in an environment that has only `cryptography`."""

import json
import subprocess
import sys
import venv
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import cryptography
import pytest

from audit.evidence import archive, export
from audit.proof import LogProof
from tests.audit import trees
from tests.audit.evidence.scenes import SIGNER, Scene, delivered
from tests.instants import NOW
from tools import verifier
from tools.verifier import FILE, VerifierError, build, closure, imported, quoted

SCENE = delivered(quorum=2)
ENTRIES = trees.some_entries(5)


@dataclass(frozen=True)
class Court:
    """A folder with nothing but the verifier and the evidence, and an interpreter that has only `cryptography`."""

    folder: Path
    python: Path

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [str(self.python), "-I", FILE, *arguments]
        return subprocess.run(command, cwd=self.folder, env={}, capture_output=True, text=True, check=False)  # noqa: S603 - our own program

    def report(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        done = self.run(*arguments, "--json")
        return done.returncode, json.loads(done.stdout)


def evidence(folder: Path, scene: Scene) -> None:
    files = scene.files()
    with (folder / "bundle.zip").open("wb") as target:
        archive.write(target, files.items())
    for name in ("log/policy", "log/entries/3.json", "log/proofs/3.tlog-proof"):
        (folder / Path(name).name).write_bytes(files[name])
    note = SIGNER.sign(len(ENTRIES), trees.root(ENTRIES), NOW)
    (folder / "log.jsonl").write_bytes(b"".join(export.write_export(note, SIGNER.keys, ENTRIES)))


@pytest.fixture(scope="module")
def court(tmp_path_factory: pytest.TempPathFactory) -> Court:
    home = tmp_path_factory.mktemp("court")
    venv.create(home / "venv", with_pip=False, symlinks=True)
    (home / "empty").mkdir()
    site = next((home / "venv" / "lib").iterdir()) / "site-packages"
    library = Path(cryptography.__file__).parent.parent
    for part in ("cryptography", "cffi", *(found.name for found in library.glob("_cffi_backend*"))):
        (site / part).symlink_to(library / part)
    (home / "empty" / FILE).write_text(build(closure()))
    evidence(home / "empty", SCENE)
    return Court(home / "empty", home / "venv" / "bin" / "python")


def test_a_good_bundle_is_good_where_nothing_else_is_installed(court: Court) -> None:
    status, report = court.report("bundle.zip")
    assert (status, report["ok"], report["schema"]) == (0, True, "serai/log-verify/1")
    codes = [one["code"] for one in report["findings"]]
    assert {"QUORUM_MET", "ENVELOPE_SIGNED", "CONTENT_OPENED"} <= set(codes)
    absent = court.python.parent.parent / "lib"
    assert not list(absent.rglob("pydantic"))


def test_a_tampered_bundle_is_bad_in_both_languages(court: Court) -> None:
    folder = court.folder / "bundle"
    subprocess.run([court.python, "-m", "zipfile", "-e", "bundle.zip", folder], cwd=court.folder, check=True)  # noqa: S603 - the standard library
    entry = folder / "log" / "entries" / "10.json"
    entry.write_bytes(entry.read_bytes().replace(b"RECEIPT", b"RECEIPS"))
    done = court.run("bundle", "--lang", "ru")
    assert done.returncode == 1
    assert "НЕВЕРНО FILE_CHANGED" in done.stdout
    assert "Не говорит о том" in done.stdout


def test_a_proof_and_an_export_are_verified_too(court: Court) -> None:
    proof = ("3.tlog-proof", "--policy", "policy", "--entry", "3.json")
    status, report = court.report(*proof)
    assert status == 0
    assert [one["code"] for one in report["findings"]] == ["CHECKPOINT_SIGNED", "QUORUM_MET", "ENTRY_PROVED"]
    status, report = court.report("log.jsonl")
    assert (status, report["findings"][-1]["code"]) == (0, "LOG_COMPLETE")


def test_what_is_no_evidence_is_unreadable(court: Court) -> None:
    (court.folder / "letter.txt").write_text("Dear court")
    status, report = court.report("letter.txt")
    assert (status, report["code"]) == (2, "LOG_UNREADABLE")


def test_it_says_its_version_and_its_own_digest(court: Court) -> None:
    digest = sha256((court.folder / FILE).read_bytes()).hexdigest()
    assert court.run("--version").stdout == f"serai-verify 1, SHA-256 {digest}\n"


def test_the_file_is_the_same_each_time_and_holds_the_modules_verbatim(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tools.verifier", "--out", str(tmp_path)]
    made = subprocess.run(command, capture_output=True, check=True)  # noqa: S603 - our own program
    text = (tmp_path / FILE).read_text()
    assert text == build(closure())
    assert made.stdout.split()[0].decode() == sha256(text.encode()).hexdigest()
    for module in closure():
        path = verifier.source_of(module)
        assert sha256(path.read_bytes()).hexdigest() in text
        assert path.read_text() in text


def test_every_module_stands_behind_those_that_it_builds_on() -> None:
    order = closure()
    assert order[-1] == "serai.verifier"
    for place, module in enumerate(order):
        below = {name for name in imported(module) if name != module and not module.startswith(f"{name}.")}
        assert below <= set(order[:place]), module


def test_a_module_that_needs_another_library_stops_the_build(tmp_path: Path) -> None:
    (tmp_path / "serai").mkdir()
    (tmp_path / "serai" / "__init__.py").write_text("")
    (tmp_path / "serai" / "verifier.py").write_text("import pydantic\n")
    with pytest.raises(VerifierError, match="pydantic: not for a court"):
        closure(root=tmp_path)


def test_a_source_that_no_literal_holds_stops_the_build() -> None:
    with pytest.raises((VerifierError, SyntaxError)):
        quoted("x = 1 \\")
    assert quoted("x = 1") == "r'''x = 1'''"


def test_a_proof_of_another_entry_is_bad(court: Court) -> None:
    proof = LogProof.parse((court.folder / "3.tlog-proof").read_bytes())
    (court.folder / "4.tlog-proof").write_bytes(LogProof(4, proof.path, proof.checkpoint).to_bytes())
    status, report = court.report("4.tlog-proof", "--policy", "policy", "--entry", "3.json")
    assert (status, report["findings"][-1]["code"]) == (1, "ENTRY_REFUSED")
