import zipfile
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.evidence import archive
from audit.evidence.findings import Unreadable

GOOD = archive.pack({"a": b"one" * 100, "b/c": b"two"})


@given(st.dictionaries(st.from_regex(r"[a-z]{1,5}(/[a-z]{1,5})?", fullmatch=True), st.binary(max_size=50)))
def test_files_come_out_as_they_went_in(files: dict[str, bytes]) -> None:
    assert archive.unpack(archive.pack(files)) == files


@given(st.data())
def test_a_damaged_archive_is_unreadable_or_unchanged_or_different_but_never_a_crash(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(GOOD) - 1))
    damaged = GOOD[:at] + bytes([data.draw(st.integers(0, 255))]) + GOOD[at + 1 :]
    try:
        archive.unpack(damaged)
    except Unreadable:
        return


def test_two_files_of_one_name_are_refused() -> None:
    target = BytesIO()
    with zipfile.ZipFile(target, "w") as made:
        made.writestr("a", b"one")
        with pytest.warns(UserWarning, match="Duplicate"):
            made.writestr("a", b"two")
    with pytest.raises(Unreadable, match="two files"):
        archive.unpack(target.getvalue())


@pytest.mark.parametrize("sizes", [[archive.MAX_FILE + 1], [archive.MAX_FILE] * 33, [0] * (archive.MAX_FILES + 1)])
def test_a_bundle_above_the_limits_is_refused_before_it_is_unpacked(sizes: list[int]) -> None:
    with pytest.raises(Unreadable, match="at most"):
        archive.check_sizes(sizes)


def test_what_is_no_archive_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        archive.unpack(b"not a zip")
