"""The fields of each type of object. The category of a person limits which groups of data may be given at all.

The limit is Annex II B of Regulation (EU) 2016/794 as held in table `person_categories`: a field whose group is not
allowed for the category is never shown, and refused with D_DATA_CATEGORY when it comes over the wire.
"""

from dataclasses import replace
from typing import Final

from schemas import codes
from schemas.field_types import Amount, Date, Instant, LongText, OneCode, Several, ShortText, WholeNumber
from schemas.fields import Condition, Field, FieldType, when
from schemas.groups import Record, Rows
from schemas.identifiers import DocumentNumber, Listed, Numbered, Phone, Reference
from schemas.words import Words

_AS_KNOWN: Final = Words("Leave empty if you do not know it.", "Оставьте пустым, если не знаете.")
_COUNTRY: Final = Listed("country")
_OBJECT: Final = Reference("object")


def _known(name: str, label: Words, kind: FieldType, group: str, hint: Words = _AS_KNOWN) -> Field:
    """Return an optional field."""
    return Field(name, label, hint, kind, required=False, data_group=group)


def _by_category(fields: tuple[Field, ...]) -> tuple[Field, ...]:
    """Return the fields, each limited to the categories of persons for which its group of data is allowed."""
    categories = codes.table("person_categories")
    limited = []
    for item in fields:
        allowed = frozenset(code for code, row in categories.items() if item.data_group in row.listed("groups"))
        limit = (Condition("category", allowed, "D_DATA_CATEGORY"),) if item.data_group != "NONE" else ()
        limited.append(replace(item, when=(*limit, *item.when)))
    return tuple(limited)


_ADDRESS: Final = (
    Field(
        "country",
        Words("Country", "Страна"),
        Words("Country of the address.", "Страна, в которой находится адрес."),
        _COUNTRY,
        data_group="PERSONAL",
    ),
    Field(
        "text",
        Words("Address", "Адрес"),
        Words("Town, street, house, in the original spelling.", "Населённый пункт, улица, дом в исходном написании."),
        ShortText(),
        data_group="PERSONAL",
    ),
)

_NAME: Final = (
    Field(
        "name_type",
        Words("Type of name", "Вид имени"),
        Words("Start with the main name.", "Начните с основного имени."),
        OneCode("name_types"),
        data_group="PERSONAL",
    ),
    Field(
        "family",
        Words("Family name, or only name", "Фамилия или единственное имя"),
        Words("In the original script, as in the document.", "В исходном написании, как в документе."),
        ShortText(120),
        data_group="PERSONAL",
    ),
    _known("given", Words("Given names", "Имя"), ShortText(120), "PERSONAL"),
    _known(
        "patronymic",
        Words("Patronymic", "Отчество"),
        ShortText(120),
        "PERSONAL",
        Words("Do not write it with the given names.", "Отдельное поле: не пишите вместе с именем."),
    ),
    Field(
        "script",
        Words("Script", "Письменность"),
        Words("The script of the name as you wrote it.", "Письменность, которой вы записали имя."),
        OneCode("scripts"),
    ),
    _known(
        "latin",
        Words("Latin form", "Латинское написание"),
        ShortText(300),
        "PERSONAL",
        Words(
            "As printed in the machine-readable line of a document; else it is made by rule.",
            "Как в машиночитаемой строке документа; иначе составляется по правилу.",
        ),
    ),
    Field(
        "latin_source",
        Words("Source of the Latin form", "Источник латинского написания"),
        Words("A printed form counts most.", "Напечатанное в документе важнее всего."),
        OneCode("latin_sources"),
        required=False,
    ),
)

_IDENTITY_DOCUMENT: Final = (
    Field(
        "type",
        Words("Type of document", "Вид документа"),
        Words("What the number belongs to.", "Чему принадлежит номер."),
        OneCode("document_types"),
        data_group="IDENTIFICATION",
    ),
    Field(
        "number",
        Words("Number", "Номер"),
        Words("As printed.", "Как в документе."),
        DocumentNumber(),
        data_group="IDENTIFICATION",
    ),
    _known("issuer", Words("Issuing country", "Страна выдачи"), _COUNTRY, "IDENTIFICATION"),
    _known("issued", Words("Date of issue", "Дата выдачи"), Date(partial=True), "IDENTIFICATION"),
    _known("expires", Words("Date of expiry", "Срок действия"), Date(partial=True), "IDENTIFICATION"),
)

_BIRTH: Final = (
    _known("date", Words("Date of birth", "Дата рождения"), Date(partial=True), "PERSONAL"),
    _known("place", Words("Place of birth", "Место рождения"), ShortText(120), "PERSONAL"),
    _known("country", Words("Country of birth", "Страна рождения"), _COUNTRY, "PERSONAL"),
)

