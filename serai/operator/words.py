"""Every word of the operator's pages, in English and Russian; a test demands that pages ask for no other."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from serai.operator.concerns import Text

WORDS: Final[Mapping[str, Text]] = {
    "skip": Text("Skip to main content", "Перейти к содержанию"),
    "hub": Text("Hub", "Хаб"),
    "exercise": Text("EXERCISE – simulated data", "УЧЕНИЕ – условные данные"),
    "sign_in": Text("Sign in", "Войти"),
    "sign_out": Text("Sign out", "Выйти"),
    "name": Text("Name", "Имя"),
    "password": Text("Password", "Пароль"),
    "code": Text("One-time code", "Одноразовый код"),
    "code_hint": Text("6 digits from the app.", "6 цифр из приложения."),
    "problem": Text("There is a problem", "Ошибка"),
    "wrong": Text("Name, password or code is wrong.", "Неверное имя, пароль или код."),
    "too_many": Text("Too many attempts. Wait a quarter of an hour.", "Слишком много попыток. Подождите 15 минут."),
    "never_content": Text(
        "These pages show counts, times and keys. The hub cannot read messages, and so nobody reads them here.",
        "Здесь видны количества, время и ключи. Хаб не может читать сообщения, поэтому здесь их не читает никто.",
    ),
    "away": Text("The hub does not answer", "Хаб не отвечает"),
    "away_do": Text(
        "Is `serai hub serve` running in this folder? Look into its service log.",
        "Запущена ли служба `serai hub serve` для этой папки? Посмотрите её журнал.",
    ),
    "again": Text("Look again", "Обновить"),
    "as_of": Text("As of", "На момент"),
    "see_to": Text("To be seen to", "Требует внимания"),
    "nothing": Text("Nothing asks for you.", "Ничто не требует внимания."),
    "where": Text("Where", "Где"),
    "what": Text("What", "Что"),
    "do": Text("What to do", "Что делать"),
    "the_hub": Text("the hub", "хаб"),
    "units": Text("Units", "Подразделения"),
    "unit": Text("Unit", "Подразделение"),
    "seen": Text("Last heard", "Был на связи"),
    "not_heard": Text("not since the hub was started", "не выходил с запуска хаба"),
    "ago": Text("ago", "назад"),
    "clock": Text("Clock", "Часы"),
    "seconds": Text("s", "с"),
    "waiting": Text("Waiting for it", "Ждёт получения"),
    "since": Text("oldest", "старейшее"),
    "unanswered": Text("Without receipt", "Без квитанции"),
    "key_ends": Text("First key ends in", "Ближайший ключ истекает через"),
    "active": Text("admitted", "допущено"),
    "suspended": Text("suspended", "приостановлено"),
    "state": Text("State", "Состояние"),
    "log": Text("Log and witnesses", "Журнал и свидетели"),
    "entries": Text("Entries", "Записей"),
    "unsigned": Text("Not signed yet", "Ещё не подписано"),
    "unpublished": Text("Not published yet", "Ещё не опубликовано"),
    "published": Text("Published", "Опубликовано"),
    "checked": Text("Check came round", "Проверен целиком"),
    "quorum": Text("Must cosign", "Должны заверить"),
    "of": Text("of", "из"),
    "cosigned": Text("Cosigned", "Заверил"),
    "last_cosigned": Text("Last cosignature", "Последнее заверение"),
    "anchored": Text("Its log anchored", "Его журнал закреплён"),
    "yes": Text("the newest checkpoint", "последнюю контрольную точку"),
    "behind": Text("an earlier one", "более раннюю"),
    "none": Text("none", "нет"),
    "never": Text("never", "никогда"),
    "keys": Text("Keys and documents", "Ключи и документы"),
    "key": Text("Key or document", "Ключ или документ"),
    "ends": Text("Ends", "Истекает"),
    "RECEIPT": Text("Receipts", "Квитанции"),
    "SNAPSHOT": Text("Directory snapshots", "Снимки справочника"),
    "REQUEST": Text("Answers", "Ответы"),
    "certificate": Text("TLS certificate", "Сертификат TLS"),
    "elsewhere": Text("not known here: a proxy shows it", "здесь неизвестно: его предъявляет прокси"),
    "federation": Text("Federation document", "Документ федерации"),
    "snapshot": Text("Directory snapshot in force", "Действующий снимок справочника"),
    "version": Text("version", "версия"),
    "machine": Text("Machine and backups", "Машина и резервные копии"),
    "disk": Text("Free disk", "Свободно на диске"),
    "backup": Text("Last backup", "Последняя копия"),
    "queue": Text("Waiting to be written", "Ожидает записи"),
    "polls": Text("Nodes waiting for mail", "Узлы, ждущие почту"),
}


@dataclass(frozen=True, slots=True)
class Say:
    """The words in one language, as templates take them: `say.units`, `say["RECEIPT"]`, `say.text(rule.what)`."""

    words: Mapping[str, Text]
    language: str

    def __getattr__(self, name: str) -> str:
        """Return the word of this name; raises KeyError, because a page must not be left without it."""
        return self.words[name].say(self.language)

    def __getitem__(self, name: str) -> str:
        """Return the word of this name."""
        return self.words[name].say(self.language)

    def text(self, text: Text) -> str:
        """Return a text of a table."""
        return text.say(self.language)
