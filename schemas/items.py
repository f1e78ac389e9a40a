"""Items: a message, or one object in it, that a unit holds from another; other messages are about them by their ids.

An id says nothing to whoever does not hold the message. This module must not know any kind.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from crypto.canonical import Json
from schemas.facts import records
from schemas.fields import Field
from schemas.groups import Rows
from schemas.identifiers import Reference
from schemas.words import Words

WHOLE: Final = ""
"""The object of an item that is a whole message."""

FIELDS: Final = (
    Field(
        "message",
        Words("Message", "Сообщение"),
        Words("Its identifier, as shown in the address of its page.", "Идентификатор из адреса его страницы."),
        Reference("message"),
    ),
    Field(
        "object",
        Words("Person or thing in it", "Лицо или объект в нём"),
        Words("Its short reference; leave empty for the whole message.", "Обозначение; пусто — всё сообщение."),
        Reference("object"),
        required=False,
    ),
)

ITEMS: Final = Field(
    "items",
    Words("What it is about", "О каких сведениях речь"),
    Words("Messages, or persons and things in them.", "Сообщения либо лица и объекты в них."),
    Rows(FIELDS, high=50),
)

PASSED_ON: Final = Field(
    "passed_on",
    Words("Received information in this message", "Полученные сведения в этом сообщении"),
    Words(
        "Everything here that another unit gave you: it will tell you of corrections, and you these recipients.",
        "Всё, что получено от других: об исправлениях сообщат вам, а вы — этим получателям.",
    ),
    Rows(
        (
            Field(
                "origin",
                Words("Given by", "Предоставило"),
                Words("The code of the unit, such as KG.", "Код подразделения, например KG."),
                Reference("unit"),
            ),
            *FIELDS,
        ),
        low=0,
        high=50,
    ),
    required=False,
)


@dataclass(frozen=True, order=True)
class Item:
    """A message, or with `object` one object in it."""

    message: str
    object: str = WHOLE

    def covers(self, other: "Item") -> bool:
        """Return whether what holds for this item holds for `other`: a whole message covers its objects."""
        return self.message == other.message and self.object in (WHOLE, other.object)


def named(members: Mapping[str, Json], field: str = "items") -> frozenset[Item]:
    """Return the items in the rows of `field`."""
    return frozenset(map(of_row, records(members.get(field))))


def of_row(row: Mapping[str, Json]) -> Item:
    """Return the item that a row names."""
    return Item(str(row["message"]), str(row.get("object", WHOLE)))


def covered(wanted: Iterable[Item], given: Iterable[Item]) -> bool:
    """Return whether each wanted item is covered by one that is given."""
    known = tuple(given)
    return all(any(one.covers(item) for one in known) for item in wanted)


def rows(items: Iterable[Item]) -> list[Json]:
    """Return the items as the rows of a form."""
    return [dict(_members(one)) for one in sorted(items)]


def _members(item: Item) -> Iterator[tuple[str, Json]]:
    yield "message", item.message
    if item.object != WHOLE:
        yield "object", item.object
