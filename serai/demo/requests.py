"""The requests of the demo's case. Every person, company, plate and number is invented."""

from serai.demo.writing import AT_RISK, NO_DOUBT, ORGANISED_CRIME, Members, Writing, day, graded, labels

LORRY: Members = {
    "object_id": "V1",
    "object_type": "VEHICLE",
    "vehicle_type": "TRUCK",
    "plate": "01KG744ABC",
    "plate_country": "KG",
    "make": "MAN TGX",
    "colour": "white",
}


def controlled_delivery(at: int) -> Writing:
    """TJ asks KG and KZ whether they can agree to a controlled delivery; the lorry moves this week."""
    driver = {
        "object_id": "P1",
        "object_type": "PERSON",
        "category": "SUSPECT",
        "names": [
            {
                "name_type": "MAIN",
                "family": "Каримзода",
                "given": "Далер",
                "patronymic": "Бахтиёрович",
                "script": "CYRL",
                "latin": "Karimzoda Daler",
                "latin_source": "DOCUMENT",
            }
        ],
        "birth": {"date": "1984-03-19", "country": "TJ"},
        "sex": "M",
        "nationalities": ["TJ"],
        **graded("B", "2", day(at, -2)),
    }
    body = {
        "requested_items": [
            {
                "info_category": "SURVEILLANCE_SUPPORT",
                "question": "Готовы ли вы согласиться на контролируемую поставку через вашу территорию и обеспечить "
                "непрерывное наблюдение за автомобилем? Назовите орган, который даёт согласие, и срок решения.",
                "about": ["V1"],
            },
            {
                "info_category": "TRAVEL_BORDER",
                "question": "Пересечения границы автомобилем и водителем за последние шесть месяцев.",
                "about": ["P1", "V1"],
            },
            {
                "info_category": "CONTACT_POINT",
                "question": "Круглосуточный контакт на период операции.",
                "about": ["V1"],
            },
        ],
        "facts": "По данным источника (оценка B2), в грузовом автомобиле MAN с регистрационным знаком 01KG744ABC "
        "под двойным полом прицепа спрятано около 38 кг героина. Автомобиль загружен в Хороге сухофруктами и "
        "должен выйти по маршруту Хорог — Ош — Бишкек — Алматы в ближайшие двое суток. Получатель в Алматы не "
        "установлен. Задержание на границе Таджикистана лишит нас возможности установить организаторов и получателя.",
        "offence": {
            "description": "Незаконный оборот наркотических средств в особо крупном размере",
            "provision": "УК Республики Таджикистан, статья 200, часть 5",
            "max_penalty_months": 240,
            "crime_area": "DRUGS.HEROIN",
        },
        "stage": "INVESTIGATION",
        "purpose_statement": "Установить организаторов и получателя партии, обеспечить изъятие в государстве "
        "назначения "
        "и уголовное преследование всех участников.",
        "reason_held": "VEHICLE_PLATE",
        "reason_held_text": "Автомобиль зарегистрирован в Кыргызстане; маршрут проходит через Ош и Бишкек и "
        "заканчивается в Алматы.",
        "links": [
            {"object": "P1", "explanation": "Водитель автомобиля по путевому листу, ранее дважды выезжал в Алматы."}
        ],
        "intended_use": "LEAD",
        "judicial_order": "YES",
        "judicial_order_reference": "Постановление прокурора г. Душанбе, № 14/К",
        "coercive_needed": "NO",
        "copy_regional": "YES",
        "human_rights": NO_DOUBT,
    }
    heading = labels(
        at,
        "Согласие на контролируемую поставку: Хорог — Ош — Бишкек — Алматы",
        "ru",
        "DRUGS.HEROIN",
        "ORGCRIME",
        urgency="URG_LOSS",
        urgency_reason="Автомобиль выходит в течение двух суток; после этого наблюдение и доказательства будут "
        "утрачены.",
        **AT_RISK,
    )
    return Writing(heading, body, (driver, {**LORRY, **graded("B", "2", day(at, -1))}))


