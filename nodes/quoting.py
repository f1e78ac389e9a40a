"""Received information leaves only as its giver allows: asked of the rules for each item that a message carries.

What a message carries it names itself (label `passed_on`). To carry an item is an act by itself, whoever gets the
message; to give it to a unit that did not give it is another, by the class of that unit. The message bears the codes of
all that it carries, and the words of H3: no recipient of information gives it on under less than it was given.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from sqlalchemy.orm import Session

from crypto.canonical import Json
from exchange.policy.facts import Act, strictest
from nodes import grants, judging, onward, restrictions, storing
from nodes.errors import NotFound, Refused, RestrictionUnread
from nodes.judging import Subject, Wish
from nodes.node import Node
from nodes.recall_rules import Refusal
from nodes.tables import MessageRow
from nodes.views import Actor
from nodes.work import Work
from schemas.content import Content
from schemas.directory import Unit, UnitClass
from schemas.facts import records
from schemas.items import WHOLE, Item, named, of_row
from schemas.labels import FOR_A_SOURCE
from schemas.words import LANGUAGES, Words

PASSING: Final[Mapping[UnitClass, Act]] = MappingProxyType(
    {
        "MEMBER": Act.OTHER_UNIT,
        "PARTNER": Act.OTHER_UNIT,
        "REGIONAL_BODY": Act.REGIONAL_BODY,
        "INTERNATIONAL": Act.REGIONAL_BODY,
        "OBSERVER": Act.OTHER_UNIT,
        "TRAINING": Act.OTHER_UNIT,
    }
)
"""What it is to give something to a unit of a class: bodies of several states have a row of their own in the matrix."""

_CARRYING: Final[Mapping[tuple[str, str], Act]] = MappingProxyType({("live", "exercise"): Act.EXERCISE})
"""What it is to carry something of one environment in a message of another, if anything but QUOTE."""

_CARRIED: Final = "common.passed_on"
_NOT_HELD: Final = Words(
    "Remove {item} from the received information: this unit does not hold it.",
    "Удалите {item} из полученных сведений: у вашего подразделения их нет.",
)
_UNREAD: Final = Words(
    "Open {item} and read its restriction first, or remove it.",
    "Сначала откройте {item} и прочитайте ограничение или удалите эти сведения.",
)
_KEPT: Final = Words("Remove {item}: it is not yours to carry on. {why}", "Удалите {item}: передавать нельзя. {why}")
_FORBIDDEN: Final = Words(
    "Ask for permission to pass {item} on to {unit}, or remove it.",
    "Запросите разрешение передать {item} подразделению {unit} или удалите эти сведения.",
)
_CODES: Final = Words(
    "Choose {codes} too: what this message carries was given under it.",
    "Выберите также {codes}: под этими кодами получены передаваемые сведения.",
)
_TEXT: Final = Words(
    "Repeat the restriction under which {item} was given: {text}",
    "Повторите ограничение, с которым получено {item}: {text}",
)


@dataclass(frozen=True, slots=True)
class Bound:
    """What a message must bear for what it carries: handling codes, and by item the words of H3."""

    codes: frozenset[str]
    texts: Mapping[Item, str]

    def lacking(self, labels: Mapping[str, Json]) -> "Bound":
        """Return the part of it that a message with these labels does not bear."""
        chosen, text = labels.get("handling"), str(labels.get("handling_text", ""))
        given = frozenset(map(str, chosen)) if isinstance(chosen, list) else frozenset()
        return Bound(self.codes - given, {item: said for item, said in self.texts.items() if said not in text})

    def over(self, labels: Mapping[str, Json]) -> dict[str, Json]:
        """Return the labels of a form with what they lack of it."""
        missing = self.lacking(labels)
        chosen = labels.get("handling")
        codes = strictest([map(str, chosen) if isinstance(chosen, list) else (), missing.codes])
        texts = dict.fromkeys((str(labels.get("handling_text", "")), *missing.texts.values()))
        said = "\n".join(text for text in texts if text)
        risk: dict[str, Json] = {} if FOR_A_SOURCE.isdisjoint(codes) else {"source_at_risk": "YES"}
        return {**labels, "handling": [*sorted(codes)], **risk, **({"handling_text": said} if said else {})}


@dataclass(frozen=True, slots=True)
class _Held:
    """An item as a message brought it here."""

    item: Item
    row: MessageRow
    content: Content
    subject: Subject
    confirmed: bool


def passing(unit: Unit) -> Wish:
    """Return the wish to give something to another unit."""
    return Wish(PASSING[unit.unit_class], to=unit.unit)


def carrying(node: Node, row: MessageRow) -> Wish:
    """Return the wish to carry something of a message in another that is written now."""
    return Wish(_CARRYING.get((row.env, node.settings.env), Act.QUOTE))


def codes_of(content: Content, item: Item) -> frozenset[str]:
    """Return the handling codes of an item as a message brought it: the message's, and its own where it is stricter.

    An item of another message, which this one carries, may stand anywhere in it.
    """
    anywhere = item.object == WHOLE or item.message != content.msg_id
    parts = (one for one in content.objects if anywhere or one["object_id"] == item.object)
    return strictest(one["handling"] for one in (content.labels, *parts) if "handling" in one)


def as_item(session: Session, node: Node, subject: Subject, content: Content, item: Item) -> Subject:
    """Return what the rules see of one item in a message: its own codes, and the permissions that hold for it now."""
    labels: dict[str, Json] = {**subject.labels, "handling": [*sorted(codes_of(content, item))]}
    return replace(subject, labels=labels, permissions=grants.covering(session, node.now(), item))


def require_whole(session: Session, node: Node, actor: Actor, message_id: str, units: Iterable[Unit]) -> Bound:
    """Return what binds whoever carries the whole of a message to these units, if `actor` may.

    Raises `Refused` and `RestrictionUnread` as `judging.require` does, and `NotFound` for what was erased.
    """
    held = _carriers(Work(session, node), actor, Item(message_id))
    if not held:
        raise NotFound
    for one in held:
        for wish in (carrying(node, one.row), *map(passing, units)):
            judging.require(node, actor, one.subject, replace(wish, text_confirmed=one.confirmed))
    return _bound(held)


def inherited(work: Work, actor: Actor, labels: Mapping[str, Json]) -> Bound:
    """Return what binds a message with the labels of a form, perhaps incomplete, for what it carries.

    That is as far as `actor` may carry it; what the unit gave itself binds nobody.
    """
    items = sorted({of_row(row) for row in records(labels.get("passed_on")) if row.get("message")})
    foreign = (_carriers(work, actor, item) for item in items if work.node.unit not in onward.origins(work, item))
    return _bound(one for held in foreign if _unquotable(work.node, actor, held, "") is None for one in held)


def refusals(work: Work, actor: Actor, content: Content) -> Iterator[Refusal]:
    """Yield why a message may not be sealed: for what it carries, to whom it goes, and under which codes."""
    carried: list[_Held] = []
    for item in sorted(named(content.labels, "passed_on")):
        held = _carriers(work, actor, item)
        found = tuple(_against(work, actor, content, (item, held)))
        yield from ((_CARRIED, code, words) for code, words in found)
        if not found and work.node.unit not in onward.origins(work, item):
            carried += held
    missing = _bound(carried).lacking(content.labels)
    if missing.codes:
        yield "common.handling", "CODES_NOT_INHERITED", _CODES.filled(codes=", ".join(sorted(missing.codes)))
        return
    for item, text in missing.texts.items():
        yield "common.handling_text", "TEXT_NOT_INHERITED", _TEXT.filled(item=item.message, text=text)


def _against(
    work: Work, actor: Actor, content: Content, carried: tuple[Item, Sequence[_Held]]
) -> Iterator[tuple[str, Words]]:
    """Yield what speaks against one item: the carrying of it, and if that is allowed each unit that it would go to."""
    (item, held), node, purpose = carried, work.node, content.label("purpose")
    name, origins = f"{item.message} {item.object}".strip(), onward.origins(work, item)
    if not held:
        yield "NOT_HELD", _NOT_HELD.filled(item=name)
        return
    refused = _unquotable(node, actor, held, purpose)
    if isinstance(refused, RestrictionUnread):
        yield "RESTRICTION_UNREAD", _UNREAD.filled(item=name)
    elif refused is not None:
        en, ru = (" ".join(rule.words.say(language) for rule in refused.rules) for language in LANGUAGES)
        yield "QUOTING_FORBIDDEN", Words(_KEPT.en.format(item=name, why=en), _KEPT.ru.format(item=name, why=ru))
    elif origins != {node.unit}:
        for unit in sorted(content.units - origins):
            wish = replace(passing(node.directory().unit(unit)), purpose=purpose)
            if not all(_may(node, actor, one, wish) for one in held):
                yield "PASSING_FORBIDDEN", _FORBIDDEN.filled(item=name, unit=unit)


def _unquotable(node: Node, actor: Actor, held: Iterable[_Held], purpose: str) -> Refused | RestrictionUnread | None:
    """Return why `actor` may not carry an item in any message, if he may not; an empty purpose is the item's own."""
    for one in held:
        wish = replace(carrying(node, one.row), purpose=purpose, text_confirmed=one.confirmed)
        try:
            judging.require(node, actor, one.subject, wish)
        except (Refused, RestrictionUnread) as refused:
            return refused
    return None


def _may(node: Node, actor: Actor, held: _Held, wish: Wish) -> bool:
    return judging.decide(node, actor, held.subject, replace(wish, text_confirmed=held.confirmed)).allowed


def _bound(held: Iterable[_Held]) -> Bound:
    brought = [(one, codes_of(one.content, one.item)) for one in held]
    texts = {one.item: one.content.label("handling_text") for one, its in brought if "H3" in its}
    return Bound(strictest(its for _, its in brought) - {"H0"}, texts)


def _carriers(work: Work, actor: Actor, item: Item) -> list[_Held]:
    """Return an item as each message brought it that can still be read: what was erased is not held any more."""
    rows, now = onward.carriers(work, item), work.node.now()
    kept = (row for row in map(work.whole, rows) if storing.is_readable(work.case(row.case_id), row, now))
    return [_held(work, actor, row, item) for row in kept]


def _held(work: Work, actor: Actor, row: MessageRow, item: Item) -> _Held:
    node, session = work.node, work.session
    content = storing.content_of(node, work.case(row.case_id), row)
    subject = judging.subject(session, node, actor, row, content.labels)
    confirmed = restrictions.confirmed(session, actor, row.message_id)
    return _Held(item, row, content, as_item(session, node, subject, content, item), confirmed)
