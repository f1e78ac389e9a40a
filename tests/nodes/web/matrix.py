"""What each route of the pages must ask before it does anything, written down beside the application, not read from it.

A route asks for an act with the unit's things (an `Action`, of which one is enough), for one with a message (an `Act`),
or for something that no role gives: to be signed in, or to be the person whose draft it is. What each role may do is in
`tests.exchange.policy.table`. A route that is not here is refused by the test: nothing is open because nobody thought
of it.
"""

from collections.abc import Mapping
from typing import Final

ANYBODY: Final = "ANYBODY"
"""Open to whoever is not signed in."""

SIGNED_IN: Final = "SIGNED_IN"
"""About nobody but the person: help, one's own account, one's own session."""

OWN: Final = "OWN"
"""What belongs to one person alone: nobody else finds it, whatever his role."""

READ: Final = "READ"
"""A message under its own code."""

EXPORT: Final = "EXPORT"
"""A message under its own code, as it leaves the unit's system."""

ANSWER: Final = "ANSWER"
"""A message under its own code, by whoever may also compose."""

TASK: Final = "TASK"
"""A message from which an agency of the own state gets a task, or such a task."""

RECALL: Final = "RECALL"
"""A message that this unit sent by mistake, or that another recalls."""

CASE: Final = "CASE"
"""A case as such: what any message of it would need, whatever its code."""

