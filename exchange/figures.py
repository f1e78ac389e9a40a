"""What a unit counts of its exchanges: the figures of article 18 of Directive (EU) 2023/977, and those of quality.

Every exchange is counted in the period in which the hub accepted its first message, with what had become of it when it
was counted. Both units read the same signed messages and receipts, so what one says that it asked of the other is what
the other says that it was asked. No figure names a person, and nothing here knows one. The codes are those of table
`statistics`.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from statistics import median_low
from types import MappingProxyType
from typing import Final

from schemas import codes
from schemas.kind import Effect, Kind
from schemas.kinds import KINDS


class Way(StrEnum):
    """Who asked whom: this unit another, or another this one."""

    SENT = "SENT"
    RECEIVED = "RECEIVED"


class Subject(StrEnum):
    """What an exchange is about."""

    REQUEST = "REQUEST"
    PERMISSION = "PERMISSION"
    CORRECTION = "CORRECTION"


class Ending(StrEnum):
    """What became of an exchange."""

    ANSWERED = "ANSWERED"
    REFUSED = "REFUSED"
    WITHDRAWN = "WITHDRAWN"
    OPEN = "OPEN"


class Measure(StrEnum):
    """What a figure is a number of."""

    COUNT = "COUNT"
    SECONDS = "SECONDS"
    PERCENT = "PERCENT"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One exchange with one other unit, as it stands when it is counted.

    `reached`: the unit that was asked has it; `doubted`: a message says yes or unknown about human rights. `events`
    are those of the lifecycle that ended it, in order; `grounds` all on which it was refused, wholly or in part.
    `elapsed` are the seconds on its clock; `late` is late for any reason, `overdue` without a lawful one.
    """

    way: Way
    unit: str
    subject: Subject
    urgency: str
    reached: bool
    doubted: bool = False
    events: tuple[str, ...] = ()
    grounds: frozenset[str] = frozenset()
    elapsed: int = 0
    late: bool = False
    overdue: bool = False

    @property
    def ending(self) -> Ending:
        """What became of it: an answer stands beside a refusal or a withdrawal that crossed it on the way."""
        reached = {_ENDINGS.get(event, Ending.OPEN) for event in self.events}
        return next((ending for ending in Ending if ending in reached), Ending.OPEN)

    @property
    def urgent(self) -> bool:
        """Whether it was asked as urgent."""
        return bool(codes.table("urgency")[self.urgency].extra["urgent"])


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure: `code` of table `statistics`, the other unit (empty: all), and what it is broken down by further."""

    code: str
    way: Way
    unit: str
    detail: str
    value: int


URGENT: Final = "URGENT"
NOT_URGENT: Final = "NOT_URGENT"

_ENDINGS: Final[Mapping[str, Ending]] = MappingProxyType(
    {
        **dict.fromkeys(("ANSWER_FULL", "ANSWER_PARTIAL", "ANSWER_NONE", "PERMISSION_GRANTED"), Ending.ANSWERED),
        **dict.fromkeys(("NOTICE_DONE", "NOTICE_EXCEPTED", "NOTICE_NOT_FOUND"), Ending.ANSWERED),
        **dict.fromkeys(("REFUSE", "PERMISSION_REFUSED", "NOTICE_REFUSED"), Ending.REFUSED),
        "WITHDRAW": Ending.WITHDRAWN,
    }
)
"""Event of the lifecycle -> how it leaves the exchange; every other event leaves it open."""


def subject_of(kind: Kind) -> Subject | None:
    """Return what the exchanges that a kind opens are counted as; None for what no figure counts."""
    if kind.life is None:
        return None
    if kind.concern is None:
        return Subject.REQUEST if kind.family == "operational" else None
    return {Effect.ASKS: Subject.PERMISSION, Effect.CORRECTS: Subject.CORRECTION}.get(kind.concern.effect)


SUBJECTS: Final[Mapping[str, Subject]] = MappingProxyType(
    {code: subject for code, kind in KINDS.items() if (subject := subject_of(kind)) is not None}
)
"""Code of a kind that opens an exchange that is counted -> its subject."""


def _once(*, if_so: bool = True) -> tuple[str, ...]:
    return ("",) if if_so else ()


@dataclass(frozen=True, slots=True)
class _Count:
    """A figure that counts exchanges; `under` gives the details under which one is counted, none if it is not."""

    code: str
    subject: Subject
    ways: tuple[Way, ...]
    under: Callable[[Exchange], Iterable[str]]


@dataclass(frozen=True, slots=True)
class _Median:
    """A figure in the middle of those that `taken` lets in, for each unit and, with `by`, for each detail of all."""

    code: str
    subject: Subject
    taken: Callable[[Exchange], bool]
    by: Callable[[Exchange], str]


_BOTH: Final = (Way.SENT, Way.RECEIVED)
_ASKED, _ALLOWED, _MENDED = Subject.REQUEST, Subject.PERMISSION, Subject.CORRECTION
_COUNTS: Final = (
    _Count("REQ_SENT", _ASKED, (Way.SENT,), lambda _: _once()),
    _Count("REQ_DELIVERED", _ASKED, (Way.SENT,), lambda one: _once(if_so=one.reached)),
    _Count("REQ_RECEIVED", _ASKED, (Way.RECEIVED,), lambda _: _once()),
    _Count(
        "ANSWERED",
        _ASKED,
        _BOTH,
        lambda one: (URGENT if one.urgent else NOT_URGENT,) if one.ending is Ending.ANSWERED else (),
    ),
    _Count("REFUSED", _ASKED, _BOTH, lambda one: (*_once(if_so=one.ending is Ending.REFUSED), *sorted(one.grounds))),
    _Count("OVER_TIME_JUDICIAL", _ASKED, _BOTH, lambda one: _once(if_so=one.late and not one.overdue)),
    _Count("WITHDRAWN", _ASKED, _BOTH, lambda one: _once(if_so=one.ending is Ending.WITHDRAWN)),
    _Count("REQ_OPEN", _ASKED, _BOTH, lambda one: _once(if_so=one.reached and one.ending is Ending.OPEN)),
    _Count("OVERDUE", _ASKED, _BOTH, lambda one: _once(if_so=one.overdue)),
    _Count("HR_FLAGS", _ASKED, _BOTH, lambda one: _once(if_so=one.reached and one.doubted)),
    _Count("HR_FLAGS", _ALLOWED, _BOTH, lambda one: _once(if_so=one.reached and one.doubted)),
    _Count("PARTIAL", _ASKED, _BOTH, lambda one: _once(if_so=_last_answer(one) == "ANSWER_PARTIAL")),
    _Count("HCR_ASKED", _ALLOWED, _BOTH, lambda one: _once(if_so=one.reached)),
    _Count("HCR_GRANTED", _ALLOWED, _BOTH, lambda one: _once(if_so=one.ending is Ending.ANSWERED)),
    _Count("HCR_REFUSED", _ALLOWED, _BOTH, lambda one: _once(if_so=one.ending is Ending.REFUSED)),
    _Count("COR_SENT", _MENDED, _BOTH, lambda one: _once(if_so=one.reached)),
    _Count("COR_ACKED_72H", _MENDED, _BOTH, lambda one: _once(if_so=bool(one.events) and not one.late)),
)
_MEDIANS: Final = (
    _Median("MEDIAN_HOURS", _ASKED, lambda one: one.ending is Ending.ANSWERED, lambda one: one.urgency),
    _Median("HCR_MEDIAN", _ALLOWED, lambda one: bool(one.events), lambda _: ""),
)
MEASURES: Final[Mapping[str, Measure]] = MappingProxyType(
    {
        **{one.code: Measure.COUNT for one in _COUNTS},
        **{one.code: Measure.SECONDS for one in _MEDIANS},
        "URG_SHARE": Measure.PERCENT,
        "LOG_GAPS": Measure.COUNT,
    }
)
"""Code of table `statistics` -> its measure, for every figure that this release counts."""


def count(exchanges: Iterable[Exchange], gaps: Mapping[str, int]) -> tuple[Cell, ...]:
    """Return every figure that is not 0, in the order of the table; `gaps` are the missing messages of each unit."""
    found = tuple(exchanges)
    cells = [*_counted(found), *_medians(found), *_urgent_shares(found)]
    cells += [Cell("LOG_GAPS", Way.RECEIVED, unit, "", number) for unit, number in gaps.items() if number]
    order = {code: place for place, code in enumerate(codes.table("statistics"))}
    return tuple(sorted(cells, key=lambda cell: (order[cell.code], cell.way, cell.unit, cell.detail)))


def is_article_18(cell: Cell) -> bool:
    """Return whether article 18 asks for a figure: of refusals, those on a ground of article 6, one by one."""
    if cell.way is Way.SENT and cell.code != "REQ_SENT":
        return False
    asked = bool(codes.table("statistics")[cell.code].extra["article18"])
    grounds = codes.table("refusal_grounds")
    return asked and (cell.code != "REFUSED" or (bool(cell.detail) and bool(grounds[cell.detail].extra["statistic"])))


def _last_answer(one: Exchange) -> str:
    return next((event for event in reversed(one.events) if _ENDINGS.get(event) is Ending.ANSWERED), "")


def _counted(found: Iterable[Exchange]) -> list[Cell]:
    tally: Counter[tuple[str, Way, str, str]] = Counter()
    for one in found:
        for rule in _COUNTS:
            if rule.subject is one.subject and one.way in rule.ways:
                tally.update((rule.code, one.way, one.unit, detail) for detail in rule.under(one))
    return [Cell(*place, number) for place, number in tally.items()]


def _medians(found: Iterable[Exchange]) -> list[Cell]:
    times: dict[tuple[str, Way, str, str], list[int]] = {}
    for one in found:
        for rule in _MEDIANS:
            if rule.subject is one.subject and rule.taken(one):
                for unit, detail in {(one.unit, ""), ("", rule.by(one)), ("", "")}:
                    times.setdefault((rule.code, one.way, unit, detail), []).append(one.elapsed)
    return [Cell(*place, median_low(taken)) for place, taken in times.items()]


def _urgent_shares(found: Iterable[Exchange]) -> list[Cell]:
    """The share of urgent requests among those that arrived, by unit and of all; above 30 it deserves a look."""
    asked: dict[tuple[Way, str], list[bool]] = {}
    for one in found:
        if one.subject is Subject.REQUEST and one.reached:
            for unit in (one.unit, ""):
                asked.setdefault((one.way, unit), []).append(one.urgent)
    shares = {place: sum(urgent) * 100 // len(urgent) for place, urgent in asked.items()}
    return [Cell("URG_SHARE", way, unit, "", share) for (way, unit), share in shares.items() if share]
