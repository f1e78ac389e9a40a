"""Keys of hub and units change while everything runs: nothing is refused, nothing is lost, and news travel at once."""

import pytest
from sqlalchemy import select

from crypto import statements
from exchange.courier import Line
from exchange.hub import administration
from exchange.hub.administration import Publication
from exchange.hub.hub import Hub
from exchange.hub.keys import HubKeys, Use
from nodes import collecting, courier, keys, pushing, rotation, upkeep
from nodes.drafts import NewDraft
from nodes.errors import AnswerRefused, BadInput, HubUnreachable, NotReady
from nodes.hub_client import HubClient
from nodes.rotation import Turned
from nodes.tables import MessageRow, QuarantineRow
from schemas.directory import HubCard, sign_federation
from schemas.errors import SchemaError
from serai import founding
from serai.founding import Renewal
from tests.nodes.world import PASSPHRASE, World, new_signing_key, send, someone

EVERY: tuple[Use, ...] = ("RECEIPT", "SNAPSHOT", "REQUEST")


def renew(world: World, *uses: Use, at_once: bool = False) -> None:
    """The hub makes its next keys, and the roots put them into the next document."""
    hub = world.desk.hub
    changed = Renewal(hub.keys.propose(uses), hub.keys.propose_witness(), at_once=at_once)
    document = founding.with_hub_keys(hub.register.current.federation, changed, world.now)
    administration.publish(hub, Publication(sign_federation(document, world.desk.world.roots[:2])))


def ask(world: World) -> str:
    return send(world.node("TJ"), someone(world.node("TJ"), "rustam"), NewDraft("REQ", recipients=("KG",)))


def arrived(world: World) -> list[str]:
    with world.node("KG").db.read() as session:
        return list(session.scalars(select(MessageRow.message_id)))


def held(world: World, unit: str) -> int:
    with world.node(unit).db.read() as session:
        return len(session.scalars(select(QuarantineRow).where(QuarantineRow.state == "HELD")).all())


def kids(keys: HubKeys) -> set[str]:
    return {keys.receipt.kid, keys.snapshot.kid, keys.keyid, *keys.witness.keys.vkeys}


def test_every_key_of_the_hub_turns_and_nobody_notices(small: World) -> None:
    before, first = kids(small.desk.hub.keys), ask(small)
    renew(small, *EVERY)
    small.sync()
    assert small.desk.hub.keys.receipt.kid in before  # two minutes for everybody to hear of the next ones
    small.pass_time(125)
    second = ask(small)
    small.sync()
    assert not kids(small.desk.hub.keys) & before
    assert (arrived(small), held(small, "TJ"), held(small, "KG")) == ([first, second], 0, 0)
    small.pass_time(300)  # the old ones have ended: what they signed stays good
    small.sync()
    assert arrived(small) == [first, second]


def test_stolen_keys_of_the_hub_are_out_of_use_at_once_and_nothing_is_lost(small: World) -> None:
    before = kids(small.desk.hub.keys)
    message = ask(small)
    renew(small, *EVERY, at_once=True)
    small.desk.hub.tick()
    assert not kids(small.desk.hub.keys) & before
    small.pass_time(121)
    small.sync()
    assert arrived(small) == [message]
    for use, old in (("RECEIPT", small.desk.keys.receipt), ("SNAPSHOT", small.desk.keys.snapshot)):
        assert old.public not in small.node("TJ").directory().hub_keys(use, small.now)  # type: ignore[arg-type]  # two of the uses


def test_an_answer_under_a_key_that_is_not_known_lets_the_directory_be_fetched(small: World) -> None:
    node = small.node("TJ")
    renew(small, "REQUEST", at_once=True)
    small.desk.hub.tick()
    with HubClient(node) as client:
        with pytest.raises(AnswerRefused):
            client.told()
        assert upkeep.refresh(node, client, only_if_due=True)
        assert client.told() == ()


def test_a_receipt_under_the_next_key_waits_for_the_directory_that_names_it(small: World) -> None:
    node, kg, message = small.node("TJ"), small.node("KG"), ask(small)
    renew(small, "RECEIPT", at_once=True)
    small.desk.hub.tick()
    with HubClient(node) as client:
        with pytest.raises(HubUnreachable):
            pushing.step(node, client, Line(), None)
        assert node.directory_due.is_set()
    small.units["TJ"].wire.cut = True
    with HubClient(kg) as client:
        collecting.step(kg, client, 0)
    small.units["TJ"].wire.cut = False
    small.sync()
    assert (arrived(small), held(small, "TJ"), held(small, "KG")) == ([message], 0, 0)


