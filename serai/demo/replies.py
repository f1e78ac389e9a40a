"""The replies of the demo's case: questions, clarifications, an answer, a notice of delay. All invented."""

from typing import Any

from crypto import instants
from serai.demo.writing import AT_RISK, NO_DOUBT, Members, Writing, day, labels

HOUR = 3600


def which_consignment(at: int) -> Writing:
    """TJ asks UZ which of two consignments is meant."""
    question = {
        "item_no": 2,
        "missing_element": "A_SPECIFICATION",
        "question": "У перевозчика в октябре две накладные с таким получателем. Укажите номер CMR и дату, чтобы мы "
        "проверили нужную.",
    }
    return Writing(labels(at, "Уточнение: номер накладной", "ru", "DRUGS.PRECURSOR"), {"questions": [question]})


def company_known(at: int) -> Writing:
    """KG answers UZ in full: the company exists on paper only."""
    body: Members = {
        "items": [
            {
                "item_no": 1,
                "outcome": "PROVIDED",
                "text": "Компания зарегистрирована в Оше в феврале 2026 года. Учредитель и руководитель — одно лицо, "
                "по адресу регистрации не проживает; адрес компании — жилой дом, складов нет.",
            },
            {
                "item_no": 2,
                "outcome": "PROVIDED",
                "text": "Таможенных деклараций на химические вещества нет. Две декларации на стеклотару, апрель "
                "и июнь.",
            },
        ],
        "outcome": "FULL",
        "availability": "DIRECT",
        "data_current_as_of": day(at),
        "third_party": "NO",
        "evidence_consent": "YES_WITH_CONDITIONS",
        "evidence_conditions": "Использование в суде — после запроса о правовой помощи.",
        "human_rights": NO_DOUBT,
    }
    return Writing(labels(at, "Ответ: сведения о получателе в Оше", "ru", "DRUGS.PRECURSOR", handling=["H0"]), body)


def consent(at: int) -> Writing:
    """KG or KZ answers the request for a controlled delivery: the prosecutor agrees."""
    items = [
        {
            "item_no": 1,
            "outcome": "PROVIDED",
            "text": "Прокурор согласен на контролируемую поставку; непрерывное наблюдение обеспечим. Решение "
            "действует "
            "семь суток.",
        },
        {"item_no": 2, "outcome": "NONE_HELD"},
        {"item_no": 3, "outcome": "PROVIDED", "text": "Дежурная часть, круглосуточно; связь через этот узел."},
    ]
    body: Members = {
        "items": items,
        "outcome": "FULL",
        "availability": "DIRECT",
        "data_current_as_of": day(at),
        "third_party": "NO",
        "evidence_consent": "YES",
        "human_rights": NO_DOUBT,
    }
    return Writing(_urgent(at, "Согласие на контролируемую поставку"), body)


def court_order(at: int) -> Writing:
    """KG tells KZ that a court must agree first."""
    body = {
        "cause": "JUDICIAL_AUTHORISATION",
        "authority_asked": "First District Court of Bishkek",
        "expected_by": instants.to_text(at + 60 * HOUR),
        "next_update_by": instants.to_text(at + 72 * HOUR),
        "note": "The registration record of the owner may be given out; his police record needs the order of a court.",
    }
    return Writing(labels(at, "More time: court order asked for", "en", "DRUGS.HEROIN"), body)


def which_crossing(at: int) -> Writing:
    """KG asks TJ where the lorry will cross, before it can plan."""
    question = {
        "item_no": 1,
        "missing_element": "A_SPECIFICATION",
        "question": "Через какой пункт пропуска автомобиль войдёт на нашу территорию: Кызыл-Арт или Карамык? "
        "Без этого "
        "прокурор не определит группу наблюдения.",
    }
    heading = _urgent(at, "Уточнение: пункт пропуска", **AT_RISK)
    return Writing(heading, {"questions": [question]})


def kyzyl_art(at: int) -> Writing:
    """TJ answers: Kyzyl-Art, by night."""
    answer = {
        "question_no": 1,
        "answer": "Кызыл-Арт, ориентировочно между 20:00 и 23:00 UTC. Карамык исключён: дорога закрыта из-за "
        "схода снега.",
    }
    body: Members = {"answers": [answer], "human_rights": NO_DOUBT}
    return Writing(_urgent(at, "Ответ на уточнение: Кызыл-Арт", **AT_RISK), body)


def _urgent(at: int, subject: str, **handling: Any) -> Members:
    return labels(
        at,
        subject,
        "ru",
        "DRUGS.HEROIN",
        "ORGCRIME",
        urgency="URG_LOSS",
        urgency_reason="Автомобиль выходит в течение двух суток.",
        **handling,
    )
