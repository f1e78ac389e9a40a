"""Commands run in this process, and the office of a federation that is made with them alone."""

import contextlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from schemas.invitations import fingerprint
from serai import control
from serai.cli import app
from serai.hub import Access, opened
from serai.hub_operations import operations_of
from serai.output import Exit


@dataclass
class Answer:
    """How a command ended: its status, its JSON, what it said to the person."""

    status: int
    members: dict[str, Any]
    said: str


def run(*words: object) -> Answer:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.raises(SystemExit) as ended:
        app([*map(str, words), "--json"])
    text = out.getvalue()
    status = ended.value.code
    assert isinstance(status, int)
    return Answer(status, json.loads(text) if text else {}, err.getvalue())


def done(*words: object) -> dict[str, Any]:
    answer = run(*words)
    assert answer.status == Exit.DONE, answer.said
    assert answer.members["schema"].startswith("serai/")
    return answer.members


@dataclass
class Asked:
    """An enrolment request, and the fingerprint that the unit reads to each keeper."""

    request: Path
    read: str


@dataclass
class Office:
    """Folders and passphrase files of a federation, and what its people do by command."""

    folder: Path

    def secret(self, name: str) -> Path:
        path = self.folder / f"{name}.secret"
        if not path.exists():
            path.write_text(f"passphrase of {name}\n")
            path.chmod(0o600)
        return path

    @property
    def hub(self) -> list[str | Path]:
        return ["--home", self.folder / "hub", "--passphrase-file", self.secret("hub")]

    def node(self, unit: str) -> list[str | Path]:
        return ["--home", self.folder / unit, "--passphrase-file", self.secret(unit)]

    def root(self, number: int) -> list[str | Path]:
        folder = self.folder / "roots" / f"root-{number}"
        return ["--root", folder, "--root-passphrase-file", self.secret(f"root-{number}")]

    def roots(self, count: int = 2) -> list[str | Path]:
        return [word for number in range(1, count + 1) for word in self.root(number)]

    def found(self) -> None:
        files = [word for number in (1, 2, 3) for word in ("--root-passphrase-file", self.secret(f"root-{number}"))]
        names = ["--name", "hub.serai.example", "--public-url", "http://127.0.0.1:9", "--federation", "Test"]
        done("hub", "init", *self.hub, *names, "--roots-folder", self.folder / "roots", *files)

    @contextlib.contextmanager
    def open(self) -> Iterator[None]:
        """The hub runs without a port meanwhile, so that no command must open its keys."""
        access = Access(self.folder / "hub", self.secret("hub"), None)
        with opened(access) as hub, control.answering(access.home, operations_of(hub)):
            yield

    def invite(self, unit: str) -> Path:
        path = self.folder / f"{unit}.invitation"
        path.unlink(missing_ok=True)
        about = ["--name-en", f"Unit {unit}", "--name-ru", f"Орган {unit}", "--agency", "DRUG_AGENCY"]
        more = ["--language", "en", "--language", "ru", "--time-zone", "Asia/Dushanbe", "--out", path]
        done("hub", "invite", *self.hub, unit, *about, *more, *self.root(1))
        return path

    def answer(self, unit: str, invitation: Path) -> Asked:
        root = ["--root-passphrase-file", self.secret(f"root of {unit}")]
        made = done("node", "init", *self.node(unit), invitation, *root)
        return Asked(Path(made["request"]), made["fingerprint"])

    def sign(self, number: int, *asked: Asked) -> Answer:
        heard = [word for one in asked for word in ("--fingerprint", one.read)]
        given = [*heard, *self.root(number), "--everybody", "RESTR"]
        return run("hub", "enrol", *self.hub, *(one.request for one in asked), *given)

    def join(self, unit: str) -> None:
        anchor = (self.folder / "hub" / "anchor.json").read_bytes()
        done("node", "join", *self.node(unit), "--fingerprint", fingerprint(anchor))
