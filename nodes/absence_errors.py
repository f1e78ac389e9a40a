"""What can go wrong when somebody says that he will be absent."""

from collections.abc import Mapping
from types import MappingProxyType

from exchange.errors import Words
from nodes.errors import BadInput


def _said(en: tuple[str, str, str], ru: tuple[str, str, str]) -> Mapping[str, Words]:
    return MappingProxyType({"en": Words(*en), "ru": Words(*ru)})


class DeputyUnfit(BadInput):
    """Whoever shall stand in cannot do by himself what falls to the absent person."""

    code = "EX-6330"
    words = _said(
        (
            "This person cannot stand in",
            "A deputy is of the same agency and has every right needed; a supervisor stands in for a supervisor.",
            "Choose somebody else.",
        ),
        (
            "Этот сотрудник не может замещать",
            "Замещающий — из того же ведомства и сам имеет нужные права; руководителя замещает руководитель.",
            "Выберите другого сотрудника.",
        ),
    )


class AlreadyAbsent(BadInput):
    """An absence of the person covers a part of these days."""

    code = "EX-6331"
    words = _said(
        (
            "There is an absence for some of these days",
            "Two deputies for one day would leave open to whom things go.",
            "End the other absence first, or choose other days.",
        ),
        (
            "На часть этих дней отсутствие уже указано",
            "При двух замещающих на один день неясно, к кому всё переходит.",
            "Сначала завершите другое отсутствие или выберите другие дни.",
        ),
    )
