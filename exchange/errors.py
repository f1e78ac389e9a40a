"""What can go wrong in the exchange, in the words of the person who must act on it.

One base error, each subclass with a stable code `EX-nnnn` that never changes its meaning, and what happened, why and
what to do in English and Russian. Nothing here may name content, people or keys. HTTP statuses stand in `service`.
"""

from collections.abc import Mapping
from typing import ClassVar, NamedTuple


class Words(NamedTuple):
    """What happened, why, and what to do, in one language."""

    title: str
    why: str
    action: str


class ExchangeError(Exception):
    """Base of every error of the exchange. `detail` may add codes, counts and instants, never content."""

    code: ClassVar[str] = "EX-5000"
    words: ClassVar[Mapping[str, Words]] = {
        "en": Words(
            "Something went wrong at our side",
            "The service met a state that it does not know.",
            "Repeat the request. If it happens again, give the correlation id to the operator.",
        ),
        "ru": Words(
            "Ошибка на стороне службы",
            "Служба встретила неизвестное ей состояние.",
            "Повторите запрос. Если ошибка повторится, сообщите оператору номер корреляции.",
        ),
    }

    retry_after: ClassVar[int] = 0
    """Seconds after which repeating the same request is worth a try (`Retry-After`); 0 says nothing about it."""

    def __init__(self, detail: str = "", **members: str | int) -> None:
        super().__init__(detail or self.words["en"].title)
        self.detail = detail
        self.members = members


_ASK = "Check the request against docs/protocol.md; repeating it unchanged does not help."
_ASK_RU = "Сверьте запрос с docs/protocol.md; повтор без изменений не поможет."
_OPERATOR = "Ask the hub's operator."
_OPERATOR_RU = "Обратитесь к оператору узла-концентратора."


def _words(en: tuple[str, str, str], ru: tuple[str, str, str]) -> Mapping[str, Words]:
    return {"en": Words(*en), "ru": Words(*ru)}


class Junk(ExchangeError):
    """The bytes are not an envelope."""

    code = "EX-4001"
    words = _words(
        ("Not an envelope", "The bytes do not have the form of an envelope of suite 1.", _ASK),
        ("Это не конверт", "Байты не имеют формы конверта набора 1.", _ASK_RU),
    )


class NotReceipts(ExchangeError):
    """The bytes are not a list of receipts."""

    code = "EX-4002"
    words = _words(
        ("Not a list of receipts", "The body is not a canonical list of at most 256 signed receipts.", _ASK),
        ("Это не список квитанций", "Тело запроса не является списком не более чем из 256 квитанций.", _ASK_RU),
    )


class BadRequest(ExchangeError):
    """A parameter or body does not have its documented form."""

    code = "EX-4003"
    words = _words(
        ("The request is not understood", "A parameter or the body does not have its documented form.", _ASK),
        ("Запрос не понят", "Параметр или тело запроса имеет недопустимую форму.", _ASK_RU),
    )


class BadStatement(ExchangeError):
    """A key statement, revocation, card or document does not hold."""

    code = "EX-4004"
    words = _words(
        ("The statement does not hold", "Its form, its signature, its possession proof or its order is wrong.", _ASK),
        ("Заявление недействительно", "Неверны форма, подпись, доказательство владения или порядок.", _ASK_RU),
    )


class WrongEnvironment(ExchangeError):
    """Exercise data at a live hub, or the reverse."""

    code = "EX-4005"
    words = _words(
        ("Wrong environment", "Exercise data never enters the live exchange, nor the reverse.", _ASK),
        ("Не та среда", "Учебные данные не попадают в рабочий обмен, и наоборот.", _ASK_RU),
    )


class Unsigned(ExchangeError):
    """The request carries no valid RFC 9421 signature of an enrolled node, or an old or repeated one."""

    code = "EX-4011"
    words = _words(
        (
            "The request is not signed by an enrolled node",
            "The signature is missing, wrong, old or repeated, or the key is not in the directory.",
            "Check the clock of this machine and the node's key in the directory.",
        ),
        (
            "Запрос не подписан известным узлом",
            "Подписи нет, она неверна, устарела или повторена, либо ключа нет в каталоге.",
            "Проверьте часы этой машины и ключ узла в каталоге.",
        ),
    )


