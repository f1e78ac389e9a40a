"""What the errors of the core mean to a person at a terminal: by their stable codes, in both languages.

The core speaks to programs and to logs, in English; what an error says besides stands behind these words as it is.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from schemas.words import Words

_CRYPTO: Final = {
    "CRYPTO": Words("A cryptographic check failed", "Криптографическая проверка не пройдена"),
    "MALFORMED": Words("This does not have the form that it must have", "Данные не имеют требуемой формы"),
    "NOT_CANONICAL": Words("This is not written in the one allowed form", "Запись не в единственно допустимой форме"),
    "TOO_LARGE": Words("A part is larger than the format allows", "Часть больше, чем допускает формат"),
    "WRONG_SUITE": Words("This cipher suite is not accepted here", "Этот набор шифров здесь не принимается"),
    "WRONG_ENVIRONMENT": Words("Exercise and reality must not be mixed", "Учения и реальная работа не смешиваются"),
    "KEY_REFUSED": Words("This key must not be used", "Этим ключом пользоваться нельзя"),
    "WRONG_SENDER_KEY": Words(
        "The sender’s key is another than the signed one", "Ключ отправителя не тот, что подписан"
    ),
    "BAD_SIGNATURE": Words("A signature does not verify", "Подпись не подтверждается"),
    "TOO_FEW_SIGNATURES": Words("Too few of the trusted keys have signed", "Подписано слишком малым числом ключей"),
    "BAD_PROOF": Words("A proof does not lead to its root", "Доказательство не ведёт к своему корню"),
    "NOT_FOR_US": Words("This is not sealed to this unit", "Запечатано не для этого органа"),
    "UNKNOWN_RECIPIENT_KEY": Words("It is sealed to a key that is not here", "Запечатано ключу, которого здесь нет"),
    "UNDECRYPTABLE": Words("It does not open under its key", "Своим ключом не открывается"),
    "BAD_PADDING": Words("It is not padded in the one allowed way", "Дополнение не в единственно допустимом виде"),
    "COMMITMENT_MISMATCH": Words("The content is not what was signed", "Содержание не то, что подписано"),
    "KEY_FILE": Words("Something is wrong with the folder of keys", "С папкой ключей что-то не так"),
    "KEY_FILE_MISSING": Words("There is no such key file", "Такого файла ключа нет"),
    "KEY_FILE_EXISTS": Words("A key of this name is already there", "Ключ с таким именем уже есть"),
    "KEY_FILE_EXPOSED": Words("Others may read or change the keys", "Ключи доступны посторонним"),
    "KEY_FILE_BROKEN": Words("The key file is damaged", "Файл ключа повреждён"),
    "KEY_FILE_ELSEWHERE": Words(
        "The key is kept elsewhere, as in a token", "Ключ хранится в другом месте, например в токене"
    ),
    "KEY_FILE_UNAVAILABLE": Words("The key file cannot be read or written", "Файл ключа не читается или не пишется"),
    "WRONG_PASSPHRASE": Words("The passphrase does not open the keys", "Парольная фраза не открывает ключи"),
}
_SCHEMAS: Final = {
    "SCHEMA": Words("The words are not those of the exchange", "Данные не соответствуют правилам обмена"),
    "UNKNOWN_CODE": Words("A code is not in its table", "Кода нет в своей таблице"),
    "TABLE_INVALID": Words("A code table of this release is wrong", "Таблица кодов этого выпуска неверна"),
    "SCHEMA_UNKNOWN": Words("This release does not know such a message", "Этот выпуск не знает таких сообщений"),
    "LABEL_MISMATCH": Words("Outside and inside say different things", "Снаружи и внутри указано разное"),
    "CONTENT_INVALID": Words("The message breaks rules of its kind", "Сообщение нарушает правила своего вида"),
    "STATEMENT_REFUSED": Words("The statement about a key is refused", "Заявление о ключе отклонено"),
    "DIRECTORY_REFUSED": Words("The directory does not prove itself", "Каталог не подтверждает себя"),
    "DIRECTORY_ROLLED_BACK": Words("The directory is older than the one held", "Каталог старше уже имеющегося"),
    "DIRECTORY_STALE": Words("The directory is too old to be used", "Каталог слишком стар"),
    "UNIT_UNKNOWN": Words("The federation has no such unit", "Такого органа в федерации нет"),
    "UNIT_SUSPENDED": Words("The unit is suspended", "Орган приостановлен"),
    "KEY_UNKNOWN": Words("There is no such key, or not for this use", "Такого ключа нет, или он не для этого"),
    "KEY_NOT_VALID": Words("The key is not valid at this time", "Ключ в это время не действует"),
    "KEY_REVOKED": Words("The key was revoked", "Ключ отозван"),
    "NO_AGREEMENT": Words("No agreement allows this", "Соглашения об этом нет"),
    "CLASSIFICATION_TOO_HIGH": Words("The classification is too high for this", "Гриф для этого слишком высок"),
    "INVITATION_REFUSED": Words("This is no invitation, or it was changed", "Это не приглашение, или оно изменено"),
    "INVITATION_EXPIRED": Words("The invitation is past its time", "Срок приглашения истёк или ещё не начался"),
    "ENROLMENT_REFUSED": Words(
        "The request to be let in proves nothing", "Заявка на вступление ничего не подтверждает"
    ),
    "FINGERPRINT_DIFFERS": Words("The fingerprint that was read is another", "Продиктованный отпечаток не совпадает"),
    "PROPOSAL_REFUSED": Words("The proposal does not prove what it claims", "Предложение не подтверждает заявленного"),
    "PROPOSAL_SUPERSEDED": Words(
        "The proposal is overtaken by a newer document", "Предложение устарело: есть новый документ"
    ),
}
_AUDIT: Final = {
    "LOG_ERROR": Words("Something is wrong with a log", "С журналом что-то не так"),
    "LOG_MALFORMED": Words("This does not have the form of a log", "Это не имеет формы журнала"),
    "LOG_PROOF_REFUSED": Words("A proof does not lead to its root", "Доказательство не ведёт к своему корню"),
    "LOG_SIGNATURE_REFUSED": Words(
        "A signature of the log is missing or wrong", "Подписи журнала нет, или она неверна"
    ),
    "LOG_QUORUM_MISSED": Words("Too few witnesses have cosigned", "Засвидетельствовано слишком немногими"),
    "LOG_ENTRY_TOO_LONG": Words("The entry is too long for the log", "Запись слишком длинна для журнала"),
    "LOG_NOT_THERE": Words("The log has no such entry", "Такой записи в журнале нет"),
    "LOG_HEAD_MOVED": Words("Somebody else wrote to the log: try again", "В журнал записал кто-то другой: повторите"),
    "LOG_DAMAGED": Words(
        "The log contradicts itself: a row was lost or changed", "Журнал противоречит себе: строка утрачена"
    ),
    "LOG_CHECKPOINT_REFUSED": Words("Signing now could show two histories", "Подпись сейчас показала бы две истории"),
    "LOG_EVIDENCE_REFUSED": Words("A piece of evidence does not hold", "Доказательство не выдержало проверки"),
    "LOG_UNREADABLE": Words("This is no bundle and no export", "Это не пакет доказательств и не выгрузка"),
    "WITNESS_REFUSED": Words("The witness does not cosign", "Свидетель не подписывает"),
    "WITNESS_ORIGIN_UNKNOWN": Words("The witness does not know the log", "Свидетель не знает этого журнала"),
    "WITNESS_SIGNATURE_REFUSED": Words(
        "The log’s signature is missing or wrong", "Подписи журнала нет, или она неверна"
    ),
    "WITNESS_REQUEST_MALFORMED": Words(
        "The request to the witness has no valid form", "Запрос к свидетелю имеет неверную форму"
    ),
    "WITNESS_OLD_SIZE": Words("The witness holds another size of the log", "У свидетеля журнал другого размера"),
    "WITNESS_INCONSISTENT": Words(
        "The log does not continue what the witness saw", "Журнал не продолжает увиденного свидетелем"
    ),
    "WITNESS_CLOCK": Words("A clock is wrong", "Часы идут неверно"),
}
WORDS: Final[Mapping[str, Words]] = MappingProxyType({**_CRYPTO, **_SCHEMAS, **_AUDIT})
"""Stable code of an error of `crypto`, `schemas` or `audit` -> what happened."""
