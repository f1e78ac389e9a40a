"""Invented messages of the request family, as canonical values and as form data. Persons and numbers do not exist."""

from typing import Any

from schemas.content import Author, Content, PartnerCase, Recipient
from tests.instants import HOUR, NOW

REQUEST_ID = "0193d2a0-0000-7000-8000-000000000001"
ANSWER_ID = "0193d2a0-0000-7000-8000-000000000002"
QUESTION_ID = "0193d2a0-0000-7000-8000-000000000003"

Body = dict[str, Any]


def labels(**changes: Any) -> Body:
    """The labels of a routine message under H0."""
    return {
        "subject_line": "Heroin in a lorry from Khorugh to Almaty",
        "crime_areas": ["DRUGS.HEROIN", "ORGCRIME"],
        "language": "en",
        "purpose": "INVESTIGATE",
        "legal_basis": [{"instrument": "CARICC agreement", "article": "article 9"}],
        "urgency": "ROUTINE",
        "classification": "OFFUSE",
        "handling": ["H0"],
        "retention_until": "2027-05-22",
        "cc_own_spoc": "YES",
        **changes,
    }


def form_labels(**changes: Any) -> Body:
    """The same as they stand on a form, which also asks what is never sent."""
    return {"source_at_risk": "NO", **labels(**changes)}


AT_RISK: Body = {"source_at_risk": "YES", "handling": ["H1"], "handling_reason": "The driver would know who spoke."}
"""The changes that make a form one under H1."""


def graded(**fields: Any) -> Body:
    """An object with the members that every object has."""
    return {
        "source_grade": "B",
        "information_grade": "2",
        "statement": "FACT",
        "valid_as_of": "2026-11",
        **fields,
    }


def person(**changes: Any) -> Body:
    """A suspect with a name in both scripts."""
    name = {
        "name_type": "MAIN",
        "family": "Каримов",
        "given": "Рустам",
        "patronymic": "Саидович",
        "script": "CYRL",
        "latin": "KARIMOV RUSTAM",
        "latin_source": "DOCUMENT",
    }
    return graded(
        object_type="PERSON",
        object_id="P1",
        category="SUSPECT",
        names=[name],
        birth={"date": "1987-03", "country": "TJ"},
        nationalities=["TJ"],
        phones=["+992372210000"],
        **changes,
    )


def lorry(**changes: Any) -> Body:
    """A lorry with a plate."""
    fields = {"object_type": "VEHICLE", "object_id": "V1", "vehicle_type": "TRUCK", "plate": "01KG 744 ABC"}
    return graded(**{**fields, "plate_country": "KG", **changes})


def nobody() -> list[Any]:
    """A person and a lorry that nothing tells from others, so that the same may be asked as often as one likes."""
    return [{**person(), "birth": {"country": "TJ"}}, lorry(plate="1")]


RIGHTS = {
    "political": "NO",
    "military": "NO",
    "religious": "NO",
    "racial": "NO",
    "death_penalty": "NO",
    "torture": "NO",
    "minor": "NO",
}


def request(**changes: Any) -> Body:
    """The body of a complete request with two items."""
    return {
        "requested_items": [
            {"info_category": "TRAVEL_BORDER", "question": "When did he cross your border since May?", "about": ["P1"]},
            {"info_category": "VEHICLE_REG", "question": "Who is the keeper of the lorry?", "about": ["V1"]},
        ],
        "facts": " ".join(["A lorry with a false floor was seen at the market of Khorugh on 18 November 2026."] * 4),
        "offence": {
            "description": "Trafficking in a large amount of heroin",
            "provision": "Criminal Code, article 200(4)",
            "max_penalty_months": 180,
            "crime_area": "DRUGS.HEROIN",
        },
        "stage": "INVESTIGATION",
        "purpose_statement": "To find out by which route and with whom the suspect carries heroin.",
        "reason_held": "VEHICLE_PLATE",
        "reason_held_text": "The plate is of your state; the driver told a witness that he lives in Osh with his wife.",
        "links": [{"object": "P1", "explanation": "He drives the lorry and paid for the false floor."}],
        "intended_use": "LEAD",
        "judicial_order": "NO",
        "coercive_needed": "NO",
        "copy_regional": "YES",
        "human_rights": RIGHTS,
        **changes,
    }


def answer(**changes: Any) -> Body:
    """The body of an answer that provides one item and holds nothing on the other."""
    return {
        "items": [
            {"item_no": 1, "outcome": "PROVIDED", "text": "He crossed at Dostuk on 3 and 17 November 2026."},
            {"item_no": 2, "outcome": "NONE_HELD"},
        ],
        "availability": "DIRECT",
        "data_current_as_of": "2026-11-22",
        "third_party": "NO",
        "evidence_consent": "YES",
        "outcome": "PARTIAL",
        "human_rights": RIGHTS,
        **changes,
    }


def refusal(**changes: Any) -> Body:
    """The body of a refusal of the whole request."""
    return {
        "extent": "WHOLE",
        "grounds": ["F2_INVESTIGATION"],
        "reason_text": "An operation of ours would be endangered.",
        "severable": "NO",
        "inseverable_reason": "Both items concern it.",
        "alternative": "RESUBMIT_NARROWER",
        **changes,
    }


def questions(**changes: Any) -> Body:
    """The body of a clarification question."""
    row = {"item_no": 1, "missing_element": "A_SPECIFICATION", "question": "Which crossing points?"}
    return {"questions": [row], **changes}


