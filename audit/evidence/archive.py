"""A bundle as one zip archive of a single form: files stored, names sorted, nothing before, between or behind them.

Whatever another program could write differently is fixed, and reading demands exactly that form. So the same files give
the same bytes on every machine, two programs cannot see two contents in one archive, and nothing can be unpacked to
more than its length. The caller opens and closes the file; one member at a time is in memory.
"""

import re
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Final

from audit.evidence.findings import Unreadable

MAX_FILES: Final = 60_000
MAX_FILE: Final = 32 << 20
MAX_TOTAL: Final = 1 << 30
MAX_NAME: Final = 200
MANIFEST: Final = "manifest.json"
"""The last member: it is written when everything else is."""

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)*", re.ASCII)
_LOCAL: Final = struct.Struct("<4s5H3I2H")
_CENTRAL: Final = struct.Struct("<4s6H3I5H2I")
_END: Final = struct.Struct("<4s4H2IH")
_VERSION: Final = 10  # of the format, APPNOTE.TXT 4.4.3.2: stored files and no more
_DATE: Final = 0x21  # 1 January 1980, the first that the format knows


@dataclass(frozen=True)
class _Member:
    name: str
    size: int
    crc: int
    offset: int

    @property
    def _fields(self) -> tuple[int, ...]:
        """Flags, method, time, date, checksum, both sizes, length of the name, of the extra field: as both headers."""
        return 0, 0, 0, _DATE, self.crc, self.size, self.size, len(self.name), 0

    def local(self) -> bytes:
        return _LOCAL.pack(b"PK\3\4", _VERSION, *self._fields) + self.name.encode()

    def central(self) -> bytes:
        head = _CENTRAL.pack(b"PK\1\2", _VERSION, _VERSION, *self._fields, 0, 0, 0, 0, self.offset)
        return head + self.name.encode()

    @property
    def data_at(self) -> int:
        return self.offset + _LOCAL.size + len(self.name)


def write(target: BinaryIO, files: Iterable[tuple[str, bytes]]) -> None:
    """Write the files of a bundle, in their order, as an archive. Raises Unreadable for what `Archive` would refuse."""
    members: list[_Member] = []
    offset = 0
    for name, data in files:
        member = _Member(name, len(data), zlib.crc32(data), offset)
        members.append(member)
        _check(members[-2:])
        target.write(member.local())
        target.write(data)
        offset = member.data_at + member.size
    check_sizes([member.size for member in members])
    directory = b"".join(member.central() for member in members)
    target.write(directory + _end(len(members), len(directory), offset))


class Archive(Mapping[str, bytes]):
    """The files of the archive in `source`, each read when it is asked for. Raises Unreadable for any other form."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        try:
            self._members = {member.name: member for member in self._directory()}
        except (OSError, struct.error) as error:
            raise Unreadable("not an archive that can be read") from error

    def __getitem__(self, name: str) -> bytes:
        """The bytes of a file. Raises KeyError, and Unreadable when its header or checksum is not that of the list."""
        member = self._members[name]
        head = member.local()
        try:
            self._source.seek(member.offset)
            data = self._source.read(len(head) + member.size)
        except OSError as error:
            raise Unreadable("the archive cannot be read") from error
        if data[: len(head)] != head or zlib.crc32(data[len(head) :]) != member.crc:
            raise Unreadable(f"{name}: the archive is damaged")
        return data[len(head) :]

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def _directory(self) -> list[_Member]:
        length = self._source.seek(0, 2)
        if not _END.size <= length <= MAX_TOTAL + MAX_FILES * (_LOCAL.size + _CENTRAL.size + 2 * MAX_NAME) + _END.size:
            raise Unreadable("no bundle has this length")
        end = self._read(length - _END.size, _END.size)
        count, size, offset = _END.unpack(end)[4:7]
        if end != _end(count, size, offset) or offset + size + _END.size != length or count > MAX_FILES:
            raise Unreadable("not an archive of the form of a bundle; unpack it and verify the folder")
        members = list(_members(self._read(offset, size), count))
        check_sizes([member.size for member in members])
        if [member.offset for member in members] + [offset] != [0, *(one.data_at + one.size for one in members)]:
            raise Unreadable("the archive has bytes that belong to no file")
        return members

    def _read(self, at: int, size: int) -> bytes:
        self._source.seek(at)
        return self._source.read(size)


def _members(directory: bytes, count: int) -> Iterator[_Member]:
    """The members that the directory lists. Raises Unreadable unless it is exactly what `write` makes of them."""
    at, last = 0, []  # type: int, list[_Member]
    for _ in range(count):
        values = _CENTRAL.unpack(directory[at : at + _CENTRAL.size])
        crc, size, length, offset = values[7], values[8], values[10], values[16]
        name = directory[at + _CENTRAL.size : at + _CENTRAL.size + length].decode("ascii", "replace")
        member = _Member(name, size, crc, offset)
        last = [*last[-1:], member]
        _check(last)
        if member.central() != directory[at : at + _CENTRAL.size + length]:
            raise Unreadable("not an archive of the form of a bundle; unpack it and verify the folder")
        at += _CENTRAL.size + length
        yield member
    if at != len(directory):
        raise Unreadable("the archive has bytes that belong to no file")


def _check(last: Sequence[_Member]) -> None:
    """Return if the newest member may follow the one before it."""
    names = [member.name for member in last]
    if len(names[-1]) > MAX_NAME or not _NAME.fullmatch(names[-1]):
        raise Unreadable("the archive has a name that no file of a bundle has")
    if len(names) > 1 and (names[0] == MANIFEST or names[1] not in {MANIFEST, max(names)} or names[0] == names[1]):
        raise Unreadable("the archive has two files of one name, or names out of order")


def _end(count: int, size: int, offset: int) -> bytes:
    return _END.pack(b"PK\5\6", 0, 0, count, count, size, offset, 0)


def check_sizes(sizes: Sequence[int]) -> None:
    """Return if a bundle may have files of these sizes. Raises Unreadable."""
    if len(sizes) > MAX_FILES or max(sizes, default=0) > MAX_FILE or sum(sizes) > MAX_TOTAL:
        raise Unreadable("a bundle has at most 60,000 files, 32 MiB each and 1 GiB together")
