"""The words that pages show for codes of the node: states, deliveries, alerts, acts, errors, handling, units.

Tables only, translated when shown. Labels of the code tables and of fields come from `schemas`, never from here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from exchange.errors import ExchangeError
from nodes.errors import NotReady
from nodes.node import Node
from nodes.views import Alert
from nodes.web.languages import gettext, language, noted
from schemas import codes
from schemas.errors import SchemaError


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to correct, with the place on the page that the summary links to."""

    text: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """A state in words with the colour of its tag; the word alone says it all."""

    label: str
    colour: str


@dataclass(frozen=True, slots=True)
class HandlingCode:
    """A handling code with what it means and what choosing it costs the case."""

    code: str
    label: str
    cost: str


@dataclass(frozen=True, slots=True)
class Banner:
    """The handling banner: the highest code of what the page shows, and the H3 text in full."""

    code: str
    text: str
    more: str
    permitted: tuple[str, ...] = ()


_STATES: Final[Mapping[str, tuple[str, str]]] = {
    "RECEIVED": ("turquoise", noted("New")),
    "ASSIGNED": ("blue", noted("Taken")),
    "IN_PROGRESS": ("blue", noted("Being answered")),
    "CLARIFICATION": ("yellow", noted("Waiting for clarification")),
    "AWAITING_JUDICIAL": ("yellow", noted("Waiting for a court")),
    "ANSWERED_FULL": ("green", noted("Answered")),
    "ANSWERED_PARTIAL": ("green", noted("Answered in part")),
    "NO_INFORMATION": ("grey", noted("Nothing held")),
    "REFUSED": ("red", noted("Refused")),
    "WITHDRAWN": ("grey", noted("Withdrawn")),
    "TRANSFERRED": ("blue", noted("Passed to another agency")),
    "FEEDBACK_GIVEN": ("green", noted("Feedback given")),
    "CLOSED": ("grey", noted("Closed")),
    "REOPENED": ("turquoise", noted("Reopened")),
    "GRANTED": ("green", noted("Granted")),
    "VALID": ("green", noted("Valid")),
    "ENDED": ("grey", noted("Ended")),
    "REVOKED": ("red", noted("Revoked")),
    "NOT_SENT": ("orange", noted("Not sent yet")),
    "SANITISED": ("yellow", noted("Another version promised")),
    "REFERRED": ("yellow", noted("Referred to legal assistance")),
    "DONE": ("green", noted("Done")),
    "EXCEPTED": ("yellow", noted("Done with an exception")),
    "NOT_FOUND": ("grey", noted("Not held there")),
    "MAY_TELL": ("green", noted("May be told")),
    "TELL_PART": ("yellow", noted("May be told in part")),
    "NEITHER": ("yellow", noted("Neither confirm nor deny")),
    "DRAFT": ("grey", noted("Draft")),
    "SENT": ("blue", noted("Sent")),
    "QUEUED": ("yellow", noted("Waiting to go out")),
    "SUBMITTED": ("blue", noted("At the hub")),
    "RELAYED": ("blue", noted("Handed out")),
    "DELIVERED": ("turquoise", noted("Delivered")),
    "OPENED": ("green", noted("Opened")),
    "REJECTED": ("red", noted("Could not be read")),
    "NOT_DELIVERED": ("red", noted("Fate unknown")),
    "EXPIRED": ("red", noted("Never collected")),
    "OVERDUE": ("red", noted("Overdue")),
    "HELD": ("yellow", noted("Held, tried again")),
    "COPY": ("grey", noted("Copy, for information")),
    "NOT_COLLECTED": ("orange", noted("Not collected")),
}

