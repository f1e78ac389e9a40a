"""What can go wrong with content that was erased, or that may not be kept any longer."""

from collections.abc import Mapping
from types import MappingProxyType

from exchange.errors import Words
from nodes.errors import NotFound


def _said(en: tuple[str, str, str], ru: tuple[str, str, str]) -> Mapping[str, Words]:
    return MappingProxyType({"en": Words(*en), "ru": Words(*ru)})


class Erased(NotFound):
    """The content was erased: its key is destroyed. Said only to whoever might have read it."""

    code = "EX-6042"
    words = _said(
        ("It was erased", "Its key was destroyed on the decision of two persons.", "The proof of the erasure stays."),
        ("Уничтожено", "Ключ уничтожен по решению двух лиц.", "Доказательство уничтожения сохраняется."),
    )

    def __init__(self, case_id: str, message_id: str | None = None) -> None:
        super().__init__("erased")
        self.case_id = case_id
        self.message_id = message_id


class Expired(NotFound):
    """The time of keeping is over: nothing may be read any more, whether it is erased yet or not."""

    code = "EX-6043"
    words = _said(
        (
            "The time of keeping is over",
            "The law lets nobody read it any more. It waits for its erasure.",
            "Ask the data-protection officer of your unit.",
        ),
        (
            "Срок хранения истёк",
            "По закону читать это больше нельзя. Сведения ожидают уничтожения.",
            "Обратитесь к ответственному за защиту данных.",
        ),
    )
