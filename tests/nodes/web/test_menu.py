"""The main navigation: short for everybody, and it leads to every page that the roles open."""

from itertools import chain, combinations

import pytest

from nodes.permissions import EXCLUSIVE
from nodes.views import Actor
from nodes.web.languages import speaking
from nodes.web.menu import MOST, Menu, menu
from schemas import codes


def of(roles: frozenset[str], path: str = "/me", waiting: int = 0) -> Menu:
    with speaking("en"):
        return menu(Actor("P-1", "P", "en", "POLICE", roles), path, waiting)


def texts(found: Menu) -> tuple[list[str], list[str]]:
    return [item.text for item in found.main], [item.text for item in found.below]


def possible() -> list[frozenset[str]]:
    """Every set of roles that one account may hold."""
    roles = sorted(codes.table("roles"))
    sets = map(frozenset, chain.from_iterable(combinations(roles, size) for size in range(1, 5)))
    return [one for one in sets if not any(pair <= one for pair in EXCLUSIVE)]


def test_nobody_has_more_main_entries_than_can_be_looked_over() -> None:
    assert max(len(of(roles).main) for roles in possible()) == MOST


def test_an_officer_finds_his_pages_below_their_group() -> None:
    found = of(frozenset({"LIAISON_OFFICER"}), "/sent", 3)
    assert texts(found)[1] == ["Inbox", "Sent", "Permissions", "Notices"]
    assert [item.here for item in found.below] == ["", "page", "", ""]
    assert (found.main[0].text, found.main[0].here, found.main[0].count) == ("Messages", "true", 3)


@pytest.mark.parametrize(("path", "group"), [("/messages/1", "Messages"), ("/tasks/7", "Cases"), ("/me", "")])
def test_a_page_that_no_entry_leads_to_stands_in_its_group(path: str, group: str) -> None:
    assert of(frozenset({"LIAISON_OFFICER"}), path).group == group


def test_a_group_of_one_page_is_that_page() -> None:
    found = of(frozenset({"AUDITOR"}), "/statistics")
    assert [item.here for item in found.main if item.text == "Statistics"] == ["page"]
    assert not found.below


@pytest.mark.parametrize("role", ["AUDITOR", "DPO", "LIAISON_OFFICER", "NODE_ADMIN", "SUPERVISOR"])
def test_every_page_that_the_navigation_leads_to_is_marked_there_as_the_one_shown(role: str) -> None:
    def shown(path: str) -> list[str]:
        found = of(frozenset({role}), path)
        return [item.href for item in (*found.main, *found.below) if item.here == "page"]

    entries = [entry.href for entry in of(frozenset({role})).main]
    pages = {item.href for entry in entries for item in of(frozenset({role}), entry).below} | set(entries)
    assert {path: shown(path) for path in pages} == {path: [path] for path in pages}


def test_who_may_do_nothing_has_no_navigation() -> None:
    assert of(frozenset()) == Menu()