_DONE: Final[Mapping[str, str]] = {
    "enrolled": noted("Your account is ready. Sign in."),
    "signed-out": noted("You are signed out."),
    "sealed": noted("Sealed and on its way. The receipts appear below as they come in."),
    "saved": noted("Draft saved."),
    "discarded": noted("The draft was deleted."),
    "emergency": noted("The case is open to you for one hour. The auditors and supervisors have been told."),
    "taken": noted("It is yours now."),
    "given": noted("It has a new owner."),
    "away": noted("Noted. It begins and ends by itself."),
    "back": noted("The absence has ended. What comes now goes to its owner again."),
    "handed-over": noted("The shift is handed over. You can take back what the next owner has not opened yet."),
    "taken-back": noted("It is yours again."),
    "escalated": noted("A supervisor was alerted."),
    "seen": noted("Noted: you have seen it."),
    "withdrawn": noted("Your request was taken back."),
    "approval-asked": noted("It waits for a second person."),
    "recorded": noted("It is on record."),
    "kept": noted("The case is kept until its next review."),
    "held": noted("The erasure is forbidden until that day."),
    "lifted": noted("The hold has ended."),
    "keys": noted("Your choice is kept in this browser."),
    "sending-asked": noted("A supervisor was asked. You may seal the message once it is approved."),
    "change-asked": noted("Asked for. It happens once another administrator confirms it."),
    "change-made": noted("Confirmed. The roles count from the next click."),
    "change-refused": noted("It will not happen."),
    "passkey-added": noted("The passkey is yours now."),
    "passkey-removed": noted("The passkey was removed. It opens nothing here any more."),
    "others-ended": noted("Your other sessions are ended."),
    "disabled": noted("The account is disabled and all its sessions are ended."),
    "asked": noted("The request is made. Another auditor decides it."),
    "decided": noted("Your decision is on record."),
    "task-made": noted("The task is made. Nothing has left the unit yet."),
    "task-sent": noted("Noted as sent. Print the letter and let it go out."),
    "task-replied": noted("The reply is entered. The form of the answer offers it."),
    "taken-over": noted("The reply stands in the row of its question. Check every word before you seal."),
    "task-cancelled": noted("The task is taken back. Tell the agency if it has the letter."),
    "ended": noted("The content is closed again."),
    "recalled": noted("Recalled. It is closed wherever the recall arrives; this page shows how far it has come."),
}

_ALERTS: Final[Mapping[str, str]] = {
    "URGENT": noted("An urgent message has arrived"),
    "ESCALATION_50": noted("Half of the time for an answer is used"),
    "ESCALATION_75": noted("Three quarters of the time for an answer are used"),
    "ESCALATION_90": noted("Only a tenth of the time for an answer is left"),
    "OVERDUE": noted("A deadline has passed"),
    "NOT_COLLECTED": noted("A unit has not collected a message for an hour"),
    "NOT_COLLECTED_24H": noted("A unit has not collected a message for 24 hours"),
    "REJECTED": noted("A unit could not read a message of yours"),
    "KEYS_ENDING": noted("Keys of this unit end soon"),
    "RESEALED": noted("A message waited under a signing key that has ended: it was sealed anew and sent"),
    "SIGNING_KEY_ENDED": noted("The signing key of this unit has ended: nothing leaves until there is a new one"),
    "RESTORED": noted("This node was restored from a backup"),
    "LOG_ROLLED_BACK": noted("The hub showed another history: call the administrator"),
    "SEQUENCE_FORKED": noted("Another copy of this node is sending: stop one of them"),
    "HISTORY_LOST": noted("The hub or this node has lost messages: compare them with the operator of the hub"),
    "ENVELOPE_UNACCEPTABLE": noted("The hub does not accept what this node sends: call the administrator"),
    "DIRECTORY_STALE": noted("The directory is too old: messages wait until the hub gives a new one"),
    "EQUIVOCATION": noted("A unit signed two different messages for one place: keep both and ask that unit"),
    "UNFORESEEN": noted("An arrival could not be taken in and was set aside: call the administrator"),
    "NOTICE": noted("A unit corrects, withdraws or revokes something that this one holds"),
    "PROTECTION": noted("Another unit writes about a breach, or about the request of a person"),
    "RECALLED": noted("A unit says that it sent a message here by mistake: it is closed until you decide"),
    "RECALL_SENT": noted("This unit has recalled a message: decide whether it is a breach of personal data"),
    "FOLLOWS": noted("A message has arrived that continues an exchange of yours"),
    "TASK_OVERDUE": noted("An agency of your state has not replied in time"),
    "CALLED": noted("An officer asks a supervisor to step in"),
    "LOG_FORKED": noted("The log of the hub was shown in two versions: keep this node as it is and call the auditor"),
    "LOG_HELD_BACK": noted("Another unit was shown a newer log of the hub than this one for an hour: ask its operator"),
    "LOG_UNHEARD": noted("A unit has not said for a day which log of the hub it was shown: call that unit"),
    "MAIL_WITHHELD": noted("A unit says that it sent a message here which the hub has not handed over: call that unit"),
    "UNIT_SILENT": noted(
        "Nothing was heard of a unit for an hour: its node is off, or the hub keeps back what it sends"
    ),
    "LOG_NOT_ANCHORED": noted("The hub refuses the log of this unit: it contradicts what was anchored before"),
    "LOG_SHORTENED": noted("The log of this unit is shorter than what was anchored at the hub: entries were lost here"),
    "CHANGED_ALONE": noted("An account was changed at the machine with no second person: ask the operator why"),
    "KEY_ALONE": noted("A key of the unit was replaced at the machine with no second person: ask the operator why"),
    "FOREIGN_KEY": noted("The directory has a key of this unit that was not made here: call the keepers of the roots"),
    "UNIT_KEY": noted("A unit signs with its next key: if you did not expect it, call that unit"),
    "UNIT_LET_IN": noted("A unit was let into the federation, or its root was replaced"),
    "REVIEWS_DUE": noted("Cases wait for the review of their time of keeping"),
    "BREAK_GLASS": noted("A case was opened in an emergency: look at the access reviews"),
    "BREAK_GLASS_DONE": noted("A case was opened in an emergency: judge as the second person whether it was right"),
    "BREACH_DUE": noted("The authority must be told of a breach within a day"),
    "BREACH_OVERDUE": noted("72 hours have passed and the authority was not told of a breach"),
    "HOLDS_LISTED": noted("The legal holds of this month are listed for you"),
    "ANCHOR_MISSING": noted("The log of the hub does not show an anchor of this unit that the hub had confirmed"),
    "DISK_SHORT": noted("The disk of this node is filling up: make room before it takes nothing new any more"),
    "SIGNER_SILENT": noted("The token with the key of this unit does not answer: nothing is signed until it is back"),
    "LOG_DAMAGED": noted("The log of this unit is damaged: it is not signed until the administrator has put it right"),
    "RULES_ENDING": noted(
        "The rules of access of this release end soon: install the release that the federation signed"
    ),
    "RULES_UNSIGNED": noted(
        "Nothing is done here: the federation has not signed the rules of access of this release. Install one it signed"
    ),
    "ROWS_DIFFER": noted("A record of this unit differs from its log: keep everything and call the administrator"),
}

