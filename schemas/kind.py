"""What a message kind declares, and everything that is derived from the declaration.

A kind is one file in `schemas/kinds/` that makes one `Kind` named `KIND`. Its form, check page, reading page, JSON
schema, field map, rules, completeness and approvals follow from it; nothing else in the project names a single kind.
The body is judged with the facts around it (`Facts`), never with a clock. This module must not know any one kind.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Final, Literal, TypeAlias

from crypto.canonical import Json
from schemas import codes, fields
from schemas.facts import Facts
from schemas.faults import Fault
from schemas.fields import Field, JsonSchema, Line, Raw, Section, Values
from schemas.life import Life
from schemas.objects import broken_rules, objects_section, with_latin
from schemas.term import Term
from schemas.words import Words

Family: TypeAlias = Literal["operational", "financial", "judicial", "strategic", "control"]
Side: TypeAlias = Literal["requester", "requested"]
ClockEffect: TypeAlias = Literal["NONE", "STARTS", "STOPS", "RESUMES", "EXTENDS", "ENDS"]


@dataclass(frozen=True)
class Rule:
    """One rule between fields, asked only when every field is well-formed; `at` is the field to point at."""

    code: str
    at: str
    words: Words
    broken: Callable[[Facts], bool]


@dataclass(frozen=True)
class Point:
    """One point of completeness: `weight` of 100, reached when `reached` says so; `words` say what to add."""

    code: str
    weight: int
    words: Words
    reached: Callable[[Facts], bool]


@dataclass(frozen=True)
class Approval:
    """A second person must agree when `needed`: the role that may, and why."""

    code: str
    role: str
    words: Words
    needed: Callable[[Facts], bool]


@dataclass(frozen=True)
class Causes:
    """Which lifecycle event the message is; with `chosen_by`, that body field chooses among `by_value`."""

    event: str = ""
    chosen_by: str = ""
    by_value: Mapping[str, str] = field(default_factory=dict)

    def of(self, body: Mapping[str, Json]) -> str:
        """Return the event that a message with this body causes."""
        return self.by_value[str(body[self.chosen_by])] if self.chosen_by else self.event


@dataclass(frozen=True)
class Gate:
    """A section that the federation's list may ask for, and the second person whom a doubt in it needs.

    `since` is the version of the kind that first had it: a message of an older one could not carry it. `gives` is false
    for a message that gives nothing away, whose section nobody asks for (`schemas.human_rights`).
    """

    section: Section
    doubt: Approval
    since: str
    gives: Callable[[Facts], bool]


class Effect(StrEnum):
    """What a message does to the items that it is about."""

    ASKS = "ASKS"
    GRANTS = "GRANTS"
    REVOKES = "REVOKES"
    CORRECTS = "CORRECTS"
    ERASES = "ERASES"
    RECALLS = "RECALLS"
    CONSULTS = "CONSULTS"


@dataclass(frozen=True)
class Concern:
    """The message is about items that units hold: whole messages or objects in them, named by its field `items`.

    It is begun from a message of another unit (`RECEIVED`) or from one of ours (`SENT`), where `invitation` stands on
    a button; `of_kind` is the kind begun from, empty for any that is about no items itself, and `names` the body field
    that takes its id. A notice is passed on by whoever disclosed the items onward, when `onward` says so.
    """

    effect: Effect
    begun_from: Literal["", "RECEIVED", "SENT"] = ""
    invitation: Words | None = None
    of_kind: str = ""
    names: str = ""
    onward: Callable[[Mapping[str, Json]], bool] | None = None


@dataclass(frozen=True)
class Replies:
    """The field `rows` of an answer says in each row what is answered to one question.

    `number` and `text` are the members that name the question and take a text; `begins` is what a row with a text says
    besides.
    """

    rows: str
    number: str
    text: str
    begins: Mapping[str, Json]


@dataclass(frozen=True)
class Score:
    """Completeness from 0 to 100 and the points still missing."""

    points: int
    missing: tuple[Point, ...]


@dataclass(frozen=True)
class Kind:
    """One kind of message. `answers` names the kinds it replies to (empty opens a thread), `side` who sends it.

    A kind that opens a thread declares its `life`, and with a clock its `term`. `authors` are the roles that may write
    it (empty: whoever composes), `repeats` the members that an answer takes over from the message that it answers,
    `told` the field of an answer that begins with the units to which the message was passed on, and `refused_on` reads
    from a body the grounds (table `refusal_grounds`) on which it refuses all or a part. `questions` is the field whose
    rows can be answered one by one, and so be given to others one by one; `replies` says where that is done. `gate` is
    the check before it leaves, where it asks about people or tells of them.
    `protection`: it is about data protection itself, for the data-protection officers of both units alone.
    """

    code: str
    version: str
    family: Family
    label: Words
    hint: Words
    sections: tuple[Section, ...]
    senders: frozenset[str]
    receivers: frozenset[str]
    answers: tuple[str, ...] = ()
    side: Side = "requester"
    object_types: tuple[str, ...] = ()
    clock: ClockEffect = "NONE"
    clock_by_event: Mapping[str, ClockEffect] = field(default_factory=dict)
    causes: Causes = field(default_factory=Causes)
    rules: tuple[Rule, ...] = ()
    completeness: tuple[Point, ...] = ()
    approvals: tuple[Approval, ...] = ()
    gate: Gate | None = None
    computed: Mapping[str, Callable[[Mapping[str, Json]], Json]] = field(default_factory=dict)
    life: Life | None = None
    term: Term | None = None
    authors: frozenset[str] = frozenset()
    repeats: tuple[str, ...] = ()
    told: str = ""
    questions: str = ""
    replies: Replies | None = None
    concern: Concern | None = None
    protection: bool = False
    refused_on: Callable[[Mapping[str, Json]], frozenset[str]] = lambda _body: frozenset()

    @cached_property
    def form(self) -> tuple[Section, ...]:
        """The sections of the compose form: those declared, its gate, and persons and things where it carries them."""
        gate = (self.gate.section,) if self.gate is not None else ()
        objects = (objects_section(self.object_types),) if self.object_types else ()
        return (*self.sections, *gate, *objects)

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """Every top field of the form in order."""
        return tuple(item for section in self.form for item in section.fields)

    def parse(self, raw: Raw) -> tuple[Values, list[Fault]]:
        """Return the values of a form (the body, and `objects` where the kind carries them) and what is wrong."""
        values, faults = fields.parse(self.fields, raw)
        if faults:
            return values, faults
        if "objects" in values:
            values["objects"] = with_latin(values["objects"])
        return self.complete(values), []

    def complete(self, values: Mapping[str, Json]) -> Values:
        """Return the values with the computed members filled in."""
        return {**values, **{name: compute(values) for name, compute in self.computed.items()}}

    def validate(self, facts: Facts, *, newer: bool = False) -> list[Fault]:
        """Return all that is wrong with a body and its objects from the wire: fields first, then rules.

        `newer` keeps members that a later minor version of the schema added.
        """
        values: Values = {**facts.body, **({"objects": list(map(dict, facts.objects))} if facts.objects else {})}
        given = {name: value for name, value in values.items() if name not in self.computed}
        found = fields.validate(self.fields, given)
        if newer:
            found = [fault for fault in found if fault.code != "UNKNOWN_MEMBER"]
        return found or list(self.broken(facts))

    def broken(self, facts: Facts) -> Iterator[Fault]:
        """Yield the rules that a body and its objects break, each field of which is right by itself."""
        for name, compute in self.computed.items():
            if facts.body.get(name) != compute(facts.body):
                yield Fault(name, "COMPUTED_WRONG", COMPUTED_WRONG)
        yield from broken_rules(facts.objects, facts.at)
        yield from (Fault(rule.at, rule.code, rule.words) for rule in self.rules if rule.broken(facts))

    def effect_on_clock(self, body: Mapping[str, Json]) -> ClockEffect:
        """Return what a message with this body does to the legal clock."""
        return self.clock_by_event.get(self.causes.of(body), self.clock)

    def score(self, facts: Facts) -> Score:
        """Return how complete the message is; a kind without points is always complete."""
        missing = tuple(point for point in self.completeness if not point.reached(facts))
        return Score(100 - sum(point.weight for point in missing), missing)

    def approvals_needed(self, facts: Facts) -> tuple[Approval, ...]:
        """Return the approvals that this message needs before it may be sealed."""
        gate = (self.gate.doubt,) if self.gate is not None else ()
        return tuple(approval for approval in (*ALWAYS_ASKED, *gate, *self.approvals) if approval.needed(facts))

    def spread(self, values: Mapping[str, Json]) -> dict[str, list[str]]:
        """Return the form data of values: to go on with a draft."""
        return fields.spread(self.fields, values)

    def reading(self, values: Mapping[str, Json], language: str) -> tuple[tuple[Section, tuple[Line, ...]], ...]:
        """Return each section with its lines; sections with nothing to read are left out."""
        read = [(section, fields.reading(section.fields, values, language)) for section in self.form]
        return tuple((section, lines) for section, lines in read if lines)

    def json_schema(self) -> JsonSchema:
        """Return the JSON schema of the values."""
        return {"$schema": "https://json-schema.org/draft/2020-12/schema", **fields.json_schema(self.fields)}

    def field_map(self) -> list[tuple[str, Field]]:
        """Return every field with its path for the data-protection officer; `Field.data_group` says what it holds."""
        return list(fields.walk(self.fields))


def minor(version: str) -> int:
    """Return the second number of a schema version: what it counts was added, and is left out by who is behind."""
    return int(version.partition(".")[2])


def agencies(*families: Family) -> frozenset[str]:
    """Return the agency types that exchange messages of one of the families."""
    rows = codes.table("agency_types").items()
    return frozenset(code for code, row in rows if not set(families).isdisjoint(row.listed("families")))


def refers_to_unknown(facts: Facts, group: str) -> bool:
    """Return whether a row of `group` is about an object that the message does not carry."""
    known = {one["object_id"] for one in facts.objects}
    named = (row.get("about") for row in facts.rows(group))
    return any(isinstance(about, list) and not known.issuperset(map(str, about)) for about in named)


def _restricted(facts: Facts) -> bool:
    return bool({"H2", "H3"} & set(facts.listed("handling")))


def _minor(facts: Facts) -> bool:
    protected = [one.get("protected") for one in facts.objects]
    return any(isinstance(flags, list) and "MINOR" in flags for flags in protected)


ALWAYS_ASKED: Final = (
    Approval(
        "SEND_RESTRICTED",
        "SUPERVISOR",
        Words("The message carries H2 or H3.", "Сообщение имеет код H2 или H3."),
        _restricted,
    ),
    Approval(
        "MINOR_INVOLVED",
        "SUPERVISOR",
        Words("The message holds data on a person under 18.", "В сообщении есть данные о несовершеннолетнем."),
        _minor,
    ),
)
"""Approvals that every kind asks for."""

COMPUTED_WRONG: Final = Words(
    "A value that the system computes does not follow from the others: the sending system must correct it.",
    "Вычисляемое системой значение не следует из остальных: исправить должна система отправителя.",
)
