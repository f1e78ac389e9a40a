"""The human-rights gate that kinds share: a section of the form, when it must be filled in, and who looks at doubts.

What is asked can harm a person, and what is told can: kinds of both sorts declare the gate. When it must be filled in
stands in the list of pairs that the federation signs (protocol.md §5); no list is kept here. A
person of conscience decides, not the software: a "yes" or "unknown" is allowed, with the agreement of a supervisor.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from schemas.base import Names
from schemas.directory import SNAPSHOT_GRACE, SNAPSHOT_LIFE
from schemas.facts import Facts
from schemas.field_types import LongText, yes_no_unknown
from schemas.fields import Field, Section
from schemas.groups import Record
from schemas.kind import Approval, Gate, Kind, Point, minor
from schemas.signed_policy import EVERY, RightsPair
from schemas.words import Words

MEMBER: Final = "human_rights"
KNOWN_AFTER: Final = SNAPSHOT_LIFE + SNAPSHOT_GRACE
"""Seconds after which a pair is known to whoever still seals: no node seals with an older directory."""
UNDECIDED: Final = RightsPair(
    sender=EVERY,
    recipient=EVERY,
    areas=(EVERY,),
    not_before=0,
    source=Names(
        en="the federation has signed no list of pairs, so that nobody is excused",
        ru="федерация не подписала перечень пар, поэтому никто не освобождён",
    ),
)
"""What holds under a document without a list, as of an older release: everybody is asked, until the federation decides.
An empty list is a decision too, and asks nobody."""

_HINT: Final = Words(
    "Yes or unknown needs the agreement of a supervisor.",
    "При ответе «да» или «неизвестно» нужно согласие руководителя.",
)


def _right(name: str, label: Words) -> Field:
    return Field(name, label, _HINT, yes_no_unknown())


_RIGHTS: Final = (
    _right("political", Words("Political character", "Политический характер")),
    _right("military", Words("Military character", "Воинский характер")),
    _right("religious", Words("Religious character", "Религиозный характер")),
    _right("racial", Words("Racial character", "Расовый характер")),
    _right("death_penalty", Words("Risk of the death penalty", "Риск смертной казни")),
    _right("torture", Words("Risk of torture", "Риск пыток")),
    _right("minor", Words("A person under 18 is concerned", "Затронут несовершеннолетний")),
)

SECTION: Final = Section(
    "rights",
    Words("Human rights", "Права человека"),
    Words(
        "Required for the pairs of units and the areas of crime that the federation has listed.",
        "Обязательно для пар подразделений и видов преступности из перечня федерации.",
    ),
    (
        Field(MEMBER, Words("Check", "Проверка"), _HINT, Record(_RIGHTS), required=False),
        Field(
            "human_rights_note",
            Words("Note on the check", "Примечание к проверке"),
            Words("Assurances given, circumstances.", "Данные гарантии, обстоятельства."),
            LongText(1000),
            required=False,
        ),
    ),
)


def _doubt(facts: Facts) -> bool:
    rights = facts.body.get(MEMBER)
    return isinstance(rights, dict) and bool({"YES", "UNKNOWN"} & set(map(str, rights.values())))


DOUBT: Final = Approval(
    "HUMAN_RIGHTS",
    "SUPERVISOR",
    Words("The human-rights check is not clear.", "Проверка прав человека выявила сомнения."),
    _doubt,
)

CHECKED: Final = Point(
    "HUMAN_RIGHTS",
    5,
    Words("Fill in the human-rights check.", "Заполните проверку прав человека."),
    lambda facts: MEMBER in facts.body,
)


def gate(since: str, gives: Callable[[Facts], bool] = lambda _facts: True) -> Gate:
    """Return the gate as a kind declares it; `since` and `gives` as `schemas.kind.Gate` has them."""
    return Gate(SECTION, DOUBT, since, gives)


@dataclass(frozen=True, slots=True)
class Sending:
    """What is sent, by whom and to whom; `answered` are the areas of crime of the message that it answers.

    They count beside its own (table `crime_areas`), so that another label on the answer takes nobody out of the list.
    """

    sender: str
    recipients: frozenset[str]
    facts: Facts
    answered: frozenset[str] = frozenset()

    def concerns(self, pair: RightsPair) -> bool:
        """Return whether a pair is about it."""
        areas = self.answered.union(self.facts.listed("crime_areas"))
        return any(pair.covers(self.sender, one, areas) for one in self.recipients)


def asking(kind: Kind, listed: Sequence[RightsPair] | None, sending: Sending) -> tuple[RightsPair, ...]:
    """Return the pairs by which a message of `kind` must carry the check; `listed` is what the document says."""
    if kind.gate is None or not kind.gate.gives(sending.facts):
        return ()
    pairs = (UNDECIDED,) if listed is None else listed
    return tuple(pair for pair in pairs if pair.holds(sending.facts.at) and sending.concerns(pair))


def withheld(kind: Kind, version: str, listed: Sequence[RightsPair] | None, sending: Sending) -> tuple[RightsPair, ...]:
    """Return the pairs by which the sender cannot but know that its message, of a `version` of `kind`, lacks the check.

    It may have sealed under the list before: a pair counts against it only when that has run out. What the federation
    has not signed is demanded of no other unit, nor what its release had no field for.
    """
    if MEMBER in sending.facts.body or kind.gate is None or minor(version) < minor(kind.gate.since):
        return ()
    known = sending.facts.at - KNOWN_AFTER
    return tuple(pair for pair in asking(kind, listed or (), sending) if pair.holds(known))
