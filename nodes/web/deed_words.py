"""The words for acts that are confirmed with a factor, and for all that determines them."""

from collections.abc import Mapping
from typing import Final

from nodes.deeds import Exact
from nodes.rekeying import KEY_CHANGE
from nodes.web.languages import gettext, noted
from nodes.web.wording import label

_DEEDS: Final[Mapping[str, str]] = {
    "APPROVAL": noted("Approve as the second person"),
    "BREAK_GLASS": noted("Open a case in an emergency"),
    "COURT_EVIDENCE": noted("Take evidence out for a court"),
    "AUDIT_EVIDENCE": noted("Take evidence out as an auditor"),
    "PERMISSION": noted("Decide about a permission"),
    "ACCOUNT_END": noted("End of the account"),
    "PASSKEY_ADD": noted("Add a passkey"),
    "PASSKEY_REMOVE": noted("Remove a passkey"),
    "CODES_PRINT": noted("Print new one-time codes"),
}

_PARAMETERS: Final[Mapping[str, tuple[str, str]]] = {
    "what": (noted("Act"), "four_eyes"),
    "kind": (noted("Kind of message"), "message_kinds"),
    "decision": (noted("Decision"), "permission_decisions"),
    "reason": (noted("Reason"), ""),
    "purpose": (noted("Purpose"), "purposes"),
    "use": (noted("Who gets it"), "court_uses"),
    "label": (noted("Name"), ""),
    "digest": (noted("Digest"), ""),
}
"""Name of what determines an act that must be confirmed -> what it is called, and the code table of its value."""


KEYS: Final[Mapping[str, str]] = {
    "SIGNING": noted("Signs what the unit sends"),
    "NODE": noted("Signs requests to the hub"),
    "ENCRYPTION": noted("Opens what arrives"),
    "WITNESS": noted("Cosigns the logs of others"),
    "LOG": noted("Signs the log of the unit"),
}
"""What each key of the unit does, in the order in which they are listed."""


def deed(code: str) -> str:
    """Return what an act does that must be confirmed."""
    return gettext(_DEEDS[code])


def target(exact: Exact) -> str:
    """Return what such an act is done to: a key by what it does, all else by its number or name."""
    return gettext(KEYS[exact.target]) if exact.parameters.get("what") == KEY_CHANGE else exact.target


def parameter(name: str, value: str) -> tuple[str, str]:
    """Return what determines such an act, in words: its name and its value."""
    called, table = _PARAMETERS[name]
    return gettext(called), label(table, value) if table else value