_PLACED: Final = frozenset({"LOG_DAMAGED", "ROWS_DIFFER"})
_CHANGES: Final[Mapping[str, str]] = {
    "ADD": noted("New account"),
    "ROLES": noted("Other roles"),
    "CLEARANCE": noted("Other clearance"),
    "CODE": noted("New enrolment"),
    "SUBJECT": noted("Link to the identity provider"),
    "END": noted("End of the account"),
}

_LEVELS: Final[Mapping[str, tuple[str, str]]] = {
    "PASSKEY": ("green", noted("Passkey")),
    "PROVIDER": ("green", noted("Identity provider")),
    "PRINTED": ("yellow", noted("Printed code")),
    "TOTP": ("yellow", noted("Code of the app: weaker than a passkey")),
}

_APPROVAL_STATES: Final[Mapping[str, tuple[str, str]]] = {
    "ASKED": ("yellow", noted("Waits for a second person")),
    "APPROVED": ("blue", noted("Approved, not done yet")),
    "REFUSED": ("red", noted("Refused")),
    "WITHDRAWN": ("grey", noted("Withdrawn")),
    "EXPIRED": ("grey", noted("Not decided in time")),
    "DONE": ("green", noted("Approved and done")),
}

_FINDINGS: Final[Mapping[str, str]] = {
    "ID_TAKEN": noted("Another message with this identifier came before"),
    "EQUIVOCATION": noted("The sender signed another message for the same place"),
    "ENTRY_MISMATCH": noted("The hub’s log says something else about it"),
    "MALFORMED": noted("It is not a sealed message of a known form"),
    "ENV_MISMATCH": noted("It belongs to the other environment, live or exercise"),
    "BAD_SIGNATURE": noted("The signature is not the sender’s"),
    "KEY_REVOKED": noted("It was signed with a key that was no longer valid"),
    "NOT_FOR_US": noted("It is not addressed to this unit"),
    "UNDECRYPTABLE": noted("It does not open with the keys of this unit"),
    "LABEL_MISMATCH": noted("Its labels outside and inside differ"),
    "CONTENT_INVALID": noted("Its content breaks the rules of its kind"),
    "KIND_UNKNOWN": noted("Its kind is not known to this release"),
    "KIND_FORBIDDEN": noted("The sender may not send this kind to this unit"),
    "OUT_OF_STEP": noted("It does not fit the exchange that it names"),
    "CASE_ERASED": noted("The case that it belongs to was erased here"),
    "DIRECTORY_STALE": noted("The directory is too old to check the sender"),
    "KEY_UNKNOWN": noted("The sender’s key is not in the directory yet"),
    "UNIT_SUSPENDED": noted("The sender is suspended at present"),
    "GONE": noted("The hub no longer holds its bytes"),
    "UNFORESEEN": noted("It failed for a reason that stands in the technical log"),
}