def precursor(at: int) -> Writing:
    """UZ asks KG and TJ about a company that ordered acetic anhydride under a false description."""
    company = {
        "object_id": "O1",
        "object_type": "ORGANISATION",
        "name": "ОсОО «Ак-Булак Транзит»",
        "latin": "Ak-Bulak Tranzit",
        "country": "KG",
        "registration": "304501-3301-ООО",
        **graded("A", "2", day(at, -3)),
    }
    body = {
        "requested_items": [
            {
                "info_category": "COMPANY_REG",
                "question": "Зарегистрирована ли компания, кто её учредители и руководитель?",
                "about": ["O1"],
            },
            {
                "info_category": "CARGO_CUSTOMS",
                "question": "Оформляла ли компания в 2026 году импорт химических веществ?",
                "about": ["O1"],
            },
        ],
        "facts": "На складе временного хранения в Термезе остановлена партия из 24 канистр, заявленная как «моющее "
        "средство для стекла». Экспресс-анализ показал уксусный ангидрид, 576 литров. Получателем указана компания "
        "«Ак-Булак Транзит» (Ош). Телефон в накладной не обслуживается, лицензии на прекурсоры компания не имеет.",
        "offence": {
            "description": "Незаконное перемещение прекурсоров",
            "provision": "УК Республики Узбекистан, статья 246, часть 2",
            "max_penalty_months": 240,
            "crime_area": "DRUGS.PRECURSOR",
        },
        "stage": "INVESTIGATION",
        "purpose_statement": "Проверить, существует ли получатель, и установить лиц, которые заказали вещество, "
        "чтобы "
        "пресечь канал поставки в подпольные лаборатории.",
        "reason_held": "RESIDENCE",
        "reason_held_text": "Компания указана с адресом в городе Ош; накладная оформлена в Душанбе, перевозчик — "
        "таджикская фирма.",
        "links": [{"object": "O1", "explanation": "Получатель партии по накладной CMR."}],
        "intended_use": "LEAD",
        "judicial_order": "NO",
        "coercive_needed": "NO",
        "copy_regional": "YES",
        "human_rights": NO_DOUBT,
    }
    return Writing(labels(at, "Прекурсор: 576 литров, получатель в Оше", "ru", "DRUGS.PRECURSOR"), body, (company,))


def lorry_owner(at: int) -> Writing:
    """KZ asks KG in English who owns the lorry that its own analysts had noticed."""
    body = {
        "requested_items": [
            {
                "info_category": "VEHICLE_REG",
                "question": "Registered owner of the lorry since 2024.",
                "about": ["V1"],
            },
            {
                "info_category": "POLICE_RECORD",
                "question": "Is the owner known to you in connection with drug offences?",
                "about": ["V1"],
            },
        ],
        "facts": "Our analysts noticed a lorry with the plate 01KG744ABC that entered Kazakhstan eleven times within "
        "five months through Korday and left empty within a day each time. The declared consignees did not receive "
        "goods on those days. Two of the entries fall within a week of heroin seizures in Almaty from parcels "
        "with the "
        "same packing material.",
        "offence": {
            "description": "Trafficking in narcotic drugs",
            "provision": "Criminal Code of the Republic of Kazakhstan, article 297(3)",
            "max_penalty_months": 180,
            "crime_area": "DRUGS.HEROIN",
        },
        "stage": "INTELLIGENCE",
        "purpose_statement": "To find out who operates the lorry and whether its journeys belong to the same "
        "supply line "
        "as the seizures in Almaty.",
        "reason_held": "VEHICLE_PLATE",
        "reason_held_text": "The plate is of the Kyrgyz series for the city of Bishkek, so the owner stands in "
        "your register.",
        "intended_use": "CROSS_CHECK",
        "judicial_order": "NO",
        "coercive_needed": "NO",
        "copy_regional": "YES",
        "human_rights": NO_DOUBT,
    }
    heading = labels(at, "Owner of a lorry seen eleven times at Korday", "en", "DRUGS.HEROIN")
    return Writing(heading, body, ({**LORRY, **graded("A", "1", day(at, -4))},))


