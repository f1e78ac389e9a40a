"""Check before seal: what is wrong with a draft, how complete it is, and who exactly will be able to read it.

The same judgement is made again in the transaction that seals, so that nothing changes between the two pages. The rules
of fields and kinds are declared in `schemas`; here the directory and the state of the exchange are asked as well.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pydantic import ValidationError
from sqlalchemy.orm import Session

from crypto.canonical import Json
from exchange.errors import Conflict
from nodes import cases, concerns, draft_rows, quoting, recall_rules, rights, storing, threads
from nodes.errors import OutOfStep
from nodes.node import Node
from nodes.tables import DraftRow
from nodes.views import Actor, Check, Draft, Fault, Reader
from nodes.work import Work
from schemas import faults, fields, labels
from schemas.content import Author, Content, Recipient
from schemas.errors import SchemaError
from schemas.facts import Facts
from schemas.kind import Kind
from schemas.kinds import kind_of
from schemas.signed_policy import RightsPair
from schemas.trust import ClassificationTooHigh, Directory, KeyNotValid, NoAgreement, UnitSuspended, UnitUnknown
from schemas.words import Words

COMMON = "common"
BODY = "body"


@dataclass(frozen=True, slots=True)
class Written:
    """What is to be judged: a draft, the id of the message that it becomes, and its case if it has one."""

    draft: Draft
    message_id: str
    case_id: str | None


@dataclass(frozen=True, slots=True)
class Judged:
    """A draft judged: the content to be sealed if `faults` is empty, and how complete it is.

    `asked` are the pairs of the signed list by which it says how human rights are touched.
    """

    written: Written
    content: Content | None
    faults: tuple[Fault, ...]
    warnings: tuple[Fault, ...]
    completeness: int
    asked: tuple[RightsPair, ...]


def written(session: Session, node: Node, row: DraftRow) -> Written:
    """Return a draft that is kept, to be judged."""
    return Written(draft_rows.view(session, node, row), row.message_id, row.case_id)


def own(session: Session, node: Node, actor: Actor, draft_id: str) -> Judged:
    """Return one's own draft, judged; raises `NotFound`."""
    row = draft_rows.own_row(session, actor, draft_id)
    return judge(Work(session, node), actor, written(session, node, row))


def shown(node: Node, judged: Judged) -> Check:
    """Return what would be sealed and to whom, with all that is wrong or missing."""
    draft, directory = judged.written.draft, node.directory()
    return Check(
        draft,
        judged.faults,
        judged.warnings,
        judged.completeness,
        tuple(
            _reader(node, directory, unit, copied=unit in draft.copies)
            for unit in (*sorted(draft.recipients), *sorted(draft.copies), node.unit)
        ),
        directory.snapshot.expires if node.now() >= directory.snapshot.expires else None,
    )


def judge(work: Work, actor: Actor, written: Written) -> Judged:
    """Judge a draft as it stands, in the order labels, body, message as a whole, recipients, exchange."""
    node, draft = work.node, written.draft
    kind = kind_of(draft.kind)
    values, objects = _split(draft.body)
    found = list(_faults(COMMON, fields.validate(labels.FORM, draft.common)))
    given = {name: value for name, value in draft.body.items() if name not in kind.computed}
    wrong = fields.validate(kind.fields, given)
    found += _faults(BODY, wrong)
    parent = _parent(work, draft)
    asked = rights.asked(node, draft, parent.labels if parent is not None else {})
    if not wrong:
        values, objects = _split(kind.complete(given))
        facts = Facts(values, objects, draft.common, parent.body if parent else None, node.now())
        found += _faults(BODY, kind.broken(facts))
    found += (*_source(draft), *_recipients(node, kind, draft), *rights.missing(draft, asked))
    facts = Facts(values, objects, draft.common, parent.body if parent else None, node.now())
    completeness = kind.score(facts).points if not wrong else 0
    warnings = _missing(kind, facts) if not wrong else ()
    if found:
        return Judged(written, None, tuple(found), warnings, completeness, asked)
    content, whole = _content(work, actor, _Parts(written, kind, values, objects), parent)
    return Judged(written, content if not whole else None, whole, warnings, completeness, asked)


