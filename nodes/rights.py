"""Why a message must say how human rights are touched: the pairs that the federation signed, as its directory has them.

What the pairs mean is decided by `schemas.human_rights`; who agrees to a doubt, by `nodes.releasing`. No list is here.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from crypto.canonical import Json
from nodes.node import Node
from nodes.views import Draft, Fault
from schemas import human_rights
from schemas.content import Content
from schemas.facts import Facts, records
from schemas.human_rights import MEMBER, Sending
from schemas.kinds import kind_of
from schemas.signed_policy import RightsPair
from schemas.words import Words

_MISSING: Final = Words(
    "Fill in the human-rights check: the list that the federation signed asks for it ({pair}; {source}).",
    "Заполните проверку прав человека: этого требует подписанный федерацией перечень ({pair}; {source}).",
)


def asked(node: Node, draft: Draft, answered: Mapping[str, Json]) -> tuple[RightsPair, ...]:
    """Return the pairs by which a draft, as it is now, must carry the check; `answered`: the labels of what it answers.

    They are empty where it answers nothing.
    """
    facts = Facts(draft.body, records(draft.body.get("objects")), draft.common, at=node.now())
    to = frozenset((*draft.recipients, *draft.copies))
    sending = Sending(node.unit, to, facts, _areas(answered))
    return human_rights.asking(kind_of(draft.kind), node.directory().federation.rights_pairs, sending)


def missing(draft: Draft, pairs: Sequence[RightsPair]) -> tuple[Fault, ...]:
    """Return a fault for every pair that asks a draft for the check, while it does not carry it."""
    if MEMBER in draft.body:
        return ()
    return tuple(Fault(f"body.{MEMBER}", "HUMAN_RIGHTS_MISSING", _words(pair)) for pair in pairs)


def lacking(node: Node, content: Content, answered: Mapping[str, Json]) -> bool:
    """Return whether a message that came here lacks the check although its sender knew of the pair."""
    pairs = node.directory().federation.rights_pairs
    sending = Sending(content.author.unit, frozenset({node.unit}), content.facts(), _areas(answered))
    return bool(human_rights.withheld(content.declared, content.schema_version, pairs, sending))


def between(pair: RightsPair) -> str:
    """Return how a pair is named in a line: `TJ → KG`."""
    return f"{pair.sender} → {pair.recipient}"


def _areas(labels: Mapping[str, Json]) -> frozenset[str]:
    return frozenset(Facts({}, labels=labels).listed("crime_areas"))


def _words(pair: RightsPair) -> dict[str, str]:
    sources = {"en": pair.source.en, "ru": pair.source.ru}
    return {code: _MISSING.say(code, pair=between(pair), source=source) for code, source in sources.items()}
