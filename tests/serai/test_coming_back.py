"""A node loses everything and comes back from its backup, with the commands that its administrator would type."""

import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from nodes.node import Surroundings, open_node
from nodes.settings import SETTINGS_FILE, NodeSettings
from serai import control
from serai.cli import app
from serai.demo import requests
from serai.unit import operations_of
from tests.nodes.web.house import PASSWORD, House, build

pytestmark = pytest.mark.slow


def run(*words: object, given: str = "") -> dict[str, Any]:
    done = CliRunner().invoke(app, [*map(str, words), "--json"], input=given)
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def sign_in(house: House, home: Path) -> None:
    house.clock.now += 30
    run("user", "sign-in", "TJ-1", "--home", home, given=f"{PASSWORD}\n{house.totp('TJ-1')}\n")


def request(house: House, folder: Path, plate: str) -> Path:
    writing = requests.lorry_owner(house.clock.now)
    body = {**writing.body, "objects": [{**one, "plate": plate} for one in writing.objects]}
    path = folder / "request.json"
    path.write_text(json.dumps({"kind": "REQ", "recipients": ["KG"], "common": writing.labels, "body": body}))
    return path


def test_a_node_that_lost_everything_reads_what_it_had_and_goes_on(tmp_path: Path) -> None:
    house = build(tmp_path, int(time.time()) - 3600, ("KG", "TJ"))
    old = house.nodes["TJ"].settings.folder
    secret = tmp_path / "federation" / "passphrase"
    words = tmp_path / "recovery.secret"
    words.write_text("words of the recovery key\n")
    words.chmod(0o600)
    house.add_user("TJ", "TJ-1", "OFFICER")
    with control.answering(old, operations_of(house.nodes["TJ"])):
        sign_in(house, old)
        sent = run("message", "send", request(house, tmp_path, "01KG744ABC"), "--home", old)["message_id"]
        house.sync("TJ", "KG")
        public = run("node", "recovery-key", tmp_path / "safe", "--passphrase-file", words)["public"]
        archive = tmp_path / "tj.archive"
        run("node", "backup", archive, "--home", old, "--passphrase-file", secret, "--recovery", public)
        lost = run("message", "send", request(house, tmp_path, "02KG115BDE"), "--home", old)["message_id"]
        house.sync("TJ", "KG")

    house.nodes["TJ"].close()
    shutil.copyfile(old / SETTINGS_FILE, tmp_path / SETTINGS_FILE)
    shutil.rmtree(old)
    new = tmp_path / "new"
    opener = ["--recovery-key", tmp_path / "safe", "--recovery-passphrase-file", words]
    settings = ["--settings", tmp_path / SETTINGS_FILE, "--passphrase-file", secret]
    assert run("node", "restore", archive, "--home", new, *opener, *settings)["unit"] == "TJ"

    house.clock.now = int(time.time()) + 60
    way = Surroundings(house.clock, house.ways_to_hub[1])
    house.nodes["TJ"] = node = open_node(NodeSettings.read(new), secret.read_text().strip(), way)
    with control.answering(new, operations_of(node)):
        house.sync("TJ", "TJ", "KG")
        sign_in(house, new)
        assert "Korday" in json.dumps(run("message", "show", sent, "--home", new)["body"])
        after = run("message", "send", request(house, tmp_path, "08KG901CCA"), "--home", new)["message_id"]
        house.sync("TJ", "KG", "KG")
        assert run("node", "status", "--home", new)["queued"] == 0
    with house.nodes["KG"].db.read() as session:
        rows = session.connection().exec_driver_sql("SELECT message_id, gap FROM node_message ORDER BY hub_index").all()
    assert [tuple(row) for row in rows] == [(sent, 0), (lost, 0), (after, 0)]
    house.close()
