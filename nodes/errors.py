"""What can go wrong inside a unit, in the words of the officer or administrator who must act on it.

Codes `EX-6nnn` never change their meaning. A detail names codes, counts and instants, never content, people or keys.
"""

from collections.abc import Mapping

from exchange.errors import ExchangeError, Words
from exchange.policy.rulebook import Rule
from nodes.views import Fault


def _words(en: tuple[str, str, str], ru: tuple[str, str, str]) -> Mapping[str, Words]:
    return {"en": Words(*en), "ru": Words(*ru)}


class NodeError(ExchangeError):
    """Base of every error of a unit's node."""

    code = "EX-6000"


class Denied(NodeError):
    """The account is not entitled to the act, by `rules` if any forbade it. Its handler logs it apart."""

    code = "EX-6031"
    words = _words(
        ("You may not do this", "None of your roles allows it.", "Ask a supervisor or the administrator of your unit."),
        ("У вас нет права на это", "Ни одна из ваших ролей этого не допускает.", "Обратитесь к руководителю."),
    )

    def __init__(self, act: str = "", rules: tuple[Rule, ...] = ()) -> None:
        super().__init__(act)
        self.rules = rules


class OutsideVisit(Denied):
    """A visiting auditor asks for more of the log than the mandate of his visit covers."""

    code = "EX-6030"
    words = _words(
        (
            "Your visit does not cover this",
            "It reaches beyond the period or the cases that your mandate names.",
            "Stay within them, or ask the administrator of the unit for an account with a wider mandate.",
        ),
        (
            "Ваше поручение этого не охватывает",
            "Это выходит за период или дела, указанные в вашем поручении.",
            "Оставайтесь в его пределах или попросите администратора об учётной записи с более широким поручением.",
        ),
    )


class Refused(Denied):
    """The account may read the case, but rules bind this message; `rules` are those that refused, if any did."""

    code = "EX-6028"
    words = _words(
        (
            "This may not be done with this message",
            "The rules for it do not allow the act, or nobody with your roles may do it.",
            "See below which rules these are, and what would change them.",
        ),
        (
            "С этим сообщением этого делать нельзя",
            "Правила не допускают этого действия, или оно не входит в права ваших ролей.",
            "Ниже указано, какие это правила и что могло бы изменить решение.",
        ),
    )


class NotFound(NodeError):
    """No such thing in this unit, or not for this account: one answer for both."""

    code = "EX-6041"
    words = _words(
        ("Not found", "There is no such thing here, or it is not yours to see.", "Go back to the list."),
        ("Не найдено", "Здесь такого нет, или оно вам недоступно.", "Вернитесь к списку."),
    )


class DraftChanged(NodeError):
    """The draft was saved elsewhere since it was opened here: the newer text is kept."""

    code = "EX-6091"
    words = _words(
        (
            "The draft was changed elsewhere",
            "It was saved in another window after you opened it here.",
            "Open it anew.",
        ),
        ("Черновик изменён в другом окне", "Он был сохранён после того, как вы его открыли.", "Откройте его заново."),
    )


class OutOfStep(NodeError):
    """The state of the thing does not allow the act any more."""

    code = "EX-6092"
    words = _words(
        ("This is no longer possible", "The state has changed since the page was shown.", "Look at the present state."),
        ("Это уже невозможно", "Состояние изменилось после показа страницы.", "Посмотрите текущее состояние."),
    )


class SecondPersonNeeded(NodeError):
    """What is asked needs somebody else: the same person asked for it, wrote it, or it is about himself."""

    code = "EX-6094"
    words = _words(
        (
            "A second person must do this",
            "Nobody decides what he asked for or wrote himself, or what is about himself.",
            "Ask a colleague who may decide it.",
        ),
        (
            "Это должен сделать второй человек",
            "Никто не решает о том, что сам запросил или составил, или что касается его самого.",
            "Обратитесь к коллеге, который вправе решить.",
        ),
    )


