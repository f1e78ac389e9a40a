"""A passphrase comes from a file, a descriptor or a terminal, and from nowhere that others can look."""

import os
from pathlib import Path

import pytest

from serai.output import CommandError
from serai.passphrases import LONGEST, ROOT, passphrase


def secret_file(folder: Path, data: bytes, mode: int = 0o600) -> Path:
    path = folder / "passphrase"
    path.write_bytes(data)
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    "data", ["қуфл ва калид\n".encode(), "қуфл ва калид\r\nsecond".encode(), "қуфл ва калид".encode()]
)
def test_the_first_line_of_an_owner_only_file_is_the_passphrase(tmp_path: Path, data: bytes) -> None:
    assert passphrase(secret_file(tmp_path, data), None, "passphrase") == "қуфл ва калид"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(CommandError, match="read by others"):
        passphrase(secret_file(tmp_path, b"secret", mode), None, "passphrase")


@pytest.mark.parametrize("data", [b"", b"\n", b"\xff\xfe", b"a" * (LONGEST + 1)])
def test_what_is_no_passphrase_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(CommandError):
        passphrase(secret_file(tmp_path, data), None, "passphrase")


def test_a_descriptor_is_read_and_left_open() -> None:
    reader, writer = os.pipe()
    os.write(writer, b"through a pipe\n")
    os.close(writer)
    assert passphrase(None, reader, "passphrase") == "through a pipe"
    os.close(reader)


def test_without_a_terminal_nobody_is_asked_and_the_option_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path(os.devnull).open() as nothing:
        monkeypatch.setattr("sys.stdin", nothing)
        with pytest.raises(CommandError, match="no terminal") as refused:
            passphrase(None, None, "passphrase of the root", option=ROOT)
    assert ROOT in str(refused.value.todo)
