"""The keyed fingerprints of what requests are about."""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from nodes.row import Row


class FingerprintRow(Row):
    """One fingerprint of a request, sent or received; it goes when the request is erased."""

    __tablename__ = "node_fingerprint"
    fingerprint: Mapped[str] = mapped_column(primary_key=True)
    message_id: Mapped[str] = mapped_column(ForeignKey("node_message.message_id"), primary_key=True, index=True)


class FingerprintDueRow(Row):
    """A request of an older release that still waits for its fingerprints (`nodes.fingerprinting`)."""

    __tablename__ = "node_fingerprint_due"
    message_id: Mapped[str] = mapped_column(ForeignKey("node_message.message_id"), primary_key=True)
