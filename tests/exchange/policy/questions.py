"""Questions for the tests: one that is allowed, changes of it, and any at all."""

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from exchange.policy.facts import Act, Action, Circumstances, House, Item, Person, Question
from schemas import codes
from tests.exchange.policy.table import FAMILIES

PERSON = Person("TJ", "POLICE", frozenset({"OFFICER"}), 2)
RECEIVED = Item(
    holder="TJ",
    originator="KG",
    env="live",
    family="operational",
    classification=1,
    handling=frozenset({"H0"}),
    purposes=frozenset({"INVESTIGATE"}),
)
AT_WORK = Circumstances("live", on_team=True, purpose="INVESTIGATE", to="KZ", fresh_factor=True)
READING = Question(PERSON, Act.READ, RECEIVED, AT_WORK)
"""An officer reads a message of his case."""


def asked(act: str = "READ", roles: str = "OFFICER", **changes: Any) -> Question:
    """READING with another act, other roles, and members of person, item or circumstances changed."""
    parts: dict[str, Any] = {"person": replace(PERSON, roles=frozenset(roles.split())), "about": RECEIVED}
    parts["circumstances"] = AT_WORK
    for name, value in changes.items():
        for part in [key for key, one in parts.items() if name in one.__slots__]:
            parts[part] = replace(parts[part], **{name: frozenset(value.split()) if name in SETS else value})
    return Question(parts["person"], Act(act), parts["about"], parts["circumstances"])


SETS = {"roles", "handling", "purposes", "agencies", "permissions"}
ROLES = tuple(codes.table("roles"))
HANDLING = [frozenset(codes.split()) for codes in ("H0", "H1", "H2", "H3", "H1 H2", "H1 H3", "H2 H3", "H1 H2 H3")]
UNITS = ("TJ", "KG", "KZ")
ENVS = ("live", "exercise")
AIMS = ("INVESTIGATE", "PROSECUTE")
GRANTS = ("EVIDENCE", "FORWARD:KZ", "FORWARD:UZ", "PURPOSE:PROSECUTE")

people = st.builds(
    Person,
    unit=st.sampled_from(UNITS),
    agency=st.sampled_from(sorted(FAMILIES)),
    roles=st.frozensets(st.sampled_from(ROLES), max_size=3),
    clearance=st.integers(0, 2),
    active=st.sampled_from((True, True, True, False)),
)
items = st.builds(
    Item,
    holder=st.sampled_from(UNITS),
    originator=st.sampled_from(UNITS),
    env=st.sampled_from(ENVS),
    family=st.sampled_from(("operational", "financial", "judicial", "strategic", "control")),
    classification=st.integers(0, 2),
    handling=st.sampled_from(HANDLING),
    purposes=st.frozensets(st.sampled_from(AIMS), max_size=2),
    agencies=st.frozensets(st.sampled_from(("POLICE", "FIU")), max_size=1),
    permissions=st.frozensets(st.sampled_from(GRANTS)),
    expired=st.booleans(),
    held=st.booleans(),
    erased=st.booleans(),
    recalled=st.booleans(),
    protection=st.booleans(),
)
circumstances = st.builds(
    Circumstances,
    env=st.sampled_from(ENVS),
    on_team=st.booleans(),
    author=st.booleans(),
    approved=st.booleans(),
    inspects=st.booleans(),
    emergency=st.booleans(),
    purpose=st.sampled_from(AIMS),
    to=st.sampled_from(("", "KZ", "POLICE", "FIU")),
    text_confirmed=st.booleans(),
    fresh_factor=st.booleans(),
)
about_items = st.builds(Question, people, st.sampled_from(Act), items, circumstances)
about_houses = st.builds(
    Question, people, st.sampled_from(Action), st.builds(House, st.sampled_from(UNITS)), circumstances
)


@st.composite
def nearly_allowed(draw: st.DrawFn) -> Question:
    """A question near one that is allowed: random ones are refused for ten reasons at once."""
    base = asked(draw(st.sampled_from(Act)), draw(st.sampled_from(ROLES)))
    made: Question = base
    for part, strategy in (("person", people), ("about", items), ("circumstances", circumstances)):
        other, now = draw(strategy), getattr(made, part)
        names = draw(st.sets(st.sampled_from(now.__slots__), max_size=2))
        made = replace(made, **{part: replace(now, **{name: getattr(other, name) for name in names})})
    return made
