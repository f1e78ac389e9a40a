"""Messages about items: who may say such a thing, and what follows from it in the transaction that stores it.

A permission is asked of the unit that gave the item and decided by it alone; a notice comes from it, or from whoever
passed the item on. What each effect leaves behind is a table of this module: permissions, what is owed onward, what is
settled. Which kind has which effect its declaration says.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from crypto.canonical import Json
from nodes import alerts, grants, log, onward
from nodes.alerts import Cause, Raised
from nodes.grant_tables import ConcernRow
from nodes.tables import CaseRow, MessageRow
from nodes.work import Work
from schemas.content import Content
from schemas.items import Item, named, rows
from schemas.kind import Concern, Effect, Kind
from schemas.kinds import KINDS
from schemas.words import Words


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a message may not say this about its items."""

    code: str
    words: Words


NOT_THE_ORIGINATOR: Final = Objection(
    "NOT_THE_ORIGINATOR",
    Words(
        "Only the unit that gave the information decides about it: address it, or speak for your own information only.",
        "О сведениях решает только предоставившее их подразделение: обратитесь к нему или говорите лишь о своих.",
    ),
)


def objection(work: Work, content: Content) -> Objection | None:
    """Return what speaks against the message; None when its sender may say it."""
    concern = content.declared.concern
    if concern is None or not _party(work, content):
        return None
    judge = _JUDGES[concern.effect]
    found = (judge(work, content, item) for item in named(content.body))
    return next((one for one in found if one is not None), None)


def _asks(work: Work, content: Content, item: Item) -> Objection | None:
    """Ask whom the item comes from, and nobody else; whoever is asked must have given it."""
    ours = content.author.unit == work.node.unit
    asked = content.to if ours else {work.node.unit}
    return None if onward.origins(work, item) == asked else NOT_THE_ORIGINATOR


def _grants(work: Work, content: Content, item: Item) -> Objection | None:
    """Nobody decides for another unit; who decides for this one, the rules say (`nodes.deciding`)."""
    return None if onward.origins(work, item) == {content.author.unit} else NOT_THE_ORIGINATOR


def _tells(work: Work, content: Content, item: Item) -> Objection | None:
    """A notice comes the way that the item came; one about something that never came here does no harm."""
    ours, origins = content.author.unit == work.node.unit, onward.origins(work, item)
    heard = origins == {work.node.unit} if ours else not origins or content.author.unit in onward.sources(work, item)
    return None if heard else NOT_THE_ORIGINATOR


_JUDGES: Final[Mapping[Effect, Callable[[Work, Content, Item], Objection | None]]] = MappingProxyType(
    {
        Effect.ASKS: _asks,
        Effect.CONSULTS: _asks,
        Effect.GRANTS: _grants,
        Effect.REVOKES: _tells,
        Effect.CORRECTS: _tells,
        Effect.ERASES: _tells,
        Effect.RECALLS: _tells,
    }
)


def note(work: Work, content: Content, case: CaseRow) -> None:
    """Note what a message that was just stored is about, what it carries, what it permits or ends, what it answers."""
    onward.note(work, content)
    if content.declared.clock == "ENDS" and content.in_reply_to is not None:
        for row in work.concerns.read([content.in_reply_to]):
            row.settled = work.node.now()
    concern = content.declared.concern
    if concern is None or not _party(work, content):
        return
    for item in named(content.body):
        work.add(
            ConcernRow(
                message_id=content.msg_id,
                item=item.message,
                object_id=item.object,
                kind=content.kind,
                names=_named_message(concern, content),
                settled=None,
            )
        )
    if concern.effect is Effect.GRANTS:
        grants.record(work, content, _overtaken_by(work, content))
    elif concern.effect is Effect.REVOKES:
        grants.revoke(work, content, str(content.body[concern.names]))
    _record(work, content, case, concern.effect)


_ARRIVED: Final = ((Cause.NOTICE, alerts.DUTY),)
_TOLD: Final[Mapping[tuple[Effect, bool], tuple[tuple[Cause, str], ...]]] = MappingProxyType(
    {
        (Effect.RECALLS, False): ((Cause.RECALLED, alerts.HEAD), (Cause.RECALLED, alerts.PROTECTION)),
        (Effect.RECALLS, True): ((Cause.RECALL_SENT, alerts.PROTECTION),),
    }
)
"""What a message of this effect, arrived or (True) our own, tells whom; of other notices that arrive, the duty desk."""