PERSON: Final = (
    Field(
        "category",
        Words("Category of the person", "Категория лица"),
        Words(
            "It decides which data may be given. If it changes, data that are no longer allowed must go.",
            "От неё зависит, какие данные допустимы. При её смене недопустимые данные удаляются.",
        ),
        OneCode("person_categories"),
        data_group="NONE",
    ),
    *_by_category(
        (
            Field(
                "names",
                Words("Names", "Имена"),
                Words("Every known name, the main one first.", "Все известные имена, основное — первым."),
                Rows(_NAME),
                data_group="PERSONAL",
            ),
            _known("birth", Words("Birth", "Рождение"), Record(_BIRTH), "PERSONAL"),
            _known("sex", Words("Sex", "Пол"), OneCode("sexes"), "PERSONAL"),
            _known("nationalities", Words("Nationalities", "Гражданство"), Several(_COUNTRY), "PERSONAL"),
            _known("addresses", Words("Addresses", "Адреса"), Rows(_ADDRESS, low=0), "PERSONAL"),
            _known("identity", Words("Documents", "Документы"), Rows(_IDENTITY_DOCUMENT, low=0), "IDENTIFICATION"),
            _known("description", Words("Physical description", "Описание внешности"), LongText(2000), "PHYSICAL"),
            _known("marks", Words("Marks, scars, tattoos", "Приметы, шрамы, татуировки"), LongText(1000), "PHYSICAL"),
            _known(
                "biometrics", Words("Biometric reference", "Ссылка на биометрические данные"), ShortText(), "BIOMETRIC"
            ),
            _known("occupation", Words("Occupation", "Род занятий"), ShortText(), "OCCUPATION"),
            _known("economic", Words("Economic information", "Экономические сведения"), LongText(2000), "ECONOMIC"),
            _known("behaviour", Words("Behaviour", "Поведение"), LongText(2000), "BEHAVIOUR"),
            _known("danger", Words("Warnings", "Предупреждения"), Several(OneCode("danger_flags")), "BEHAVIOUR"),
            _known("contacts", Words("Contacts", "Контакты"), LongText(2000), "CONTACTS"),
            _known("phones", Words("Phone numbers", "Номера телефонов"), Several(Phone()), "COMMUNICATION"),
            _known("transport", Words("Means of transport", "Средства передвижения"), ShortText(), "TRANSPORT"),
            _known("conduct", Words("Criminal conduct", "Преступная деятельность"), LongText(4000), "CONDUCT"),
            _known(
                "other_systems",
                Words("References to other systems", "Ссылки на другие учёты"),
                ShortText(),
                "REFERENCES",
            ),
            _known("companies", Words("Companies", "Связанные компании"), LongText(1000), "LEGAL_PERSONS"),
            _known(
                "knows",
                Words("What the person knows of the crime", "Что лицу известно о преступлении"),
                LongText(4000),
                "CRIME_INFORMATION",
            ),
            _known(
                "protection", Words("Anonymity and protection", "Анонимность и защита"), LongText(1000), "PROTECTION"
            ),
            _known(
                "participation",
                Words("Part in the proceedings", "Участие в производстве"),
                LongText(1000),
                "PARTICIPATION",
            ),
            _known(
                "victimisation",
                Words("Damage, why this victim", "Ущерб, причина виктимизации"),
                LongText(2000),
                "VICTIMISATION",
            ),
            _known("medical", Words("Medical need", "Медицинские потребности"), ShortText(), "MEDICAL"),
        )
    ),
    _known(
        "protected",
        Words("Special protection", "Особая защита"),
        Several(OneCode("person_flags")),
        "PERSONAL",
        Words("Under 18, vulnerable, or protected identity.", "Младше 18 лет, уязвимое лицо или защищаемая личность."),
    ),
)

ORGANISATION: Final = (
    Field(
        "name",
        Words("Name", "Наименование"),
        Words("In the original script.", "В исходном написании."),
        ShortText(),
        data_group="LEGAL_PERSONS",
    ),
    _known("latin", Words("Latin form", "Латинское написание"), ShortText(), "LEGAL_PERSONS"),
    _known("legal_form", Words("Legal form", "Организационно-правовая форма"), ShortText(80), "LEGAL_PERSONS"),
    _known("country", Words("Country of registration", "Страна регистрации"), _COUNTRY, "LEGAL_PERSONS"),
    _known("registration", Words("Registration number", "Регистрационный номер"), DocumentNumber(), "LEGAL_PERSONS"),
    _known("lei", Words("LEI", "LEI"), Numbered("lei"), "LEGAL_PERSONS"),
    _known("tax_number", Words("Tax number", "Налоговый номер"), DocumentNumber(), "LEGAL_PERSONS"),
    _known("addresses", Words("Addresses", "Адреса"), Rows(_ADDRESS, low=0), "LEGAL_PERSONS"),
    _known("sector", Words("Sector", "Сфера деятельности"), ShortText(120), "LEGAL_PERSONS"),
)

_ROAD: Final = ("CAR", "TRUCK", "TRAILER", "BUS", "MOTORCYCLE", "OTHER")