@dataclass(frozen=True, slots=True)
class _Parts:
    written: Written
    kind: Kind
    body: dict[str, Json]
    objects: list[dict[str, Json]]


def _content(
    work: Work, actor: Actor, parts: _Parts, parent: Content | None
) -> tuple[Content | None, tuple[Fault, ...]]:
    """Put the message together and ask the rules of the message as a whole, then the exchange."""
    node, written, draft, now = work.node, parts.written, parts.written.draft, work.node.now()
    case = work.case(written.case_id) if written.case_id else None
    exercise = node.settings.env == "exercise"
    try:
        content = Content(
            msg_id=written.message_id,
            kind=draft.kind,
            schema_version=parts.kind.version,
            mode="EXERCISE" if exercise else "LIVE",
            exercise_id=node.settings.exercise_id if exercise else None,
            case_ref=case.case_ref if case else cases.next_ref(work),
            thread_id=parent.thread_id if parent is not None else written.message_id,
            in_reply_to=draft.in_reply_to,
            author=Author(unit=node.unit, agency=actor.agency, officer=actor.user_id, name=actor.display_name),
            recipients=(
                *(Recipient(unit=unit, role="TO") for unit in sorted(draft.recipients)),
                *(Recipient(unit=unit, role="CC") for unit in sorted(draft.copies)),
            ),
            created_at=min(draft.created, now),
            sent_at=now,
            labels=labels.sent(dict(draft.common)),
            body=parts.body,
            objects=tuple(parts.objects),
        )
    except ValidationError:
        return None, (_fault("draft", "MALFORMED", _MALFORMED),)
    if found := tuple(_whole(content.faults_as_a_whole())):
        return None, found
    try:
        threads.check_step(work, content)
    except (OutOfStep, Conflict):
        return None, (_fault("draft", "OUT_OF_STEP", _OUT_OF_STEP),)
    found = tuple(_objections(work, actor, content))
    return (None if found else content), found


def _objections(work: Work, actor: Actor, content: Content) -> Iterable[Fault]:
    """What the items of the message, recalls, and what it carries say against it."""
    objection = concerns.objection(work, content)
    if objection is not None:
        yield _fault(f"{BODY}.items", objection.code, objection.words)
    else:
        refused = (*recall_rules.refusals(work, actor, content), *quoting.refusals(work, actor, content))
        yield from (_fault(at, code, words) for at, code, words in refused)


def _parent(work: Work, draft: Draft) -> Content | None:
    row = work.messages.one(draft.in_reply_to) if draft.in_reply_to else None
    return storing.content_of(work.node, work.case(row.case_id), work.whole(row)) if row is not None else None


def _source(draft: Draft) -> Iterable[Fault]:
    """H1 and H2 are chosen only after the one question that they depend on was answered with yes."""
    chosen = draft.common.get("handling")
    held_back = isinstance(chosen, list) and not labels.FOR_A_SOURCE.isdisjoint(map(str, chosen))
    if held_back and draft.common.get("source_at_risk") != "YES":
        yield _fault(f"{COMMON}.handling", "SOURCE_NOT_AT_RISK", _SOURCE)


def _recipients(node: Node, kind: Kind, draft: Draft) -> Iterable[Fault]:
    if not draft.recipients:
        yield _fault("recipients", "NO_RECIPIENT", _NO_RECIPIENT)
    classification = str(draft.common.get("classification", ""))
    found = (obstacle(node, kind, classification, unit) for unit in (*draft.recipients, *draft.copies))
    yield from (fault for fault in found if fault is not None)


