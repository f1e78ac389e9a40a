"""The main navigation: at most six entries, each a page or a group of pages, which stand below it once one is in it.

What a reader's roles do not open is not there; a group of one page is that page. It must not know what a page shows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from exchange.policy.facts import Action
from nodes.permissions import allowed
from nodes.views import Actor
from nodes.web.languages import gettext

MOST: Final = 6
"""So many main entries a reader has at the most, whatever his roles."""


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One entry of the navigation; `here` is its `aria-current`, empty elsewhere."""

    href: str
    text: str
    here: str
    count: int = 0


@dataclass(frozen=True, slots=True)
class Menu:
    """The main entries, and below them the pages of the group that one is in, named `group`."""

    main: tuple[MenuItem, ...] = ()
    group: str = ""
    below: tuple[MenuItem, ...] = ()


@dataclass(frozen=True, slots=True)
class _Group:
    """Pages that belong together: `name` is that of a text, and `places` are paths of it that no entry leads to."""

    name: str
    pages: tuple[tuple[str, Action], ...]
    places: tuple[str, ...] = ()


_GROUPS: Final = (
    _Group(
        "messages",
        (
            ("/inbox", Action.LIST_ARRIVALS),
            ("/sent", Action.LIST_ARRIVALS),
            ("/permissions", Action.LIST_ARRIVALS),
            ("/notices", Action.LIST_ARRIVALS),
        ),
        ("/messages", "/recalls"),
    ),
    _Group("compose", (("/compose", Action.COMPOSE),), ("/drafts",)),
    _Group("cases", (("/cases", Action.READ_OWN), ("/tasks", Action.READ_OWN))),
    _Group("search", (("/search", Action.SEARCH),)),
    _Group("team", (("/shift", Action.HAND_OVER), ("/board", Action.ASSIGN), ("/statistics", Action.SEE_STATISTICS))),
    _Group(
        "decisions",
        (
            ("/approvals", Action.SEE_APPROVALS),
            ("/openings", Action.SEE_APPROVALS),
            ("/findings", Action.REPLY_FINDINGS),
        ),
    ),
    _Group("protection", (("/protection", Action.PROTECT_DATA),)),
    _Group(
        "unit",
        (
            ("/people", Action.ADMINISTER_USERS),
            ("/keys", Action.ADMINISTER_KEYS),
            ("/quarantine", Action.ADMINISTER_KEYS),
        ),
    ),
    _Group(
        "log",
        (
            ("/log", Action.READ_LOG),
            ("/checkpoints", Action.READ_LOG),
            ("/mirror", Action.READ_LOG),
            ("/verify", Action.READ_LOG),
        ),
        ("/forks",),
    ),
    _Group(
        "oversight",
        (("/inspections", Action.READ_LOG), ("/queries", Action.READ_LOG), ("/reviews", Action.READ_LOG)),
    ),
)


def menu(actor: Actor, path: str, waiting: int) -> Menu:
    """Return the navigation of `actor` on the page at `path`; `waiting` is the number beside what arrived."""
    texts, main, around = _texts(), [], Menu()
    for group in _GROUPS:
        pages = [href for href, action in group.pages if allowed(actor, action)]
        if not pages:
            continue
        inside = _is_in(path, (*pages, *group.places))
        text = texts[group.name] if len(pages) > 1 else texts[pages[0]]
        count = waiting if "/inbox" in pages else 0
        here = ("page" if path == pages[0] and len(pages) == 1 else "true") if inside else ""
        main.append(MenuItem(pages[0], text, here, count))
        if inside and len(pages) > 1:
            below = (MenuItem(href, texts[href], _current(path, href)) for href in pages)
            around = Menu(group=text, below=tuple(below))
    return Menu(tuple(main), around.group, around.below)


def _is_in(path: str, places: Sequence[str]) -> bool:
    return any(path == place or path.startswith(f"{place}/") for place in places)


def _current(path: str, href: str) -> str:
    if path == href:
        return "page"
    return "true" if _is_in(path, (href,)) else ""


def _texts() -> dict[str, str]:
    return {
        "messages": gettext("Messages"),
        "/inbox": gettext("Inbox"),
        "/sent": gettext("Sent"),
        "/permissions": gettext("Permissions"),
        "/notices": gettext("Notices"),
        "/compose": gettext("New message"),
        "cases": gettext("Cases"),
        "/cases": gettext("Cases"),
        "/tasks": gettext("Tasks"),
        "/search": gettext("Search"),
        "team": gettext("Team"),
        "/shift": gettext("Shift"),
        "/board": gettext("Team board"),
        "/statistics": gettext("Statistics"),
        "decisions": gettext("Decisions"),
        "/approvals": gettext("Second person"),
        "/openings": gettext("Opened to auditors"),
        "/findings": gettext("Findings"),
        "/protection": gettext("Data protection"),
        "unit": gettext("Unit"),
        "/people": gettext("People"),
        "/keys": gettext("Keys of the unit"),
        "/quarantine": gettext("Not opened"),
        "log": gettext("Log"),
        "/log": gettext("Entries"),
        "/checkpoints": gettext("Checkpoints"),
        "/mirror": gettext("Mirror statistics"),
        "/verify": gettext("Verify a file"),
        "oversight": gettext("Oversight"),
        "/inspections": gettext("Inspections"),
        "/queries": gettext("Content requests"),
        "/reviews": gettext("Access reviews"),
    }
