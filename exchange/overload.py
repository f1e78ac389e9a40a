"""What a caller hears when there is too much at once: nothing was stored, and the same request may be repeated soon.

Of the same form as the other errors of the exchange; each says with `Retry-After` when repeating is worth a try.
"""

from exchange.errors import ExchangeError, Words


class TooManyRequests(ExchangeError):
    """The queue of the writer is full."""

    code = "EX-4291"
    retry_after = 1
    words = {  # noqa: RUF012 - a constant of the class, as in its siblings
        "en": Words("Too many requests", "The queue is full.", "Wait and repeat; nothing was stored."),
        "ru": Words("Слишком много запросов", "Очередь заполнена.", "Подождите и повторите; ничего не сохранено."),
    }


class TooManyOpen(ExchangeError):
    """The caller holds as much open as one caller may."""

    code = "EX-4292"
    retry_after = 5
    words = {  # noqa: RUF012 - a constant of the class, as in its siblings
        "en": Words("Too much open at once", "This caller's share is used up.", "Wait for open requests to end."),
        "ru": Words("Слишком много открыто", "Доля этого абонента исчерпана.", "Дождитесь конца открытых запросов."),
    }


class Busy(ExchangeError):
    """All callers together hold as much open as the service has room for."""

    code = "EX-5035"
    retry_after = 5
    words = {  # noqa: RUF012 - a constant of the class, as in its siblings
        "en": Words("Busy", "All places of the service are taken.", "Wait and repeat; nothing was stored."),
        "ru": Words("Служба занята", "Все места службы заняты.", "Подождите и повторите; ничего не сохранено."),
    }
