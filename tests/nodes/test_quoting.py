"""What a message carries keeps the codes under which it was given; each way of giving it on is an act of its own."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, get_args

import pytest
from sqlalchemy.orm import Session

from exchange.policy.facts import Act
from exchange.policy.rulebook import Rulebook, federation_texts
from nodes import asking, drafts, evidence, forwarding, messages, quoting, restrictions, tasks
from nodes.drafts import NewDraft
from nodes.errors import Refused
from nodes.evidence import Wanted
from nodes.judging import Wish
from nodes.node import Node
from nodes.tables import MessageRow
from nodes.views import Actor, Draft
from nodes.work import Work
from schemas.directory import UnitClass
from schemas.items import Item
from tests.messages import form_labels, held, lorry, person
from tests.nodes.permits import RESTRICTED, objections, passing
from tests.nodes.world import World, send, someone

TEXT = "For the team in Osh alone {and nobody else}."
H3: dict[str, Any] = {"handling": ["H3"], "handling_reason": "Few know of it.", "handling_text": TEXT}
NO_BODIES = """
@id("KG-NO-BODIES") @law("order 8") @en("Nothing goes to bodies.") @ru("Органам ничего не передаётся.")
forbid (principal, action == Serai::Action::"REGIONAL_BODY", resource);
"""
NO_QUOTING = """
@id("KG-NO-QUOTING") @law("order 9") @en("Nothing is quoted.") @ru("Ничего не цитируется.")
forbid (principal, action == Serai::Action::"QUOTE", resource);
"""


@pytest.fixture(scope="module")
def units(template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Units for all tests of this file that change none of their rules."""
    opened = World.copied(template, tmp_path_factory.mktemp("quoting") / "world")
    yield opened
    opened.close()


def given(world: World, labels: dict[str, Any] | None = None, *objects: dict[str, Any]) -> str:
    """A request of TJ to KG."""
    tj = world.node("TJ")
    body = {"objects": list(objects)} if objects else {}
    sent = send(tj, someone(tj, "rustam"), NewDraft("REQ", recipients=("KG",)), labels, **body)
    world.sync("TJ", "KG", rounds=1)
    return sent


def named(item: str) -> dict[str, Any]:
    """The label of a message that carries a person of TJ's message."""
    return {"passed_on": [{"origin": "TJ", **held(item)}]}


def carrying(item: str, object_id: str = "") -> dict[str, Any]:
    """The same label as a form holds it, with an empty row."""
    return {"passed_on": [{"origin": "TJ", "message": item, "object": object_id}, {}]}


def bound(world: World, message: str, object_id: str = "") -> quoting.Bound:
    kg = world.node("KG")
    duty = someone(kg, "dilnoza")
    with kg.db.read() as session:
        return quoting.inherited(Work(session, kg), duty, carrying(message, object_id))


def begun(world: World, message: str, to: str = "KZ") -> Draft:
    kg = world.node("KG")
    duty = replace(someone(kg, "dilnoza"), rules=kg.rules)
    with kg.db.write() as session:
        return drafts.create(session, kg, duty, NewDraft("REQ", recipients=(to,), passes=message))


def test_a_message_bears_every_code_of_what_it_carries_whoever_gets_it(units: World) -> None:
    item = given(units, RESTRICTED)
    for unit in ("TJ", "KZ"):
        carried = named(item)
        found = objections(units, "KG", "dilnoza", NewDraft("REQ", recipients=(unit,)), **carried)
        assert found == ({"CODES_NOT_INHERITED"} if unit == "TJ" else {"PASSING_FORBIDDEN"})
        more = objections(units, "KG", "dilnoza", NewDraft("REQ", recipients=(unit,)), **{**RESTRICTED, **carried})
        assert more == (set() if unit == "TJ" else {"PASSING_FORBIDDEN"})


def test_a_part_under_codes_of_its_own_binds_whoever_carries_it_or_the_whole(units: World) -> None:
    item = given(units, None, person(handling=["H2"]), lorry())
    assert [bound(units, item, part).codes for part in ("", "P1", "V1")] == [{"H2"}, {"H2"}, set()]
    assert passing(units, item, "P1") == {"PASSING_FORBIDDEN"}
    assert passing(units, item, "V1") == set()


def test_the_words_of_h3_are_read_first_and_then_repeated(units: World) -> None:
    item, kg = given(units, H3), units.node("KG")
    duty = someone(kg, "dilnoza")
    assert passing(units, item) == {"RESTRICTION_UNREAD"}
    assert bound(units, item).texts == {}
    with kg.db.write() as session:
        restrictions.confirm(session, kg, duty, item)
    assert passing(units, item) == {"CODES_NOT_INHERITED"}
    assert passing(units, item, **{**H3, "handling_text": "For another team."}) == {"TEXT_NOT_INHERITED"}
    assert passing(units, item, **{**H3, "handling_text": f"As said: {TEXT}"}) == set()
    draft = begun(units, item)
    assert (draft.common["handling"], draft.common["handling_text"]) == (["H3"], TEXT)


