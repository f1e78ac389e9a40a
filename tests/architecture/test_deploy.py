"""The container files: valid, hardened, from the lock, and each part able to reach only what it needs.

No container engine is needed: the compose file is judged by the specification's own model, the rest by what it says.
"""

import json
import re
from collections.abc import Mapping
from itertools import combinations
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # it ships no types
from compose_spec import PyCompose

from exchange.hub.settings import HubSettings
from nodes.settings import NodeSettings
from tools.layers import PACKAGES, ROOT

NODES = {"tj", "kg", "kz", "uz", "caricc"}
EVERYTHING = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
COMPOSE = {name: part for name, part in EVERYTHING.items() if not name.startswith("x-")}
SERVICES: dict[str, Mapping[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
NGINX = (ROOT / "deploy" / "nginx.conf").read_text()


def networks(service: str) -> set[str]:
    """The networks of a service."""
    return set(SERVICES[service]["networks"])


def test_the_compose_file_follows_the_specification() -> None:
    specified = PyCompose.from_json(json.dumps(COMPOSE)).to_spec()
    assert set(specified.services or {}) == NODES | {"hub", "database", "proxy"}


def test_a_misspelt_key_is_found() -> None:
    with pytest.raises(ValueError, match="read_onli"):
        PyCompose.from_json(json.dumps({"services": {"hub": {"image": "serai", "read_onli": True}}}))


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_gets_no_more_than_it_needs(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["init"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["healthcheck"]["test"][0] == "CMD"
    assert any(mount.startswith("/tmp:") for mount in service["tmpfs"])  # noqa: S108  # a mount inside the container
    assert not {"privileged", "cap_add", "pid", "ipc", "network_mode", "devices"} & set(service)


@pytest.mark.parametrize("name", SERVICES)
def test_no_service_runs_as_root(name: str) -> None:
    in_image = re.findall(r"^USER (.+)$", DOCKERFILE, re.MULTILINE)[-1]
    user = in_image if SERVICES[name]["image"] == "serai:latest" else SERVICES[name]["user"]
    assert int(str(user).partition(":")[0]) > 0


@pytest.mark.parametrize("name", SERVICES)
def test_secrets_are_files_and_never_in_the_environment(name: str) -> None:
    service = SERVICES[name]
    assert set(service["secrets"]) <= set(COMPOSE["secrets"])
    for variable, value in service.get("environment", {}).items():
        if re.search("PASS|SECRET|KEY|TOKEN", variable):
            assert str(value).startswith("/run/secrets/")
            assert str(value).removeprefix("/run/secrets/") in service["secrets"]
        assert not re.search(r"://[^/@]*:[^/@]*@", str(value))


def test_every_secret_that_is_mounted_is_one_that_the_script_makes() -> None:
    script = (ROOT / "deploy" / "make-secrets.sh").read_text()
    for secret in COMPOSE["secrets"]:
        assert secret.removesuffix("_passphrase") in script


def test_nodes_meet_nobody_but_the_proxy() -> None:
    for one, other in combinations(sorted(NODES), 2):
        assert not networks(one) & networks(other)
    for node in NODES:
        assert networks(node) <= networks("proxy")
        assert "ports" not in SERVICES[node]


def test_only_the_hub_meets_the_database() -> None:
    assert [name for name in SERVICES if "database" in networks(name)] == ["database", "hub"]
    assert [name for name, network in COMPOSE["networks"].items() if not network.get("internal")] == ["door"]
    assert [name for name in SERVICES if "door" in networks(name)] == ["proxy"]


def test_each_part_keeps_its_data_in_a_volume_of_its_own() -> None:
    named = [volume.partition(":")[0] for name in SERVICES if name != "proxy" for volume in SERVICES[name]["volumes"]]
    assert sorted(named) == sorted(COMPOSE["volumes"])


@pytest.mark.parametrize("name", sorted(NODES))
def test_a_node_is_given_only_settings_that_exist(name: str) -> None:
    given = {variable for variable in SERVICES[name]["environment"] if variable.startswith("SERAI_NODE_")}
    known = {f"SERAI_NODE_{field.upper()}" for field in NodeSettings.model_fields}
    assert given <= known
    assert SERVICES[name]["environment"]["SERAI_NODE_UNIT"] == name.upper()


def test_the_hub_is_given_only_settings_that_exist() -> None:
    given = {variable for variable in SERVICES["hub"]["environment"] if variable.startswith("SERAI_HUB_")}
    assert given <= {f"SERAI_HUB_{field.upper()}" for field in HubSettings.model_fields}


def test_the_proxy_sends_each_name_to_the_port_that_listens() -> None:
    routes = dict(re.findall(r"^ +([a-z]+)\.serai\.example +\1:(\d+);", NGINX, re.MULTILINE))
    listening = {name: SERVICES[name]["command"][5] for name in NODES | {"hub"}}
    assert routes == listening


def test_the_image_is_built_from_the_lock_alone() -> None:
    installs = re.findall(r"pip install.*", DOCKERFILE)
    assert len(installs) == 1
    assert "--require-hashes --only-binary :all: -r /tmp/requirements.lock" in installs[0]
    assert "COPY deploy/requirements.lock /tmp/requirements.lock" in DOCKERFILE


def test_everything_the_image_copies_is_there_and_sent_to_the_engine() -> None:
    copied = [line.split()[1].rstrip("/") for line in DOCKERFILE.splitlines() if re.match("COPY (?!--from)", line)]
    sent = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert set(PACKAGES) <= set(copied)
    assert set(copied) == sent
    assert all((ROOT / name).exists() for name in copied)
