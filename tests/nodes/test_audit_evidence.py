"""What a node keeps from outside, held against its mirror; and its record of anchors, against the log of the hub."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from audit.audit_findings import Findings
from audit.policy import NONE, Party, Policy
from crypto.merkle_hash import leaf_hash
from nodes import log
from nodes.audit_evidence import LATE, Evidence
from nodes.drafts import NewDraft
from nodes.log import Act
from nodes.node import Node
from nodes.tables import MessageRow, ReceiptRow
from nodes.watch_tables import AnchorRow, MirrorRow
from tests.audit.whole import undone
from tests.hub.desk import URL
from tests.nodes.world import PASSPHRASE, World, send, someone
from tests.serai.test_log import run

ANCHORED = "node.tj.serai at "


@pytest.fixture(scope="module")
def world(template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """TJ wrote to KG, which opened it; everything is mirrored and anchored, and that is long ago."""
    opened = World.copied(template, tmp_path_factory.mktemp("evidence") / "world")
    send(opened.node("TJ"), someone(opened.node("TJ"), "rustam"), NewDraft("REQ", recipients=("KG",)))
    for seconds in (60, 60, LATE + 60):
        opened.sync()
        with opened.node("TJ").db.write() as session:
            log.record(session, opened.node("TJ"), Act(operation="SEARCH"))
        opened.pass_time(seconds)
    opened.sync("TJ")
    yield opened
    opened.close()


@pytest.fixture
def node(world: World) -> Node:
    return world.node("TJ")


def found(node: Node, *statements: Any) -> set[str]:
    """The codes found after `statements`, which are taken back."""
    findings = Findings()
    with undone(node.db) as connection:
        session = Session(connection)
        for statement in statements:
            assert session.execute(statement).rowcount > 0  # type: ignore[attr-defined]  # a change
        Evidence(session, findings).compare(node.log)
    return {one.code for one in findings.all()}


def test_receipts_and_anchors_that_nobody_touched_are_in_the_mirror(node: Node) -> None:
    with node.db.read() as session:
        kinds = set(session.scalars(select(ReceiptRow.type)))
        assert session.scalar(select(AnchorRow.index)) is not None
    assert {"SUBMITTED", "RELAYED", "DELIVERED"} <= kinds
    assert found(node) == set()


@pytest.mark.parametrize(
    "statement",
    [
        update(ReceiptRow).where(ReceiptRow.type == "DELIVERED").values(time=ReceiptRow.time - 60),
        update(ReceiptRow).where(ReceiptRow.type == "DELIVERED").values(unit="KZ"),
        update(ReceiptRow).where(ReceiptRow.type == "DELIVERED").values(statement=b"{}"),
        update(ReceiptRow).where(ReceiptRow.type == "DELIVERED").values(wire=b"{}"),
        update(ReceiptRow).where(ReceiptRow.type == "DELIVERED").values(entry=b"{}"),
        update(ReceiptRow)
        .where(ReceiptRow.type == "DELIVERED")
        .values(entry=select(ReceiptRow.entry).where(ReceiptRow.type == "RELAYED").scalar_subquery()),
        update(ReceiptRow)
        .where(ReceiptRow.type == "SUBMITTED")
        .values(entry=select(ReceiptRow.entry).where(ReceiptRow.type == "RELAYED").scalar_subquery()),
        update(MessageRow).values(envelope=b"another"),
        update(MirrorRow).values(leaves=b""),
    ],
)
def test_a_receipt_that_was_altered_is_named(node: Node, statement: Any) -> None:
    assert "RECEIPT_ALTERED" in found(node, statement)


def test_an_anchor_that_the_mirror_does_not_show_and_one_that_is_not_ours_are_named(node: Node) -> None:
    assert found(node, update(AnchorRow).values(entry=b"another")) == {"ANCHOR_DROPPED"}
    assert found(node, update(AnchorRow).values(root=bytes(32))) == {"ANCHOR_NOT_OWN"}
    assert found(node, update(AnchorRow).values(index=None)) == set()
    beyond = {"size": 10**6, "root": bytes(32), "note": b"", "cosigned": 0}
    assert found(node, insert(AnchorRow).values(**beyond)) == {"ANCHOR_NOT_OWN"}


def test_a_node_that_mirrors_nothing_yet_is_only_held_against_itself(node: Node) -> None:
    assert found(node, delete(MirrorRow), update(AnchorRow).values(root=bytes(32))) == set()


def audited(capsys: pytest.CaptureFixture[str], *arguments: Any) -> Counter[str]:
    status = run("log", "audit", *arguments, "--json")
    members = json.loads(capsys.readouterr().out)
    assert status == (0 if members["ok"] else 1)
    found = Counter[str]()
    for one in members["findings"]:
        found[one["code"]] += one["count"]
    return found


def test_the_audit_of_a_hub_is_held_against_the_record_of_a_unit(
    world: World, node: Node, capsys: pytest.CaptureFixture[str]
) -> None:
    hub = f"sqlite:///{world.folder / 'hub.db'}"
    assert "ANCHORS_MATCH" in audited(capsys, hub, "--unit", node.settings.folder)
    with node.db.write() as session:
        dropped = session.scalars(select(AnchorRow).order_by(AnchorRow.size)).first()
        assert dropped is not None
        size, dropped.root = dropped.size, bytes(32)
        root = node.log.root(session, size)
    assert {"ANCHOR_DROPPED", "ANCHOR_NOT_OWN"} <= set(audited(capsys, hub, "--unit", node.settings.folder))
    with node.db.write() as session:
        session.get_one(AnchorRow, size).root = root


def test_the_audit_of_a_node_opens_its_commitments_with_its_passphrase(
    node: Node, tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = tmp_path / "passphrase"
    secret.write_text(PASSPHRASE)
    secret.chmod(0o600)
    (node.settings.folder / "node.toml").write_text(f'unit = "TJ"\nenv = "live"\nhub_url = "{URL}"\n')
    assert {"ROWS_MATCH", "WORDS_NOT_OPENED"} <= set(audited(capsys, node.settings.folder))
    opened = audited(capsys, node.settings.folder, "--passphrase-file", secret)
    assert "ROWS_MATCH" in opened
    assert "WORDS_NOT_OPENED" not in opened


def test_an_entry_of_the_hub_is_proved_from_the_mirror_of_a_node_and_verified_with_no_network(
    world: World, node: Node, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with node.db.read() as session:
        first = select(AnchorRow.index, AnchorRow.entry).order_by(AnchorRow.size).limit(1)
        index, entry = session.execute(first).one()
    (tmp_path / "entry").write_bytes(entry)
    place = node.settings.database
    assert run("log", "prove", index, "--data", place, "--mirror", "--out", tmp_path / "proof", "--json") == 0
    members = json.loads(capsys.readouterr().out)
    assert (members["log"], members["leaf"]) == (world.desk.settings.origin, leaf_hash(entry).hex())
    keys = world.desk.keys.log.keys
    (tmp_path / "policy").write_bytes(Policy((Party(keys.ed25519), Party(keys.mldsa44)), {}, {}, NONE).to_bytes())
    parts = "--entry", tmp_path / "entry", "--policy", tmp_path / "policy"
    assert run("log", "verify", tmp_path / "proof", *parts) == 0
    assert run("log", "prove", 10**6, "--data", place, "--mirror") != 0
    assert run("log", "prove", index, "--data", f"sqlite:///{world.folder / 'hub.db'}", "--mirror") != 0


def test_checkpoints_that_were_published_are_listed_and_written_for_an_audit(
    world: World, node: Node, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hub = f"sqlite:///{world.folder / 'hub.db'}"
    for place, name in ((hub, "of-the-hub"), (node.settings.database, "of-the-node")):
        assert run("log", "checkpoints", "--data", place, "--out", tmp_path / name, "--json") == 0
        members = json.loads(capsys.readouterr().out)
        held = [part for file in sorted((tmp_path / name).iterdir()) for part in ("--held", file)]
        assert len(held) == 2 * len(members["checkpoints"]) > 0
        assert audited(capsys, hub, *held)["HELD_CHECKPOINT"] == len(members["checkpoints"])
