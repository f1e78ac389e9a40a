"""The rules once more, as plain tables and without Cedar: what the policies are compared with.

Written from the role and handling tables and not from the policy files. A verdict for an act and a code is "A" allowed,
"P" with a permission, "T" after the text was confirmed.
"""

from collections.abc import Mapping

from exchange.policy.facts import House, Item, Question

WORKERS = {"OFFICER", "LIAISON_OFFICER", "FIU_ANALYST", "SPOC_DUTY", "SUPERVISOR"}
WRITERS = WORKERS - {"SUPERVISOR"}
DECIDERS = {"SUPERVISOR", "LEGAL"}
ADVISERS = {"LEGAL", "PROSECUTOR", "JUDGE", "FORENSIC_EXPERT"}
BLIND = {"NODE_ADMIN", "AUDITOR", "DPO", "HUB_OPERATOR", "KEY_CUSTODIAN", "DONOR", "OVERSIGHT"}

USES = {"READ", "USE_AS_LEAD", "CROSS_CHECK", "QUOTE", "ANSWER", "TASK"}
DISCLOSURES = {
    "SHARED_INDEX",
    "OWN_AGENCY",
    "OTHER_UNIT",
    "REGIONAL_BODY",
    "COURT_FILE",
    "COURT_PARTIES",
    "MLA_QUOTE",
    "EXPORT",
}
CONTENT = USES | DISCLOSURES | {"EXERCISE"}

ON_TEAM: Mapping[str, set[str]] = {
    **{role: USES | DISCLOSURES | {"SEE_HEADER", "ASK_PERMISSION"} for role in WORKERS},
    **{role: {"READ", "SEE_HEADER"} for role in ADVISERS},
}
BY_OFFICE: Mapping[str, set[str]] = {
    "SPOC_DUTY": USES | DISCLOSURES | {"SEE_HEADER", "ASK_PERMISSION"},
    "SUPERVISOR": {"READ", "SEE_HEADER", "ASK_PERMISSION", "EXPORT", "ERASE"},
    "DPO": {"SEE_HEADER", "HOLD", "ERASE"},
    "AUDITOR": {"SEE_HEADER"},
}
IN_EMERGENCY: Mapping[str, set[str]] = {role: {"READ", "SEE_HEADER"} for role in WORKERS}
ON_CONTROL: Mapping[str, set[str]] = {role: {"READ", "ANSWER", "SEE_HEADER"} for role in DECIDERS}
OF_OWN: Mapping[str, set[str]] = {
    "SUPERVISOR": {"APPROVE", "DECIDE_PERMISSION"},
    **{role: {"DECIDE_PERMISSION"} for role in ADVISERS - {"FORENSIC_EXPERT"}},
}
"""Of a message of the own unit, whoever wrote it."""

_OFFICER = {
    "COMPOSE",
    "LIST_ARRIVALS",
    "READ_OWN",
    "SEARCH",
    "TAKE",
    "HAND_OVER",
    "ACKNOWLEDGE",
    "EXPORT_EVIDENCE",
    "BREAK_GLASS",
}
_WATCH = {"READ_ANY", "ASSIGN", "SEE_QUARANTINE", "SEE_STATUS"}
_DECIDE = {"REPLY_FINDINGS", "SEE_APPROVALS", "DECIDE_ERASURE", "APPROVE_SENDING", "REVIEW_EMERGENCY", "SEE_STATISTICS"}
HOUSE: Mapping[str, set[str]] = {
    "OFFICER": _OFFICER,
    "LIAISON_OFFICER": _OFFICER,
    "FIU_ANALYST": _OFFICER,
    "SPOC_DUTY": _OFFICER | _WATCH,
    "SUPERVISOR": _OFFICER - {"COMPOSE", "TAKE", "HAND_OVER"} | _WATCH | _DECIDE,
    "LEGAL": {"LIST_ARRIVALS", "READ_OWN", "ACKNOWLEDGE"},
    "NODE_ADMIN": {"ADMINISTER_USERS", "ADMINISTER_KEYS", "SEE_STATUS", "SEE_QUARANTINE"},
    "AUDITOR": {"READ_LOG", "DECIDE_QUERY", "SEE_STATUS", "EXPORT_EVIDENCE", "SEE_STATISTICS"},
    "DPO": {"PROTECT_DATA", "SEE_APPROVALS", "ACKNOWLEDGE"},
    "OVERSIGHT": {"SEE_STATISTICS"},
}

