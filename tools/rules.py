"""Writes docs/rules.md from the policy itself: `python -m tools.rules`.

Every rule with its source and words, and who may do what as the rules decide it. `make fmt` runs it, and a test demands
that the file is what it would write, so that a change of the rules is seen as a change of the tables. It decides
nothing itself.
"""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from exchange.policy.facts import Act, Action, Circumstances, House, Item, Person, Question
from exchange.policy.rulebook import FILES, Rule, Rulebook, federation, federation_texts
from schemas import codes

DOCUMENT: Final = Path(__file__).resolve().parent.parent / "docs" / "rules.md"
HEAD: Final = """# Who may do what

This page is written by `make fmt` from the rules themselves, `exchange/policy/*.cedar`. Every act is refused unless a
rule permits it and none forbids it; a refusal names the rules that made it. A unit may add rules that forbid, in
`policy/*.cedar` of its node's folder; it cannot permit anything. The federation signs these rules by their digest; a
node that ships others is closed by `unsigned.cedar` to every act but a look at its state. Rules bind the honest: once
another unit can decrypt a message no code stops a malicious one. It is found by the log and by the signatures, not
prevented.
"""
RECEIVED: Final = Item("TJ", "KG", "live", "operational", 1, frozenset({"H0"}), frozenset({"INVESTIGATE"}))
OWN: Final = Item("TJ", "TJ", "live", "operational", 1, frozenset({"H0"}), frozenset({"INVESTIGATE"}))
OUTSIDE: Final = Circumstances("live", purpose="INVESTIGATE", to="KZ", approved=True, fresh_factor=True)
AT_WORK: Final = replace(OUTSIDE, on_team=True)
WRITTEN: Final = replace(AT_WORK, author=True)
VIEWS: Final = {
    "A message of another unit, in a case that the person works on": (RECEIVED, AT_WORK),
    "A message of another unit, in a case that others work on": (RECEIVED, OUTSIDE),
    "A message of the own unit that a colleague wrote": (OWN, OUTSIDE),
    "A message of the own unit that the person wrote": (OWN, WRITTEN),
}
ROLES: Final = tuple(codes.table("roles"))


def rules() -> Iterator[str]:
    """One table of rules for each file."""
    for name in FILES:
        book = Rulebook({name: federation_texts()[name]})
        yield f"\n## `{name}.cedar`\n\n| rule | | says | source | what would change it |\n|---|---|---|---|---|\n"
        yield from map(line, book.rules.values())


def line(rule: Rule) -> str:
    """One rule as a row."""
    effect = "permits" if rule.permits else "forbids"
    return f"| `{rule.name}` | {effect} | {rule.words.en} | {rule.law.en} | {'' if rule.permits else rule.remedy} |\n"


def matrices() -> Iterator[str]:
    """Role by act: of the unit's house, and of an item in four situations."""
    decide = federation().decide
    yield "\n## Acts of the house\n\n"
    yield from table(
        [
            (role, [act for act in Action if decide(Question(person(role), act, House("TJ"), OUTSIDE)).allowed])
            for role in ROLES
        ]
    )
    for title, (item, now) in VIEWS.items():
        yield f"\n## {title}\n\nUnder H0, with everything shown, confirmed and agreed to by a second person.\n\n"
        yield from table(
            [
                (role, [act for act in Act if decide(Question(person(role), act, item, to_whom(act, now))).allowed])
                for role in ROLES
            ]
        )


def to_whom(act: Act, now: Circumstances) -> Circumstances:
    """The same with an agency that receives what goes to an agency of the own state."""
    return replace(now, to="CUSTOMS") if act is Act.OWN_AGENCY else now


def table(rows: list[tuple[str, list[str]]]) -> Iterator[str]:
    """Roles with what they may; those that may nothing stand in one line."""
    yield "| role | may |\n|---|---|\n"
    yield from (f"| {role} | {', '.join(acts)} |\n" for role, acts in rows if acts)
    yield f"| {', '.join(role for role, acts in rows if not acts)} | nothing |\n"


def person(role: str) -> Person:
    """Somebody of the police with one role, cleared for everything that is carried."""
    return Person("TJ", "POLICE", frozenset({role}), 2)


def document() -> str:
    """The whole page."""
    return HEAD + "".join([*rules(), *matrices()])


if __name__ == "__main__":
    DOCUMENT.write_text(document(), "utf-8")
    sys.exit(0)
