"""Named cases of work, each with the answer and the rules that must give it.

A rule that permits stands alone; `-` before the names says that the act is refused, and by which rules. `-` alone: no
rule permits it.
"""

from dataclasses import replace
from typing import Any

import pytest

from exchange.policy.facts import Action, House, Question
from exchange.policy.rulebook import federation
from tests.exchange.policy.questions import AT_WORK, PERSON, asked


def house(act: str, role: str, unit: str = "TJ") -> Question:
    return Question(replace(PERSON, roles=frozenset(role.split())), Action(act), House(unit), AT_WORK)


def as_exercise(question: Question) -> Question:
    """The same asked in the exercise environment, of the item as it is."""
    return replace(question, circumstances=replace(question.circumstances, env="exercise"))


OWN: dict[str, Any] = {"originator": "TJ", "author": True}
H12: dict[str, Any] = {"handling": "H1 H2"}
NEED = {
    "an officer reads a message of his case": (asked(), "NEED-TEAM"),
    "an officer does not read a case of others": (asked(on_team=False), "-"),
    "an officer does not answer in a case of others": (asked("ANSWER", on_team=False), "-"),
    "an officer does not export a case of others": (asked("EXPORT", on_team=False), "-"),
    "a liaison officer works on the cases of his own unit": (asked("ANSWER", "LIAISON_OFFICER"), "NEED-TEAM"),
    "a liaison officer reads no case of the host unit": (asked("READ", "LIAISON_OFFICER", holder="KG"), "-"),
    "the duty officer reads any message": (asked("READ", "SPOC_DUTY", on_team=False), "NEED-DUTY"),
    "the duty officer answers what has no owner": (asked("ANSWER", "SPOC_DUTY", on_team=False), "NEED-DUTY-WORK"),
    "a supervisor reads any message": (asked("READ", "SUPERVISOR", on_team=False), "NEED-DUTY"),
    "a supervisor does not answer for others": (asked("ANSWER", "SUPERVISOR", on_team=False), "-"),
    "a supervisor who works on the case answers": (asked("ANSWER", "SUPERVISOR"), "NEED-TEAM"),
    "a lawyer reads a case that he was let into": (asked("READ", "LEGAL"), "NEED-ADVICE"),
    "a lawyer reads no other case": (asked("READ", "LEGAL", on_team=False), "-"),
    "a lawyer does not work on a case": (asked("ANSWER", "LEGAL"), "-"),
    "a lawyer answers what others ask about the use of information": (
        asked("ANSWER", "LEGAL", family="control", on_team=False),
        "NEED-DECISION",
    ),
    "a supervisor does so as well": (
        asked("ANSWER", "SUPERVISOR", family="control", on_team=False),
        "NEED-DECISION",
    ),
    "a prosecutor forwards nothing": (asked("OTHER_UNIT", "PROSECUTOR"), "-"),
    "an expert reads what he was given": (asked("READ", "FORENSIC_EXPERT"), "NEED-ADVICE"),
    "an officer reads in an emergency": (asked(on_team=False, emergency=True), "BREAK-GLASS"),
    "he sees the labels of what he may not read": (asked("SEE_HEADER", on_team=False, emergency=True), "BREAK-GLASS"),
    "he answers nothing": (asked("ANSWER", on_team=False, emergency=True), "-"),
    "he takes nothing out": (asked("EXPORT", on_team=False, emergency=True), "-"),
    "he forwards nothing": (asked("OTHER_UNIT", on_team=False, emergency=True), "-"),
    "he asks for no permission": (asked("ASK_PERMISSION", on_team=False, emergency=True), "-"),
    "an emergency makes no reader of a lawyer": (asked("READ", "LEGAL", on_team=False, emergency=True), "-"),
    "nor of another unit": (asked(holder="KZ", on_team=False, emergency=True), "-"),
    "nobody without a role reads": (asked(roles=""), "-"),
    "nobody reads what another unit holds": (asked(holder="KZ"), "-"),
    "a member asks the provider for permission": (asked("ASK_PERMISSION"), "NEED-TEAM"),
    "a stranger to the case asks for no permission": (asked("ASK_PERMISSION", on_team=False), "-"),
}
WALLS = {
    "a closed account reads nothing": (asked(active=False), "-ACCOUNT-CLOSED"),
    "a closed account lists nothing": (
        Question(replace(PERSON, active=False), Action.LIST_ARRIVALS, House("TJ"), AT_WORK),
        "-ACCOUNT-CLOSED",
    ),
    "a restricted message is for the cleared": (asked(classification=2, clearance=1), "-CLEARANCE"),
    "a cleared officer reads it": (asked(classification=2, clearance=2), "NEED-TEAM"),
    "the duty officer is no exception to clearance": (asked("READ", "SPOC_DUTY", clearance=0), "-CLEARANCE"),
    "a supervisor approves nothing above his clearance": (
        asked("APPROVE", "SUPERVISOR", originator="TJ", clearance=0),
        "-CLEARANCE",
    ),
    "the labels are seen without clearance": (asked("SEE_HEADER", clearance=0), "NEED-TEAM"),
    "the police reads no financial intelligence": (asked(family="financial"), "-AGENCY-FAMILY"),
    "an analyst reads financial intelligence": (
        asked("READ", "FIU_ANALYST", agency="FIU", family="financial"),
        "NEED-TEAM",
    ),
    "an analyst reads no police case": (asked("READ", "FIU_ANALYST", agency="FIU"), "-AGENCY-FAMILY"),
    "a court reads no operational message": (asked(agency="COURT"), "-AGENCY-FAMILY"),
    "a control message is for every agency": (asked(agency="COURT", family="control"), "NEED-TEAM"),
    "an account without an agency reads nothing": (asked(agency=""), "-AGENCY-FAMILY"),
    "the duty officer of the police reads no case of the service": (
        asked("READ", "SPOC_DUTY", agencies="INTEL", on_team=False),
        "-AGENCY-WALL",
    ),
    "a supervisor of the agency that works on it does": (
        asked("READ", "SUPERVISOR", agencies="POLICE INTEL", on_team=False),
        "NEED-DUTY",
    ),
    "in an emergency another agency reads": (
        asked(agencies="INTEL", on_team=False, emergency=True),
        "BREAK-GLASS",
    ),
    "but takes nothing out": (
        asked("EXPORT", "SPOC_DUTY", agencies="INTEL", on_team=False, emergency=True),
        "-AGENCY-WALL",
    ),
    "an emergency clears nobody": (asked(clearance=0, on_team=False, emergency=True), "-CLEARANCE"),
    "an emergency opens no financial intelligence": (
        asked(family="financial", on_team=False, emergency=True),
        "-AGENCY-FAMILY",
    ),
    "an auditor has no emergency": (asked("READ", "AUDITOR", on_team=False, emergency=True), "-NO-CONTENT"),
    "what was erased stays erased in an emergency": (asked(erased=True, on_team=False, emergency=True), "-ERASED"),
    "whoever is let in from another agency reads": (asked(agencies="INTEL"), "NEED-TEAM"),
    "a real message is closed to an exercise": (as_exercise(asked()), "-LIVE-OR-EXERCISE"),
    "an exercise message is closed to real work": (
        as_exercise(replace(asked(env="exercise"), circumstances=replace(AT_WORK, env="live"))),
        "NEED-TEAM",
    ),
    "a trainer reads an exercise": (asked("READ", "TRAINER", env="exercise", on_team=False), "TRAINING"),
    "a trainer reads nothing real": (asked("READ", "TRAINER"), "-TRAINER-LIVE"),
    "an officer who trains reads nothing real as one person": (asked("READ", "OFFICER TRAINER"), "-TRAINER-LIVE"),
    "erased is erased": (asked(erased=True), "-ERASED"),
    "no permission is asked for what was erased": (asked("ASK_PERMISSION", erased=True), "-ERASED"),
    "the labels of what was erased remain": (asked("SEE_HEADER", erased=True), "NEED-TEAM"),
    "past its time it is not read": (asked(expired=True), "-RETENTION"),
    "past its time it is not exported": (asked("EXPORT", "SPOC_DUTY", expired=True), "-RETENTION"),
    "a hold opens nothing": (asked(expired=True, held=True), "-RETENTION"),
    "what came by mistake is closed": (asked(recalled=True), "-SENT-BY-MISTAKE"),
    "nor is it opened to an auditor": (asked("INSPECT", "AUDITOR", inspects=True, recalled=True), "-SENT-BY-MISTAKE"),
    "nor what this unit itself wrote with it": (asked(recalled=True, originator="TJ"), "-SENT-BY-MISTAKE"),
    "the protection officer reads what came about a breach": (
        asked("READ", "DPO", protection=True, family="control", on_team=False),
        "PROTECTION-DESK",
    ),
    "he reads nothing else": (asked("READ", "DPO", family="control"), "-NO-CONTENT"),
    "he tells other units himself": (
        asked("RELEASE", "DPO", protection=True, family="control", originator="TJ", author=True),
        "PROTECTION-SENDS",
    ),
    "nobody else reads it, not even on duty": (
        asked("READ", "SPOC_DUTY", protection=True, family="control"),
        "-PROTECTION-ALONE",
    ),
    "an author takes his message back": (asked("RECALL", originator="TJ", author=True), "RECALL-OWN"),
    "a supervisor takes anybody's back": (asked("RECALL", "SUPERVISOR", originator="TJ"), "RECALL-OWN"),
    "a member of the case does not": (asked("RECALL", originator="TJ"), "-"),
    "nobody takes back what another unit sent": (asked("RECALL", "SUPERVISOR"), "-"),
}
CODES = {
    "H0 may be forwarded": (asked("OTHER_UNIT"), "NEED-TEAM"),
    "H0 may go to court": (asked("COURT_FILE"), "NEED-TEAM"),
    "H1 is read": (asked(handling="H1"), "NEED-TEAM"),
    "H1 is forwarded": (asked("OTHER_UNIT", handling="H1"), "NEED-TEAM"),
    "H1 is not for the court": (asked("COURT_FILE", handling="H1"), "-H1-COURT"),
    "H1 with a permission is": (asked("COURT_FILE", handling="H1", permissions="EVIDENCE"), "NEED-TEAM"),
    "H1 with a permission to forward is not": (
        asked("COURT_FILE", handling="H1", permissions="FORWARD:KZ"),
        "-H1-COURT",
    ),
    "H1 is not quoted abroad in legal assistance": (asked("MLA_QUOTE", handling="H1"), "-H1-COURT"),
    "own information goes to the own court": (asked("COURT_FILE", handling="H1", originator="TJ"), "NEED-TEAM"),
    "H2 is read": (asked(handling="H2"), "NEED-TEAM"),
    "H2 is cross-checked at home": (asked("CROSS_CHECK", handling="H2"), "NEED-TEAM"),
    "H2 is not forwarded": (asked("OTHER_UNIT", handling="H2"), "-H2-ONWARD"),
    "H2 goes where the provider said": (asked("OTHER_UNIT", handling="H2", permissions="FORWARD:KZ"), "NEED-TEAM"),
    "H2 goes nowhere else": (asked("OTHER_UNIT", handling="H2", permissions="FORWARD:UZ"), "-H2-ONWARD"),
    "H2 stays with the agency": (asked("OWN_AGENCY", handling="H2", to="CUSTOMS"), "-H2-ONWARD"),
    "H2 goes to the agency that the permission names": (
        asked("OWN_AGENCY", handling="H2", to="CUSTOMS", permissions="FORWARD:CUSTOMS"),
        "NEED-TEAM",
    ),
    "a permission for one agency is none for another": (
        asked("OWN_AGENCY", handling="H2", to="CUSTOMS", permissions="FORWARD:POLICE"),
        "-H2-ONWARD",
    ),
    "a police request is no task for financial intelligence": (asked("OWN_AGENCY", to="FIU"), "-AGENCY-ONWARD"),
    "an officer splits a request of his case into tasks": (asked("TASK"), "NEED-TEAM"),
    "an officer splits no request of others": (asked("TASK", on_team=False), "-"),
    "the duty officer splits what has no owner": (asked("TASK", "SPOC_DUTY", on_team=False), "NEED-DUTY-WORK"),
    "a supervisor splits nothing for others": (asked("TASK", "SUPERVISOR", on_team=False), "-"),
    "the restriction of H3 is read before a request is split": (asked("TASK", handling="H3"), "-H3-TEXT"),
    "H2 goes into no shared index": (asked("SHARED_INDEX", handling="H2"), "-H2-ONWARD"),
    "H2 goes to no regional body": (asked("REGIONAL_BODY", handling="H2", to="EUROPOL"), "-H2-ONWARD"),
    "H2 is shown to the court": (asked("COURT_FILE", handling="H2"), "NEED-TEAM"),
    "H2 is not shown to the parties": (asked("COURT_PARTIES", handling="H2"), "-H2-ONWARD"),
    "own H2 is forwarded by its provider": (asked("OTHER_UNIT", handling="H2", originator="TJ"), "NEED-TEAM"),
    "H1 and H2 together need both permissions": (asked("MLA_QUOTE", **H12), "-H1-COURT H2-ONWARD"),
    "one of two is not enough": (asked("MLA_QUOTE", permissions="EVIDENCE", **H12), "-H2-ONWARD"),
    "both are": (asked("MLA_QUOTE", permissions="EVIDENCE FORWARD:KZ", **H12), "NEED-TEAM"),
    "evidence alone forwards nothing": (asked("OTHER_UNIT", permissions="EVIDENCE", **H12), "-H2-ONWARD"),
    "H3 is read after its text": (asked(handling="H3"), "-H3-TEXT"),
    "H3 once confirmed is read": (asked(handling="H3", text_confirmed=True), "NEED-TEAM"),
    "H3 is not exported unread": (asked("EXPORT", handling="H3"), "-H3-TEXT"),
    "the text of own H3 binds others": (asked(handling="H3", originator="TJ"), "NEED-TEAM"),
    "a permission does not replace reading H3": (
        asked("OTHER_UNIT", handling="H2 H3", permissions="FORWARD:KZ"),
        "-H3-TEXT",
    ),
    "another purpose needs the provider": (asked(purpose="PROSECUTE"), "-PURPOSE"),
    "a change of purpose that was granted serves": (
        asked(purpose="PROSECUTE", permissions="PURPOSE:PROSECUTE"),
        "NEED-TEAM",
    ),
    "no purpose at all is another purpose": (asked(purpose=""), "-PURPOSE"),
    "received information is no exercise": (asked("EXERCISE"), "-NO-EXERCISE-USE"),
    "H3 is read after its text in an emergency too": (
        asked(handling="H3", on_team=False, emergency=True),
        "-H3-TEXT",
    ),
    "own information is no exercise either": (asked("EXERCISE", originator="TJ"), "-NO-EXERCISE-USE"),
    "two refusals are both named": (asked("COURT_FILE", handling="H1 H3"), "-H1-COURT H3-TEXT"),
}
PERSONS = {
    "the author sends": (asked("RELEASE", **OWN), "SEND-AUTHOR"),
    "another officer does not": (asked("RELEASE", originator="TJ"), "-"),
    "a supervisor sends what he decided": (
        asked("RELEASE", "SUPERVISOR", family="control", **OWN),
        "SEND-DECISION",
    ),
    "a supervisor sends nothing else": (asked("RELEASE", "SUPERVISOR", **OWN), "-"),
    "H2 leaves with a second person": (asked("RELEASE", handling="H2", **OWN), "-RESTRICTED-SEND"),
    "H3 leaves with a second person": (asked("RELEASE", handling="H1 H3", **OWN), "-RESTRICTED-SEND"),
    "H1 leaves alone": (asked("RELEASE", handling="H1", **OWN), "SEND-AUTHOR"),
    "approved H2 leaves": (asked("RELEASE", handling="H2", approved=True, **OWN), "SEND-AUTHOR"),
    "a supervisor approves": (asked("APPROVE", "SUPERVISOR", originator="TJ"), "SECOND-SUPERVISOR"),
    "nobody approves his own": (asked("APPROVE", "SUPERVISOR", **OWN), "-NOT-OWN-AUTHOR"),
    "an officer approves nothing": (asked("APPROVE", originator="TJ"), "-"),
    "a supervisor approves nothing of another unit": (asked("APPROVE", "SUPERVISOR"), "-"),
    "an approval needs the person to be there": (
        asked("APPROVE", "SUPERVISOR", originator="TJ", fresh_factor=False),
        "-FRESH-FACTOR",
    ),
    "the provider's supervisor decides": (
        asked("DECIDE_PERMISSION", "SUPERVISOR", originator="TJ"),
        "ORIGINATOR-DECIDES",
    ),
    "nobody decides about his own": (asked("DECIDE_PERMISSION", "SUPERVISOR", **OWN), "-NOT-OWN-AUTHOR"),
    "nor about what was erased": (
        asked("DECIDE_PERMISSION", "SUPERVISOR", originator="TJ", erased=True),
        "-ERASED",
    ),
    "nor above his clearance": (
        asked("DECIDE_PERMISSION", "LEGAL", originator="TJ", clearance=0),
        "-CLEARANCE",
    ),
    "nor without being there": (
        asked("DECIDE_PERMISSION", "LEGAL", originator="TJ", fresh_factor=False),
        "-FRESH-FACTOR",
    ),
    "the provider's lawyer decides": (asked("DECIDE_PERMISSION", "LEGAL", originator="TJ"), "ORIGINATOR-DECIDES"),
    "the holder's supervisor decides nothing": (asked("DECIDE_PERMISSION", "SUPERVISOR"), "-"),
    "the provider's officer decides nothing": (asked("DECIDE_PERMISSION", originator="TJ"), "-"),
    "an administrator reads nothing": (asked("READ", "NODE_ADMIN"), "-NO-CONTENT"),
    "a supervisor who is administrator as well reads nothing": (
        asked("READ", "SUPERVISOR NODE_ADMIN"),
        "-NO-CONTENT",
    ),
    "an auditor sees labels": (asked("SEE_HEADER", "AUDITOR"), "AUDIT-LABELS"),
    "an auditor reads nothing": (asked("READ", "AUDITOR"), "-NO-CONTENT"),
    "an auditor whose request was approved reads": (asked("INSPECT", "AUDITOR", inspects=True), "AUDIT-CONTENT"),
    "an auditor without a request does not": (asked("INSPECT", "AUDITOR"), "-"),
    "no officer inspects": (asked("INSPECT", inspects=True), "-"),
    "the data-protection officer erases": (asked("ERASE", "DPO", approved=True), "PROTECTION-OFFICER"),
    "with a supervisor": (asked("ERASE", "SUPERVISOR", approved=True), "SECOND-ERASES"),
    "neither does alone": (asked("ERASE", "DPO"), "-ERASED-BY-TWO"),
    "nor does the supervisor": (asked("ERASE", "SUPERVISOR"), "-ERASED-BY-TWO"),
    "not under a hold": (asked("ERASE", "DPO", held=True, approved=True), "-LEGAL-HOLD"),
    "nor what came by mistake": (asked("ERASE", "DPO", held=True, recalled=True, approved=True), "-LEGAL-HOLD"),
    "what came by mistake is destroyed": (asked("ERASE", "SUPERVISOR", recalled=True, approved=True), "SECOND-ERASES"),
    "what is past its time is erased": (asked("ERASE", "DPO", expired=True, approved=True), "PROTECTION-OFFICER"),
    "what was erased is not erased again": (asked("ERASE", "DPO", erased=True, approved=True), "-ERASED"),
    "not without being there": (asked("ERASE", "DPO", approved=True, fresh_factor=False), "-FRESH-FACTOR"),
    "an officer erases nothing": (asked("ERASE", approved=True), "-"),
    "the data-protection officer holds": (asked("HOLD", "DPO"), "PROTECTION-OFFICER"),
    "nothing that was erased is held": (asked("HOLD", "DPO", erased=True), "-ERASED"),
    "a supervisor holds nothing": (asked("HOLD", "SUPERVISOR"), "-"),
    "the data-protection officer reads nothing": (asked("READ", "DPO"), "-NO-CONTENT"),
    "the operator of the hub reads nothing": (asked("READ", "HUB_OPERATOR"), "-NO-CONTENT"),
    "a donor reads nothing": (asked("READ", "DONOR"), "-NO-CONTENT"),
}
HOUSES = {
    "an officer composes": (house("COMPOSE", "OFFICER"), "ROLE-OFFICER"),
    "an officer assigns nothing": (house("ASSIGN", "OFFICER"), "-"),
    "the duty officer assigns": (house("ASSIGN", "SPOC_DUTY"), "ROLE-SPOC_DUTY"),
    "a supervisor composes nothing by role": (house("COMPOSE", "SUPERVISOR"), "-"),
    "an administrator manages accounts": (house("ADMINISTER_USERS", "NODE_ADMIN"), "ROLE-NODE_ADMIN"),
    "an administrator of one unit manages no other": (house("ADMINISTER_USERS", "NODE_ADMIN", "KG"), "-"),
    "an auditor reads the log": (house("READ_LOG", "AUDITOR"), "ROLE-AUDITOR"),
    "an officer does not": (house("READ_LOG", "OFFICER"), "-"),
    "an officer opens a case in an emergency": (house("BREAK_GLASS", "OFFICER"), "ROLE-OFFICER"),
    "a supervisor judges it afterwards": (house("REVIEW_EMERGENCY", "SUPERVISOR"), "ROLE-SUPERVISOR"),
    "the duty officer does not": (house("REVIEW_EMERGENCY", "SPOC_DUTY"), "-"),
    "a lawyer has no emergency": (house("BREAK_GLASS", "LEGAL"), "-"),
    "a supervisor sees what the unit counts": (house("SEE_STATISTICS", "SUPERVISOR"), "ROLE-SUPERVISOR"),
    "an auditor sees it": (house("SEE_STATISTICS", "AUDITOR"), "ROLE-AUDITOR"),
    "whoever oversees sees it": (house("SEE_STATISTICS", "OVERSIGHT"), "ROLE-OVERSIGHT"),
    "whoever oversees lists no arrivals": (house("LIST_ARRIVALS", "OVERSIGHT"), "-"),
    "an officer does not see it": (house("SEE_STATISTICS", "OFFICER"), "-"),
    "a judge composes nothing": (house("COMPOSE", "JUDGE"), "-"),
    "two roles add up": (house("ASSIGN", "OFFICER SPOC_DUTY"), "ROLE-SPOC_DUTY"),
}
SCENARIOS = NEED | WALLS | CODES | PERSONS | HOUSES


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(name: str) -> None:
    question, expected = SCENARIOS[name]
    decision = federation().decide(question)
    assert decision.allowed != expected.startswith("-")
    assert sorted(rule.name for rule in decision.rules) == sorted(expected.lstrip("-").split())


def test_there_are_enough_of_them() -> None:
    assert len(SCENARIOS) == len(NEED) + len(WALLS) + len(CODES) + len(PERSONS) + len(HOUSES) >= 99
