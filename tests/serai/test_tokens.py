"""A unit's node made in a token by the commands alone, and what they say when the token or its PIN is wrong."""

import sys
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from exchange.database import Database
from nodes.errors import NotReady
from nodes.settings import NodeSettings
from nodes.tables import KeyRow
from nodes.token_errors import NoDriver
from schemas import invitations
from serai.output import CommandError, Exit
from serai.tokens import custody_of
from tests.instants import DAY
from tests.schemas.test_invitations import ROOT, invitation
from tests.serai.office import Answer, run
from tests.tokens import PIN, Shelf, away

LABEL = "unit-uz"


def secret(folder: Path, name: str, words: str) -> Path:
    path = folder / name
    path.touch(0o600)
    path.write_text(words)
    return path


def named(folder: Path, module: Path) -> NodeSettings:
    given = {"unit": "UZ", "env": "live", "hub_url": "https://hub.example"}
    return NodeSettings(folder=folder, token_module=module, token_label=LABEL, **given)  # type: ignore[arg-type]  # the model itself checks them


def init(folder: Path, shelf: Shelf) -> Answer:
    now = int(time.time())
    card = folder / "invitation"
    card.write_bytes(invitations.invite(invitation(issued=now, expires=now + DAY), ROOT))
    words = secret(folder, "passphrase", "a passphrase of five words")
    token = ["--token-module", shelf.module, "--token-label", LABEL, "--token-pin-file", folder / "pin"]
    own = ["--passphrase-file", words, "--root-passphrase-file", words]
    return run("node", "init", "--home", folder / "uz", card, *token, *own)


def node(folder: Path, command: str, *words: object) -> Answer:
    return run("node", command, "--home", folder / "uz", "--passphrase-file", folder / "passphrase", *words)


def test_a_wrong_pin_ends_an_init_before_anything_is_made(shelf: Shelf, tmp_path: Path) -> None:
    shelf.add(LABEL)
    secret(tmp_path, "pin", "987654")
    refused = init(tmp_path, shelf)
    assert (refused.status, refused.members["code"]) == (Exit.NOT_ALLOWED, "EX-6361")
    assert "987654" not in repr(refused)
    assert not (tmp_path / "uz").exists()


def test_a_node_in_a_token_says_where_its_keys_are_and_whether_it_answers(shelf: Shelf, tmp_path: Path) -> None:
    token = shelf.add(LABEL)
    secret(tmp_path, "pin", PIN)
    assert init(tmp_path, shelf).status == Exit.DONE
    keys: dict[str, Any] = node(tmp_path, "keys").members
    where = {one["purpose"]: one["where"] for one in keys["keys"]}
    assert where["SIGNING"] == "ML-DSA-65 FILE_SEALED_BY_TOKEN, Ed25519 TOKEN"
    assert (where["ENCRYPTION"], keys["trouble"]) == ("FILE", "")
    away(token)
    silent = node(tmp_path, "keys")
    assert (silent.status, silent.members["trouble"]) == (Exit.WRONG, f"EX-6360 {LABEL}")
    signer = node(tmp_path, "status").members["signer"]
    assert (signer["ed25519"], signer["trouble"]) == ("TOKEN", f"EX-6360 {LABEL}")


def test_the_next_key_is_made_where_the_operator_says(shelf: Shelf, tmp_path: Path) -> None:
    token = shelf.add(LABEL)
    secret(tmp_path, "pin", PIN)
    init(tmp_path, shelf)
    settings = NodeSettings.read(tmp_path / "uz")
    database = Database(settings.database)
    with database.write() as session:
        session.execute(update(KeyRow).values(posted_at=1))
    database.close()
    away(token)
    root = ["--root-passphrase-file", tmp_path / "passphrase"]
    before = len(list(settings.keys.iterdir()))
    assert node(tmp_path, "rotate", *root).members["code"] == "EX-6360"
    assert len(list(settings.keys.iterdir())) == before
    assert node(tmp_path, "rotate", *root, "--into", "files").members["code"] == NotReady.code
    assert len(list(settings.keys.iterdir())) == before + 1


def test_a_pin_is_asked_for_where_no_file_is_named(shelf: Shelf, tmp_path: Path) -> None:
    shelf.add(LABEL)
    settings = named(tmp_path, shelf.module)
    with pytest.raises(CommandError, match="terminal"):
        custody_of(settings, at_once=True)


def test_a_token_without_its_library_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine where the extra is not installed: the import finds nothing."""
    monkeypatch.setitem(sys.modules, "nodes.token_driver", None)
    with pytest.raises(NoDriver):
        custody_of(named(tmp_path, tmp_path))
