"""The encrypted case message: identity, author, recipients, labels, and the body of its kind.

One canonical byte form. `from_bytes` gives a message only if its structure, its labels, its body and its objects keep
every rule of its kind; rules that need the message it answers are asked again with `check(parent)`. `check_labels`
holds the clear header of the envelope against it (docs/protocol.md: LABEL_MISMATCH). No key and no signature is known
here: the envelope around it is signed.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints

from crypto.header import Header
from schemas import codes, fields, labels
from schemas.base import WIRE_LIMIT, CodeText, UnitId, UtcText, Wire
from schemas.errors import ContentInvalid, LabelMismatch, SchemaUnknown
from schemas.facts import Facts
from schemas.faults import Fault, Refused
from schemas.kind import Kind, minor
from schemas.kinds import kind_of
from schemas.objects import latin_form, person_names
from schemas.text import clean
from schemas.words import Words


def _plain(text: str) -> str:
    try:
        if clean(text) != text:
            raise ValueError("not in NFC, or with outer white space")
    except Refused as refused:
        raise ValueError(refused.code) from refused
    return text


MessageId = Annotated[
    str, StringConstraints(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
]
"""UUIDv7 in text form (RFC 9562)."""

CaseRef = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}-[A-Z][A-Z0-9-]{1,15}-[0-9]{4}-[0-9]{6}$")]
"""`TJ-TJ-2026-000123`: country, unit, year, number."""

OfficerRef = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9-]{1,31}$")]
"""A stable pseudonymous staff number."""

Plain = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_plain)]


class Author(Wire):
    """Who sends: unit, type of agency, the officer's staff number and displayed name."""

    unit: UnitId
    agency: CodeText
    officer: OfficerRef
    name: Plain


class Recipient(Wire):
    """One unit to which the message is sealed; `agency` is the type of agency meant there, `role` TO or CC."""

    unit: UnitId
    agency: CodeText | None = None
    role: Literal["TO", "CC"]


class PartnerCase(Wire):
    """The reference that another unit gave to the same case."""

    unit: UnitId
    case_ref: CaseRef


class Content(Wire):
    """One case message. `labels` are the fields of `schemas.labels`, `body` those of the kind."""

    msg_id: MessageId
    kind: CodeText
    schema_version: Annotated[str, StringConstraints(pattern=r"^(0|[1-9][0-9]{0,3})\.(0|[1-9][0-9]{0,3})$")]
    mode: Literal["LIVE", "EXERCISE"]
    exercise_id: Annotated[str, StringConstraints(pattern=r"^EX-[0-9A-Z-]{1,30}$")] | None = None
    case_ref: CaseRef
    partner_case_refs: Annotated[tuple[PartnerCase, ...], Field(max_length=50)] = ()
    thread_id: MessageId
    in_reply_to: MessageId | None = None
    author: Author
    recipients: Annotated[tuple[Recipient, ...], Field(min_length=1, max_length=50)]
    created_at: UtcText
    sent_at: UtcText
    labels: dict[str, Any]
    body: dict[str, Any]
    objects: Annotated[tuple[dict[str, Any], ...], Field(max_length=50)] = ()

    @classmethod
    def from_bytes(cls, data: bytes, *, limit: int = WIRE_LIMIT) -> Self:
        """Return the message; raises `Malformed`, `SchemaUnknown` for its kind or version, `ContentInvalid`."""
        content = super().from_bytes(data, limit=limit)
        content.check()
        return content

    @property
    def declared(self) -> Kind:
        """The declaration of the kind; raises `SchemaUnknown`, also for another major version."""
        kind = kind_of(self.kind)
        if self.schema_version.split(".")[0] != kind.version.split(".")[0]:
            raise SchemaUnknown("the schema has another major version than this release knows")
        return kind

    @property
    def newer(self) -> bool:
        """Whether the sender's minor version is above ours: members that we do not know are then kept."""
        return minor(self.schema_version) > minor(self.declared.version)

    @property
    def units(self) -> frozenset[str]:
        """The units to which the message is sealed."""
        return frozenset(recipient.unit for recipient in self.recipients)

    @property
    def to(self) -> frozenset[str]:
        """The units that it is addressed to; the others only get a copy, which asks nothing of them."""
        return frozenset(recipient.unit for recipient in self.recipients if recipient.role == "TO")

    def label(self, name: str) -> str:
        """Return a label that is one text or code; empty when absent."""
        return str(self.labels.get(name, ""))

    def facts(self, parent: "Content | None" = None) -> Facts:
        """Return the body with what surrounds it, for rules, completeness and approvals."""
        return Facts(self.body, self.objects, self.labels, parent.body if parent else None, self.sent_at)

    def faults(self, parent: "Content | None" = None) -> list[Fault]:
        """Return all that is wrong: labels, then body and objects, then the rules of the message as a whole.

        `parent` is the message that this one answers, where it is known; raises `SchemaUnknown`.
        """
        kind = self.declared
        found = fields.validate(labels.FIELDS, self.labels)
        if self.newer:
            found = [fault for fault in found if fault.code != "UNKNOWN_MEMBER"]
        found += kind.validate(self.facts(parent), newer=self.newer)
        return found or self.faults_as_a_whole()

    def faults_as_a_whole(self) -> list[Fault]:
        """Return the rules of the message as a whole that are broken; labels, body and objects must be right."""
        return [Fault(rule.at, rule.code, rule.words) for rule in RULES if rule.broken(self)]

    def check(self, parent: "Content | None" = None) -> None:
        """Raise `ContentInvalid` with everything that is wrong, `SchemaUnknown` for an unknown kind or version."""
        found = self.faults(parent)
        if found:
            raise ContentInvalid(found)


