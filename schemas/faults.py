"""Everything a field can be refused for, in words that tell the officer what to do.

A fault carries a stable code and the place, never the value that was refused. This module must not know any field type.
"""

from dataclasses import dataclass, field
from typing import Final

from schemas.words import Words

FAULTS: Final[dict[str, Words]] = {
    "REQUIRED": Words("Fill in “{label}”.", "Заполните поле «{label}»."),
    "CHOOSE": Words("Choose a value for “{label}”.", "Выберите значение в поле «{label}»."),
    "TOO_LONG": Words("Shorten “{label}” to {limit} characters.", "Сократите «{label}» до {limit} знаков."),
    "TOO_SHORT": Words(
        "Write at least {limit} characters in “{label}”.", "Напишите в поле «{label}» не менее {limit} знаков."
    ),
    "BIDI_CONTROL": Words(
        "Remove the invisible direction marks from “{label}”: they change how the text reads.",
        "Удалите из поля «{label}» невидимые знаки направления письма: они меняют вид текста.",
    ),
    "CONTROL_CHARACTER": Words(
        "Remove the control or invisible characters from “{label}”.",
        "Удалите из поля «{label}» управляющие или невидимые знаки.",
    ),
    "UNKNOWN_CODE": Words("Choose one of the listed values for “{label}”.", "Выберите «{label}» из списка."),
    "TOO_MANY": Words("Keep at most {limit} entries in “{label}”.", "Оставьте в «{label}» не более {limit} записей."),
    "TOO_FEW": Words("Give at least {limit} entries in “{label}”.", "Укажите в «{label}» не менее {limit} записей."),
    "REPEATED": Words("Remove the repeated entry from “{label}”.", "Удалите повтор из «{label}»."),
    "BAD_DATE": Words(
        "Write “{label}” as a real date: year, year and month, or the full date, for example 2026-11-22.",
        "Укажите «{label}» существующей датой: год, год и месяц или полная дата, например 2026-11-22.",
    ),
    "BAD_FULL_DATE": Words(
        "Write “{label}” as a full real date, for example 2026-11-22.",
        "Укажите «{label}» полной существующей датой, например 2026-11-22.",
    ),
    "BAD_INSTANT": Words(
        "Write “{label}” as date and time in UTC, for example 2026-11-22 06:00.",
        "Укажите «{label}» датой и временем по UTC, например 2026-11-22 06:00.",
    ),
    "BAD_NUMBER": Words("Write “{label}” as a number, for example 12.5.", "Укажите «{label}» числом, например 12,5."),
    "BAD_WHOLE": Words("Write “{label}” as a whole number.", "Укажите «{label}» целым числом."),
    "OUT_OF_RANGE": Words("“{label}” must lie between {low} and {high}.", "«{label}»: допустимо от {low} до {high}."),
    "NOT_POSITIVE": Words("“{label}” must be more than zero.", "«{label}»: значение должно быть больше нуля."),
    "BAD_COUNTRY": Words("Choose the country for “{label}” from the list.", "Выберите страну «{label}» из списка."),
    "BAD_LANGUAGE": Words("Choose the language for “{label}” from the list.", "Выберите язык «{label}» из списка."),
    "BAD_CURRENCY": Words("Choose the currency for “{label}” from the list.", "Выберите валюту «{label}» из списка."),
    "BAD_PHONE": Words(
        "Write “{label}” with + and the country code, for example +992 37 221 00 00.",
        "Укажите «{label}» со знаком + и кодом страны, например +992 37 221 00 00.",
    ),
    "BAD_NUMBER_CHECK": Words(
        "Check “{label}” again: its length or check digit is wrong.",
        "Проверьте «{label}»: длина или контрольная цифра неверна.",
    ),
    "BAD_DOCUMENT": Words(
        "Write “{label}” as printed: letters, digits, spaces, hyphens and slashes only.",
        "Укажите «{label}» как в документе: только буквы, цифры, пробелы, дефисы и косые черты.",
    ),
    "BAD_REFERENCE": Words(
        "Write “{label}” in its fixed form, for example {example}.",
        "Укажите «{label}» в установленном виде, например {example}.",
    ),
    "NOT_A_LIST": Words("“{label}” must be a list.", "«{label}» должно быть списком."),
    "NOT_A_RECORD": Words("“{label}” must be a record of fields.", "«{label}» должно быть набором полей."),
    "NOT_A_TEXT": Words("“{label}” must be a text.", "«{label}» должно быть текстом."),
    "NOT_CANONICAL": Words(
        "“{label}” is not in its canonical form: the sending system must correct it.",
        "«{label}» не в канонической форме: исправить должна система отправителя.",
    ),
    "UNKNOWN_MEMBER": Words(
        "The form has no field “{label}”: the sending system must leave it out.",
        "В форме нет поля «{label}»: система отправителя не должна его передавать.",
    ),
    "NOT_APPLICABLE": Words(
        "Leave “{label}” empty: it does not apply to the other answers given.",
        "Оставьте «{label}» пустым: при данных ответах оно не применяется.",
    ),
    "D_DATA_CATEGORY": Words(
        "Remove “{label}”: this kind of data is not allowed for a person of this category.",
        "Удалите «{label}»: такие данные не допускаются для лица этой категории.",
    ),
}


class Refused(Exception):
    """One value is refused; `code` is a key of `FAULTS`, `values` fill its marks."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code)
        self.code = code
        self.values = values


@dataclass(frozen=True)
class Fault:
    """One thing to correct: where (`requested_items.0.question`), which code, and the words for it."""

    path: str
    code: str
    words: Words
    values: dict[str, object] = field(default_factory=dict)
    label: Words | None = None

    def say(self, language: str) -> str:
        """Return the message for a reader of `language`."""
        named = {"label": self.label.say(language)} if self.label else {}
        return self.words.say(language, **named, **self.values)
