"""What docker-compose.yml would start, started as processes: the same founding script, commands and probes."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]  # it ships no types

from serai.demo.processes import Service, free_port
from tools.layers import ROOT

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
BIN = Path(sys.executable).parent
SHELL = shutil.which("sh") or "/bin/sh"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """A federation of a hub and one unit, as `deploy/found.sh` makes it; and the port on which its hub is to listen."""
    folder, port = tmp_path_factory.mktemp("founded"), free_port()
    surroundings = os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}", "UNITS": "tj"}
    surroundings["HUB_URL"] = f"http://127.0.0.1:{port}"
    command = [SHELL, str(ROOT / "deploy" / "found.sh"), "local", str(folder)]
    done = subprocess.run(command, env=surroundings, capture_output=True, text=True, check=False)  # noqa: S603  # our script
    assert done.returncode == 0, done.stderr
    return folder, port


def service(name: str, home: Path, port: int) -> Service:
    """The service of the compose file, on loopback and a free port, with its folder and its secret here."""
    words = {"0.0.0.0": "127.0.0.1", "8440": str(port), "8000": str(port)}  # noqa: S104  # replaced, not bound
    command = [words.get(word, word) for word in COMPOSE[name]["command"]]
    secret = home / "secrets" / f"{name}_passphrase"
    probe = COMPOSE[name]["healthcheck"]["test"][-1].partition("127.0.0.1:")[2].partition("'")[0]
    given = ["--home", str(home / name), "--passphrase-file", str(secret)]
    path = probe.partition("/")[2]
    return Service(name, [*command, *given], f"http://127.0.0.1:{port}", log=home / f"{name}.log", health=f"/{path}")


@pytest.fixture
def hub(founded: tuple[Path, int]) -> Iterator[Service]:
    folder, port = founded
    running = service("hub", folder, port)
    running.start()
    yield running
    running.stop()


def test_the_hub_of_the_compose_file_answers_its_probe(hub: Service) -> None:
    hub.wait_ready()


def test_a_node_of_the_compose_file_answers_its_probe(founded: tuple[Path, int], hub: Service) -> None:
    hub.wait_ready()
    node = service("tj", founded[0], free_port())
    node.start()
    try:
        node.wait_ready()
    finally:
        node.stop()
