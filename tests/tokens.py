"""Real tokens for tests: SoftHSM, a PKCS#11 module whose tokens are folders that can be carried away."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from nodes.token_custody import InToken
from nodes.token_driver import PATIENCE, Place, Token
from tools.check import SOFTHSM

PIN: Final = "4711"
_OWNER: Final = "87654321"


@dataclass
class Shelf:
    """The folder in which SoftHSM looks for tokens; each test has an empty one."""

    folder: Path
    module: Path

    def settle(self, **options: str) -> None:
        """Write the configuration of SoftHSM; it is read when a token is looked for anew."""
        lines = {"directories.tokendir": str(self.folder), "log.level": "ERROR", **options}
        (self.folder.parent / "softhsm2.conf").write_text(
            "".join(f"{name} = {value}\n" for name, value in lines.items())
        )

    def add(self, label: str, pin: str = PIN) -> Path:
        """Put a new token on the shelf; returns its folder."""
        before = set(self.folder.iterdir())
        words = ("--init-token", "--free", "--label", label, "--pin", pin, "--so-pin", _OWNER)
        subprocess.run(["softhsm2-util", *words], check=True, stdout=subprocess.DEVNULL)  # noqa: S603, S607  # fixed words; the tool of Debian's package
        (made,) = set(self.folder.iterdir()) - before
        return made

    def token(self, label: str, pin: Callable[[], str] = lambda: PIN, patience: float = PATIENCE) -> Token:
        return Token(Place(self.module, label), pin, patience)

    def custody(self, label: str, pin: str = PIN) -> InToken:
        return InToken(self.token(label, lambda: pin))

    def flag(self, token: Path, flag: int) -> None:
        """Let the token say another flag about itself, as one with few tries left would."""
        path, before = token / "token.object", 0x42D
        stored = path.read_bytes()
        assert stored.count(before.to_bytes(8, "big")) == 1
        path.write_bytes(stored.replace(before.to_bytes(8, "big"), (before | flag).to_bytes(8, "big")))


@contextmanager
def empty_shelf(folder: Path) -> Iterator[Shelf]:
    """Make an empty shelf in `folder`, which is the one of this process meanwhile; skips, loudly, without SoftHSM."""
    if not SOFTHSM.is_file():
        pytest.skip("no SoftHSM on this machine: keys in a PKCS#11 token are NOT TESTED (see `make setup`)")
    made = Shelf(folder / "shelf" / "tokens", SOFTHSM)
    made.folder.mkdir(parents=True)
    made.settle()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(made.folder.parent / "softhsm2.conf"))
        yield made


def away(token: Path) -> Path:
    """Carry a token away; returns where it is now."""
    return Path(shutil.move(token, token.parent.parent / f"away-{token.name}"))


def back(shelf: Shelf, token: Path) -> Path:
    """Bring it back."""
    return Path(shutil.move(token, shelf.folder / token.name.removeprefix("away-")))
