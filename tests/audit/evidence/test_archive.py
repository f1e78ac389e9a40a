import re
import zipfile
from collections.abc import Callable
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.evidence import archive
from audit.evidence.archive import MANIFEST, Archive
from audit.evidence.findings import Unreadable

NAMES = st.from_regex(r"[a-z]{1,5}(/[a-z]{1,5})?", fullmatch=True)


def packed(files: dict[str, bytes]) -> bytes:
    target = BytesIO()
    archive.write(target, sorted(files.items()))
    return target.getvalue()


def unpacked(data: bytes) -> dict[str, bytes]:
    return dict(Archive(BytesIO(data)))


GOOD = packed({"a": b"one" * 100, "b/c": b"two", MANIFEST: b"{}"})


@given(st.dictionaries(NAMES, st.binary(max_size=50)))
def test_files_come_out_as_they_went_in_also_for_another_program(files: dict[str, bytes]) -> None:
    data = packed(files)
    assert unpacked(data) == files
    with zipfile.ZipFile(BytesIO(data)) as other:
        assert {name: other.read(name) for name in other.namelist()} == files


def test_every_flipped_bit_of_an_archive_is_unreadable() -> None:
    for at in range(len(GOOD)):
        damaged = GOOD[:at] + bytes([GOOD[at] ^ 1]) + GOOD[at + 1 :]
        with pytest.raises(Unreadable):
            unpacked(damaged)


def test_every_cut_and_every_byte_more_is_unreadable() -> None:
    for data in [GOOD[:at] for at in range(len(GOOD))] + [GOOD + b"\0", b"\0" + GOOD, GOOD[:40] + b"\0" + GOOD[40:]]:
        with pytest.raises(Unreadable):
            unpacked(data)


def by_zipfile(*files: tuple[str, bytes], **options: int) -> bytes:
    target = BytesIO()
    with zipfile.ZipFile(target, "w", **options) as made:  # type: ignore[call-overload]  # the compression
        for name, data in files:
            made.writestr(zipfile.ZipInfo(name), data, compress_type=options.get("compression"))
    return target.getvalue()


HOSTILE: dict[str, Callable[[], bytes]] = {
    "compressed": lambda: by_zipfile(("a", b"0" * 10_000_000), compression=zipfile.ZIP_DEFLATED),
    "written elsewhere": lambda: by_zipfile(("a", b"one")),
    "no archive": lambda: b"not a zip" * 10,
    "empty": lambda: b"",
    "an end and nothing else": lambda: GOOD[-22:],
}


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE.keys())
def test_an_archive_of_another_form_is_unreadable(make: Callable[[], bytes]) -> None:
    with pytest.raises(Unreadable):
        unpacked(make())


@pytest.mark.parametrize(
    "name", ["../a", "/a", "a//b", "a/../b", "C:a", "a\\b", "A", ".", "", "\u00e4", "a" * 201, "a/"]
)
def test_a_name_that_leads_elsewhere_is_not_written(name: str) -> None:
    with pytest.raises(Unreadable, match="no file of a bundle"):
        archive.write(BytesIO(), [(name, b"")])


@pytest.mark.parametrize("name", [b"../a", b"/abc", b"a//b", b"a/..", b"C:ab", b"a\\bc", b"\xc3\xa4ab", b"a\0bc"])
def test_a_name_that_leads_elsewhere_is_not_read(name: bytes) -> None:
    with pytest.raises(Unreadable, match="no file of a bundle"):
        unpacked(packed({"xxxx": b""}).replace(b"xxxx", name))


@pytest.mark.parametrize("names", [["a", "a"], ["b", "a"], [MANIFEST, "z"], [MANIFEST, MANIFEST]])
def test_two_files_of_one_name_or_out_of_order_are_refused(names: list[str]) -> None:
    with pytest.raises(Unreadable, match="one name"):
        archive.write(BytesIO(), [(name, b"") for name in names])
    first, second = (name.encode().rjust(9, b"q") for name in ("1", "2"))
    made = packed({first.decode(): b"", second.decode(): b""})
    with pytest.raises(Unreadable, match="one name"):
        unpacked(made.replace(second, first))


@pytest.mark.parametrize("sizes", [[archive.MAX_FILE + 1], [archive.MAX_FILE] * 33, [0] * (archive.MAX_FILES + 1)])
def test_a_bundle_above_the_limits_is_refused(sizes: list[int]) -> None:
    with pytest.raises(Unreadable, match="at most"):
        archive.check_sizes(sizes)


def test_a_list_that_promises_more_than_there_is_is_refused_before_anything_is_read() -> None:
    huge = re.sub(rb"(?s)(PK\x01\x02.{16}).{8}", rb"\1" + b"\xff\xff\xff\x7f" * 2, packed({"a": b"one"}))
    with pytest.raises(Unreadable):
        unpacked(huge)


def test_a_file_that_cannot_be_read_any_more_is_unreadable() -> None:
    class Gone(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() == 0:
                raise OSError("gone")
            return super().read(size)

    with pytest.raises(Unreadable, match="cannot be read"):
        Archive(Gone(GOOD))["a"]
    with pytest.raises(Unreadable, match="can be read"):
        Archive(Gone(packed({})))
