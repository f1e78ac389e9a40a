"""The look-up of the log explorer in the address of the page, and its filter form. Days are those of the unit."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from nodes.days import midnight, read_day
from nodes.oversight import Facets
from nodes.oversight_lookups import Lookup
from nodes.web.forms import Option
from nodes.web.languages import gettext
from nodes.web.site import Desk
from nodes.web.wording import label, unit_name
from schemas import codes

_OUTCOMES = {"DENIED": True, "DONE": False}
_UNIT = re.compile(r"[A-Z][A-Z0-9-]{1,15}")
"""The form of a unit's name: one that has left the directory is still in the log."""


@dataclass(frozen=True, slots=True)
class Filter:
    """The filter form with what is chosen in it."""

    sought: str
    person: str
    since: str
    until: str
    operations: tuple[Option, ...]
    units: tuple[Option, ...]
    roles: tuple[Option, ...]
    outcomes: tuple[Option, ...]


def read_lookup(desk: Desk, before: int | None = None, after: int | None = None) -> Lookup:
    """Return the look-up in the address; what it does not understand counts as absent."""
    given, zone = desk.request.query_params, ZoneInfo(desk.node.settings.time_zone)
    first, last = read_day(given.get("since", "")), read_day(given.get("until", ""))
    return Lookup(
        sought=given.get("q", "").strip(),
        operation=_code("log_operations", given.get("operation", "")),
        unit=given["unit"] if _UNIT.fullmatch(given.get("unit", "")) else None,
        role=_code("roles", given.get("role", "")),
        person=given.get("person", "").strip() or None,
        denied=_OUTCOMES.get(given.get("outcome", "")),
        since=midnight(first, zone) if first is not None else None,
        until=midnight(last + timedelta(days=1), zone) if last is not None else None,
        before=before,
        after=after,
    )


def address(desk: Desk, lookup: Lookup) -> str:
    """Return the query string that leads to the same view again; pages are cut at indices and stay what they are."""
    zone = ZoneInfo(desk.node.settings.time_zone)
    given = {
        "q": lookup.sought,
        "operation": lookup.operation,
        "unit": lookup.unit,
        "role": lookup.role,
        "person": lookup.person,
        "outcome": None if lookup.denied is None else ("DENIED" if lookup.denied else "DONE"),
        "since": _date(lookup.since, zone),
        "until": _date(lookup.until - 1, zone) if lookup.until is not None else "",
        "before": "" if lookup.before is None else str(lookup.before),
        "after": "" if lookup.after is None else str(lookup.after),
    }
    return urlencode({name: value for name, value in given.items() if value})


def spoken(desk: Desk, lookup: Lookup) -> list[tuple[str, str]]:
    """Return the look-up in words, for paper: what was asked for, without what was not."""
    zone = ZoneInfo(desk.node.settings.time_zone)
    outcome = None if lookup.denied is None else (gettext("Denied") if lookup.denied else gettext("Done"))
    said = [
        (gettext("Reference, hash or number"), lookup.sought),
        (gettext("Kind of act"), label("log_operations", lookup.operation) if lookup.operation else ""),
        (gettext("Partner unit"), unit_name(desk.node, lookup.unit) if lookup.unit else ""),
        (gettext("Role of the person"), label("roles", lookup.role) if lookup.role else ""),
        (gettext("Staff number"), lookup.person or ""),
        (gettext("Outcome"), outcome or ""),
        (gettext("From day"), _date(lookup.since, zone)),
        (gettext("To day"), _date(lookup.until - 1, zone) if lookup.until is not None else ""),
    ]
    return [(name, text) for name, text in said if text]


def filter_of(desk: Desk, lookup: Lookup, counted: Facets) -> Filter:
    """Return the filter form; every choice says how many entries it would leave."""
    zone = ZoneInfo(desk.node.settings.time_zone)
    units = {unit: unit_name(desk.node, unit) for unit in counted.units}
    return Filter(
        sought=lookup.sought,
        person=lookup.person or "",
        since=_date(lookup.since, zone),
        until=_date(lookup.until - 1, zone) if lookup.until is not None else "",
        operations=_options(counted.operations, _labels("log_operations", counted.operations), lookup.operation),
        units=_options(counted.units, units, lookup.unit),
        roles=_options(counted.roles, _labels("roles", counted.roles), lookup.role),
        outcomes=(
            Option("DONE", gettext("Done"), lookup.denied is False),
            Option("DENIED", gettext("Denied"), lookup.denied is True),
        ),
    )


def _code(table: str, given: str) -> str | None:
    return given if given in codes.table(table) else None


def _options(counted: Mapping[str, int], labels: Mapping[str, str], chosen: str | None) -> tuple[Option, ...]:
    found = [Option(code, f"{labels[code]} ({number})", code == chosen) for code, number in counted.items()]
    if chosen is not None and chosen not in counted:
        found.append(Option(chosen, f"{chosen} (0)", chosen=True))
    return tuple(found)


def _labels(table: str, codes: Mapping[str, int]) -> dict[str, str]:
    return {code: label(table, code) for code in codes}


def _date(at: int | None, zone: ZoneInfo) -> str:
    return "" if at is None else datetime.fromtimestamp(at, zone).date().isoformat()
