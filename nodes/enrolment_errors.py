"""What can go wrong when a unit enters a federation, in the words of whoever sets its node up."""

from collections.abc import Mapping
from types import MappingProxyType

from exchange.errors import Words
from nodes.errors import NodeError


def _said(en: tuple[str, str, str], ru: tuple[str, str, str]) -> Mapping[str, Words]:
    return MappingProxyType({"en": Words(*en), "ru": Words(*ru)})


class InvitationRefused(NodeError):
    """No invitation, or changed since a keeper of the federation signed it."""

    code = "EX-6350"
    words = _said(
        (
            "This is no invitation",
            "It is not signed by a root of the federation that it names, or was changed since.",
            "Nothing was made. Ask the federation's keepers for the file again.",
        ),
        (
            "Это не приглашение",
            "Оно не подписано корневым ключом названной в нём федерации или изменено после подписания.",
            "Ничего не создано. Запросите файл у хранителей федерации ещё раз.",
        ),
    )


class InvitationOver(NodeError):
    """The invitation is past its time, or this clock is wrong."""

    code = "EX-6351"
    words = _said(
        (
            "The invitation is past its time",
            "It was good until a day that is over, or the clock of this machine is wrong.",
            "Nothing was made. Check the clock, and ask the federation's keepers for a new invitation.",
        ),
        (
            "Срок приглашения истёк",
            "Оно действовало до даты, которая прошла, или часы этой машины неверны.",
            "Ничего не создано. Проверьте часы и запросите новое приглашение у хранителей федерации.",
        ),
    )


class OtherFingerprint(NodeError):
    """The fingerprint that was heard is not that of the roots that the invitation brought."""

    code = "EX-6352"
    words = _said(
        (
            "The fingerprint is another one",
            "What you were told is not the fingerprint of the roots that the invitation brought.",
            "Nothing was changed. Let it be read to you again, over a number that you know; if it differs, stop.",
        ),
        (
            "Отпечаток не совпадает",
            "Вам прочли не тот отпечаток, что у корневых ключей из приглашения.",
            "Ничего не изменено. Попросите прочесть его ещё раз по известному вам номеру; если он другой — прекратите.",
        ),
    )