def obstacle(node: Node, kind: Kind, classification: str, unit: str) -> Fault | None:
    """Return why a message cannot go to `unit`, asked as the hub and the unit itself will."""
    directory = node.directory()
    try:
        directory.check_active(unit)
        directory.encryption_key(unit, node.now())
        if classification:
            directory.check_agreement(node.unit, unit, kind.family, classification)
        if not kind.receivers & frozenset(directory.unit(unit).agencies):
            return _fault("recipients", "NO_AGENCY", _NO_AGENCY, unit=unit)
    except SchemaError as error:
        words = next((words for cause, words in _REFUSALS.items() if isinstance(error, cause)), _NO_AGREEMENT)
        return _fault("recipients", error.code, words, unit=unit)
    return None


def _reader(node: Node, directory: Directory, unit: str, *, copied: bool) -> Reader:
    try:
        known = directory.unit(unit)
    except UnitUnknown:
        return Reader(unit, unit, "", unit == node.unit, copied, "", None, None)
    try:
        key = directory.encryption_key(unit, node.now())
    except KeyNotValid:
        key = None
    name, agency = known.names.en, ", ".join(known.agencies)
    ekid, until = (key.kid, key.not_after) if key is not None else (None, None)
    return Reader(unit, name, agency, unit == node.unit, copied, known.accreditation, ekid, until)


def _missing(kind: Kind, facts: Facts) -> tuple[Fault, ...]:
    """What would make the message more complete."""
    return tuple(_fault(BODY, point.code, point.words) for point in kind.score(facts).missing)


def _split(values: Mapping[str, Json]) -> tuple[dict[str, Json], list[dict[str, Json]]]:
    listed = values.get("objects", [])
    objects = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return {name: value for name, value in values.items() if name != "objects"}, objects


def _faults(prefix: str, found: Iterable[faults.Fault]) -> Iterable[Fault]:
    for fault in found:
        yield Fault(f"{prefix}.{fault.path}", fault.code, {"en": fault.say("en"), "ru": fault.say("ru")})


def _whole(found: Iterable[faults.Fault]) -> Iterable[Fault]:
    for fault in found:
        head, _, rest = fault.path.partition(".")
        where = f"{COMMON}.{rest}" if head == "labels" else fault.path
        yield Fault(where, fault.code, {"en": fault.say("en"), "ru": fault.say("ru")})


def _fault(field: str, code: str, words: Words, **values: str) -> Fault:
    return Fault(field, code, {"en": words.say("en", **values), "ru": words.say("ru", **values)})


_MALFORMED = Words(
    "The message cannot be put together: check staff number, agency and recipients.",
    "Сообщение не составляется: проверьте служебный номер, ведомство и получателей.",
)
_OUT_OF_STEP = Words(
    "The exchange has moved on: this kind of message is not possible now.",
    "Обмен продвинулся дальше: сообщение этого вида сейчас невозможно.",
)
_SOURCE = Words(
    "Choose H0: the source is not at risk. If it is, say so; any other limit is written in words under H3.",
    "Выберите H0: источник не под угрозой. Если это не так, укажите это; иное ограничение запишите словами под H3.",
)
_NO_RECIPIENT = Words("Choose at least one unit.", "Выберите хотя бы одно подразделение.")
_NO_AGENCY = Words(
    "Remove {unit}: no agency there receives this kind of message.",
    "Удалите {unit}: там нет ведомства, получающего такие сообщения.",
)
_NO_AGREEMENT = Words(
    "Remove {unit}: no agreement allows this family of messages.",
    "Удалите {unit}: нет соглашения о сообщениях этого рода.",
)
_REFUSALS: Mapping[type[SchemaError], Words] = {
    UnitSuspended: Words("Remove {unit}: it is suspended by the hub.", "Удалите {unit}: подразделение приостановлено."),
    UnitUnknown: Words("Remove {unit}: it is not in the directory.", "Удалите {unit}: его нет в каталоге."),
    KeyNotValid: Words("{unit} has no valid key: it could not open the message.", "У {unit} нет действующего ключа."),
    ClassificationTooHigh: Words(
        "Lower the classification or remove {unit}: it is not accredited for it.",
        "Понизьте гриф или удалите {unit}: аккредитации недостаточно.",
    ),
    NoAgreement: _NO_AGREEMENT,
}
