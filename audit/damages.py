"""What the check of a log in use (`audit.patrol`) found damaged, and where it goes on, as rows beside the log.

Nothing here commits, and nothing here decides: whoever signs the log asks first.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, select

from audit.store import DAMAGE, PATROL, UPSERT


@dataclass(frozen=True, slots=True)
class Patrolled:
    """Where the check of a log in use goes on, when it last looked, and when it last came to the end (0: never)."""

    next: int = 0
    at: int = 0
    came_round: int = 0


@dataclass(frozen=True, slots=True)
class Damage:
    """What is wrong in the tile of entries that begins at `start`: code and words of the first finding.

    With `of_tree` entries, tiles and what was signed do not fit together; else only a row beside the log differs.
    """

    start: int
    code: str
    text: str
    of_tree: bool


def read_patrol(connection: Connection, log_id: str) -> Patrolled:
    """Where the check of a log in use stands."""
    query = select(PATROL.c.next, PATROL.c.at, PATROL.c.came_round).where(PATROL.c.log_id == log_id)
    row = connection.execute(query).one_or_none()
    return Patrolled(*row) if row else Patrolled()


def put_patrol(connection: Connection, log_id: str, stands: Patrolled) -> None:
    """Write where it stands."""
    values = asdict(stands)
    insert = UPSERT[connection.dialect.name](PATROL).values(log_id=log_id, **values)
    connection.execute(insert.on_conflict_do_update(index_elements=["log_id"], set_=values))


def read_damage(connection: Connection, log_id: str) -> list[Damage]:
    """What it found wrong and did not find good again, in the order of the log."""
    columns = DAMAGE.c
    query = select(columns.start, columns.code, columns.text, columns.of_tree).where(columns.log_id == log_id)
    return [Damage(*row) for row in connection.execute(query.order_by(columns.start))]


def put_damage(connection: Connection, log_id: str, found: Sequence[Damage]) -> None:
    """Write what is wrong at places of which nothing is written."""
    if found:
        connection.execute(DAMAGE.insert(), [{"log_id": log_id, **asdict(one)} for one in found])


def remove_damage(connection: Connection, log_id: str, starts: Sequence[int]) -> None:
    """Forget what was wrong at these places."""
    connection.execute(DAMAGE.delete().where(DAMAGE.c.log_id == log_id, DAMAGE.c.start.in_(starts)))
