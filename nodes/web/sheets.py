"""A draft as a form: what was entered, what its declarations make of it, what is wrong, and what to store.

Complete answers are stored in canonical form, others as they were typed, so that nothing an officer wrote is lost.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from crypto.canonical import Json
from nodes.views import Draft, DraftForm
from nodes.web import forms
from nodes.web.forms import Control, FormState
from nodes.web.languages import gettext, language
from nodes.web.reading import ReadPart
from nodes.web.wording import Problem, handling_costs
from schemas import fields, labels
from schemas.faults import Fault
from schemas.fields import Field, Raw, Section, Values
from schemas.kind import Kind
from schemas.kinds import kind_of

BODY: Final = "body"
LABELS: Final = "common"


@dataclass(frozen=True, slots=True)
class Part:
    """A section of the form with its controls."""

    id: str
    label: str
    hint: str
    controls: tuple[Control, ...]


@dataclass(frozen=True, slots=True)
class Task:
    """A section in the task list: what is still to do there."""

    id: str
    label: str
    state: str
    colour: str


@dataclass(frozen=True, slots=True)
class Judged:
    """One half of a draft, judged: its canonical values, and what is wrong by path."""

    values: Values
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A draft as inputs named by path (`body.facts`, `common.urgency`), with its judgement."""

    kind: Kind
    raw: Mapping[str, Sequence[str]]
    body: Judged
    marks: Judged

    @property
    def whole(self) -> bool:
        """Whether every field is well-formed; rules between fields are asked on the check page."""
        return not (self.body.faults or self.marks.faults)

    @property
    def errors(self) -> dict[str, str]:
        """The first message of each path."""
        found = [(f"{LABELS}.{one.path}", one) for one in self.marks.faults]
        found += [(f"{BODY}.{one.path}", one) for one in self.body.faults]
        return {path: fault.say(language()) for path, fault in reversed(found)}


def from_draft(draft: Draft) -> Sheet:
    """Return the sheet of a stored draft."""
    kind = kind_of(draft.kind)
    raw = forms.above(kind.spread(draft.body), BODY)
    raw |= forms.above(fields.spread(labels.FORM, draft.common), LABELS)
    return from_raw(kind, raw)


def from_raw(kind: Kind, raw: Raw) -> Sheet:
    """Return the sheet of what a browser posted."""
    body = kind.parse(forms.below(raw, BODY))
    marks = fields.parse(labels.FORM, forms.below(raw, LABELS))
    return Sheet(kind, dict(raw), Judged(body[0], tuple(body[1])), Judged(marks[0], tuple(marks[1])))


def to_store(sheet: Sheet, recipients: tuple[str, ...], copies: tuple[str, ...]) -> DraftForm:
    """Return what to save: canonical values of a faultless half, else everything as typed."""
    body, marks = sheet.body.values, sheet.marks.values
    if sheet.body.faults:
        body = _as_typed(sheet.kind.fields, forms.below(sheet.raw, BODY))
    if sheet.marks.faults:
        marks = _as_typed(labels.FORM, forms.below(sheet.raw, LABELS))
    return DraftForm(recipients, marks, body, copies)


def _as_typed(declared: Sequence[Field], raw: Raw) -> Values:
    """Return what was typed, with repeated rows as lists, the shape from which a form is drawn again."""
    return {name: _listed(value) for name, value in fields.gather_fields(declared, raw, "").items()}


def _listed(value: Json) -> Json:
    if isinstance(value, list):
        return [_listed(one) for one in value]
    if not isinstance(value, dict):
        return value
    if all(name.isdecimal() for name in value):
        return [_listed(value[name]) for name in sorted(value, key=int)]
    return {name: _listed(one) for name, one in value.items()}


def parts(sheet: Sheet, *, show_errors: bool, adding: frozenset[str], asked: Collection[str] = ()) -> tuple[Part, ...]:
    """Return the sections of the form with their controls; `asked` are fields that may not stay empty this time."""
    notes = {"handling": {one.code: one.cost for one in handling_costs()}}
    state = FormState(sheet.raw, sheet.errors if show_errors else {}, language(), adding, notes)
    return tuple(
        Part(
            f"{prefix}-{section.name}",
            section.label.say(language()),
            section.hint.say(language()),
            forms.controls(
                [replace(one, required=one.required or f"{prefix}.{one.name}" in asked) for one in section.fields],
                state,
                prefix,
            ),
        )
        for prefix, section in _sections(sheet.kind)
    )


def reading_parts(kind: Kind, draft: Draft) -> tuple[ReadPart, ...]:
    """Return the draft as the other side will read it, in the order of the form."""
    found = []
    for prefix, section in _sections(kind):
        values = draft.common if prefix == LABELS else draft.body
        read = tuple(item for item in section.fields if prefix == BODY or item.name not in labels.KEPT)
        lines = fields.reading(read, values, language())
        if lines:
            found.append(ReadPart(f"{prefix}-{section.name}", section.label.say(language()), lines))
    return tuple(found)


def tasks(sheet: Sheet, asked: Collection[str]) -> tuple[Task, ...]:
    """Return the task list: a section is done, begun, or still empty; no field of `asked` may stay so."""
    return tuple(_task(sheet, prefix, section, asked) for prefix, section in _sections(sheet.kind))


def problems(sheet: Sheet) -> tuple[Problem, ...]:
    """Return the error summary, one line a field, linked to it."""
    return tuple(Problem(text, f"#{forms.html_id(path)}") for path, text in sheet.errors.items())


def _sections(kind: Kind) -> list[tuple[str, Section]]:
    """Return the sections in the order of the page: the subject, what the kind asks, then how it is handled."""
    subject, *handled = ((LABELS, section) for section in labels.SECTIONS)
    return [subject, *((BODY, section) for section in kind.form), *handled]


def _task(sheet: Sheet, prefix: str, section: Section, asked: Collection[str]) -> Task:
    names = {f"{prefix}.{item.name}" for item in section.fields}
    faults = sum(_top(path) in names for path in sheet.errors)
    begun = any(_top(path) in names and any(given) for path, given in sheet.raw.items())
    label = section.label.say(language())
    if faults and begun:
        state, colour = gettext("%s to do") % faults, "yellow"
    elif faults or (not begun and not names.isdisjoint(asked)):
        state, colour = gettext("To do"), "blue"
    else:
        state, colour = (gettext("Done"), "green") if begun else (gettext("Optional"), "grey")
    return Task(f"{prefix}-{section.name}", label, state, colour)


def _top(path: str) -> str:
    """Return the path of the top field that a path lies in."""
    return ".".join(path.split(".")[:2])