_COSTS: Final[Mapping[str, str]] = {
    "H0": noted("Free to use against crime. Propose this unless a source is at risk."),
    "H1": noted("Courts cannot use it until you permit it. This has frozen evidence for years."),
    "H2": noted("Nobody else may see it without your permission, not even another agency there."),
    "H3": noted("Whoever reads it must first read and confirm your own words."),
}

BANNERS: Final[Mapping[str, str]] = {
    "H0": noted("Handling H0 – for preventing and combating crime"),
    "H1": noted("Highest handling code on this page: H1 – not in court without the sender’s permission"),
    "H2": noted("Highest handling code on this page: H2 – do not pass on without the sender’s permission"),
    "H3": noted("Highest handling code on this page: H3 – read the sender’s restriction first"),
}


def state(code: str) -> State:
    """Return the words for a state; a code of a later release is shown as it is."""
    colour, label = _STATES.get(code, ("grey", code))
    return State(gettext(label), colour)


def done_text(code: str) -> str:
    """Return the sentence after a finished act; empty for an unknown code, so an address cannot put words here."""
    return gettext(_DONE[code]) if code in _DONE else ""


def alert_text(alert: Alert) -> str:
    """Return what an alert says; it names no content, but the finding and the place in a damaged log."""
    text = gettext(_ALERTS.get(alert.cause, alert.cause))
    return f"{text} ({alert.subject.removesuffix(alert.audience).rstrip()})" if alert.cause in _PLACED else text


def change(code: str) -> str:
    """Return what a change does to an account."""
    return gettext(_CHANGES[code])


def level(code: str) -> State:
    """Return how strong the factor of a session was."""
    colour, text = _LEVELS[code]
    return State(gettext(text), colour)


def approval_state(code: str) -> State:
    """Return how far an act of two persons is."""
    colour, text = _APPROVAL_STATES[code]
    return State(gettext(text), colour)


def finding(code: str) -> str:
    """Return why an arrival was not opened; a code of a later release is shown as it is."""
    return gettext(_FINDINGS.get(code, code))


def handling(found: Iterable[str]) -> tuple[HandlingCode, ...]:
    """Return the handling codes in the order of their table."""
    table = codes.table("handling")
    given = set(found)
    return tuple(
        HandlingCode(code, table.label(code, language()), gettext(_COSTS[code])) for code in table if code in given
    )


def handling_costs() -> tuple[HandlingCode, ...]:
    """Return every handling code with its cost."""
    return handling(codes.table("handling").offered)


def banner(found: Iterable[str], more: str = "", permitted: tuple[str, ...] = ()) -> Banner | None:
    """Return the banner for the codes shown on a page, with what is permitted all the same; None without content."""
    given = sorted(set(found))
    return Banner(given[-1], gettext(BANNERS[given[-1]]), more, permitted) if given else None


def unit_name(node: Node, unit: str) -> str:
    """Return a unit's name in the language of the page; its id while the directory does not know it."""
    try:
        names = node.directory().unit(unit).names
    except (NotReady, SchemaError):
        return unit
    return names.ru if language() == "ru" else names.en


def label(table: str, code: str) -> str:
    """Return the label of a code; a code that the table does not have is shown as it is."""
    found = codes.table(table)
    return found.label(code, language()) if code in found else code


def spoken_problem(error: ExchangeError, href: str = "") -> Problem:
    """Return an error as one line of an error summary: what happened and what to do."""
    words = error.words[language()]
    return Problem(f"{words.title}. {words.action}", href)
