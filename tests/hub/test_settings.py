"""What is unsafe is refused at start, naming the member."""

import hashlib
import ssl
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from exchange.errors import AlreadyThere, NotReady
from exchange.hub import administration
from exchange.hub.app import create_app
from exchange.hub.hub import Hub
from exchange.hub.settings import HubSettings
from exchange.proxying import BehindProxy, networks
from tests.federation import HUB
from tests.hub.desk import CHEAP, URL, Desk, Inside

GOOD: dict[str, Any] = {"name": HUB, "env": "live", "public_url": "https://hub.serai.example"}
WRONG: dict[str, dict[str, Any]] = {
    "public_url": {"public_url": "http://hub.serai.example"},
    "tls_certificate": {"tls_certificate": Path("x.pem")},
    "host": {"host": "0.0.0.0"},  # noqa: S104 - what must be refused
    "env": {"env": "test"},
    "name": {"name": "HUB"},
    "port": {"port": 70_000},
    "debug": {"debug": True},
}


@pytest.mark.parametrize("name", WRONG)
def test_an_unsafe_setting_refuses_the_start(tmp_path: Path, name: str) -> None:
    with pytest.raises(NotReady, match=name):
        HubSettings.read(tmp_path, **(GOOD | WRONG[name]))


def test_settings_come_from_the_file_and_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hub.toml").write_text(
        f'name = "{HUB}"\nenv = "live"\npublic_url = "https://hub.serai.example"\nport = 1\n'
    )
    monkeypatch.setenv("SERAI_HUB_PORT", "2")
    settings = HubSettings.read(tmp_path)
    assert (settings.port, settings.origin) == (2, f"{HUB}/live/log")


def test_a_hub_opens_with_its_passphrase_and_only_once_made(tmp_path: Path) -> None:
    settings = HubSettings.read(tmp_path / "hub", **GOOD)
    administration.initialise(settings, "right", CHEAP)
    with pytest.raises(AlreadyThere):
        administration.initialise(settings, "right", CHEAP)
    with pytest.raises(NotReady):
        Hub.open(settings, "wrong")
    hub = Hub.open(settings, "right")
    assert administration.status(hub)["snapshot"] == 0
    hub.stop()


def test_a_request_counts_only_over_a_connection_of_its_own_unit(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "hub", f"sqlite:///{tmp_path / 'hub.db'}")
    shown = {name: quote(ssl.DER_cert_to_PEM_cert(name.encode())) for name in ("KG", "TJ", "nobody")}
    named = {name: (hashlib.sha256(name.encode()).hexdigest(),) for name in ("KG", "TJ")}
    desk.settings = desk.settings.model_copy(update={"client_certificates": named})
    desk.restart()
    desk.client.close()
    desk.client = httpx.Client(
        transport=Inside(BehindProxy(create_app(desk.hub), networks(["127.0.0.1"]))), base_url=URL
    )
    place = "/v1/inbox?after=-1&leaf=&wait=0"
    answers = [desk.get("KG", place, **{"x-client-certificate": pem}).status_code for pem in shown.values()]
    assert (answers, desk.get("KG", place).status_code) == ([200, 403, 403], 403)
    desk.close()
