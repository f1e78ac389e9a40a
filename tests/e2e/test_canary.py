"""The hub is blind: what is in a message is nowhere on it, not even in the memory of its process."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from crypto.keystore import KeyStore
from exchange.database import Database
from exchange.signatures import NodeAuth
from nodes import keys
from tests.e2e.federation import Load, load

pytestmark = pytest.mark.slow

CANARY = "Канарейка-5c1f"
SPELLINGS = [CANARY.encode(encoding) for encoding in ("utf-8", "utf-16-le")] + [CANARY.encode("unicode_escape")]


@pytest.fixture(scope="module")
def carried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Load]:
    """A federation that has carried the canary in subject, content and a name."""
    with load(tmp_path_factory.mktemp("canary") / "f", canary=CANARY) as under:
        for _ in range(3):
            under.write("TJ")
            under.write("KG")
        under.settle()
        yield under


def memory_of(pid: int) -> Iterator[bytes]:
    """Every readable mapping of a process."""
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            start, end, rights = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+)", line).groups()  # type: ignore[union-attr]  # the kernel's own form
            if rights.startswith("r") and "[v" not in line:
                memory.seek(int(start, 16))
                try:
                    yield memory.read(int(end, 16) - int(start, 16))
                except OSError:
                    continue


def has_canary(data: bytes) -> bool:
    return any(spelling in data for spelling in SPELLINGS)


def test_the_canary_was_really_carried(carried: Load) -> None:
    assert carried.states().total() == 6
    assert has_canary(b"".join(memory_of(carried.running["TJ"].pid)))


def test_no_file_of_the_hub_holds_it(carried: Load) -> None:
    files = [path for path in carried.federation.hub.home.rglob("*") if path.is_file()]
    assert {"hub.sqlite", "hub.sqlite-wal", "process.log"} <= {path.name for path in files}
    assert [path.name for path in files if has_canary(path.read_bytes())] == []


def test_no_open_file_of_the_hub_holds_it(carried: Load) -> None:
    for link in Path(f"/proc/{carried.running['HUB'].pid}/fd").iterdir():
        target = link.resolve()
        if target.is_file():
            assert not has_canary(target.read_bytes()), target


def test_neither_health_nor_metrics_hold_it(carried: Load) -> None:
    settings = carried.federation.nodes["TJ"]
    database = Database(settings.database)
    with database.read() as session:
        held = keys.load(session, KeyStore.open(settings.keys, carried.federation.passphrase), settings)
    database.close()
    auth = NodeAuth(held.request, held.request_keyid, "live", lambda: int(time.time()))
    for path in ("/v1/health", "/v1/metrics"):
        answer = httpx.get(
            carried.ports.hub_url + path, auth=auth, headers={"content-type": "application/octet-stream"}
        )
        assert answer.is_success
        assert not has_canary(answer.content)


def test_the_memory_of_the_hub_does_not_hold_it(carried: Load) -> None:
    assert not any(has_canary(part) for part in memory_of(carried.running["HUB"].pid))
