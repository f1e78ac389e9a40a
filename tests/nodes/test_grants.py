"""A permission between three units: asked, decided, used, ended; and what nobody can get by a false one."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from nodes import deciding, drafts, grants, messages
from nodes.drafts import NewDraft
from nodes.errors import Denied, NotFound, Refused
from nodes.grant_tables import GrantRow
from nodes.grants import Side
from nodes.tables import MessageRow
from schemas.items import WHOLE, Item
from tests.instants import DAY
from tests.messages import Body, decision, held
from tests.nodes.permits import arrived, ask, decide, gave, lie, may, objections, passing, refused, say
from tests.nodes.world import World, someone


def test_what_is_forbidden_is_asked_granted_used_and_ends(world: World) -> None:
    item = gave(world)
    assert may(world, "KG", item) == set()
    assert passing(world, item) == {"PASSING_FORBIDDEN"}
    request = ask(world, item)
    assert may(world, "KG", item) == set()
    decide(world, request, item)
    assert may(world, "KG", item) == {"FORWARD:KZ"}
    assert passing(world, item) == set()
    assert passing(world, item, "V1") == {"PASSING_FORBIDDEN"}
    assert may(world, "KG", item, "V1") == may(world, "KG", item, None) == set()
    assert may(world, "TJ", item) == may(world, "KZ", item) == set()
    world.pass_time(11 * DAY - 1)
    assert may(world, "KG", item) == {"FORWARD:KZ"}
    world.pass_time(1)
    assert may(world, "KG", item) == set()
    assert passing(world, item) == {"PASSING_FORBIDDEN"}


def test_a_revocation_counts_from_its_arrival(small: World) -> None:
    item = gave(small)
    decision = decide(small, ask(small, item), item)
    small.units["KG"].wire.cut = True
    say(small, "TJ", "farida", NewDraft("HRV", about=decision), decision=decision, items=[held(item)])
    assert may(small, "KG", item) == {"FORWARD:KZ"}
    small.units["KG"].wire.cut = False
    small.sync()
    assert may(small, "KG", item) == set()
    assert arrived(small, "KG", "HRV")


@pytest.mark.parametrize("who", ["rustam", "dilnoza", "otabek"])
def test_only_a_supervisor_or_a_legal_officer_decides(small: World, who: str) -> None:
    request = ask(small, gave(small))
    actor = someone(small.node("TJ"), who)
    with pytest.raises(Denied), small.node("TJ").db.write() as session:
        drafts.create(session, small.node("TJ"), actor, NewDraft("HCD", in_reply_to=request))


def test_nobody_decides_about_the_use_of_what_he_wrote_and_the_refusal_names_the_rule(small: World) -> None:
    request, tj = ask(small, gave(small)), small.node("TJ")
    author = replace(someone(tj, "rustam"), roles=frozenset({"SUPERVISOR"}))
    with pytest.raises(Refused) as refusal, tj.db.write() as session:
        drafts.create(session, tj, author, NewDraft("HCD", in_reply_to=request))
    assert [rule.name for rule in refusal.value.rules] == ["NOT-OWN-AUTHOR"]


def test_of_what_was_erased_nothing_is_permitted_and_that_is_still_said(small: World) -> None:
    item, tj = gave(small), small.node("TJ")
    farida = someone(tj, "farida")
    about: Body = {"items": [held(item)]}
    with tj.db.write() as session:
        session.get_one(MessageRow, item).sealed = b""
    with pytest.raises(Refused) as refusal, tj.db.read() as session:
        deciding.require(session, tj, farida, "HCD", decision(**about))
    assert [rule.name for rule in refusal.value.rules] == ["ERASED"]
    with tj.db.read() as session:
        deciding.require(session, tj, farida, "HCD", {**about, "decision": "REFUSED"})
        deciding.require(session, tj, farida, "HRV", about)


def test_a_lawyer_reads_what_is_asked_and_decides_without_working_on_the_case(small: World) -> None:
    item = gave(small)
    request, node, lola = ask(small, item), small.node("TJ"), someone(small.node("TJ"), "lola")
    with node.db.write() as session:
        assert messages.read(session, node, lola, request).replies == ("HCD",)
    with pytest.raises(NotFound), node.db.write() as session:
        messages.read(session, node, lola, item)
    say(small, "TJ", "lola", NewDraft("HCD", in_reply_to=request), items=[held(item)])
    assert may(small, "KG", item) == {"FORWARD:KZ"}


def test_a_permission_counts_for_its_purpose_alone(small: World) -> None:
    item = gave(small)
    decide(small, ask(small, item, purpose_wanted="PROSECUTE"), item, purpose_wanted="PROSECUTE")
    assert may(small, "KG", item) == {"FORWARD:KZ"}
    assert passing(small, item) == {"PASSING_FORBIDDEN"}


def test_what_was_given_for_one_purpose_is_not_passed_on_for_another(small: World) -> None:
    item = gave(small)
    decide(small, ask(small, item), item)
    assert passing(small, item) == set()
    assert passing(small, item, purpose="PROSECUTE") == {"QUOTING_FORBIDDEN"}


def test_nobody_but_the_originator_gives_or_takes_a_permission(small: World) -> None:
    item = gave(small)
    request = ask(small, item)
    lie(small, "KZ", NewDraft("HCD", in_reply_to=request), "KG", items=[held(item)])
    assert (may(small, "KG", item), refused(small, "KG")) == (set(), ["OUT_OF_STEP"])
    decision = decide(small, request, item)
    lie(small, "KZ", NewDraft("HRV"), "KG", decision=decision, items=[held(item)])
    assert (may(small, "KG", item), refused(small, "KG")) == ({"FORWARD:KZ"}, ["OUT_OF_STEP"] * 2)


def test_a_decision_permits_nothing_to_a_unit_that_did_not_ask(small: World) -> None:
    item = gave(small, "KG", "KZ")
    request = ask(small, item)
    lie(small, "TJ", NewDraft("HCD", in_reply_to=request), "KZ", items=[held(item)])
    assert (refused(small, "KZ"), may(small, "KZ", item)) == ([], set())
    decide(small, request, item)
    assert (may(small, "KG", item), may(small, "KZ", item)) == ({"FORWARD:KZ"}, set())


def test_a_decision_opens_nothing_but_what_was_asked(small: World) -> None:
    first, second = gave(small), gave(small)
    asked, other = ask(small, first), ask(small, second)
    lie(small, "TJ", NewDraft("HCD", in_reply_to=asked), "KG", items=[{"message": first}])
    lie(small, "TJ", NewDraft("HCD", in_reply_to=other), "KG", items=[held(first)])
    assert refused(small, "KG") == ["CONTENT_INVALID"] * 2
    assert may(small, "KG", first) == may(small, "KG", second) == set()


def test_no_unit_decides_for_itself(small: World) -> None:
    item = gave(small)
    request = ask(small, item)
    with pytest.raises(Refused):
        objections(small, "KG", "farida", NewDraft("HCD", in_reply_to=request), item)
    elsewhere = NewDraft("HCR", recipients=("KZ",))
    assert objections(small, "KG", "dilnoza", elsewhere, item) == {"NOT_THE_ORIGINATOR"}
    assert objections(small, "KG", "dilnoza", NewDraft("ERA", recipients=("KZ",)), item) == {"NOT_THE_ORIGINATOR"}


TIMES = st.integers(0, 20)
GRANTS = st.builds(
    lambda number, item, object_id, unit, side, begin, length, revoked: GrantRow(
        decision=f"d{number}",
        message_id=item,
        object_id=object_id,
        action=f"FORWARD:{unit}{number}",
        unit=unit,
        side=side,
        originator="TJ",
        purpose="PROSECUTE",
        valid_from=begin,
        valid_until=begin + length,
        revoked=revoked,
        revocation=None,
    ),
    st.integers(0, 10**9),
    st.sampled_from(["one", "two"]),
    st.sampled_from([WHOLE, "P1", "V1"]),
    st.sampled_from(["KG", "KZ"]),
    st.sampled_from(list(Side)),
    TIMES,
    st.integers(0, 10),
    st.none() | TIMES,
)


@given(st.lists(GRANTS, max_size=8, unique_by=lambda row: row.decision), TIMES, st.sampled_from([None, "P1", "V1"]))
def test_a_permission_holds_in_its_time_for_its_item_and_its_holder_only(
    rows: list[GrantRow], now: int, object_id: str | None
) -> None:
    engine = create_engine("sqlite://")
    GrantRow.__table__.create(engine)  # type: ignore[attr-defined]  # a table, whatever its declared type says
    expected = {
        row.action
        for row in rows
        if row.message_id == "one" and row.side == Side.HELD and row.object_id in ("", object_id)
        if row.valid_from <= now < row.valid_until and (row.revoked is None or now < row.revoked)
    }
    with Session(engine) as session:
        session.add_all(rows)
        session.flush()
        found = grants.covering(session, now, Item("one", object_id or WHOLE))
        assert {one.action for one in found} == expected
    engine.dispose()