class Denied(ExchangeError):
    """The caller is not entitled: one answer for unknown, suspended, revoked and wrongly signed."""

    code = "EX-4031"
    words = _words(
        ("Not allowed", "The sender is not an active unit whose valid key signed this.", _OPERATOR),
        ("Не разрешено", "Отправитель не является действующим органом с действующим ключом.", _OPERATOR_RU),
    )


class KeyEnded(ExchangeError):
    """The unit's own key was revoked or has expired; carries the number from which to seal anew."""

    code = "EX-4032"
    words = _words(
        (
            "The signing key has ended",
            "It was revoked or has expired before this hub accepted the envelope; nothing was consumed.",
            "Seal it anew, from the expected number on, under the unit's present key.",
        ),
        (
            "Срок ключа подписи истёк",
            "Ключ отозван или истёк до того, как конверт был принят; номер не израсходован.",
            "Запечатайте заново, начиная с ожидаемого номера, действующим ключом органа.",
        ),
    )


class Unfound(ExchangeError):
    """No such thing here, or not for this caller: one answer for both."""

    code = "EX-4041"
    words = _words(
        ("Not found", "There is no such thing here.", "Check the address."),
        ("Не найдено", "Здесь такого нет.", "Проверьте адрес."),
    )


class MethodNotAllowed(ExchangeError):
    """The path is known, the method is not."""

    code = "EX-4051"
    words = _words(
        ("Not a method of this address", "The address does not take this method.", _ASK),
        ("Метод не поддерживается", "Этот адрес не принимает данный метод.", _ASK_RU),
    )


class IdTaken(ExchangeError):
    """The same id with other bytes."""

    code = "EX-4091"
    words = _words(
        ("The id is taken", "Another envelope with this id was accepted before.", "Seal the message anew."),
        ("Идентификатор занят", "Конверт с этим идентификатором уже принят.", "Запечатайте сообщение заново."),
    )


class EarlyNumber(ExchangeError):
    """The sequence number, or the predecessor, is not the next one; carries what is expected."""

    code = "EX-4092"
    words = _words(
        (
            "Not the next number",
            "An envelope before this one has not arrived, or the chain continues elsewhere.",
            "Send the envelope with the expected number first.",
        ),
        (
            "Не следующий номер",
            "Предыдущий конверт не поступил, или цепочка продолжается в другом месте.",
            "Сначала отправьте конверт с ожидаемым номером.",
        ),
    )


class Equivocation(ExchangeError):
    """Two signed envelopes for one number; both are kept as evidence."""

    code = "EX-4093"
    words = _words(
        (
            "The number was used before",
            "Another envelope with this number was accepted; both are kept as evidence.",
            "Stop sending and call the operator: a copy of the node may be running.",
        ),
        (
            "Номер уже использован",
            "Другой конверт с этим номером уже принят; оба сохранены как доказательство.",
            "Прекратите отправку и вызовите оператора: возможно, работает копия узла.",
        ),
    )


class LogRolledBack(ExchangeError):
    """The leaf that the node holds is not the hub's."""

    code = "EX-4094"
    words = _words(
        (
            "The logs disagree",
            "The leaf named in the request is not the one this hub has at that index.",
            "Stop, keep everything, and call the operator: the hub may have lost history.",
        ),
        (
            "Журналы расходятся",
            "Указанный лист не совпадает с листом журнала на этом месте.",
            "Остановитесь, сохраните всё и вызовите оператора: история могла быть утрачена.",
        ),
    )


class AlreadyThere(ExchangeError):
    """An administrative act that was already done, or that contradicts what is there."""

    code = "EX-4095"
    words = _words(
        (
            "Already there",
            "The hub already holds this, or something that contradicts it.",
            "Look at `serai hub status`.",
        ),
        ("Уже существует", "Это уже есть, или ему противоречит имеющееся.", "См. `serai hub status`."),
    )


