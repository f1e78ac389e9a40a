"""Reads bundles and exports from disk for the pure checks of `audit.evidence`. No network, no database.

A bundle is a folder or a zip archive. Limits stand before anything is read into memory.
"""

import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from audit.evidence import bundle, export
from audit.evidence.findings import Report, Unreadable

MAX_FILES: Final = 100_000
MAX_FILE: Final = 32 << 20
MAX_TOTAL: Final = 1 << 30


def verify_bundle(path: Path, roots: Sequence[str] = ()) -> Report:
    """Check the bundle at `path`, a folder or a zip archive (`audit.evidence.bundle`). Raises Unreadable, OSError."""
    return bundle.verify_bundle(_folder(path) if path.is_dir() else _archive(path), roots)


def verify_export(path: Path, vkeys: Sequence[str] = ()) -> Report:
    """Check the exported log at `path` (`audit.evidence.export`). Raises Unreadable, OSError."""
    with path.open("rb") as lines:
        return export.verify_export(iter(lambda: lines.readline(export.HEAD_LIMIT), b""), vkeys)


def write_archive(path: Path, files: dict[str, bytes]) -> None:
    """Write the files of a bundle as a zip archive with no times in it. Raises FileExistsError, OSError."""
    with path.open("xb") as target, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name), files[name], zipfile.ZIP_DEFLATED)


def _folder(path: Path) -> dict[str, bytes]:
    found = [file for file in path.rglob("*") if file.is_file() or file.is_symlink()]
    _check_sizes([file.lstat().st_size for file in found])
    if any(file.is_symlink() for file in found):
        raise Unreadable("a bundle has no symbolic links")
    return {file.relative_to(path).as_posix(): file.read_bytes() for file in found}


def _archive(path: Path) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = [info for info in archive.infolist() if not info.is_dir()]
            _check_sizes([info.file_size for info in names])
            if len({info.filename for info in names}) != len(names):
                raise Unreadable("the archive has two files of one name")
            return {info.filename: archive.read(info) for info in names}
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error) as error:
        raise Unreadable(f"{path.name} is no folder and no zip archive that can be read") from error


def _check_sizes(sizes: Sequence[int]) -> None:
    if len(sizes) > MAX_FILES or max(sizes, default=0) > MAX_FILE or sum(sizes) > MAX_TOTAL:
        raise Unreadable("a bundle has at most 100,000 files, 32 MiB each and 1 GiB together")
