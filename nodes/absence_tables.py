"""Who is absent from when to when, and who stands in meanwhile."""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from nodes.row import Row


class AbsenceRow(Row):
    """An absence in [since, until), or to `ended` if somebody ended it before; `said_by` may be a supervisor."""

    __tablename__ = "node_absence"
    absence_id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("node_user.user_id"), index=True)
    deputy: Mapped[str] = mapped_column(ForeignKey("node_user.user_id"))
    since: Mapped[int]
    until: Mapped[int] = mapped_column(index=True)
    said_by: Mapped[str]
    said_at: Mapped[int]
    ended: Mapped[int | None]
    ended_by: Mapped[str | None]
