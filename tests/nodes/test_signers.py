"""A unit whose signing key is in a token, among units without one: it moves in and out, and outlives its token."""

import shutil
from collections.abc import Iterator

import pytest
from sqlalchemy import func, select

from crypto import envelope
from crypto.custody import SEEDS
from crypto.errors import KeyFileElsewhere
from nodes import backup, signers, unattended
from nodes.backup import Opening
from nodes.drafts import NewDraft
from nodes.errors import BackupRefused
from nodes.node import Node
from nodes.signers import Signer
from nodes.tables import AlertRow, MessageRow, OutboxRow, ReceiptRow
from nodes.token_errors import KeyNotInToken, PinRefused, SeveralTokens, TokenAway
from tests.instants import DAY
from tests.nodes.test_backup import RECOVERY
from tests.nodes.test_exchange import arrived, ask, thread
from tests.nodes.world import PASSPHRASE, World, new_signing_key, send, someone
from tests.tokens import Shelf, away, back, empty_shelf

LABEL = "unit-tj"


@pytest.fixture(scope="module")
def made(template: World, tmp_path_factory: pytest.TempPathFactory) -> tuple[World, Shelf]:
    """A closed world in which the key of TJ was replaced by one in a token, and the shelf with that token."""
    world = World.copied(template, tmp_path_factory.mktemp("moved") / "world")
    with empty_shelf(world.folder.parent) as shelf:
        shelf.add(LABEL)
        one = world.units["TJ"]
        one.custody = shelf.custody(LABEL)
        one.restart()
        world.pass_time(60)
        new_signing_key(one.node)
        world.sync("TJ")
        world.close()
    return world, shelf


@pytest.fixture
def moved(made: tuple[World, Shelf], shelf: Shelf) -> Iterator[World]:
    """That world and that token again."""
    world, there = made
    shutil.copytree(there.folder, shelf.folder, dirs_exist_ok=True)
    world.units["TJ"].custody = shelf.custody(LABEL)
    again = World.copied(world, shelf.folder.parent / "world")
    yield again
    again.close()


def both(world: World) -> None:
    """One pass of the couriers of the two units that write to each other."""
    world.sync("TJ", "KG", rounds=1)


def reply(world: World, unit: str, kind: str, to: str) -> None:
    """Answer as the duty officer of `unit`, and let it arrive."""
    send(world.node(unit), someone(world.node(unit), "dilnoza"), NewDraft(kind, in_reply_to=to))
    world.sync(*(("TJ", "KG") if unit == "TJ" else ("KG", "TJ")), rounds=1)


def count(node: Node, row: type[MessageRow | OutboxRow]) -> int:
    with node.db.read() as session:
        return session.scalar(select(func.count()).select_from(row)) or 0


def unsigned(node: Node) -> int:
    with node.db.read() as session:
        return len(session.scalars(select(ReceiptRow).where(ReceiptRow.wire.is_(None))).all())


def alarmed(node: Node) -> list[str]:
    with node.db.read() as session:
        return list(session.scalars(select(AlertRow.cause).where(AlertRow.cause == "SIGNER_SILENT")))


def gone(world: World, shelf: Shelf) -> str:
    """Carry the token away; what the unit says about its signing key then."""
    (token,) = shelf.folder.iterdir()
    away(token)
    return signers.standing(world.node("TJ")).trouble


def returned(shelf: Shelf) -> None:
    (token,) = shelf.folder.parent.glob("away-*")
    back(shelf, token)


def test_a_unit_moves_its_key_into_a_token_and_exchanges_with_units_without_one(moved: World) -> None:
    node = moved.node("TJ")
    kid = node.keys.signing.kid
    assert signers.standing(node) == Signer(kid, "FILE_SEALED_BY_TOKEN", "TOKEN", "")
    request = ask(moved)
    both(moved)
    reply(moved, "KG", "ANS", request)
    both(moved)
    assert thread(moved, "TJ", "KG") == thread(moved, "KG", "KG") == "ANSWERED_PARTIAL"
    with moved.node("KG").db.read() as session:
        wire = session.get_one(MessageRow, request).envelope
    assert wire is not None
    assert envelope.parse(wire).header.skid == kid


