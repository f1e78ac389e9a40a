"""Builds the offline bundle: one signed archive that installs or upgrades a hub or a node with no network.

    python -m tools.bundle build --key release-key.pem --out dist [--wheels FOLDER]

The archive holds the wheels of `deploy/requirements.lock` for this platform, the project's own wheel, the service units
and `install.sh`; SHA256SUMS names every file, and SHA256SUMS.sig is an Ed25519 signature of that list which the
`openssl` of any Linux checks. Built twice from the same commit it is the same, byte for byte. Nothing here installs.
"""

import argparse
import hashlib
import io
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

ROOT: Final = Path(__file__).resolve().parent.parent
LOCK: Final = ROOT / "deploy" / "requirements.lock"
SHIPPED: Final = (
    ROOT / "deploy" / "install.sh",
    ROOT / "LICENSE",
    ROOT / "CHANGELOG.md",
    ROOT / "docs" / "operations.md",
)
UNITS: Final = ROOT / "deploy" / "systemd"
SUMS: Final = "SHA256SUMS"
SIGNATURE: Final = "SHA256SUMS.sig"


class BundleError(Exception):
    """The bundle cannot be built; the message says why."""


@dataclass(frozen=True)
class Recipe:
    """What goes into a bundle."""

    key: Ed25519PrivateKey
    out: Path
    lock: Path = LOCK
    wheels: Path | None = None  # wheels that are here already; None downloads those of the lock


def release_key(path: Path) -> Ed25519PrivateKey:
    """Read the release key; raises BundleError when the file is not an unencrypted Ed25519 private key in PEM."""
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BundleError(f"{path}: no readable Ed25519 private key (openssl genpkey -algorithm ed25519)") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise BundleError(f"{path}: the release key must be an Ed25519 key")
    return key


def pip(*arguments: str) -> None:
    """Run pip quietly; raises BundleError with its last words."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet", *arguments]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)  # noqa: S603  # pip of this interpreter
    if done.returncode != 0:
        raise BundleError(f"pip {arguments[0]}: {done.stderr.strip()[-2000:]}")


def commit_time() -> int:
    """The time of the commit being built, which dates every file of the archive; 1980 outside a repository."""
    if "SOURCE_DATE_EPOCH" in os.environ:
        return int(os.environ["SOURCE_DATE_EPOCH"])
    git = shutil.which("git")
    command = [git or "git", "-C", str(ROOT), "log", "-1", "--format=%ct"]
    done = subprocess.run(command, capture_output=True, text=True, check=False) if git else None  # noqa: S603  # a fixed command
    return int(done.stdout) if done is not None and done.returncode == 0 else 315_532_800


def build_wheel(folder: Path) -> None:
    """Build the project's own wheel from a clean copy of the sources, with the locked setuptools."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "serai"
        packages = ("audit", "crypto", "exchange", "nodes", "schemas", "serai")
        for name in packages:
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("pyproject.toml", "README.md", "LICENSE"):
            shutil.copyfile(ROOT / name, copy / name)
        pip("wheel", "--no-build-isolation", "--no-deps", "--no-index", "--wheel-dir", str(folder), str(copy))


def collect(recipe: Recipe, folder: Path) -> None:
    """Lay out the bundle's files in an empty folder, all but the list and its signature."""
    wheels = folder / "wheels"
    if recipe.wheels is None:
        wheels.mkdir()
        pip("download", "--require-hashes", "--only-binary", ":all:", "--dest", str(wheels), "-r", str(recipe.lock))
    else:
        shutil.copytree(recipe.wheels, wheels)
    build_wheel(folder)
    shutil.copyfile(recipe.lock, folder / "requirements.lock")
    for path in SHIPPED:
        shutil.copyfile(path, folder / path.name)
    shutil.copytree(UNITS, folder / "systemd")
    (folder / "PLATFORM").write_text(f"{platform.system().lower()}-{platform.machine()}\n")
    (folder / "VERSION").write_text(version() + "\n")


def version() -> str:
    """The version of the project."""
    text: str = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    return text


def sign(folder: Path, key: Ed25519PrivateKey) -> None:
    """Write the list of digests, in the form of sha256sum, and its signature."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder).as_posix()}\n" for path in files
    ]
    (folder / SUMS).write_text("".join(lines))
    (folder / SIGNATURE).write_bytes(key.sign((folder / SUMS).read_bytes()))


def pack(folder: Path, archive: Path, when: int) -> None:
    """Write the archive: sorted names, no owner, one time, so that equal content gives equal bytes."""
    with tarfile.open(archive, "w", format=tarfile.PAX_FORMAT) as tar:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            member = tarfile.TarInfo(f"{archive.stem}/{path.relative_to(folder).as_posix()}")
            data = path.read_bytes()
            member.size, member.mtime = len(data), when
            member.mode = 0o755 if path.suffix == ".sh" else 0o644
            tar.addfile(member, io.BytesIO(data))


def build(recipe: Recipe) -> Path:
    """Build the bundle and return its path; raises BundleError."""
    when = commit_time()
    os.environ["SOURCE_DATE_EPOCH"] = str(when)  # the wheel's files are dated by it too
    recipe.out.mkdir(parents=True, exist_ok=True)
    archive = recipe.out / f"serai-{version()}-{platform.system().lower()}-{platform.machine()}.tar"
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        collect(recipe, folder)
        sign(folder, recipe.key)
        pack(folder, archive, when)
    return archive


def main() -> int:
    """Read the command line and build; exit 2 with the reason when it cannot be built."""
    parser = argparse.ArgumentParser(description="Build the offline bundle.")
    parser.add_argument("action", choices=["build"])
    parser.add_argument("--key", type=Path, required=True, help="Ed25519 release key, PEM, kept off this repository")
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="folder of the archive")
    parser.add_argument("--wheels", type=Path, help="wheels that are here already, instead of a download")
    options = parser.parse_args()
    try:
        archive = build(Recipe(release_key(options.key), options.out, wheels=options.wheels))
    except BundleError as error:
        print(error, file=sys.stderr)
        return 2
    print(archive)
    return 0


if __name__ == "__main__":
    sys.exit(main())
