"""Another implementation of tiled logs reads ours: checkpoint, tiles, entries, and the proofs that we make."""

import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from audit.log import Log
from audit.notes import encode_base64
from exchange.database import Database
from serai.log_tiles import write_tiles
from tests.audit.logs import ORIGIN, SIGNER, empty_database, sign
from tests.audit.whole import fill, hub_entries

GO = shutil.which("go")
LIBRARY = Path("/usr/share/gocode")
SIZE = 1300


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compiled reader."""
    if GO is None or not (LIBRARY / "src/golang.org/x/mod/sumdb/tlog").is_dir():
        pytest.skip("no Go with x/mod on this machine: the log is NOT TESTED against another implementation")
    folder = tmp_path_factory.mktemp("go")
    program = folder / "reader"
    source = Path(__file__).with_name("reader.go")
    environment = os.environ | {"GO111MODULE": "off", "GOPATH": str(LIBRARY), "GOCACHE": str(folder / "cache")}
    subprocess.run([GO, "build", "-o", program, source], env=environment, check=True)  # noqa: S603 - our own words, and no shell
    return program


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of ours as tiles, with proofs that we made of it."""
    folder = tmp_path_factory.mktemp("log")
    with empty_database(f"sqlite:///{folder / 'hub.sqlite'}") as database:
        fill(database, hub_entries(SIZE), (1, 256, 700, SIZE))
        written(database, folder / "tiles")
    return folder / "tiles"


@pytest.fixture
def tiles(ours: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(ours, tmp_path / "tiles"))


def written(database: Database, folder: Path) -> None:
    log = Log("hub", SIGNER)
    signed = sign(database, log, 2**40)
    rng = random.Random(4)
    with database.read() as session:
        write_tiles(log, session, signed, folder)
        lines = []
        for _ in range(300):
            size = rng.randrange(1, SIZE + 1)
            index, old = rng.randrange(size), rng.randrange(1, size + 1)
            proofs = {
                "inclusion": log.inclusion(session, index, size),
                "consistency": log.consistency(session, old, size),
            }
            for (kind, path), at in zip(proofs.items(), (index, old), strict=True):
                lines.append(" ".join((kind, str(size), str(at), *map(encode_base64, path))))
    (folder / "proofs").write_text("".join(f"{line}\n" for line in lines))


def read(reader: Path, tiles: Path, origin: str = ORIGIN) -> subprocess.CompletedProcess[str]:
    command = [str(reader), str(tiles), origin, SIGNER.keys.vkeys[0], "600"]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own words, and no shell


def test_another_implementation_verifies_checkpoint_inclusion_and_consistency(reader: Path, tiles: Path) -> None:
    done = read(reader, tiles)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "1300 entries included, 600 older trees consistent, 600 proofs of ours checked\n"


@pytest.mark.parametrize("name", ["tile/0/003", "tile/1/000.p/5", "tile/entries/005.p/20", "checkpoint", "proofs"])
def test_what_was_changed_is_refused_by_the_other_implementation_too(reader: Path, tiles: Path, name: str) -> None:
    data = (tiles / name).read_bytes()
    at = 1 if name == "checkpoint" else len(data) - 60  # the other does not know the kind of the last signature
    (tiles / name).write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    assert read(reader, tiles).returncode == 1


def test_a_log_of_another_name_is_refused(reader: Path, tiles: Path) -> None:
    assert read(reader, tiles, "another.example/log").returncode == 1
