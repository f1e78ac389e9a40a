"""Where a command gets a passphrase: an owner-only file, a file descriptor, or a question at the terminal.

Never from an argument or the environment, where other processes and shell histories would see it.
"""

import os
import stat
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from serai.output import CommandError

LONGEST: Final = 1024
ROOT: Final = "--root-passphrase-file"
RECOVERY: Final = "--recovery-passphrase-file"

PassphraseFile = Annotated[
    Path | None,
    typer.Option("--passphrase-file", envvar="SERAI_PASSPHRASE_FILE", help="Owner-only file with the passphrase."),
]
PassphraseFd = Annotated[
    int | None, typer.Option("--passphrase-fd", help="File descriptor to read the passphrase from.")
]


def passphrase(
    file: Path | None, descriptor: int | None, question: str, *, new: bool = False, option: str = "--passphrase-file"
) -> str:
    """Return the passphrase from wherever it was said to be; a new one is asked for twice.

    `option` is what says it, for who has no terminal. Raises CommandError.
    """
    if file is not None:
        return _from_file(file)
    if descriptor is not None:
        with os.fdopen(os.dup(descriptor), "rb") as stream:
            return _cleaned(stream.read(LONGEST + 1))
    if not sys.stdin.isatty():
        raise CommandError(
            "SERAI-PASSPHRASE",
            f"There is no terminal to ask for the {question}.",
            todo=f"Give {option}, a file that its owner alone can read.",
        )
    answer: str = typer.prompt(question[:1].upper() + question[1:], hide_input=True, confirmation_prompt=new, err=True)
    return _cleaned(answer.encode())


def _from_file(path: Path) -> str:
    """Return what an owner-only file holds; one that others may read is refused, for then it is no secret."""
    with path.open("rb") as stream:
        mode = os.fstat(stream.fileno()).st_mode
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise CommandError("SERAI-PASSPHRASE", f"{path} can be read by others.", todo=f"Close it: chmod 600 {path}")
        return _cleaned(stream.read(LONGEST + 1))


def _cleaned(data: bytes) -> str:
    """Return the first line; raises CommandError for none, for one too long, and for what is no text."""
    line = data.split(b"\n", 1)[0].rstrip(b"\r")
    if not line or len(line) > LONGEST:
        raise CommandError("SERAI-PASSPHRASE", f"A passphrase has between 1 and {LONGEST} bytes.")
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise CommandError("SERAI-PASSPHRASE", "The passphrase is no UTF-8 text.") from error
