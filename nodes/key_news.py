"""What a new directory changes about who speaks for whom, told to the administrators: units let in, their next keys.

A key for this unit that this node did not make is an alarm: somebody else holds what vouches for it.
"""

from sqlalchemy.orm import Session

from nodes import alerts
from nodes.alerts import Cause, Raised
from nodes.node import Node
from nodes.tables import KeyRow
from schemas.keychecks import KeyRecord
from schemas.trust import Directory


def tell(session: Session, node: Node, before: Directory | None, after: Directory) -> None:
    """Raise what differs between two directories that both hold; the first one ever is nobody's news."""
    if before is None:
        return
    roots = {unit.unit: unit.roots for unit in before.units()}
    for unit in after.units():
        if roots.get(unit.unit) != unit.roots:
            about = f"{unit.unit} {after.federation.version}"
            alerts.raise_alert(session, node, Raised(Cause.UNIT_LET_IN, about, alerts.ADMIN))
    for kid in after.keys.keys() - before.keys.keys():
        _tell_key(session, node, after.keys[kid], new=after.keys[kid].unit not in roots)


def _tell_key(session: Session, node: Node, key: KeyRecord, *, new: bool) -> None:
    about = f"{key.unit} {key.kid[:16]}"
    if key.unit == node.unit:
        if session.get(KeyRow, key.kid) is None:
            alerts.raise_alert(session, node, Raised(Cause.FOREIGN_KEY, about, alerts.ADMIN, outbound=True))
    elif key.use == "SIGNING" and not new:
        alerts.raise_alert(session, node, Raised(Cause.UNIT_KEY, about, alerts.ADMIN))
