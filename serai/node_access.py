"""How a command reaches a node: the running service over its socket, or the folder itself under its lock."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from nodes.node import Node, Surroundings, open_node
from nodes.settings import NodeSettings
from serai import control, tokens
from serai.passphrases import ROOT, passphrase
from serai.unit import operations_of

RootPassphraseFile = Annotated[
    Path | None, typer.Option(ROOT, help="Owner-only file with the passphrase of the root key.")
]
Reason = Annotated[str, typer.Option(help="Why; needed once the unit has two administrators.")]
Alone = Annotated[bool, typer.Option("--alone", help="Without a second person: every administrator is alarmed.")]


def system_clock() -> int:
    """Return unix seconds UTC."""
    return int(time.time())


@dataclass(frozen=True, slots=True)
class Access:
    """How a command reaches a node: its folder and where the passphrase comes from."""

    home: Path
    file: Path | None
    descriptor: int | None

    def settings(self) -> NodeSettings:
        """Return the settings of the node in the folder."""
        return NodeSettings.read(self.home)

    def secret(self) -> str:
        """Return the passphrase of the node's key store."""
        return passphrase(self.file or self.settings().passphrase_file, self.descriptor, "passphrase of the node")

    def do(self, name: str, arguments: control.Members) -> control.Members:
        """Do an operation in the running node, or here if none runs."""
        if control.is_running(self.home):
            return control.call(self.home, name, arguments)
        with opened(self) as node:
            return operations_of(node)[name](arguments)


@contextmanager
def opened(access: Access) -> Iterator[Node]:
    """Own the folder and open its node until the end of the block; nobody else may be running it."""
    with control.owned(access.home):
        settings = access.settings()
        surroundings = Surroundings(system_clock, custody=tokens.custody_of(settings))
        node = open_node(settings, access.secret(), surroundings)
        try:
            yield node
        finally:
            node.close()
