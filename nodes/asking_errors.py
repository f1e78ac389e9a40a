"""What can go wrong when the same is asked again."""

from types import MappingProxyType

from exchange.errors import Words
from nodes.errors import NodeError


class AskedBefore(NodeError):
    """The unit asked about the same subject and offence before; the author was not shown it, or gave no reason."""

    code = "EX-6340"
    words = MappingProxyType(
        {
            "en": Words(
                "Your unit has asked about the same before",
                "An earlier request names the same person or thing and the same kind of offence.",
                "Look at the earlier request. To ask again all the same, say why.",
            ),
            "ru": Words(
                "Ваше подразделение уже запрашивало об этом",
                "В более раннем запросе указаны то же лицо или объект и тот же вид преступления.",
                "Посмотрите прежний запрос. Если всё же нужно запросить снова, укажите причину.",
            ),
        }
    )
