import shutil
from pathlib import Path

import pytest

from crypto.encryption import EncryptionKey
from crypto.signing import SigningKey
from exchange import archive
from exchange.archive import ArchiveRefused, Heading, Member
from tests.instants import NOW

RECOVERY = EncryptionKey.generate()
SIGNER = SigningKey.generate()
LARGE = bytes(range(256)) * 12_000


def written(folder: Path, members: list[Member] | None = None) -> Path:
    heading = Heading(
        service="node", owner="TJ", env="exercise", made=NOW, revision="0001", ekid=RECOVERY.kid, signer=SIGNER.public
    )
    path = folder / "backup.serai"
    default = [Member("table/case", [b"one", b"", b"two"]), Member("keys/store.key", [LARGE]), Member("empty", [])]
    archive.write(path, heading, RECOVERY.public, SIGNER, default if members is None else members)
    return path


def test_what_was_put_in_comes_out(tmp_path: Path) -> None:
    heading = archive.unpack(written(tmp_path), RECOVERY, tmp_path / "out")
    assert (heading.owner, heading.made) == ("TJ", NOW)
    assert (tmp_path / "out/table/case").read_bytes() == b"onetwo"
    assert (tmp_path / "out/keys/store.key").read_bytes() == LARGE
    assert (tmp_path / "out/empty").read_bytes() == b""


def test_the_file_and_what_comes_out_of_it_belong_to_the_owner_only(tmp_path: Path) -> None:
    path = written(tmp_path)
    archive.unpack(path, RECOVERY, tmp_path / "out")
    assert path.stat().st_mode & 0o077 == 0
    assert (tmp_path / "out/table/case").stat().st_mode & 0o077 == 0


def test_nothing_readable_stands_in_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, [Member("canary", [b"CANARY-7f3a" * 10])])
    assert b"CANARY" not in path.read_bytes()
    assert b"canary" not in path.read_bytes()


def test_another_recovery_key_opens_nothing(tmp_path: Path) -> None:
    with pytest.raises(ArchiveRefused):
        archive.unpack(written(tmp_path), EncryptionKey.generate(), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_flipped_bit_anywhere_is_refused(tmp_path: Path) -> None:
    good = written(tmp_path, [Member("m", [b"x" * 40_000])]).read_bytes()
    for position in {0, 17, 25, 200, 3000, 4400, 20_000, len(good) // 2, len(good) - 3373, len(good) - 1}:
        bad = bytearray(good)
        bad[position] ^= 1
        (tmp_path / "bad").write_bytes(bad)
        with pytest.raises(ArchiveRefused):
            archive.unpack(tmp_path / "bad", RECOVERY, tmp_path / "out")
        assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kept", [0, 10, 18, 30, 2000, 4000, 7000])
def test_a_cut_file_is_refused(tmp_path: Path, kept: int) -> None:
    good = written(tmp_path, [Member("m", [b"x" * 40_000])]).read_bytes()
    (tmp_path / "cut").write_bytes(good[:kept])
    with pytest.raises(ArchiveRefused):
        archive.unpack(tmp_path / "cut", RECOVERY, tmp_path / "out")


def test_a_name_that_leaves_the_folder_is_refused_on_both_sides(tmp_path: Path) -> None:
    for name in ("../x", "/etc/x", "a/b/c", "", "A"):
        with pytest.raises(ArchiveRefused):
            written(tmp_path, [Member(name, [b"x"])])
    assert not (tmp_path / "backup.serai").exists()


def test_an_archive_is_never_written_over_another(tmp_path: Path) -> None:
    path = written(tmp_path)
    before = path.read_bytes()
    with pytest.raises(FileExistsError):
        written(tmp_path)
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_a_failure_while_reading_the_members_leaves_no_file(tmp_path: Path) -> None:
    def broken() -> object:
        yield b"part"
        raise OSError(28, "no space")

    with pytest.raises(OSError, match="no space"):
        written(tmp_path, [Member("m", broken())])  # type: ignore[arg-type]  # a generator is an iterable of chunks
    assert list(tmp_path.iterdir()) == []


def test_the_heading_can_be_read_without_a_key(tmp_path: Path) -> None:
    heading = archive.read_heading(written(tmp_path))
    assert (heading.ekid, heading.signer) == (RECOVERY.kid, SIGNER.public)


def test_an_archive_signed_by_another_under_the_same_heading_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path)
    shutil.move(path, tmp_path / "mine")
    heading = archive.read_heading(tmp_path / "mine")
    archive.write(path, heading, RECOVERY.public, SigningKey.generate(), [])
    with pytest.raises(ArchiveRefused):
        archive.unpack(path, RECOVERY, tmp_path / "out")
