"""Many new rows of one table in one statement, without the bookkeeping that single rows have. It decides nothing."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from nodes.tables import Row


def insert(session: Session, rows: Sequence[Row]) -> None:
    """Write new rows of one table in the caller's transaction; they are not to be changed afterwards."""
    if rows:
        table = Row.metadata.tables[rows[0].__tablename__]
        names = [column.key for column in table.columns]
        values = [{name: getattr(row, name) for name in names} for row in rows]
        session.connection().execute(table.insert(), values)
