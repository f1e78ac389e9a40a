"""The browser of the page tests: which one, and with what flags."""

import os
import shutil
from typing import Final

FLAGS: Final = (
    *("--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),  # it calls nobody
)
NAMES: Final = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


def executable() -> str | None:
    """The path of a Chromium: the one that the set-up found, else the first on the PATH."""
    return os.environ.get("SERAI_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


def flags() -> list[str]:
    """The flags for this user: as root, in a container or on a build machine, Chromium has no sandbox."""
    return [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else [*FLAGS]