def test_without_the_token_nothing_is_sealed_and_what_waits_goes_out_by_itself(moved: World, shelf: Shelf) -> None:
    node, request = moved.node("TJ"), ask(moved)
    both(moved)
    before = count(node, OutboxRow), count(node, MessageRow)
    assert gone(moved, shelf) == f"{TokenAway.code} {LABEL}"
    with pytest.raises(TokenAway):
        ask(moved)
    assert unattended.run(node, lambda *_: (1,), lambda *_: len(node.keys.signing.sign("label/1", b""))) == 0
    assert (count(node, OutboxRow), count(node, MessageRow)) == before
    reply(moved, "KG", "CLQ", request)  # it is taken in and read here, and its receipt waits
    assert arrived(moved, "TJ", "CLQ")
    assert (unsigned(node), alarmed(node)) == (1, ["SIGNER_SILENT"])
    returned(shelf)
    both(moved)
    assert (unsigned(node), alarmed(node)) == (0, [])
    reply(moved, "TJ", "CLA", arrived(moved, "TJ", "CLQ"))
    assert thread(moved, "KG", "KG") == "IN_PROGRESS"


def test_keys_are_erased_in_time_without_the_token_and_made_once_it_is_back(moved: World, shelf: Shelf) -> None:
    node = moved.node("TJ")
    made = {*node.keys.encryption}
    gone(moved, shelf)
    for _ in range(3):
        moved.pass_time(10 * DAY)
        moved.sync("TJ", rounds=1)
    assert {*node.keys.encryption} == set()
    returned(shelf)
    moved.sync("TJ", rounds=1)
    assert len({*node.keys.encryption} - made) == 1


def test_a_unit_whose_token_is_lost_goes_on_with_a_key_in_files(moved: World, shelf: Shelf) -> None:
    gone(moved, shelf)
    one = moved.units["TJ"]
    one.restart()  # a node starts without its token
    with pytest.raises(TokenAway):
        new_signing_key(one.node)
    moved.pass_time(60)
    kid = new_signing_key(one.node, custody=SEEDS.kind)
    moved.sync("TJ", rounds=1)
    one.custody = SEEDS
    node = one.restart()
    assert signers.standing(node) == Signer(kid, "FILE", "FILE", "")
    ask(moved)
    moved.sync("TJ", "KG", "TJ", rounds=1)
    assert thread(moved, "TJ", "KG") == "DELIVERED"


def test_without_its_custody_a_node_does_not_open(moved: World) -> None:
    one = moved.units["TJ"]
    custody, one.custody = one.custody, SEEDS
    with pytest.raises(KeyFileElsewhere):
        one.restart()
    one.custody = custody
    one.open()


def test_a_service_starts_without_its_token_but_not_with_a_wrong_pin_or_two_tokens(moved: World, shelf: Shelf) -> None:
    one = moved.units["TJ"]
    assert gone(moved, shelf).startswith(TokenAway.code)
    signers.check_start(one.node)
    shelf.add(LABEL)  # another token under its label
    assert signers.standing(one.node).trouble.startswith(KeyNotInToken.code)
    signers.check_start(one.node)
    returned(shelf)
    one.custody = shelf.custody(LABEL)
    with pytest.raises(SeveralTokens):
        signers.check_start(one.restart())
    one.custody = shelf.custody("unit-kg", "wrong")
    shelf.add("unit-kg")
    with pytest.raises(PinRefused):
        signers.check_start(one.restart())


def test_a_backup_comes_back_only_where_the_token_is(moved: World, shelf: Shelf) -> None:
    source = moved.folder / "tj.serai"
    backup.back_up(moved.node("TJ"), source, RECOVERY.public)
    moved.node("TJ").close()
    one = moved.units["TJ"]
    one.settings = one.settings.model_copy(update={"folder": moved.folder / "back"})
    gone(moved, shelf)
    with pytest.raises(TokenAway):
        backup.restore(one.settings, source, Opening(RECOVERY, PASSPHRASE, one.custody), moved.now)
    with pytest.raises(BackupRefused, match="KEY_FILE_ELSEWHERE"):
        backup.restore(one.settings, source, Opening(RECOVERY, PASSPHRASE), moved.now)
    assert not one.settings.keys.exists()
    returned(shelf)
    backup.restore(one.settings, source, Opening(RECOVERY, PASSPHRASE, one.custody), moved.now)
    node = one.open()
    assert signers.standing(node).trouble == ""
