"""What can be wrong with a set of rules."""

from exchange.errors import ExchangeError, Words


class PolicyRefused(ExchangeError):
    """A set of rules that must not be used: it does not fit the schema, or permits where it may only forbid."""

    code = "EX-5037"
    words = {  # noqa: RUF012  # the base class declares it as a class variable
        "en": Words(
            "The rules of access are not usable",
            "A rule does not fit what rules may ask, is named twice, unexplained, or permits where it may only forbid.",
            "Correct the file that is named, or take it away, and start again.",
        ),
        "ru": Words(
            "Правила доступа непригодны",
            "Правило не соответствует схеме, повторяет имя, не объяснено или разрешает там, где может лишь запрещать.",
            "Исправьте названный файл или уберите его и запустите снова.",
        ),
    }
