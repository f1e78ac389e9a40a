"""What can go wrong when keepers sign the next document of their federation, or let a unit in, in their words."""

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


class ProposalVoid(ExchangeError):
    """The proposal stands on a document that another one has replaced."""

    code = "EX-6640"
    words = _said(
        (
            "The proposal is void: another document is in force",
            "It was made from an older document than the one in force, and would undo what changed since.",
            "Nothing was changed. Propose the change again.",
        ),
        (
            "Предложение недействительно: действует другой документ",
            "Оно составлено по документу, который уже заменён, и отменило бы то, что изменилось после него.",
            "Ничего не изменено. Предложите изменение заново.",
        ),
    )


class ProposalOver(ExchangeError):
    """The proposal was withdrawn, is past its time, or was dated ahead."""

    code = "EX-6641"
    words = _said(
        (
            "The proposal is over",
            "It is signed within 14 days of its date, and no more once a keeper who had signed it withdrew it.",
            "Nothing was changed. Propose the change again if it is still wanted.",
        ),
        (
            "Предложение больше не действует",
            "Его подписывают 14 дней со дня составления, пока никто из подписавших хранителей его не отозвал.",
            "Ничего не изменено. Если изменение ещё нужно, предложите его заново.",
        ),
    )


class NothingProposed(ExchangeError):
    """No open proposal of that keeper."""

    code = "EX-6642"
    words = _said(
        (
            "No such proposal waits for signatures",
            "It is in force, over, or was never made here; and only a keeper who signed a proposal withdraws it.",
            "Nothing was changed. `serai federation proposals` lists those that wait.",
        ),
        (
            "Такое предложение не ждёт подписей",
            "Оно уже действует, прекращено или не составлялось здесь; отозвать его может только подписавший хранитель.",
            "Ничего не изменено. Ожидающие подписей показывает `serai federation proposals`.",
        ),
    )
