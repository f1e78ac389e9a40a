"""Whose signatures count on a checkpoint of a log: its own keys and its witnesses, as this node knows them.

Its own log from its own key store, the hub's from the federation document, other units' from their statements.
"""

from dataclasses import dataclass, replace

from audit.checkpoints import LogKeys
from audit.errors import AuditError, QuorumMissed
from audit.policy import NONE, Believed
from exchange.quorum import policy_of
from nodes.errors import NotReady
from nodes.mirroring import hub_keys
from nodes.node import Node
from schemas.errors import SchemaError


@dataclass(frozen=True, slots=True)
class Witnessed:
    """Which units of the federation cosigned a checkpoint of the hub's log, when, and how many must.

    `fault` is empty if enough did, else the code of what is wrong.
    """

    cosigned: tuple[tuple[str, int], ...]
    needed: int
    of: int
    fault: str


def own_keys(node: Node) -> LogKeys:
    """Return the public keys under which this node signs its log."""
    if node.log.keys is None:
        raise NotReady("the log has no signing keys here")
    return node.log.keys


def log_keys(node: Node, origin: str) -> LogKeys | None:
    """Return the keys of the log `origin`; None for a log that this federation does not know."""
    ours = own_keys(node)
    if origin == ours.origin:
        return ours
    try:
        if origin == hub_keys(node).origin:
            return hub_keys(node)
        statement = node.directory().log_key(origin, node.now()).statement
        return LogKeys.of(origin, statement.public)
    except (NotReady, SchemaError, AuditError):
        return None


def witnessed(node: Node, note: bytes, at: int | None = None) -> Witnessed:
    """Return what the witnesses say of a checkpoint of the hub's log, by the keys that are good now, or at `at`."""
    directory = node.directory()
    needed, units = directory.federation.quorum, directory.federation.witnesses
    try:
        policy = policy_of(directory, node.now() if at is None else at)
        believed = replace(policy, quorum=NONE).verify(note)
    except AuditError as error:
        return Witnessed((), needed, len(units), error.code)
    times = {unit: _latest(believed, unit) for unit in units if unit in believed.names}
    fault = "" if policy.quorum in policy.satisfied(believed.cosigned) or not needed else QuorumMissed.code
    return Witnessed(tuple(sorted(times.items())), needed, len(units), fault)


def _latest(believed: Believed, unit: str) -> int:
    """The latest time that a key of `unit` states; the keys of a unit are named after it."""
    return max(at for name, at in believed.cosigned.items() if name.partition(".")[0] == unit)
