"""Makes this checkout the installed `serai` of the interpreter that runs it: importable, with its version and command.

It builds and downloads nothing. An installation from a wheel replaces what is written here.
"""

import shutil
import sys
import sysconfig
import tomllib
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
COMMAND: Final = (
    '#!{python}\nimport sys\n\nfrom serai.cli import main\n\nif __name__ == "__main__":\n    sys.exit(main())\n'
)


def main() -> None:
    """Write the path file, the distribution's metadata and the command."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    site = Path(sysconfig.get_path("purelib"))
    for stale in site.glob("serai-*.dist-info"):
        shutil.rmtree(stale)
    metadata = site / f"serai-{version}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: serai\nVersion: {version}\n")
    (metadata / "INSTALLER").write_text("tools/link.py\n")
    (site / "serai-checkout.pth").write_text(f"{ROOT}\n")
    command = Path(sysconfig.get_path("scripts")) / "serai"
    command.write_text(COMMAND.format(python=sys.executable))
    command.chmod(0o755)


if __name__ == "__main__":
    main()
