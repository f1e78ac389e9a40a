"""What of a hub's state asks for somebody, and what to do about it: one table of limits and words.

Pure: the state that `overview.overview` returns goes in, concerns come out. Nothing here reads or changes anything.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from serai.doctor import CLOCK_SECONDS, HUB_KEY_DAYS, KEY_DAYS, OLD_ANCHOR, OLD_CHECK, OLD_QUEUE, OLD_WITNESS

DAY: Final = 86_400
SILENT: Final = 3_600
OLD_BACKUP: Final = 2 * DAY
DOCUMENT_DAYS: Final = 30
CERTIFICATE_DAYS: Final = 14

State = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Text:
    """A sentence in the two languages of the pages."""

    en: str
    ru: str

    def say(self, language: str) -> str:
        """Return it in `language`."""
        return self.ru if language == "ru" else self.en


@dataclass(frozen=True, slots=True)
class Rule:
    """When something asks for somebody: `asks` takes a unit's or the hub's state and the time (unix seconds).

    `log` says that it concerns the log, and so the hub's auditor too.
    """

    what: Text
    todo: Text
    asks: Callable[[State, int], bool]
    log: bool = False


@dataclass(frozen=True, slots=True)
class Concern:
    """One thing to see to, at a unit or, with an empty `unit`, at the hub itself."""

    unit: str
    rule: Rule


def _older(at: int, seconds: int, now: int) -> bool:
    """Whether something was last seen so long ago; what was never seen yet has only begun."""
    return bool(at) and now - at > seconds


def _witness(unit: State, now: int) -> bool:
    return unit["witness"] is not None and _older(unit["witness"]["seen"], OLD_WITNESS, now)


def _unit_key(unit: State, now: int) -> bool:
    return any(ends - now < KEY_DAYS[use] * DAY for use, ends in unit["key_ends"].items())


def _hub_key(hub: State, now: int) -> bool:
    return any(ends - now < HUB_KEY_DAYS * DAY for ends in hub["keys"].values())


UNIT_RULES: Final = (
    Rule(
        Text("is suspended", "приостановлено"),
        Text(
            "It neither sends nor collects. Lift it with `serai hub suspend UNIT --lift` when the reason is gone.",
            "Не отправляет и не получает. Когда причина отпадёт: `serai hub suspend UNIT --lift`.",
        ),
        lambda unit, _: unit["suspended"],
    ),
    Rule(
        Text("has not been heard for an hour", "больше часа не выходит на связь"),
        Text(
            "Call the unit: is its node running, is its line up? What is for it waits here.",
            "Позвоните в подразделение: работает ли узел, есть ли связь? Предназначенное ему ждёт здесь.",
        ),
        lambda unit, now: _older(unit["seen"], SILENT, now),
    ),
    Rule(
        Text("has not collected for an hour", "больше часа не забирает сообщения"),
        Text(
            "If it is heard but does not collect, ask for `serai doctor` at its node: disk, directory, alarms.",
            "Если узел на связи, но не забирает, попросите выполнить на нём `serai doctor`: диск, справочник, тревоги.",
        ),
        lambda unit, _: unit["queue_age_seconds"] > OLD_QUEUE,
    ),
    Rule(
        Text("has a clock that is off", "часы расходятся с нашими"),
        Text(
            "Its requests are refused beyond 60 seconds. Ask for NTP at the node, and check the clock here.",
            "При расхождении более 60 секунд запросы отклоняются. Попросите настроить NTP и проверьте часы здесь.",
        ),
        lambda unit, _: abs(unit["ahead"]) > CLOCK_SECONDS,
    ),
    Rule(
        Text("has a key that ends soon", "скоро истекает ключ"),
        Text(
            "Its administrator runs `serai node rotate`; keys that turn by themselves need a way to this hub.",
            "Администратору узла: `serai node rotate`; ключи, которые меняются сами, требуют связи с этим хабом.",
        ),
        _unit_key,
    ),
    Rule(
        Text("has not cosigned for an hour", "больше часа не заверяет журнал"),
        Text(
            "One witness may be away; one more would keep checkpoints unpublished. Is its node running?",
            "Один свидетель может отсутствовать; ещё один — и контрольные точки не публикуются. Работает ли узел?",
        ),
        _witness,
        log=True,
    ),
    Rule(
        Text("has not anchored its log for an hour", "больше часа не закрепляет свой журнал"),
        Text(
            "Nothing may have happened there. If it is at work, ask for `serai doctor` at its node.",
            "Возможно, там ничего не происходило. Если узел работает, попросите выполнить на нём `serai doctor`.",
        ),
        lambda unit, now: _older(unit["anchored"], OLD_ANCHOR, now),
        log=True,
    ),
)

HUB_RULES: Final = (
    Rule(
        Text("The log is damaged", "Журнал повреждён"),
        Text(
            "Nothing is signed over it. Keep a copy; `serai log audit` names every place.",
            "Поверх него ничего не подписывается. Сохраните копию; `serai log audit` назовёт каждое место.",
        ),
        lambda hub, _: bool(hub["log_damage"]),
        log=True,
    ),
    Rule(
        Text("A unit has signed two histories of its log", "Подразделение подписало две истории своего журнала"),
        Text(
            "Keep everything and call the other units: `Witnesses` in docs/operations.md.",
            "Сохраните всё и позвоните другим подразделениям: раздел `Witnesses` в docs/operations.md.",
        ),
        lambda hub, _: hub["log_contradictions"] > 0,
        log=True,
    ),
    Rule(
        Text("The log has not been checked for an hour", "Журнал больше часа не проверялся"),
        Text("The check does not run: look into the service log.", "Проверка не идёт: посмотрите журнал службы."),
        lambda hub, now: _older(hub["log_looked_at"], OLD_CHECK, now),
        log=True,
    ),
    Rule(
        Text("Too few witnesses have cosigned for 15 minutes", "Уже 15 минут заверений недостаточно"),
        Text(
            "Messages go on, proofs wait. Start the missing nodes, or look for the way to them.",
            "Сообщения идут, доказательства ждут. Запустите недостающие узлы или восстановите связь с ними.",
        ),
        lambda hub, _: hub["publication_late"],
        log=True,
    ),
    Rule(
        Text("A key of the hub ends soon", "Скоро истекает ключ хаба"),
        Text(
            "Bring k of the federation's roots and run `serai hub rotate`. After the end no node believes this hub.",
            "Принесите k корневых ключей федерации: `serai hub rotate`. После срока узлы хабу не поверят.",
        ),
        _hub_key,
    ),
    Rule(
        Text("The certificate ends soon", "Скоро истекает сертификат"),
        Text(
            "Put the new one in its place and start the hub again: nodes wait and go on by themselves.",
            "Замените сертификат и перезапустите хаб: узлы подождут и продолжат сами.",
        ),
        lambda hub, now: bool(hub["certificate_ends"]) and hub["certificate_ends"] - now < CERTIFICATE_DAYS * DAY,
    ),
    Rule(
        Text("The federation document ends soon", "Скоро истекает документ федерации"),
        Text(
            "Let its keepers sign the next one: `serai hub enrol` without a request.",
            "Хранители подписывают следующий: `serai hub enrol` без запроса.",
        ),
        lambda hub, now: hub["federation_expires"] - now < DOCUMENT_DAYS * DAY,
    ),
    Rule(
        Text("The directory snapshot has expired", "Снимок справочника истёк"),
        Text(
            "Nodes go on for 96 hours. Is the hub closed, or its disk full?",
            "Узлы работают ещё 96 часов. Не закрыт ли хаб, не полон ли диск?",
        ),
        lambda hub, now: now >= hub["snapshot_expires"],
    ),
    Rule(
        Text("The disk is short", "Мало места на диске"),
        Text(
            "Make room now: new messages are refused soon, and nothing is lost.",
            "Освободите место: скоро новые сообщения будут отклоняться; ничего не теряется.",
        ),
        lambda hub, _: hub["disk"] != "ENOUGH",
    ),
    Rule(
        Text("There is no backup of the last two days", "Нет резервной копии за последние двое суток"),
        Text(
            "`serai hub backup`, daily, to another machine; rehearse a restore once a quarter.",
            "`serai hub backup` ежедневно на другую машину; раз в квартал — пробное восстановление.",
        ),
        lambda hub, now: hub["backup"] is None or _older(hub["backup"]["made"], OLD_BACKUP, now),
    ),
)


def concerns(state: State, now: int, *, everything: bool) -> Sequence[Concern]:
    """Return what asks for somebody, the hub itself first; only what concerns the log unless `everything`."""
    return [one for one in _all(state, now) if everything or one.rule.log]


def _all(state: State, now: int) -> Iterator[Concern]:
    yield from (Concern("", rule) for rule in HUB_RULES if rule.asks(state, now))
    for unit in state["units"]:
        yield from (Concern(unit["unit"], rule) for rule in UNIT_RULES if rule.asks(unit, now))