def test_what_a_form_lacks_is_proposed_and_nothing_is_taken_from_it() -> None:
    need = quoting.Bound(frozenset({"H1", "H3"}), {Item("m"): "For one.", Item("n"): "For two."})
    written: dict[str, Any] = {
        "handling": ["H2"],
        "handling_text": "For two.",
        "source_at_risk": "NO",
        "subject_line": "x",
    }
    expected = {"handling": ["H1", "H2", "H3"], "handling_text": "For two.\nFor one.", "source_at_risk": "YES"}
    assert need.over(written) == {**written, **expected}
    assert need.lacking(need.over(form_labels())) == quoting.Bound(frozenset(), {})
    assert quoting.Bound(frozenset(), {}).over(form_labels()) == form_labels()


def test_one_binds_nobody_by_what_one_gave_oneself(units: World) -> None:
    item, tj = given(units, RESTRICTED), units.node("TJ")
    rustam = someone(tj, "rustam")
    carried = named(item)
    assert objections(units, "TJ", "rustam", NewDraft("REQ", recipients=("KZ",)), **carried) == set()
    with tj.db.read() as session:
        assert quoting.inherited(Work(session, tj), rustam, carrying(item)).codes == set()


def test_who_does_not_work_on_a_case_carries_nothing_of_it(units: World) -> None:
    item = given(units)
    carried = named(item)
    found = objections(units, "KG", "aibek", NewDraft("REQ", recipients=("TJ",)), **carried)
    assert found == {"QUOTING_FORBIDDEN"}


def test_each_class_of_unit_says_which_act_it_is_to_give_it_something(units: World) -> None:
    assert set(quoting.PASSING) == set(get_args(UnitClass))
    (unit,) = (one for one in units.node("KG").directory().units() if one.unit == "KZ")
    asked = {kind: quoting.passing(unit.model_copy(update={"unit_class": kind})) for kind in quoting.PASSING}
    bodies = {kind for kind, wish in asked.items() if wish == Wish(Act.REGIONAL_BODY, to="KZ")}
    assert bodies == {"REGIONAL_BODY", "INTERNATIONAL"}


def test_a_rule_about_regional_bodies_or_quoting_is_asked_wherever_information_is_passed_on(small: World) -> None:
    item, kg = given(small), small.node("KG")
    held_units = small.desk.hub.register.current.federation.units
    small.decide(
        units=tuple(
            one.model_copy(update={"unit_class": "REGIONAL_BODY"}) if one.unit == "KZ" else one for one in held_units
        )
    )
    small.sync()
    assert open_to(kg, item) == ("KZ",)
    for rule, code in ((NO_BODIES, "PASSING_FORBIDDEN"), (NO_QUOTING, "QUOTING_FORBIDDEN")):
        kg.book = Rulebook(federation_texts(), {"own.cedar": rule})
        assert open_to(kg, item) == ()
        assert passing(small, item) == {code}
        with pytest.raises(Refused):
            begun(small, item)


def open_to(node: Node, message: str) -> tuple[str, ...]:
    duty = replace(someone(node, "dilnoza"), rules=node.rules)
    with node.db.write() as session:
        row = messages.read(session, node, duty, message).row
        return forwarding.ways(session, node, duty, row).open


WAYS: dict[str, Callable[[Session, Node, Actor, str], object]] = {
    "read": messages.read,
    "answered": lambda session, node, actor, it: drafts.create(session, node, actor, NewDraft("ANS", in_reply_to=it)),
    "asked about": lambda session, node, actor, it: drafts.create(session, node, actor, NewDraft("HCR", about=it)),
    "passed on": lambda session, node, actor, it: drafts.create(
        session, node, actor, NewDraft("REQ", recipients=("KZ",), passes=it)
    ),
    "made a task": tasks.propose,
    "shown to a court": lambda session, node, actor, it: evidence.require_court(
        session, node, actor, Wanted(message_id=it)
    ),
    "compared": lambda session, node, actor, it: asking.by_others(
        session, node, actor, messages.opened(session, node, actor, it, Act.READ)
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_what_is_real_is_in_no_way_used_in_an_exercise_nor_the_reverse(units: World, apart: str, way: str) -> None:
    kg = units.node("KG")
    duty = someone(kg, "dilnoza")
    training = replace(kg, settings=kg.settings.model_copy(update={"env": "exercise"}))
    for node, env in ((training, "live"), (kg, "exercise")):
        with node.db.write() as session:
            session.get_one(MessageRow, apart).env = env
            session.flush()
            with pytest.raises(Refused) as refused:
                WAYS[way](session, node, duty, apart)
        assert "LIVE-OR-EXERCISE" in {rule.name for rule in refused.value.rules}
        assert ("NO-EXERCISE-USE" in {rule.name for rule in refused.value.rules}) == (
            way == "passed on" and node is training
        )


@pytest.fixture(scope="module")
def apart(units: World) -> str:
    """A request that is asked about in the other environment."""
    return given(units)


def test_what_is_real_is_written_into_no_message_of_an_exercise(units: World, apart: str) -> None:
    kg = units.node("KG")
    carried = named(apart)
    with kg.db.write() as session:
        session.get_one(MessageRow, apart).env = "exercise"
    assert objections(units, "KG", "dilnoza", NewDraft("REQ", recipients=("TJ",)), **carried) == {"QUOTING_FORBIDDEN"}
