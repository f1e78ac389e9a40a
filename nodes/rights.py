"""Why a message must say how human rights are touched: the pairs that the federation signed, as its directory has them.

What the pairs mean is decided by `schemas.human_rights`; who agrees to a doubt, by `nodes.releasing`. No list is here.
"""

from collections.abc import Mapping
from typing import Final

from crypto.canonical import Json
from nodes.node import Node
from nodes.views import Draft, Fault
from schemas import human_rights
from schemas.content import Content
from schemas.human_rights import MEMBER, Sending
from schemas.kinds import kind_of
from schemas.signed_policy import RightsPair
from schemas.trust import Directory
from schemas.words import Words

_MISSING: Final = Words(
    "Fill in the human-rights check: the list that the federation signed asks for it ({pair}; {source}).",
    "Заполните проверку прав человека: этого требует подписанный федерацией перечень ({pair}; {source}).",
)


def asked(node: Node, draft: Draft) -> tuple[RightsPair, ...]:
    """Return the pairs by which a draft, addressed and labelled as it is now, must carry the check."""
    to = frozenset((*draft.recipients, *draft.copies))
    sending = Sending(node.unit, to, _areas(draft.common), node.now())
    return human_rights.asking(kind_of(draft.kind), node.directory().federation.rights_pairs, sending)


def missing(node: Node, draft: Draft) -> tuple[Fault, ...]:
    """Return a fault for every pair by which a draft must carry the check, while it does not."""
    if MEMBER in draft.body:
        return ()
    return tuple(Fault(f"body.{MEMBER}", "HUMAN_RIGHTS_MISSING", _words(pair)) for pair in asked(node, draft))


def lacking(directory: Directory, unit: str, content: Content) -> bool:
    """Return whether a message that came to `unit` lacks the check although its sender knew of the pair."""
    kind, pairs = content.declared, directory.federation.rights_pairs
    sending = Sending(content.author.unit, frozenset({unit}), _areas(content.labels), content.sent_at)
    return bool(human_rights.withheld(kind, pairs, sending, content.body))


def between(pair: RightsPair) -> str:
    """Return how a pair is named in a line: `TJ → KG`."""
    return f"{pair.sender} → {pair.recipient}"


def _areas(labels: Mapping[str, Json]) -> frozenset[str]:
    listed = labels.get("crime_areas")
    return frozenset(map(str, listed)) if isinstance(listed, list) else frozenset()


def _words(pair: RightsPair) -> dict[str, str]:
    sources = {"en": pair.source.en, "ru": pair.source.ru}
    return {code: _MISSING.say(code, pair=between(pair), source=source) for code, source in sources.items()}