class NotApproved(NodeError):
    """No second person has approved exactly this: never asked, changed since, past its time, or done before."""

    code = "EX-6095"
    words = _words(
        (
            "Nobody has approved exactly this",
            "It was never approved, was changed since, is past its time, or was done before.",
            "Look at the present state, and ask for approval again.",
        ),
        (
            "Именно это никто не согласовал",
            "Согласования не было, содержание изменено, срок истёк или действие уже выполнено.",
            "Посмотрите текущее состояние и запросите согласование заново.",
        ),
    )


class UserExists(NodeError):
    """The staff number is taken."""

    code = "EX-6093"
    words = _words(
        ("The staff number is taken", "An account with this staff number exists.", "Choose another staff number."),
        ("Служебный номер занят", "Учётная запись с этим номером уже есть.", "Укажите другой номер."),
    )


class Incomplete(NodeError):
    """The message cannot be sealed as it is; `faults` say what to correct."""

    code = "EX-6221"
    words = _words(
        ("Some answers need your attention", "The message cannot be sealed as it is.", "Correct what is listed."),
        ("Проверьте заполнение", "Сообщение нельзя запечатать в таком виде.", "Исправьте перечисленное."),
    )

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__(", ".join(fault.code for fault in faults))
        self.faults = faults


class BadInput(NodeError):
    """A value given to a use case does not have the form it needs; `detail` names it."""

    code = "EX-6222"
    words = _words(
        ("A value is not usable", "It does not have the form that is needed.", "Correct it and send it again."),
        ("Значение не подходит", "Оно имеет недопустимую форму.", "Исправьте и отправьте снова."),
    )


class SignInRefused(NodeError):
    """The sign-in or enrolment did not succeed; one text for every cause, so that no account can be guessed."""

    code = "EX-6011"
    words = _words(
        (
            "The details do not match",
            "Staff number, password, one-time code or enrolment code is wrong, or it has expired.",
            "Try again with the newest one-time code. If that fails, ask your administrator for an enrolment code.",
        ),
        (
            "Данные не совпадают",
            "Неверны служебный номер, пароль, одноразовый код или код регистрации, либо срок истёк.",
            "Повторите с новым одноразовым кодом. Не получится: попросите администратора о коде регистрации.",
        ),
    )


class SignedOut(NodeError):
    """No session, or it has ended."""

    code = "EX-6012"
    words = _words(
        ("Please sign in", "Your session has ended, or there was none.", "Sign in. Your drafts are kept."),
        ("Войдите в систему", "Сеанс завершён или не начинался.", "Войдите. Черновики сохранены."),
    )


class AccessEnded(SignedOut):
    """The account was for a time, and the time is over while a session was open."""

    code = "EX-6013"
    words = _words(
        (
            "Your access has ended",
            "Your account was for a limited time, which is over. Your session was ended with it.",
            "If your mandate goes on, ask the administrator of the unit for a new account.",
        ),
        (
            "Ваш доступ закончился",
            "Учётная запись была дана на ограниченный срок, и он истёк. Сеанс завершён.",
            "Если ваше поручение продолжается, попросите администратора подразделения о новой учётной записи.",
        ),
    )


class TooManyAttempts(NodeError):
    """The share of attempts for this account or address is used up for now."""

    code = "EX-6291"
    words = _words(
        (
            "Too many attempts",
            "There were too many attempts in a short time.",
            "Wait a quarter of an hour and try again.",
        ),
        ("Слишком много попыток", "За короткое время было слишком много попыток.", "Подождите четверть часа."),
    )


class NotReady(NodeError):
    """The node lacks something that it needs before it can act: keys, a directory, a finished restore."""

    code = "EX-6033"
    words = _words(
        ("The node is not ready", "Keys, directory or a finished restore are missing.", "Run `serai doctor` here."),
        ("Узел не готов", "Нет ключей, каталога или не завершено восстановление.", "Выполните здесь `serai doctor`."),
    )