NEEDS_PERMISSION: Mapping[str, set[str]] = {
    "H1": {"COURT_FILE", "COURT_PARTIES", "MLA_QUOTE"},
    "H2": {"SHARED_INDEX", "OWN_AGENCY", "OTHER_UNIT", "REGIONAL_BODY", "MLA_QUOTE", "COURT_PARTIES"},
}
NEEDS_FACTOR = {"APPROVE", "DECIDE_PERMISSION", "ERASE"}
NOT_AFTER_ERASURE = CONTENT | {"RELEASE", "APPROVE", "INSPECT", "ASK_PERMISSION", "DECIDE_PERMISSION", "HOLD", "ERASE"}
FAMILIES: Mapping[str, set[str]] = {
    "POLICE": {"operational", "judicial", "control"},
    "CUSTOMS": {"operational", "control"},
    "FIU": {"financial", "control"},
    "COURT": {"judicial", "control"},
    "INTEL": {"operational", "control"},
    "DONOR": {"control"},
    "": set(),
}


def allowed(question: Question) -> bool:
    """What the tables say."""
    person, about = question.person, question.about
    if not person.active or person.unit != (about.unit if isinstance(about, House) else person.unit):
        return False
    if isinstance(about, House):
        return any(question.act in HOUSE.get(role, set()) for role in person.roles)
    return _permitted(question, about) and not _barred(question, about) and not _bound(question, about)


def _permitted(question: Question, item: Item) -> bool:
    person, now, act = question.person, question.circumstances, question.act
    found: set[str] = set()
    for role in person.roles:
        if person.unit == item.holder:
            found |= BY_OFFICE.get(role, set())
            found |= ON_TEAM.get(role, set()) if now.on_team else set()
            found |= IN_EMERGENCY.get(role, set()) if now.emergency else set()
            found |= ON_CONTROL.get(role, set()) if item.family == "control" else set()
            found |= {"READ", "ANSWER"} if role == "DPO" and item.protection else set()
            found |= {"INSPECT"} if role == "AUDITOR" and now.inspects else set()
            found |= {"READ", "SEE_HEADER"} if role == "TRAINER" and item.env == "exercise" else set()
        if person.unit == item.originator:
            found |= OF_OWN.get(role, set())
            decides = role in DECIDERS and item.family == "control"
            found |= {"RELEASE"} if now.author and (role in WRITERS or decides) else set()
            found |= {"RELEASE"} if now.author and item.protection and role == "DPO" else set()
            if person.unit == item.holder and (role == "SUPERVISOR" or (now.author and role in WRITERS)):
                found |= {"RECALL"}
    return act in found


def _barred(question: Question, item: Item) -> bool:
    person, now, act = question.person, question.circumstances, question.act
    handles = act in CONTENT | {"RELEASE", "APPROVE"}
    trainer = "TRAINER" in person.roles and item.env == "live"
    let_in = now.on_team or (now.emergency and act == "READ")
    outside = bool(item.agencies) and person.agency not in item.agencies and not let_in
    return any(
        (
            item.env != now.env,
            handles and (bool(person.roles & BLIND - ({"DPO"} if item.protection else set())) or trainer),
            (handles or act == "RECALL") and item.protection and "DPO" not in person.roles,
            handles and item.family not in FAMILIES[person.agency],
            act in CONTENT | {"APPROVE"} and outside,
            act == "OWN_AGENCY" and item.family not in FAMILIES.get(now.to, set()),
            (handles or act in {"DECIDE_PERMISSION", "INSPECT"}) and item.classification > person.clearance,
            act in NOT_AFTER_ERASURE and item.erased,
            act in CONTENT | {"INSPECT"} and item.expired,
            act in CONTENT | {"INSPECT"} and item.recalled,
            act == "ERASE" and item.held,
        )
    )


def _bound(question: Question, item: Item) -> bool:
    now, act = question.circumstances, question.act
    foreign = question.person.unit != item.originator
    granted = {"H1": "EVIDENCE", "H2": f"FORWARD:{now.to}"}
    lacking = [code for code, acts in NEEDS_PERMISSION.items() if code in item.handling and act in acts]
    other_purpose = now.purpose not in item.purposes and f"PURPOSE:{now.purpose}" not in item.permissions
    return any(
        (
            act == "EXERCISE",
            foreign and act in CONTENT and other_purpose,
            foreign and any(granted[code] not in item.permissions for code in lacking),
            foreign and act in CONTENT and "H3" in item.handling and not now.text_confirmed,
            act in {"APPROVE", "DECIDE_PERMISSION"} and now.author,
            act == "RELEASE" and bool(item.handling & {"H2", "H3"}) and not now.approved,
            act == "ERASE" and not now.approved,
            act in NEEDS_FACTOR and not now.fresh_factor,
        )
    )