VEHICLE: Final = (
    Field(
        "vehicle_type",
        Words("Type of vehicle", "Тип транспортного средства"),
        Words("It decides which numbers are asked.", "От него зависит, какие номера нужны."),
        OneCode("vehicle_types"),
    ),
    _known("plate", Words("Number plate", "Номерной знак"), DocumentNumber(), "TRANSPORT"),
    _known("plate_country", Words("Country of the plate", "Страна номерного знака"), _COUNTRY, "TRANSPORT"),
    replace(_known("vin", Words("VIN", "VIN"), Numbered("vin"), "TRANSPORT"), when=when("vehicle_type", *_ROAD)),
    replace(
        _known("wagon_number", Words("Wagon number", "Номер вагона"), Numbered("wagon"), "TRANSPORT"),
        when=when("vehicle_type", "RAIL_WAGON"),
    ),
    replace(
        _known("container_number", Words("Container number", "Номер контейнера"), Numbered("iso6346"), "TRANSPORT"),
        when=when("vehicle_type", "CONTAINER"),
    ),
    replace(
        _known("imo_number", Words("IMO number", "Номер ИМО"), Numbered("imo"), "TRANSPORT"),
        when=when("vehicle_type", "VESSEL"),
    ),
    _known("make", Words("Make and model", "Марка и модель"), ShortText(120), "TRANSPORT"),
    _known("colour", Words("Colour", "Цвет"), ShortText(60), "TRANSPORT"),
    _known("year", Words("Year", "Год выпуска"), WholeNumber(1900, 2100), "TRANSPORT"),
    _known("owner", Words("Owner", "Владелец"), _OBJECT, "TRANSPORT"),
)

PHONE: Final = (
    _known("number", Words("Phone number", "Номер телефона"), Phone(), "COMMUNICATION"),
    _known("imsi", Words("IMSI", "IMSI"), Reference("imsi"), "COMMUNICATION"),
    _known("imei", Words("IMEI", "IMEI"), Numbered("imei"), "COMMUNICATION"),
    _known("device", Words("Device", "Устройство"), ShortText(120), "COMMUNICATION"),
    _known("user", Words("User", "Пользователь"), _OBJECT, "COMMUNICATION"),
)

ACCOUNT: Final = (
    _known("iban", Words("IBAN", "IBAN"), Numbered("iban"), "ECONOMIC"),
    _known("number", Words("Account number", "Номер счёта"), DocumentNumber(), "ECONOMIC"),
    _known("bank", Words("Bank", "Банк"), ShortText(120), "ECONOMIC"),
    _known("bank_country", Words("Country of the bank", "Страна банка"), _COUNTRY, "ECONOMIC"),
    _known("bic", Words("BIC", "БИК (BIC)"), Reference("bic"), "ECONOMIC"),
    _known(
        "card_first6", Words("Card: first six digits", "Карта: первые шесть цифр"), Reference("card_first6"), "ECONOMIC"
    ),
    _known(
        "card_last4",
        Words("Card: last four digits", "Карта: последние четыре цифры"),
        Reference("card_last4"),
        "ECONOMIC",
    ),
    _known("holder", Words("Holder", "Владелец счёта"), _OBJECT, "ECONOMIC"),
)

DOCUMENT: Final = (
    *_IDENTITY_DOCUMENT,
    Field(
        "state",
        Words("State of the document", "Состояние документа"),
        Words("Unknown, if it was not examined.", "Неизвестно, если не исследовался."),
        OneCode("document_states"),
        data_group="IDENTIFICATION",
    ),
)

LOCATION: Final = (
    Field(
        "name",
        Words("Name of the place", "Название места"),
        Words("In the original script.", "В исходном написании."),
        ShortText(),
    ),
    Field(
        "country",
        Words("Country", "Страна"),
        Words("Country of the place.", "Страна, где находится место."),
        _COUNTRY,
    ),
    Field(
        "place_type",
        Words("Type of place", "Тип места"),
        Words("What kind of place it is.", "Что это за место."),
        OneCode("place_types"),
    ),
    _known("unlocode", Words("UN/LOCODE", "Код UN/LOCODE"), Reference("unlocode"), "NONE"),
    _known("latitude", Words("Latitude", "Широта"), Amount(within=90), "NONE"),
    _known("longitude", Words("Longitude", "Долгота"), Amount(within=180), "NONE"),
    _known("radius", Words("Radius in metres", "Радиус, м"), WholeNumber(1, 1_000_000), "NONE"),
)

EVENT: Final = (
    Field(
        "event_type",
        Words("Type of event", "Вид события"),
        Words("What happened.", "Что произошло."),
        OneCode("event_types"),
    ),
    Field(
        "start",
        Words("Start (UTC)", "Начало (UTC)"),
        Words("Date and time in UTC.", "Дата и время по UTC."),
        Instant(),
    ),
    _known("end", Words("End (UTC)", "Окончание (UTC)"), Instant(), "NONE"),
    _known("place", Words("Place", "Место"), _OBJECT, "NONE"),
    Field(
        "description",
        Words("Description", "Описание"),
        Words("What is known, without conclusions.", "Что известно, без выводов."),
        LongText(4000),
        data_group="CONDUCT",
    ),
)
