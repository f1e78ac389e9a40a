"""What a node does so that the hub's history stays one: in each round it follows the log and holds the hub to it."""

from sqlalchemy import func, select

from exchange.contributions import Restoring
from exchange.errors import Unfound
from nodes import anchoring, gossip, keeping, mirroring, refilling
from nodes.errors import HubProblem
from nodes.hub_client import HubClient
from nodes.node import Node
from nodes.watch_tables import MirrorRow

EVERY = 60
"""Seconds between two rounds."""


def step(node: Node, client: HubClient, *, only_if_due: bool = False) -> bool:
    """Do one round; returns whether there is more at once. Raises `HubUnreachable`, `HubProblem`.

    A hub that shows less than it signed before is told so at once: it closes. A closed one gets what it lost.
    """
    if only_if_due and not _due(node):
        return False
    try:
        return _round(node, client)
    except HubProblem as error:
        if error.problem == Restoring.code:
            refilling.hand_over(node, client, error)
        elif error.problem != Unfound.code:  # a new hub has signed nothing yet
            raise
        return False


def _round(node: Node, client: HubClient) -> bool:
    mirrored = mirroring.step(node, client)
    if mirrored.more:
        return True
    gossip.step(node, client, at_once=mirrored.behind)
    anchoring.step(node, client)
    return keeping.step(node, client)


def catch_up(node: Node, client: HubClient) -> None:
    """Do rounds until nothing is left."""
    while step(node, client):
        continue


def hold(node: Node, client: HubClient, note: bytes) -> None:
    """Mirror the log up to the signed `note` before we cosign it; raises `AnswerRefused`, `HubUnreachable`.

    A unit answers for what it holds: whatever a quorum has cosigned can be given back to a hub that lost it.
    """
    mirroring.hold(node, client, note)
    keeping.step(node, client)


def _due(node: Node) -> bool:
    with node.db.read() as session:
        last = session.scalar(select(func.max(MirrorRow.since)))
    return last is None or node.now() >= last + EVERY or anchoring.pressing(node)