def check_labels(content: Content, header: Header) -> None:
    """Hold the clear header against the content; raises `LabelMismatch` naming the first member that differs."""
    said = {
        "id": content.msg_id.replace("-", ""),
        "env": content.mode.lower(),
        "from": content.author.unit,
        "to": sorted(content.units),
        "family": content.declared.family,
        "urgency": content.label("urgency"),
        "classification": content.label("classification"),
        "handling": sorted(content.labels["handling"]),
    }
    shown = {
        "id": header.id,
        "env": header.env,
        "from": header.sender,
        "to": sorted(addressee.unit for addressee in header.to),
        "family": header.family,
        "urgency": header.urgency,
        "classification": header.classification,
        "handling": sorted(header.handling),
    }
    for member, value in said.items():
        if shown[member] != value:
            raise LabelMismatch(f"header and content differ in {member}")


@dataclass(frozen=True)
class MessageRule:
    """One rule of the message as a whole, asked only when labels, body and objects are right."""

    code: str
    at: str
    words: Words
    broken: Callable[[Content], bool]


def _exercise_id(content: Content) -> bool:
    return (content.mode == "EXERCISE") != (content.exercise_id is not None)


def _training(content: Content) -> bool:
    only = codes.table("purposes")[content.label("purpose")].extra.get("exercise_only", False)
    return bool(only) and content.mode == "LIVE"


def _thread(content: Content) -> bool:
    opens = not content.declared.answers
    return (content.in_reply_to is None) != opens or (content.thread_id == content.msg_id) != opens


def _recipients(content: Content) -> bool:
    twice = len(content.units) < len(content.recipients)
    return twice or content.author.unit in content.units or all(one.role != "TO" for one in content.recipients)


def _agencies(content: Content) -> bool:
    meant = {recipient.agency for recipient in content.recipients} - {None}
    return content.author.agency not in content.declared.senders or not meant <= content.declared.receivers


def _retention(content: Content) -> bool:
    sent = datetime.fromtimestamp(content.sent_at, UTC).date()
    days = (date.fromisoformat(content.label("retention_until")) - sent).days
    return not 0 < days <= codes.table("retention")["CASE_EXCHANGE"].extra["max_days"]


def _subject_names(content: Content) -> bool:
    """Compare Latin readings, so that neither script nor a case ending hides a name."""
    subject = _words(content.label("subject_line"))
    names = {word for name in person_names(content.objects) for word in _words(name) if len(word) >= 4}
    return any(word.startswith(name) for word in subject for name in names)


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", latin_form(text).casefold()))


def _trend_persons(content: Content) -> bool:
    persons = [one for one in content.objects if one["object_type"] == "PERSON"]
    return content.label("purpose") == "TREND" and any(one["category"] != "SUSPECT" for one in persons)


RULES: Final = (
    MessageRule(
        "H0_NOT_ALONE",
        "labels.handling",
        Words(
            "Choose either H0 alone, or H1, H2, H3 in any set.", "Выберите либо только H0, либо набор из H1, H2, H3."
        ),
        lambda content: "H0" in content.labels["handling"] and len(content.labels["handling"]) > 1,
    ),
    MessageRule(
        "EXERCISE_ID",
        "exercise_id",
        Words("Name the exercise in an exercise, and only there.", "Укажите учения — в учениях и только в них."),
        _exercise_id,
    ),
    MessageRule(
        "TRAINING_IN_LIVE",
        "labels.purpose",
        Words(
            "Choose another purpose: training is for exercises only.",
            "Выберите иную цель: обучение — только в учениях.",
        ),
        _training,
    ),
    MessageRule(
        "TREND_WITH_PERSONS",
        "objects",
        Words(
            "Remove all persons but suspects: the purpose is a trend.",
            "Удалите всех лиц, кроме подозреваемых: цель — выявление тенденций.",
        ),
        _trend_persons,
    ),
    MessageRule(
        "THREAD",
        "in_reply_to",
        Words(
            "Name the message that this one answers; a message that opens a thread answers none.",
            "Укажите сообщение, на которое даётся ответ; открывающее сообщение ни на что не отвечает.",
        ),
        _thread,
    ),
    MessageRule(
        "RECIPIENTS",
        "recipients",
        Words(
            "Address each other unit once, at least one of them as TO.",
            "Укажите каждое другое подразделение один раз, хотя бы одно — в поле «Кому».",
        ),
        _recipients,
    ),
    MessageRule(
        "AGENCY_NOT_ALLOWED",
        "author.agency",
        Words(
            "This kind of message is not exchanged by this type of agency.",
            "Ведомства этого типа не обмениваются сообщениями этого вида.",
        ),
        _agencies,
    ),
    MessageRule(
        "SENT_BEFORE_CREATED",
        "sent_at",
        Words("Check the clock: sent before it was created.", "Проверьте часы: отправлено раньше, чем создано."),
        lambda content: content.sent_at < content.created_at,
    ),
    MessageRule(
        "RETENTION",
        "labels.retention_until",
        Words(
            "Choose a day after today, within three years.", "Выберите день после сегодняшнего, в пределах трёх лет."
        ),
        _retention,
    ),
    MessageRule(
        "SUBJECT_NAMES_PERSON",
        "labels.subject_line",
        Words("Remove the name of the person from the subject line.", "Удалите имя лица из темы сообщения."),
        _subject_names,
    ),
)