def stamps(at: int) -> Writing:
    """CARICC asks all units in English for seizures with the same stamp on the packets."""
    warehouse = {
        "object_id": "L1",
        "object_type": "LOCATION",
        "name": "Warehouse No. 7, Almaty",
        "country": "KZ",
        "place_type": "WAREHOUSE",
        **graded("A", "1", day(at, -12)),
    }
    body = {
        "requested_items": [
            {
                "info_category": "DRUG_RECORD",
                "question": "Seizures since January with packets that bear a stamp of a caravan of three camels.",
                "about": ["L1"],
            }
        ],
        "facts": "Three seizures of heroin in Almaty and Shymkent (14.2 kg in all) were packed in one-kilogram "
        "packets "
        "with the same stamp, three camels in a circle. Laboratory comparison of the first two shows a common "
        "source. "
        "We compare the marking across the region to see where the line divides and who supplies it.",
        "offence": {
            "description": "Trafficking in narcotic drugs",
            "provision": "Agreement of 4 May 1996, article 4",
            "max_penalty_months": 180,
            "crime_area": "DRUGS.HEROIN",
        },
        "stage": "INTELLIGENCE",
        "purpose_statement": "A regional comparison of the marking, so that national investigations that belong "
        "together "
        "find each other.",
        "reason_held": "PREVIOUS_CASE",
        "reason_held_text": "Each of you reported seizures of heroin with markings this year; the pictures were "
        "not compared.",
        "intended_use": "CROSS_CHECK",
        "judicial_order": "NO",
        "coercive_needed": "NO",
        "copy_regional": "YES",
        "human_rights": NO_DOUBT,
    }
    return Writing(labels(at, "Stamp of three camels on heroin packets", "en", "DRUGS.HEROIN"), body, (warehouse,))


def kidnapping(at: int) -> Writing:
    """KG asks TJ at once: a man was taken over the border, and his telephone was last heard near Isfara."""
    telephone = {
        "object_id": "T1",
        "object_type": "PHONE",
        "number": "+996555010203",
        **graded("A", "2", day(at)),
    }
    body = {
        "requested_items": [
            {
                "info_category": "TRAVEL_BORDER",
                "question": "Въезд автомобиля УАЗ-452 серого цвета через посты Исфаринского района сегодня "
                "после 04:00 UTC.",
                "about": ["T1"],
            }
        ],
        "facts": "Сегодня утром в Баткене двое неизвестных силой посадили в серый автомобиль УАЗ-452 мужчину 31 "
        "года, "
        "предпринимателя, и выехали в сторону границы. Телефон потерпевшего в последний раз зарегистрирован в сети "
        "рядом с Исфарой. Родственникам поступило требование выкупа с угрозой убийства в течение суток.",
        "offence": {
            "description": "Похищение человека группой лиц",
            "provision": "УК Кыргызской Республики, статья 165, часть 3",
            "max_penalty_months": 180,
            "crime_area": "KIDNAP",
        },
        "stage": "INVESTIGATION",
        "purpose_statement": "Установить местонахождение похищенного человека и спасти его жизнь; задержать "
        "похитителей "
        "по правилам государства, где они находятся.",
        "reason_held": "TRAVEL",
        "reason_held_text": "Телефон потерпевшего последний раз зарегистрирован у Исфары, дорога ведёт через ваш пост.",
        "intended_use": "LEAD",
        "judicial_order": "NO",
        "coercive_needed": "NO",
        "copy_regional": "NO",
        "human_rights": NO_DOUBT,
    }
    heading = labels(
        at,
        "Похищение: серый УАЗ в сторону Исфары",
        "ru",
        "KIDNAP",
        legal_basis=[ORGANISED_CRIME],
        urgency="URG_LIFE",
        urgency_reason="Угроза убийства в течение суток, требование выкупа записано.",
        purpose="LOCATE_MISSING",
    )
    return Writing(heading, body, (telephone,))
