"""What the use cases of a unit return: frozen values for pages, command line and tests. No rows, no behaviour.

Times are unix seconds UTC. A text that the caller may not read is `None`, never an empty string.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from exchange.policy.rulebook import Rulebook, federation
from nodes.mandates import Visit

Json = str | int | list["Json"] | dict[str, "Json"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: an account of this unit with the roles it holds now, its clearance, and the rules that bind it.

    `session` is the hash of the browser's token. `visit` says how far a visiting auditor sees; anybody else sees what
    his roles let him.
    """

    user_id: str
    display_name: str
    language: str
    agency: str
    roles: frozenset[str]
    session: str | None = None
    visit: Visit | None = None
    clearance: str = "UNCL"
    rules: Rulebook = field(default_factory=federation, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class User:
    """An account as an administrator sees it."""

    user_id: str
    display_name: str
    roles: tuple[str, ...]
    language: str
    agency: str
    clearance: str
    enrolled: bool
    disabled: bool
    ends: int | None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session: `token` goes into the cookie (known here only by its hash), `csrf` into every form.

    `level` is how strong the factor was: PASSKEY, PRINTED or TOTP.
    """

    token: str
    csrf: str
    actor: Actor
    level: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A message being written: `common` labels of every kind, `body` the members of this one; perhaps incomplete."""

    draft_id: str
    revision: int
    kind: str
    author: str
    case_ref: str | None
    in_reply_to: str | None
    recipients: tuple[str, ...]
    copies: tuple[str, ...]
    common: Mapping[str, Json]
    body: Mapping[str, Json]
    created: int
    updated: int

    @property
    def form(self) -> "DraftForm":
        """What stands on its form."""
        return DraftForm(self.recipients, self.common, self.body, self.copies)


@dataclass(frozen=True, slots=True)
class DraftForm:
    """What a browser posts for a draft: everything on the form, complete or not."""

    recipients: tuple[str, ...]
    common: Mapping[str, Json]
    body: Mapping[str, Json]
    copies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to correct: `field` is a path such as `body.facts` or `recipients`; text per language."""

    field: str
    code: str
    message: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reader:
    """One unit that will be able to read the message, and the key that it will open it with."""

    unit: str
    name: str
    agency: str
    own: bool
    copied: bool
    accreditation: str
    ekid: str | None
    key_until: int | None


@dataclass(frozen=True, slots=True)
class Check:
    """The check-and-seal page: empty `faults` means that sealing will be accepted."""

    draft: Draft
    faults: tuple[Fault, ...]
    warnings: tuple[Fault, ...]
    completeness: int
    readers: tuple[Reader, ...]
    directory_stale_since: int | None


@dataclass(frozen=True, slots=True)
class Clock:
    """The legal clock of one recipient: `share` is the part used in percent, `stopped` while a clarification runs."""

    state: str
    started: int | None
    due: int | None
    stopped: bool
    share: int
    overdue: bool


@dataclass(frozen=True, slots=True)
class Delivery:
    """One recipient of a message: the state that receipts brought it to, and the receipts' times."""

    unit: str
    state: str
    reason: str | None
    since: int
    handed_out: int | None
    delivered: int | None
    opened: int | None
    not_collected: bool
    warning: bool
    clock: Clock | None


class Box(StrEnum):
    """Which list an officer looks at."""

    ARRIVED = "ARRIVED"
    SENT = "SENT"


class View(StrEnum):
    """Which part of the list."""

    ALL = "ALL"
    MINE = "MINE"
    UNASSIGNED = "UNASSIGNED"
    UNREAD = "UNREAD"
    URGENT = "URGENT"
    OVERDUE = "OVERDUE"
    OPEN = "OPEN"


class Sort(StrEnum):
    """The order of the list; `DUE` puts the most pressing first."""

    NEWEST = "NEWEST"
    OLDEST = "OLDEST"
    DUE = "DUE"
    SENDER = "SENDER"
    KIND = "KIND"


@dataclass(frozen=True, slots=True)
class InboxQuery:
    """Filters of a list; an absent filter lets everything through that the caller may see. Pages count from 1."""

    box: Box = Box.ARRIVED
    view: View = View.ALL
    sort: Sort = Sort.DUE
    kind: str | None = None
    unit: str | None = None
    case_ref: str | None = None
    page: int = 1
    size: int = 25


@dataclass(frozen=True, slots=True)
class InboxRow:
    """A line of a list. `subject` is `None` where the caller sees that something came, not what.

    `copied`: it came to us for information only; `copies`: the units that get it so.
    """

    message_id: str
    thread_id: str
    kind: str
    direction: str
    sender: str
    recipients: tuple[str, ...]
    copies: tuple[str, ...]
    copied: bool
    case_ref: str | None
    subject: str | None
    urgency: str
    classification: str
    handling: tuple[str, ...]
    at: int
    assignee: str | None
    assignee_name: str | None
    unread: bool
    gap: bool
    state: str
    clock: Clock | None


@dataclass(frozen=True, slots=True)
class InboxPage:
    """One page of a list and how many rows there are in all."""

    rows: tuple[InboxRow, ...]
    total: int
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class Counters:
    """The numbers over the inbox."""

    arrived: int
    mine: int
    unassigned: int
    unread: int
    urgent: int
    overdue: int
    drafts: int
    quarantined: int
    alerts: int


@dataclass(frozen=True, slots=True)
class MessageDetail:
    """A message that was opened: everything on its page. `common` and `body` are the members of the content.

    `replies`: the kinds that the caller may answer with or follow up by now; `begins`: those that he may begin from it;
    `about`: what was said about it in others.
    `ahead`: seconds by which the sender's clock was ahead of the hub's when it was sealed, 0 within the tolerance.
    `reason`: why our own message carries its handling codes; it never left this unit.
    `leaves`: whether its reader may take it out of this unit's system, on paper or as a file.
    """

    row: InboxRow
    eid: str
    author: str
    to: tuple[str, ...]
    copies: tuple[str, ...]
    reason: str
    common: Mapping[str, Json]
    body: Mapping[str, Json]
    deliveries: tuple[Delivery, ...]
    replies: tuple[str, ...]
    begins: tuple[str, ...]
    about: tuple[InboxRow, ...]
    thread: tuple[InboxRow, ...]
    hub_index: int | None
    key_id: str
    ahead: int
    leaves: bool


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A line of the case list."""

    case_ref: str
    opened: int
    updated: int
    messages: int
    open_threads: int
    members: tuple[str, ...]
    units: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One thing that happened in a case: a log event of this unit (`log_index`) or a receipt (`unit`, `kind`)."""

    at: int
    what: str
    actor: str | None
    unit: str | None
    message_id: str | None
    kind: str | None
    log_index: int | None
    detail: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CaseDetail:
    """A case: its messages in order and its timeline."""

    case_ref: str
    opened: int
    members: tuple[str, ...]
    messages: tuple[InboxRow, ...]
    timeline: tuple[TimelineEntry, ...]


@dataclass(frozen=True, slots=True)
class Assignment:
    """One hand of ownership over an arrival."""

    assignment_id: str
    how: str
    by_user: str
    to_user: str
    to_name: str
    from_user: str | None
    at: int
    ended: int | None
    note: str | None


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that a person must acknowledge."""

    alert_id: str
    cause: str
    subject: str
    message_id: str | None
    audience: str
    state: str
    raised: int
    acknowledged_by: str | None
    acknowledged_at: int | None
    notified: bool


@dataclass(frozen=True, slots=True)
class Quarantined:
    """An arrival that was not opened."""

    hub_index: int
    sender: str | None
    reason: str
    state: str
    since: int
    retry_at: int
    attempts: int
