"""A bundle as one zip archive, and back, with limits that stand before anything is unpacked. Pure."""

import lzma
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Final

from audit.evidence.findings import Unreadable

# What the standard library raises for archives made to break it: none of these is a defect of the caller.
_BROKEN: Final = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, NotImplementedError),
    *(ValueError, LookupError, RuntimeError, EOFError, OSError, MemoryError, OverflowError),
)

MAX_FILES: Final = 100_000
MAX_FILE: Final = 32 << 20
MAX_TOTAL: Final = 1 << 30


def pack(files: Mapping[str, bytes]) -> bytes:
    """The files of a bundle as a zip archive; the same files give the same bytes."""
    target = BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name), files[name], zipfile.ZIP_DEFLATED)
    return target.getvalue()


def unpack(data: bytes) -> dict[str, bytes]:
    """The files in a zip archive by name. Raises Unreadable for anything else, and above the limits."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            check_sizes([member.file_size for member in members])
            if len({member.filename for member in members}) != len(members):
                raise Unreadable("the archive has two files of one name")
            return {member.filename: archive.read(member) for member in members}
    except _BROKEN as error:
        raise Unreadable("not a zip archive that can be read") from error


def check_sizes(sizes: Sequence[int]) -> None:
    """Return if a bundle may have files of these sizes. Raises Unreadable."""
    if len(sizes) > MAX_FILES or max(sizes, default=0) > MAX_FILE or sum(sizes) > MAX_TOTAL:
        raise Unreadable("a bundle has at most 100,000 files, 32 MiB each and 1 GiB together")
