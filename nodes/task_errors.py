"""What can go wrong with domestic tasks, in the words of the officer who gives them."""

from collections.abc import Mapping
from typing import ClassVar

from exchange.errors import Words
from nodes.errors import NodeError


class TooLate(NodeError):
    """The internal deadline of a task does not lie before the legal one of the request."""

    code = "EX-6320"
    words: ClassVar[Mapping[str, Words]] = {
        "en": Words(
            "The internal deadline is too late",
            "It must lie before the legal deadline of the request, or nobody has time to answer.",
            "Choose an earlier moment.",
        ),
        "ru": Words(
            "Внутренний срок слишком поздний",
            "Он должен наступить раньше установленного срока ответа, иначе времени на ответ не останется.",
            "Укажите более ранний момент.",
        ),
    }