class DirectoryTooOld(NodeError):
    """The directory is past its grace: nothing is sealed on its word."""

    code = "EX-6032"
    words = _words(
        (
            "The directory is too old to seal",
            "For more than 96 hours after its expiry there was no new directory from the hub.",
            "Your draft is kept. Check the way to the hub; sealing works again with the next directory.",
        ),
        (
            "Каталог устарел: запечатать нельзя",
            "Более 96 часов после истечения срока от центра не поступал новый каталог.",
            "Черновик сохранён. Проверьте связь с центром; с новым каталогом отправка возобновится.",
        ),
    )


class MandateNeeded(NodeError):
    """An auditor looks for a person or a case, or takes something out, and has not said why in this sitting."""

    code = "EX-6037"
    words = _words(
        (
            "Say first on what mandate you act",
            "Searches for a person or a case, and everything taken out, need a reason on record.",
            "State the mandate of this sitting once.",
        ),
        (
            "Сначала укажите, на каком основании вы действуете",
            "Поиск по лицу или делу и любая выгрузка требуют зафиксированного основания.",
            "Укажите основание один раз за сеанс.",
        ),
    )


class RestrictionUnread(NodeError):
    """The sender has laid down a restriction in words of his own, and this person has not confirmed having read it."""

    code = "EX-6039"
    words = _words(
        (
            "Read the sender's restriction first",
            "The message carries H3: its own restriction is read and confirmed before the message is.",
            "Open the message, read the restriction and confirm it.",
        ),
        (
            "Сначала прочтите ограничение отправителя",
            "Сообщение имеет код H3: его ограничение читают и подтверждают до самого сообщения.",
            "Откройте сообщение, прочтите ограничение и подтвердите это.",
        ),
    )


class HubUnreachable(NodeError):
    """No usable answer from the hub: the outcome of the request is unknown and it is repeated."""

    code = "EX-6034"
    words = _words(
        (
            "The hub does not answer",
            "There was no answer, or one that proves nothing.",
            "Nothing: the node tries again.",
        ),
        ("Центр не отвечает", "Ответа нет, или он ничего не доказывает.", "Ничего: узел повторит попытку сам."),
    )


class AnswerRefused(HubUnreachable):
    """An answer came, but it is not signed, not canonical or about something else; it is not believed."""

    code = "EX-6035"


class HubProblem(NodeError):
    """The hub answered with a signed problem: `problem` is its stable code, `members` what it added."""

    code = "EX-6036"
    words = _words(
        ("The hub refused the request", "Its answer names the reason.", "Read the detail."),
        ("Центр отклонил запрос", "Причина указана в его ответе.", "Прочтите подробности."),
    )

    def __init__(self, status: int, problem: str, members: Mapping[str, object]) -> None:
        super().__init__(problem)
        self.status = status
        self.problem = problem
        self.answer = members


class EvidenceRefused(NodeError):
    """The evidence asked for cannot be given: the log does not cover it yet, or what the hub said does not verify."""

    code = "EX-6038"
    words = _words(
        (
            "The evidence cannot be made now",
            "The hub's published log does not cover it yet, or what the hub said does not verify.",
            "Try again in some minutes. If it stays, tell the auditor: nothing was exported.",
        ),
        (
            "Доказательства пока нельзя собрать",
            "Опубликованный журнал центра их ещё не охватывает или ответ центра не подтверждается.",
            "Повторите через несколько минут. Если не поможет, сообщите аудитору: ничего не выгружено.",
        ),
    )


class BackupRefused(NodeError):
    """An archive that is not whole, not ours, or not opened by this recovery key; nothing was restored."""

    code = "EX-6223"
    words = _words(
        (
            "The backup was not restored",
            "It is cut, altered, of another unit, or sealed to another key.",
            "Use another.",
        ),
        ("Копия не восстановлена", "Она повреждена, чужая или запечатана для другого ключа.", "Возьмите другую копию."),
    )