def test_the_hub_names_its_newest_snapshot_beside_the_mail(small: World) -> None:
    node = small.node("TJ")
    administration.suspend(small.desk.hub, "KZ", "OPERATOR")
    with HubClient(node) as client:
        assert not upkeep.refresh(node, client, only_if_due=True)
        collecting.step(node, client, 0)
        assert upkeep.refresh(node, client, only_if_due=True)
        assert node.directory().suspension("KZ")
        collecting.step(node, client, 0)
        assert not node.directory_due.is_set()


def test_a_hub_that_is_started_again_signs_with_its_newest_keys(small: World) -> None:
    renew(small, *EVERY)
    small.pass_time(125)
    desk, now = small.desk, small.desk.hub.keys
    opened = HubKeys.open(desk.folder, "a passphrase", desk.settings.origin)
    again = Hub(desk.settings, opened, desk.db, lambda: small.now, inline=True)
    assert kids(again.keys) != kids(now)
    again.check_identity()
    assert kids(again.keys) == kids(now)
    assert set(again.keys.publics("RECEIPT")) == {desk.keys.receipt.kid, now.receipt.kid}


def test_a_key_that_another_machine_holds_is_passed_over(small: World) -> None:
    before = kids(small.desk.hub.keys)
    foreign = HubKeys.create(small.folder / "elsewhere", "a passphrase", small.desk.settings.origin)
    changed = Renewal(foreign.propose(EVERY), foreign.propose_witness(), at_once=True)
    assert kids(small.desk.hub.keys.turned(_card(small, changed), small.now)) == before


def _card(world: World, changed: Renewal) -> HubCard:
    return founding.with_hub_keys(world.desk.hub.register.current.federation, changed, world.now).hub


@pytest.mark.parametrize(("use", "purpose"), [("ENCRYPTION", "ENCRYPTION"), ("NODE", "NODE"), ("WITNESS", "WITNESS")])
def test_what_the_signing_key_vouches_for_turns_at_once(small: World, use: Turned, purpose: str) -> None:
    node = small.node("TJ")
    with node.db.read() as session:
        before = keys.ids(session)[purpose]
    small.pass_time(60)
    kid = rotation.turn(node, use)
    with pytest.raises(NotReady):
        rotation.turn(node, use)
    message = ask(small)
    small.sync()
    with node.db.read() as session:
        assert keys.ids(session)[purpose] == kid != before
    assert arrived(small) == [message]


def test_the_root_signs_nothing_but_a_signing_key_of_its_unit(small: World) -> None:
    node = small.node("TJ")
    root = keys.open_root(node.settings, PASSPHRASE)
    request = statements.parse(node.directory().parts.statements[1].wire, limit=1 << 16).statement_bytes
    for wrong in (b"{}", request, rotation.propose_signing_key(small.node("KG"))):
        with pytest.raises(BadInput):
            rotation.vouch(node.settings, root, wrong)


def test_a_node_takes_no_key_but_one_that_it_made_and_its_root_signed(small: World) -> None:
    node, other = small.node("TJ"), small.node("KG")
    proposed = rotation.propose_signing_key(node)
    foreign = rotation.vouch(node.settings, keys.open_root(other.settings, PASSPHRASE), proposed)
    root = keys.open_root(node.settings, PASSPHRASE)
    withdrawn = rotation.withdraw(node.settings, root, rotation.Withdrawal(node.keys.signing.kid), small.now)
    elsewhere = rotation.vouch(node.settings, root, proposed)
    node.store.erase(f"signing-{rotation._read(proposed).kid}")
    for wire in (foreign, withdrawn, elsewhere, b"no statement"):
        with pytest.raises(BadInput):
            rotation.take_signing_key(node, wire)
    with HubClient(node) as client, pytest.raises(BadInput):
        rotation.revoke(node, client, elsewhere)


def test_a_suspended_unit_is_refused_by_hub_and_nodes_until_it_is_let_in_again(small: World) -> None:
    administration.suspend(small.desk.hub, "KG", "OPERATOR")
    with HubClient(small.node("TJ")) as client:
        collecting.step(small.node("TJ"), client, 0)
        upkeep.refresh(small.node("TJ"), client, only_if_due=True)
    with pytest.raises(SchemaError):
        small.node("TJ").directory().check_active("KG")
    assert courier.sync_once(small.node("KG")).failed
    administration.reinstate(small.desk.hub, "KG")
    small.sync()
    message = ask(small)
    small.sync()
    assert arrived(small) == [message]


def test_the_signing_key_turns_while_the_node_runs(small: World) -> None:
    node, message = small.node("TJ"), ask(small)
    small.pass_time(60)
    kid = new_signing_key(node)
    small.sync()
    assert node.keys.signing.kid == kid
    assert arrived(small) == [message]
