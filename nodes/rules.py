"""The rules of access that bind this node: the federation's, and what the unit forbids beyond them.

A unit's own rules are the files `policy/*.cedar` in its node's folder. What is in force is in the log by its digest and
stands here word for word, so that an auditor can tell under which rules an act was allowed. Which rules the federation
has signed stands in the directory; a node that ships others does nothing under them (`Node.rules`) and says so.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import select

from nodes import alerts, log
from nodes.account_tables import RulesRow
from nodes.alerts import Cause, Raised
from nodes.log import Act
from nodes.node import Node
from schemas import signed_policy

ENDING_SOON: Final = 14 * 86_400
"""Seconds before the end of its rules from which a node asks for the next release."""


class Signed(StrEnum):
    """How the rules that a node ships stand to those that the federation has signed."""

    SIGNED = "SIGNED"
    ENDING = "ENDING"
    UNSIGNED = "UNSIGNED"
    UNDECIDED = "UNDECIDED"


CLOSING: Final = {Signed.ENDING: Cause.RULES_ENDING, Signed.UNSIGNED: Cause.RULES_UNSIGNED}
"""What the administrator is told of, for as long as it is so."""


@dataclass(frozen=True, slots=True)
class RulesStanding:
    """The digest of the rules that this release ships, how they stand, and when they end (unix seconds) if they do."""

    sha512: str
    signed: Signed
    until: int | None


def standing(node: Node) -> RulesStanding:
    """Return how the rules of this node stand now; `UNDECIDED` while the federation has signed none at all."""
    sha512, now = node.book.federal, node.now()
    listed = node.held.federation.rules if node.held is not None else None
    if listed is None:
        return RulesStanding(sha512, Signed.UNDECIDED, None)
    found = signed_policy.named(listed, sha512)
    if found is None or not found.holds(now):
        return RulesStanding(sha512, Signed.UNSIGNED, None)
    soon = not found.ends_after(now + ENDING_SOON)
    return RulesStanding(sha512, Signed.ENDING if soon else Signed.SIGNED, found.not_after)


def note(node: Node) -> None:
    """Record the rules in force, log the change if they are others than before, and tell who must see to them."""
    newest = select(RulesRow.since, RulesRow.digest).order_by(RulesRow.since.desc()).limit(1)
    signed, rules = standing(node).signed, node.rules
    with node.db.read() as session:
        last, digest = session.execute(newest).one_or_none() or (0, "")
        told = {cause for cause in CLOSING.values() if alerts.is_raised(session, cause, node.unit)}
    wanted = {CLOSING[signed]} if signed in CLOSING else set()
    if digest == rules.digest and told == wanted:
        return
    with node.db.write() as session:
        for cause in CLOSING.values():
            alerts.keep(session, node, Raised(cause, node.unit, alerts.ADMIN, outbound=True), on=cause in wanted)
        if digest != rules.digest:
            session.add(RulesRow(since=max(node.now(), last + 1), digest=rules.digest, text=rules.text))
            log.record(session, node, Act(operation="POLICY_CHANGE", digest=rules.digest, codes=(signed.value,)))
