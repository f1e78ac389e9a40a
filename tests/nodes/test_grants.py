"""A permission between three units: asked, decided, used, ended; and what nobody can get by a false one."""

import pytest

from nodes import drafts
from nodes.drafts import NewDraft
from nodes.errors import Denied
from tests.instants import DAY
from tests.messages import held
from tests.nodes.permits import arrived, ask, decide, gave, may, say
from tests.nodes.world import World, someone


def test_what_is_forbidden_is_asked_granted_used_and_ends(world: World) -> None:
    item = gave(world)
    assert may(world, "KG", item) == frozenset()
    request = ask(world, item)
    assert may(world, "KG", item) == frozenset()
    decide(world, request, item)
    assert may(world, "KG", item) == {"FORWARD:KZ"}
    assert may(world, "KG", item, "V1") == may(world, "KG", item, None) == frozenset()
    assert may(world, "TJ", item) == may(world, "KZ", item) == frozenset()
    world.pass_time(11 * DAY - 1)
    assert may(world, "KG", item) == {"FORWARD:KZ"}
    world.pass_time(1)
    assert may(world, "KG", item) == frozenset()


def test_a_revocation_counts_from_its_arrival(small: World) -> None:
    item = gave(small)
    decision = decide(small, ask(small, item), item)
    small.units["KG"].wire.cut = True
    say(small, "TJ", "farida", NewDraft("HRV", about=decision), decision=decision, items=[held(item)])
    assert may(small, "KG", item) == {"FORWARD:KZ"}
    small.units["KG"].wire.cut = False
    small.sync()
    assert may(small, "KG", item) == frozenset()
    assert arrived(small, "KG", "HRV")


@pytest.mark.parametrize("who", ["rustam", "dilnoza", "otabek"])
def test_only_a_supervisor_or_a_legal_officer_decides(small: World, who: str) -> None:
    request = ask(small, gave(small))
    actor = someone(small.node("TJ"), who)
    with pytest.raises(Denied), small.node("TJ").db.write() as session:
        drafts.create(session, small.node("TJ"), actor, NewDraft("HCD", in_reply_to=request))