def clarification(**changes: Any) -> Body:
    """The body of a clarification answer."""
    told = {"question_no": 1, "answer": "Dostuk and Kyzyl-Bel."}
    return {"answers": [told], "human_rights": RIGHTS, **changes}


def delay(**changes: Any) -> Body:
    """The body of a delay notice for a judicial authorisation."""
    return {
        "cause": "JUDICIAL_AUTHORISATION",
        "authority_asked": "City court of Osh",
        "expected_by": "2026-11-27T06:00:00Z",
        "next_update_by": "2026-11-28T06:00:00Z",
        **changes,
    }


def held(message: str = REQUEST_ID, **changes: Any) -> Body:
    """An item that is held: the person of the request."""
    return {"message": message, "object": "P1", **changes}


def wish(**changes: Any) -> Body:
    """The body of a request for permission to pass a person on to Kazakhstan."""
    return {
        "items": [held()],
        "wanted": "LIFT_H2",
        "recipients_wanted": [{"type": "UNIT", "unit": "KZ"}],
        "purpose_wanted": "INVESTIGATE",
        "justification": "Kazakhstan holds the lorry and needs the name of its driver.",
        "needed_by": "2026-11-28T06:00:00Z",
        **changes,
    }


SCOPE = ("items", "wanted", "recipients_wanted", "purpose_wanted")


def decision(**changes: Any) -> Body:
    """The body of a decision that grants what was asked until 3 December."""
    return {
        "decision": "GRANTED",
        "valid_until": "2026-12-03T06:00:00Z",
        "authority": "Head of the national unit",
        "decided_at": "2026-11-22T05:00:00Z",
        "human_rights": RIGHTS,
        **{name: wish()[name] for name in SCOPE},
        **changes,
    }


BODIES: dict[str, Body] = {
    "REQ": request(),
    "ANS": answer(),
    "REF": refusal(),
    "CLQ": questions(),
    "CLA": clarification(),
    "DLY": delay(),
    "WDR": {"reason": "NO_LONGER_NEEDED"},
    "FBK": {"usefulness": "4", "results": ["SEIZURE", "LEAD"]},
    "HCR": wish(),
    "HCD": decision(),
    "HRV": {"decision": ANSWER_ID, "items": [held()], "cause": "SOURCE_AT_RISK"},
    "COR": {
        "items": [held(field="Date of birth", new_value="1987-04")],
        "cause": "TYPO",
        "must_tell_onward": "YES",
    },
    "ERA": {"items": [held()], "cause": "ACQUITTAL"},
    "ACK": {"outcome": "DONE", "onward": ["KZ"]},
    "BRN": {
        "reference": "2026-11",
        "detected": "2026-11-22T04:00:00Z",
        "nature": "A laptop with copies was lost.",
        "categories": "Names and plates of drivers.",
        "subjects": 3,
        "records": 12,
        "consequences": "The drivers may learn that they were looked for.",
        "measures": "The keys were changed.",
        "contact": "Data-protection officer, +992 37 221 0000",
        "partners": ["KG"],
    },
    "BRA": {"outcome": "NOTED", "measures": "The case team was told."},
    "DSQ": {"reference": "P-7", "right": "ACCESS", "asked_on": "2026-11-20", "items": [held()]},
    "DSA": {"decision": "REFUSE", "grounds": ["A_INQUIRIES"]},
    "RCL": {"items": [{"message": REQUEST_ID}], "cause": "WRONG_RECIPIENT"},
    "RCA": {"outcome": "DESTROYED", "opened": "2026-11-22T05:00:00Z", "readers": 1, "files": 0, "onward": ["KZ"]},
}
"""One good body for every kind."""

ANSWERED = {"ANS": REQUEST_ID, "REF": REQUEST_ID, "CLQ": REQUEST_ID, "CLA": QUESTION_ID, "DLY": REQUEST_ID}
ANSWERED |= {
    "WDR": REQUEST_ID,
    "FBK": ANSWER_ID,
    "HCD": REQUEST_ID,
    "ACK": REQUEST_ID,
    "RCA": REQUEST_ID,
    "BRA": REQUEST_ID,
    "DSA": REQUEST_ID,
}
OPENING = frozenset(BODIES) - ANSWERED.keys()


def content(kind: str = "REQ", **changes: Any) -> Content:
    """A message of `kind` from Tajikistan to Kyrgyzstan and Kazakhstan, with the members in `changes`."""
    members = {
        "msg_id": REQUEST_ID if kind in OPENING else ANSWER_ID,
        "kind": kind,
        "schema_version": "1.0",
        "mode": "LIVE",
        "case_ref": "TJ-TJ-2026-000123",
        "partner_case_refs": (PartnerCase(unit="KG", case_ref="KG-KG-2026-000045"),),
        "thread_id": REQUEST_ID,
        "in_reply_to": ANSWERED.get(kind),
        "author": Author(unit="TJ", agency="DRUG_AGENCY", officer="TJ-0147", name="Rahimova D."),
        "recipients": (Recipient(unit="KG", agency="POLICE", role="TO"), Recipient(unit="KZ", role="CC")),
        "created_at": NOW - HOUR,
        "sent_at": NOW,
        "labels": labels(),
        "body": BODIES[kind],
        "objects": (person(), lorry()) if kind == "REQ" else (),
    }
    return Content(**{**members, **changes})