class Conflict(ExchangeError):
    """A step that the lifecycle does not allow from the present state."""

    code = "EX-4096"
    words = _words(
        (
            "Not possible in this state",
            "The request is in a state from which this step is not allowed.",
            "Open the request again: it may have moved on in the meantime.",
        ),
        (
            "В этом состоянии невозможно",
            "Запрос находится в состоянии, из которого этот шаг не допускается.",
            "Откройте запрос заново: возможно, его состояние уже изменилось.",
        ),
    )


class TooLarge(ExchangeError):
    """The body is larger than this address takes."""

    code = "EX-4131"
    words = _words(
        ("Too large", "The body is larger than this address takes.", "Send attachments separately."),
        ("Слишком большой запрос", "Тело запроса больше допустимого.", "Отправляйте вложения отдельно."),
    )


class WrongMedia(ExchangeError):
    """The content type is not the one this address takes."""

    code = "EX-4151"
    words = _words(
        ("Wrong content type", "This address takes another content type.", _ASK),
        ("Неверный тип содержимого", "Этот адрес принимает другой тип содержимого.", _ASK_RU),
    )


class RefusedForGood(ExchangeError):
    """A correctly signed envelope that the rules forbid; the answer carries the signed REFUSED receipt."""

    code = "EX-4221"
    words = _words(
        (
            "Refused for good",
            "The rules of the federation do not allow this envelope; its number is consumed.",
            "Read the reason in the receipt; write a new message once the reason is gone.",
        ),
        (
            "Окончательный отказ",
            "Правила федерации не допускают этот конверт; его номер израсходован.",
            "Прочтите причину в квитанции; напишите новое сообщение, когда причина отпадёт.",
        ),
    )


class CosignatureRefused(ExchangeError):
    """The cosignature is not one of this unit over the checkpoint that waits."""

    code = "EX-4222"
    words = _words(
        ("Not a cosignature", "It is not by this unit's witness keys over the checkpoint that waits.", "Ask anew."),
        ("Не заверение", "Подпись не сделана ключами свидетеля над ожидающей контрольной точкой.", "Запросите снова."),
    )


class Unavailable(ExchangeError):
    """The store did not confirm: the outcome is unknown and the request may be repeated."""

    code = "EX-5031"
    retry_after = 1
    words = _words(
        ("Not available now", "The store did not confirm. The outcome is unknown.", "Repeat the same bytes."),
        ("Сейчас недоступно", "Хранилище не подтвердило запись. Исход неизвестен.", "Повторите те же байты."),
    )


class DiskLow(Unavailable):
    """The disk is nearly full: nothing new is accepted, what is here can still be read and is delivered."""

    code = "EX-5071"
    retry_after = 60
    words = _words(
        (
            "The disk of the service is nearly full",
            "Nothing new is taken and nothing was lost; what is here can be read and is delivered.",
            "Wait and repeat it; the operator is alarmed and must make room.",
        ),
        (
            "Диск службы почти заполнен",
            "Новое не принимается, ничего не потеряно; всё имеющееся можно читать, доставка продолжается.",
            "Подождите и повторите; оператор оповещён и должен освободить место.",
        ),
    )


class StaleDirectory(ExchangeError):
    """The directory has expired: nothing is accepted on its word."""

    code = "EX-5032"
    words = _words(
        ("The directory has expired", "The federation document or the snapshot is past its time.", _OPERATOR),
        ("Каталог устарел", "Срок документа федерации или снимка истёк.", _OPERATOR_RU),
    )


class NotReady(ExchangeError):
    """The hub has not been set up, or its settings or database are unsafe; it refuses to start."""

    code = "EX-5033"
    words = _words(
        ("Not ready", "The settings, keys or database do not allow a start.", "Read the detail and repair it."),
        ("Не готово", "Настройки, ключи или база данных не позволяют запуск.", "Прочтите подробности и исправьте."),
    )
