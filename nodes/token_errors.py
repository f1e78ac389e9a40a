"""What can go wrong with the unit's token, in the words of the administrator who must act on it.

A detail names a state or an error of the driver, never a PIN or a key.
"""

from collections.abc import Mapping
from typing import ClassVar

from exchange.errors import Words
from nodes.errors import NodeError


class TokenError(NodeError):
    """Base of what is wrong with the token; nothing was signed."""


class TokenAway(TokenError):
    """The token is not there, its driver reports a fault, or it is too slow."""

    code = "EX-6360"
    words: ClassVar[Mapping[str, Words]] = {
        "en": Words(
            "The token with the unit's key does not answer",
            "Nothing can be signed without it, so nothing new is sealed; what waits goes out once it is back.",
            "See whether it is plugged in or reached, and under the label that the settings name.",
        ),
        "ru": Words(
            "Токен с ключом подразделения не отвечает",
            "Без него ничего нельзя подписать и запечатать; ожидающее уйдёт, когда он снова появится.",
            "Проверьте, подключён ли он и доступен ли под меткой, указанной в настройках.",
        ),
    }


class PinRefused(TokenError):
    """The token refused the PIN, or has so few tries left that this node does not spend one."""

    code = "EX-6361"
    words: ClassVar[Mapping[str, Words]] = {
        "en": Words(
            "The token does not open with this PIN",
            "It is not tried again, so that the token is not locked.",
            "Correct the PIN and start the node anew. Only its last try left: log in once with the token's own tool.",
        ),
        "ru": Words(
            "Токен не открывается этим PIN-кодом",
            "Повторной попытки не будет, чтобы токен не заблокировался.",
            "Исправьте PIN-код и запустите узел заново. Если осталась одна попытка, войдите средством самого токена.",
        ),
    }


class SeveralTokens(TokenError):
    """More than one token has the label that the settings name."""

    code = "EX-6362"
    words: ClassVar[Mapping[str, Words]] = {
        "en": Words(
            "Several tokens have this label",
            "Which of them holds the unit's key is not guessed.",
            "Take the others away, or give each a label of its own.",
        ),
        "ru": Words(
            "Несколько токенов с одной меткой",
            "Угадывать, на каком из них ключ подразделения, нельзя.",
            "Отключите остальные или дайте каждому свою метку.",
        ),
    }


class KeyNotInToken(TokenError):
    """The token does not hold the key, or holds several under its id; `detail` is how many."""

    code = "EX-6363"
    words: ClassVar[Mapping[str, Words]] = {
        "en": Words(
            "The token does not hold the unit's key",
            "It is another token, or the key was deleted. No new key is made in its place.",
            "Bring the token in which the key was made, or replace the key with the unit's root.",
        ),
        "ru": Words(
            "На токене нет ключа подразделения",
            "Это другой токен, или ключ удалён. Новый ключ вместо него не создаётся.",
            "Подключите токен, на котором создан ключ, или замените ключ с помощью корневого ключа подразделения.",
        ),
    }


class TokenUnfit(TokenError):
    """The token cannot do what is asked of it: Ed25519, AES-256-GCM, or keys that never leave it."""

    code = "EX-6364"
    words: ClassVar[Mapping[str, Words]] = {
        "en": Words(
            "This token cannot hold a unit's key",
            "It must make Ed25519 and AES-256-GCM keys that never leave it, and sign with the one as RFC 8032 says.",
            "Use another token, or leave it out of the settings: keys are then sealed in files.",
        ),
        "ru": Words(
            "Этот токен не может хранить ключ подразделения",
            "Нужны неизвлекаемые ключи Ed25519 и AES-256-GCM и подпись по RFC 8032.",
            "Возьмите другой токен или уберите его из настроек: тогда ключи хранятся в запечатанных файлах.",
        ),
    }


class NoDriver(TokenError):
    """The PKCS#11 module of the token, or the library that loads it, is not here; `detail` says which."""

    code = "EX-6365"
    words: ClassVar[Mapping[str, Words]] = {
        "en": Words(
            "The driver of the token cannot be loaded",
            "The settings name a token, and its PKCS#11 module or the package python-pkcs11 is missing.",
            "Install `serai[pkcs11]` and the module of the token, and name the file of the module in the settings.",
        ),
        "ru": Words(
            "Не удаётся загрузить драйвер токена",
            "В настройках указан токен, но его модуль PKCS#11 или пакет python-pkcs11 отсутствует.",
            "Установите `serai[pkcs11]` и модуль токена и укажите файл модуля в настройках.",
        ),
    }
