"""A message that was sealed after the hub accepted it shows by how much its sender's clock was ahead."""

from nodes import messages
from nodes.drafts import NewDraft
from tests.nodes.world import World, send, someone


def ahead(world: World, unit: str, message_id: str) -> int:
    node = world.node(unit)
    farida = someone(node, "farida")
    with node.db.write() as session:
        return messages.read(session, node, farida, message_id).ahead


def ask(world: World) -> str:
    return send(world.node("TJ"), someone(world.node("TJ"), "rustam"), NewDraft("REQ", recipients=("KG",)))


def test_a_sender_whose_clock_was_ahead_is_named_at_both_ends(small: World) -> None:
    right = small.units["TJ"].now
    small.units["TJ"].now = lambda: small.now + 300
    small.units["TJ"].restart()
    request = ask(small)
    small.units["TJ"].now = right  # nobody is heard with such a clock: it was set before the message left
    small.units["TJ"].restart()
    assert ahead(small, "TJ", request) == 0
    small.sync()
    assert (ahead(small, "KG", request), ahead(small, "TJ", request)) == (300, 300)


def test_a_message_that_waited_says_nothing_about_clocks(small: World) -> None:
    request = ask(small)
    small.pass_time(86_400)
    small.sync()
    assert ahead(small, "KG", request) == 0
