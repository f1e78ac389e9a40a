"""Draws any declared form: fields in, controls out. It knows field types and their widgets, no single kind or field.

Inputs are named by the path of their field below a prefix (`body.requested_items.0.question`), so that a browser
without scripts posts exactly what `schemas.fields` parses. Rows come and go by submit buttons (`add:PATH`).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from schemas.field_types import Date, Instant, LongText, OneCode, Several, ShortText
from schemas.fields import Field, FieldType, Raw
from schemas.groups import Record, Rows, Variants

_PARTS: Final[Mapping[type[FieldType], tuple[str, ...]]] = {Date: Date.parts, Instant: Instant.parts}


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a list. `note` says what choosing it costs, where its table says so."""

    value: str
    label: str
    chosen: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Control:
    """One field ready to be drawn; `inner` holds the fields of a group, `rows` those of repeated groups."""

    name: str
    id: str
    label: str
    hint: str
    widget: str
    required: bool
    values: tuple[str, ...]
    options: tuple[Option, ...]
    error: str
    limit: int
    parts: tuple[tuple[str, str], ...]
    inner: tuple["Control", ...]
    rows: tuple["Row", ...]
    full: bool
    when_name: str
    when_values: str
    when_text: str

    @property
    def value(self) -> str:
        """The first value entered; empty when nothing was."""
        return self.values[0] if self.values else ""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a repeated group: its place in the form and its fields."""

    name: str
    id: str
    number: int
    blank: bool
    controls: tuple[Control, ...]


@dataclass(frozen=True, slots=True)
class FormState:
    """What a form is drawn from: raw inputs, messages by path, language, rows to add, notes to codes by table."""

    raw: Raw
    errors: Mapping[str, str]
    language: str
    adding: frozenset[str] = frozenset()
    notes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def html_id(path: str) -> str:
    """Return the id of the element at `path`; error summaries link to it."""
    return "f-" + re.sub(r"[^A-Za-z0-9_-]", "-", path)


def controls(fields: Sequence[Field], state: FormState, prefix: str) -> tuple[Control, ...]:
    """Return the controls of one level of fields below `prefix`."""
    siblings = {item.name: item for item in fields}
    drawn = (item for item in fields if _allowed(item, state, prefix))
    return tuple(_control(item, siblings, state, f"{prefix}.{item.name}") for item in drawn)


def below(raw: Raw, prefix: str) -> dict[str, list[str]]:
    """Return the inputs below `prefix`, named without it: what the declaration parses."""
    start = f"{prefix}."
    return {name.removeprefix(start): list(given) for name, given in raw.items() if name.startswith(start)}


def above(raw: Mapping[str, Sequence[str]], prefix: str) -> dict[str, list[str]]:
    """Return the inputs named below `prefix`: the reverse of `below`."""
    return {f"{prefix}.{name}": list(given) for name, given in raw.items()}


def without_row(raw: Raw, path: str) -> dict[str, list[str]]:
    """Return the inputs without those of the row at `path`."""
    return {name: list(given) for name, given in raw.items() if not name.startswith(f"{path}.")}


def _allowed(item: Field, state: FormState, prefix: str) -> bool:
    """Return whether the field may be offered: not where the law forbids it for what was chosen beside it.

    A field that merely does not apply is drawn with its condition, so that it works without scripts.
    """
    limits = (condition for condition in item.when if condition.code != "NOT_APPLICABLE")
    return all(limit.holds({limit.field: list(state.raw.get(f"{prefix}.{limit.field}", ()))}) for limit in limits)


def _control(item: Field, siblings: Mapping[str, Field], state: FormState, path: str) -> Control:
    kind = item.type
    inner = controls(kind.fields, state, path) if isinstance(kind, Record) else ()
    rows = _rows(kind, state, path) if isinstance(kind, Rows | Variants) else ()
    when_name, when_values, when_text = _when(item, siblings, state.language, path)
    values = tuple(state.raw.get(path, ()))
    return Control(
        name=path,
        id=html_id(path),
        label=item.label.say(state.language),
        hint=item.hint.say(state.language),
        widget=kind.widget,
        required=item.required,
        values=values,
        options=_options(kind, values, state),
        error=state.errors.get(path, ""),
        limit=kind.high if isinstance(kind, LongText) else kind.high if isinstance(kind, ShortText) else 0,
        parts=_parts(kind, state.raw, path),
        inner=inner,
        rows=rows,
        full=isinstance(kind, Rows | Variants) and len(rows) >= kind.high,
        when_name=when_name,
        when_values=when_values,
        when_text=when_text,
    )


def _parts(kind: FieldType, raw: Raw, path: str) -> tuple[tuple[str, str], ...]:
    return tuple((part, (raw.get(f"{path}.{part}") or ("",))[0]) for part in _PARTS.get(type(kind), ()))


def _options(kind: FieldType, values: tuple[str, ...], state: FormState) -> tuple[Option, ...]:
    coded = kind.each if isinstance(kind, Several) else kind
    notes = state.notes.get(coded.table, {}) if isinstance(coded, OneCode) else {}
    offered = kind.options(state.language)
    return tuple(Option(code, label, code in values, notes.get(code, "")) for code, label in offered)


def _when(item: Field, siblings: Mapping[str, Field], language: str, path: str) -> tuple[str, str, str]:
    """Return the input, values and words of the first condition on a field of the same form."""
    for condition in item.when:
        other = siblings.get(condition.field)
        if other is not None and condition.code == "NOT_APPLICABLE":
            labels = dict(other.type.options(language))
            chosen = [code for code, _ in other.type.options(language) if code in condition.values]
            words = f"{other.label.say(language)}: {', '.join(labels[code] for code in chosen)}"
            return path.rpartition(".")[0] + "." + condition.field, " ".join(chosen), words
    return "", "", ""


def _rows(kind: Rows | Variants, state: FormState, path: str) -> tuple[Row, ...]:
    filled = _filled_rows(state.raw, path)
    numbers = sorted(filled)
    wanted = max(kind.low, min(len(filled) + (path in state.adding), kind.high))
    while len(numbers) < wanted:
        numbers.append(max(numbers, default=-1) + 1)
    return tuple(
        Row(f"{path}.{n}", html_id(f"{path}.{n}"), place, n not in filled, _row_controls(kind, state, f"{path}.{n}"))
        for place, n in enumerate(numbers, 1)
    )


def _filled_rows(raw: Raw, path: str) -> set[int]:
    """Return the numbers of the rows that hold anything."""
    pattern = re.compile(re.escape(path) + r"\.(\d{1,3})\.")
    return {int(hit[1]) for name, given in raw.items() if any(given) and (hit := pattern.match(name))}


def _row_controls(kind: Rows | Variants, state: FormState, path: str) -> tuple[Control, ...]:
    if isinstance(kind, Rows):
        return controls(kind.fields, state, path)
    chosen = (state.raw.get(f"{path}.{kind.chosen_by.name}") or ("",))[0]
    return controls(kind.fields_of({kind.chosen_by.name: chosen}), state, path)


def flatten(drawn: Iterable[Control]) -> list[Control]:
    """Return every control in the order of the page, those inside groups and rows included."""
    found: list[Control] = []
    for control in drawn:
        found.append(control)
        found += flatten(control.inner)
        for row in control.rows:
            found += flatten(row.controls)
    return found
