"""The rules of access that bind this node: the federation's, and what the unit forbids beyond them.

A unit's own rules are the files `policy/*.cedar` in its node's folder. What is in force is in the log by its digest and
stands here word for word, so that an auditor can tell under which rules an act was allowed.
"""

from sqlalchemy import select

from nodes import log
from nodes.account_tables import RulesRow
from nodes.log import Act
from nodes.node import Node


def note(node: Node) -> None:
    """Record the rules in force, and log the change if they are others than before."""
    newest = select(RulesRow.since, RulesRow.digest).order_by(RulesRow.since.desc()).limit(1)
    with node.db.read() as session:
        last, digest = session.execute(newest).one_or_none() or (0, "")
    if digest == node.rules.digest:
        return
    with node.db.write() as session:
        since = max(node.now(), last + 1)
        session.add(RulesRow(since=since, digest=node.rules.digest, text=node.rules.text))
        log.record(session, node, Act(operation="POLICY_CHANGE", digest=node.rules.digest))