_ACTS: Final[Mapping[str, str]] = {
    ANYBODY: """
        GET  /enrol
        GET  /health
        GET  /language/{code}
        GET  /sign-in
        GET  /sign-in/provider
        GET  /sign-in/provider/answer
        POST /csp-reports
        POST /enrol
        POST /enrol/confirm
        POST /sign-in
        POST /sign-in/passkey
        POST /sign-in/provider/logout
    """,
    SIGNED_IN: """
        GET  /
        GET  /alarm
        GET  /alerts
        GET  /events
        GET  /help
        GET  /me
        POST /help
        POST /me/codes
        POST /me/passkeys
        POST /me/sessions
        POST /session
        POST /sign-out
    """,
    OWN: """
        GET  /drafts/{draft_id}
        GET  /drafts/{draft_id}/check
        POST /approvals/{approval_id}/withdraw
        POST /drafts/{draft_id}
        POST /drafts/{draft_id}/approval
        POST /drafts/{draft_id}/autosave
        POST /drafts/{draft_id}/seal
        POST /me/passkeys/{credential_id}/remove
    """,
    READ: """
        GET  /messages/{message_id}
        POST /messages/{message_id}/confirm
    """,
    EXPORT: """
        GET  /messages/{message_id}/paper.pdf
    """,
    CASE: """
        GET  /cases/{case_ref}
    """,
    ANSWER: """
        POST /messages/{message_id}/begin
        POST /messages/{message_id}/pass
        POST /messages/{message_id}/reply
    """,
    "ACKNOWLEDGE ADMINISTER_KEYS READ_LOG": """
        POST /alerts/{alert_id}/acknowledge
    """,
    "ADMINISTER_KEYS": """
        GET  /keys
        POST /keys/{approval_id}
    """,
    "ADMINISTER_USERS": """
        GET  /people
        GET  /people.json
        GET  /people/changes/{approval_id}
        GET  /people/new
        GET  /people/visitor
        GET  /people/{user_id}
        POST /people/changes/{approval_id}/confirm
        POST /people/changes/{approval_id}/refuse
        POST /people/new
        POST /people/visitor
        POST /people/{user_id}
        POST /people/{user_id}/clearance
        POST /people/{user_id}/disable
        POST /people/{user_id}/enrolment
    """,
    "APPROVE_SENDING ASSIGN TAKE": """
        GET  /absences
        POST /absences
        POST /absences/{absence_id}/end
    """,
    "ASSIGN": """
        GET  /board
        GET  /board.json
        POST /board
    """,
    "ASSIGN HAND_OVER": """
        POST /messages/{message_id}/assign
    """,
    "BREAK_GLASS": """
        GET  /emergency
        POST /emergency
    """,
    "COMPOSE": """
        GET  /compose
        POST /compose
    """,
    "EXPORT_EVIDENCE": """
        GET  /messages/{message_id}/court
        POST /messages/{message_id}/court
    """,
    "HAND_OVER": """
        GET  /shift
        POST /shift
        POST /shift/take-back
    """,
    "LIST_ARRIVALS": """
        GET  /inbox
        GET  /inbox.csv
        GET  /inbox.json
        GET  /notices
        GET  /permissions
        GET  /permissions/pace
        GET  /permissions/pace.csv
        GET  /sent
        GET  /sent.csv
        GET  /sent.json
    """,
    "PROTECT_DATA": """
        GET  /protection
        GET  /protection.json
        GET  /protection/breaches
        GET  /protection/field-map.csv
        GET  /protection/persons
        GET  /protection/register
        POST /protection/breaches
        POST /protection/breaches/{breach_id}/authority
        POST /protection/breaches/{breach_id}/notice
        POST /protection/breaches/{breach_id}/partners
        POST /protection/breaches/{breach_id}/phase
        POST /protection/erasures
        POST /protection/holds
        POST /protection/holds/{hold_id}/lift
        POST /protection/persons
        POST /protection/persons/consult
        POST /protection/reviews
    """,
    "READ_LOG": """
        GET  /checkpoints
        GET  /checkpoints.json
        GET  /checkpoints/consistency
        GET  /checkpoints/consistency.json
        GET  /checkpoints/published
        GET  /checkpoints/published.json
        GET  /checkpoints/published/{size}
        GET  /inspections
        GET  /inspections.json
        GET  /inspections/{number}
        GET  /inspections/{number}.json
        GET  /inspections/{number}/report
        GET  /inspections/{number}/report.pdf
        GET  /log
        GET  /log.json
        GET  /log/evidence
        GET  /log/export.csv
        GET  /log/export.json
        GET  /log/export.pdf
        GET  /log/looks
        GET  /log/looks.json
        GET  /log/mandate
        GET  /log/{index}
        GET  /log/{index}.json
        GET  /log/{index}/entry.pdf
        GET  /log/{index}/proof
        GET  /mirror
        GET  /mirror.csv
        GET  /mirror.json
        GET  /mirror/tally
        GET  /queries
        GET  /queries.json
        GET  /queries/new
        GET  /queries/{query_id}
        GET  /queries/{query_id}/{index}
        GET  /reviews
        GET  /reviews.json
        GET  /reviews/looks
        GET  /reviews/looks.json
        GET  /verify
        GET  /verify/guide.pdf
        POST /inspections
        POST /inspections/{number}/close
        POST /inspections/{number}/{index}
        POST /log/evidence
        POST /log/mandate
        POST /mirror/compare
        POST /queries
        POST /queries/{query_id}/decide
        POST /queries/{query_id}/end
        POST /verify
    """,
    "READ_OWN": """
        GET  /cases
        GET  /cases.json
        GET  /tasks
    """,
    RECALL: """
        GET  /messages/{message_id}/recall
        GET  /recalls/{recall_id}
        POST /messages/{message_id}/recall
        POST /recalls/{recall_id}/destruction
    """,
    TASK: """
        GET  /messages/{message_id}/tasks
        GET  /tasks/{task_id}
        GET  /tasks/{task_id}/letter.pdf
        POST /messages/{message_id}/tasks
        POST /tasks/{task_id}/cancel
        POST /tasks/{task_id}/reply
        POST /tasks/{task_id}/send
    """,
    "REPLY_FINDINGS": """
        GET  /findings
        POST /findings/{number}/{index}
    """,
    "SEARCH": """
        GET  /search
        POST /search
    """,
    "SEE_APPROVALS": """
        GET  /approvals
        GET  /approvals.json
        GET  /approvals/{approval_id}
        GET  /openings
        POST /approvals/{approval_id}
    """,
    "SEE_QUARANTINE": """
        GET  /quarantine
        GET  /quarantine.json
    """,
    "SEE_STATISTICS": """
        GET  /statistics
        GET  /statistics.csv
        GET  /statistics.json
        GET  /statistics.pdf
    """,
    "SEE_STATUS": """
        GET  /forks
        GET  /forks.json
        GET  /forks/evidence
    """,
    "TAKE": """
        POST /messages/{message_id}/escalate
        POST /messages/{message_id}/take
    """,
}

ASKED: Final[Mapping[tuple[str, str], str]] = {
    (method, path): act
    for act, block in _ACTS.items()
    for method, path in (line.split() for line in block.strip().splitlines())
}
"""Method and path of a route -> what it asks for."""

FEWEST: Final = 182
"""A table of routes that is read wrongly has fewer; whoever adds one raises it."""
