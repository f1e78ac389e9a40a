"""What can go wrong when keepers let a unit into their federation, in the words of the keeper."""

from collections.abc import Mapping
from types import MappingProxyType

from exchange.errors import ExchangeError, Words


def _said(en: tuple[str, str, str], ru: tuple[str, str, str]) -> Mapping[str, Words]:
    return MappingProxyType({"en": Words(*en), "ru": Words(*ru)})


class NotInvited(ExchangeError):
    """The request answers no open invitation: used, past its time, replaced by a newer one, or never made here."""

    code = "EX-4097"
    words = _said(
        (
            "The request answers no open invitation",
            "An invitation is good once and for a time, and a newer one for the same unit replaces it.",
            "Nothing was changed. Invite the unit again with `serai hub invite`.",
        ),
        (
            "Запрос не отвечает на действующее приглашение",
            "Приглашение действует один раз и до срока; новое для того же органа заменяет прежнее.",
            "Ничего не изменено. Пригласите орган ещё раз: `serai hub invite`.",
        ),
    )


class OtherThanInvited(ExchangeError):
    """A unit, or what stands about it, is not what was invited."""

    code = "EX-4223"
    words = _said(
        (
            "This is not the unit that was invited",
            "Every unit that enters, and all that stands about it, must be what a keeper invited.",
            "Nothing was changed. Ask the unit what it did, and invite it again.",
        ),
        (
            "Это не тот орган, который приглашён",
            "Каждый входящий орган и все сведения о нём должны быть такими, как в приглашении хранителя.",
            "Ничего не изменено. Выясните это у органа и пригласите его ещё раз.",
        ),
    )