def spread(work: Work, content: Content) -> None:
    """Owe a notice that an officer wrote, or that arrived, to whoever has its items from here; others owe nothing."""
    concern = content.declared.concern
    if concern is None or concern.onward is None or not _party(work, content):
        return
    ours = content.author.unit == work.node.unit
    if ours and concern.effect is Effect.REVOKES:
        using = {row.unit for row in work.grants.read([str(content.body[concern.names])])}
        onward.owe(work, content, using)
    elif concern.onward(content.body):
        onward.owe(work, content, onward.holders(work, named(content.body)))
    for cause, audience in _TOLD.get((concern.effect, ours), () if ours else _ARRIVED):
        work.alert(Raised(cause, f"{content.msg_id} {audience}", audience, content.msg_id, outbound=True))


def begins(message: MessageRow, kind: Kind) -> bool:
    """Return whether a message of `kind` may be begun from this one: received or sent, of the kind that it names."""
    concern = kind.concern
    if concern is None or concern.begun_from != {"IN": "RECEIVED", "OUT": "SENT"}[message.direction]:
        return False
    return message.kind == concern.of_kind if concern.of_kind else message.family != "control"


def beginning(work: Work, content: Content, kind: Kind) -> tuple[tuple[str, ...], dict[str, Json]]:
    """Return whom a message of `kind` begun from another goes to, and the members that it begins with."""
    concern = kind.concern
    items = named(content.body) if content.declared.concern else frozenset({Item(content.msg_id)})
    body: dict[str, Json] = {"items": rows(items)}
    if concern is None or concern.begun_from == "RECEIVED":
        return tuple(sorted(frozenset.union(*(onward.origins(work, item) for item in items)))), body
    if not concern.names:
        return tuple(sorted(onward.holders(work, items))), body
    using = {row.unit for row in work.grants.read([content.msg_id])}
    return tuple(sorted(using)), {**body, concern.names: content.msg_id}


def case_of(work: Work, content: Content) -> CaseRow | None:
    """Return the case of an item that the message is about, to file it there; None once it was erased.

    A recall has a case of its own, because it must outlive the erasure of what it recalls; so has what is about data
    protection, because nobody who works on the item's case may read it.
    """
    concern = content.declared.concern
    if concern is None or concern.effect is Effect.RECALLS or content.declared.protection:
        return None
    found = (work.messages.one(item.message) for item in sorted(named(content.body)))
    kept = (case for row in found if row is not None and (case := work.case(row.case_id)).wrapped_key is not None)
    return next(kept, None)


def kinds(*effects: Effect) -> tuple[str, ...]:
    """Return the kinds of message that have one of these effects."""
    return tuple(kind.code for kind in KINDS.values() if kind.concern is not None and kind.concern.effect in effects)


def _party(work: Work, content: Content) -> bool:
    """Return whether the message is ours or addressed to us; a copy asks, permits and ends nothing here."""
    return work.node.unit == content.author.unit or work.node.unit in content.to


def _named_message(concern: Concern, content: Content) -> str | None:
    return str(content.body[concern.names]) if concern.names else None


def _overtaken_by(work: Work, content: Content) -> str | None:
    """Return the revocation by the same unit that came before the decision that it revokes."""
    for row in work.revocations.read([content.msg_id]):
        message = work.messages.one(row.message_id)
        if message is not None and message.sender == content.author.unit:
            return row.message_id
    return None


_OPERATIONS: Final[Mapping[Effect, str]] = MappingProxyType(
    {Effect.ASKS: "PERMISSION_ASK", Effect.GRANTS: "PERMISSION_GRANT"}
)
"""The effects that are acts of their own in the log; the others are there as disclosure and receipt."""


def _record(work: Work, content: Content, case: CaseRow, effect: Effect) -> None:
    if effect not in _OPERATIONS:
        return
    ours = content.author.unit == work.node.unit
    act = log.Act(
        operation=_OPERATIONS[effect],
        actor=content.author.officer if ours else log.SYSTEM,
        case=case,
        message_id=content.msg_id,
        unit=next(iter(sorted(content.to))) if ours else content.author.unit,
        codes=tuple(str(content.body[name]) for name in ("decision", "wanted") if name in content.body),
    )
    work.record(act)
