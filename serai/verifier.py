"""The court's verifier: one program that reads evidence from files and says everything that it found.

It stands on the standard library, `cryptography`, `crypto` and `audit` alone, so that `make verifier` can put it into
one file; `serai log verify` is the same code. It opens the files that it is given and nothing else: no network, no
database, no settings.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final

from audit import proof
from audit.errors import AuditError
from audit.evidence import archive, export
from audit.evidence.archive import Archive
from audit.evidence.findings import Language, Report, Unreadable
from audit.evidence.proof_file import verify_proof_file
from audit.evidence.verification import StampCheck, Trust, verify_bundle
from audit.policy import MAX_POLICY, Policy
from audit.proof import MAX_PROOF
from audit.tiles import MAX_ENTRY

VERSION: Final = "1"
SCHEMA: Final = "serai/log-verify/1"
GOOD, BAD, UNREADABLE = 0, 1, 2
HEADLINES: Final = {
    Language.EN: {True: "GOOD: everything that is here holds", False: "BAD: something does not hold"},
    Language.RU: {True: "ПОДТВЕРЖДЕНО: всё, что здесь есть, верно", False: "НЕ ПОДТВЕРЖДЕНО: что-то неверно"},
}
TAIL: Final = {
    Language.EN: "What each finding means, and what it does not mean:",
    Language.RU: "Что означает каждый вывод и чего он не означает:",
}


@dataclass(frozen=True)
class Known:
    """What the reader brings: root key ids, log keys, a policy, the entry of a proof, how to check time-stamps."""

    roots: tuple[str, ...] = ()
    vkeys: tuple[str, ...] = ()
    policy: Path | None = None
    entry: Path | None = None
    stamps: StampCheck | None = None


def examine(path: Path, known: Known) -> Report:
    """The report on whatever evidence `path` is: a bundle (folder or archive), an exported log, a `.tlog-proof`.

    Raises Unreadable, also when what is known is of no use for this kind of evidence, and OSError.
    """
    policy = None if known.policy is None else _policy(known.policy)
    if path.is_dir():
        return _bundle(_Folder(path), known, policy)
    with path.open("rb") as file:
        start = file.read(len(proof.HEADER))
        file.seek(0)
        if start.startswith(b"PK"):
            return _bundle(Archive(file), known, policy)
        if start == proof.HEADER.encode():
            return _proof(_read(file, MAX_PROOF), known, policy)
        _refuse("an export of a log", root=known.roots, policy=policy, entry=known.entry, tsa=known.stamps)
        return export.verify_export(iter(lambda: file.readline(export.HEAD_LIMIT), b""), known.vkeys)


def _bundle(files: Mapping[str, bytes], known: Known, policy: Policy | None) -> Report:
    _refuse("a bundle, which names the log's keys", vkey=known.vkeys, entry=known.entry)
    return verify_bundle(files, Trust(frozenset(known.roots), policy, known.stamps))


def _proof(data: bytes, known: Known, policy: Policy | None) -> Report:
    _refuse("a proof", root=known.roots, vkey=known.vkeys, tsa=known.stamps)
    if policy is None:
        raise Unreadable("a proof is checked by a policy: name it with --policy")
    entry = None if known.entry is None else _read_file(known.entry, MAX_ENTRY)
    return verify_proof_file(data, policy, entry)


def _refuse(what: str, **given: object) -> None:
    """Raise Unreadable when something is given that says nothing about this kind of evidence: silence would mislead."""
    useless = [f"--{name}" for name, value in given.items() if value]
    if useless:
        raise Unreadable(f"{', '.join(useless)}: of no use for {what}")


class _Folder(Mapping[str, bytes]):
    """A bundle as a folder of plain files, each read when it is asked for."""

    def __init__(self, path: Path) -> None:
        found = [file for file in sorted(path.rglob("*")) if file.is_symlink() or not file.is_dir()]
        if any(file.is_symlink() or not file.is_file() for file in found):
            raise Unreadable("a bundle has plain files only")
        archive.check_sizes([file.stat().st_size for file in found])
        self._files = {file.relative_to(path).as_posix(): file for file in found}

    def __getitem__(self, name: str) -> bytes:
        return _read_file(self._files[name], archive.MAX_FILE)

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


def _policy(path: Path) -> Policy:
    try:
        return Policy.parse(_read_file(path, MAX_POLICY))
    except Unreadable:
        raise
    except AuditError as error:
        raise Unreadable(f"{path.name} is no policy: {error}") from error


def _read_file(path: Path, limit: int) -> bytes:
    with path.open("rb") as file:
        return _read(file, limit)


def _read(file: BinaryIO, limit: int) -> bytes:
    data = file.read(limit + 1)
    if len(data) > limit:
        raise Unreadable(f"longer than {limit} bytes")
    return data


# --- the program of its own -------------------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None, program: Path | None = None) -> int:
    """Verify one file and return the exit status: 0 good, 1 bad, 2 unreadable or wrong use.

    `program` is the single file that runs, whose SHA-256 `--version` prints.
    """
    parser = _parser(program)
    given = parser.parse_args(arguments)
    language = Language(given.lang)
    known = Known(tuple(given.root), tuple(given.vkey), given.policy, given.entry)
    try:
        report = examine(given.file, known)
    except (AuditError, OSError) as error:
        return _unreadable(error, as_json=given.json)
    if given.json:
        _print({"schema": SCHEMA, "file": str(given.file), **report.members(language)})
    else:
        lines = [f"{given.file}: {HEADLINES[language][report.ok]}", *report.lines(language), "", TAIL[language]]
        sys.stdout.write("\n".join([*lines, *report.explained(language), ""]))
    return GOOD if report.ok else BAD


def _unreadable(error: AuditError | OSError, *, as_json: bool) -> int:
    code = error.code if isinstance(error, AuditError) else "SERAI-FILE"
    sys.stderr.write(f"{code}: {error}\n")
    if as_json:
        _print({"schema": "serai/error/1", "ok": False, "code": code, "what": str(error)})
    return UNREADABLE


def _print(members: Mapping[str, object]) -> None:
    sys.stdout.write(json.dumps(members, ensure_ascii=False, sort_keys=True) + "\n")


def _parser(program: Path | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="serai-verify",
        description="Verify evidence of a Serai exchange offline: a bundle, an exported log, or a .tlog-proof.",
        epilog="Exit status: 0 everything holds; 1 something does not; 2 unreadable file or wrong use.",
        formatter_class=lambda prog: argparse.HelpFormatter(prog, width=120),
    )
    digest = "" if program is None else f", SHA-256 {sha256(program.read_bytes()).hexdigest()}"
    parser.add_argument("--version", action="version", version=f"serai-verify {VERSION}{digest}")
    parser.add_argument("file", type=Path, help="a bundle (folder or archive), an exported log, or a .tlog-proof")
    parser.add_argument("--root", action="append", default=[], help="key id of a federation root that you trust")
    parser.add_argument("--vkey", action="append", default=[], help="key of the log that you trust (for an export)")
    parser.add_argument("--policy", type=Path, help="tlog-policy that the checkpoint must satisfy")
    parser.add_argument("--entry", type=Path, help="the entry that a .tlog-proof is about")
    parser.add_argument("--lang", choices=[one.value for one in Language], default=Language.EN.value)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    return parser
