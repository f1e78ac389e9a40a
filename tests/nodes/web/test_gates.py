"""What the federation signed, as people meet it: why a form asks, who has to sign, a node without signed rules."""

from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest

from nodes import rules
from nodes.node import Node
from serai.demo import requests
from tests.federation import World, pair, rule_set
from tests.instants import NOW
from tests.nodes.web.house import Browser, House, build
from tests.nodes.web.work import draft_of, inputs, write

FEDERATION = World(NOW).add("KG", "TJ")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    made = build(tmp_path_factory.mktemp("gates"), NOW, ("TJ",))
    made.add_user("TJ", "TJ-1", "OFFICER")
    made.add_user("TJ", "TJ-9", "NODE_ADMIN")
    yield made
    made.close()


def decided(node: Node, **decisions: Any) -> None:
    node.held = FEDERATION.directory(document=FEDERATION.federation(**decisions))
    rules.note(node)


def drafted(desk: Browser, **answers: str) -> str:
    """A request about organised crime to KG with these answers about human rights."""
    form = {
        name: value
        for name, value in inputs("REQ", requests.lorry_owner(NOW)).items()
        if not name.startswith("body.human_rights")
    }
    given = {f"body.human_rights.{name}": value for name, value in answers.items()}
    draft = draft_of(desk.post("/compose", kind="REQ"))
    write(desk, draft, {**form, **given, "common.crime_areas": ["ORGCRIME"], "recipients": ["KG"]}, "save")
    return draft


def test_the_form_says_why_it_asks_and_the_check_page_who_has_to_sign(house: House) -> None:
    decided(house.nodes["TJ"], rights_pairs=(pair(),))
    desk = house.desk("TJ", "TJ-1")
    silent = drafted(desk)
    form, check = (unescape(desk.get(page).text) for page in (silent, f"{silent}/check"))
    assert "Unit TJ → Unit KG</strong>: Organised crime, Terrorism. Source: Convention against Torture" in form
    assert 'Human rights</a><span class="govuk-tag govuk-tag--blue">To do' in form
    assert 'Check <span class="optional">(optional)</span>' not in form
    assert "Fill in the human-rights check: the list that the federation signed asks for it (TJ → KG;" in check
    assert ("It cannot be sealed yet" in check, "Seal and send" in check) == (True, False)
    names = ("political", "military", "religious", "racial", "death_penalty", "torture", "minor")
    unsure = drafted(desk, **dict.fromkeys(names, "UNKNOWN"))
    check = unescape(desk.get(f"{unsure}/check").text)
    assert "Has to sign: Supervisor, and not whoever wrote it." in check
    assert "Seal and send" not in check


def test_where_nothing_is_asked_the_questions_stay_optional(house: House) -> None:
    decided(house.nodes["TJ"], rights_pairs=())
    desk = house.desk("TJ", "TJ-1")
    form = desk.get(drafted(desk)).text
    assert "the list of pairs" not in form
    assert 'Check <span class="optional">(optional)</span>' in form
    assert 'Human rights</a><span class="govuk-tag govuk-tag--grey">Optional' in form


def test_a_node_without_signed_rules_names_the_reason_and_tells_its_administrator(house: House) -> None:
    decided(house.nodes["TJ"], rules=(rule_set(NOW, sha512="0" * 128),))
    officer, administrator = house.desk("TJ", "TJ-1"), house.desk("TJ", "TJ-9")
    refused = officer.get("/compose")
    assert refused.status_code == 403
    assert "The rules of access of this release are not signed by the federation" in refused.text
    page = administrator.get("/people")
    assert page.status_code == 403
    assert "Nothing is done here: the federation has not signed the rules of access" in page.text
    assert "Nothing is done here" not in refused.text
    decided(house.nodes["TJ"], rules=(rule_set(NOW),))
    assert "Nothing is done here" not in administrator.get("/people").text
