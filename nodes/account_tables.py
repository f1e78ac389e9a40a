"""The rows of the people of a unit and of the rules that bind them. Rows have no behaviour.

Passwords, codes and tokens stand here only as hashes; names stay in this node.
"""

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from nodes.row import Row


class UserRow(Row):
    """An officer's account. `user_id` is the staff number that stands in messages; the name stays in this node.

    From `ends_at` on it is as if it were disabled.
    """

    __tablename__ = "node_user"
    user_id: Mapped[str] = mapped_column(primary_key=True)
    display_name: Mapped[str]
    language: Mapped[str]
    agency: Mapped[str]
    clearance: Mapped[str]
    created: Mapped[int]
    disabled_at: Mapped[int | None]
    password_phc: Mapped[str | None]
    totp_sealed: Mapped[bytes | None]
    totp_last_step: Mapped[int]
    ends_at: Mapped[int | None]


class VisitRow(Row):
    """The mandate of a visiting auditor, and which entries of the log he may see: of [since, until), all or of cases.

    With `every_case` 0 it is the entries of the cases in `VisitCaseRow`, and none if there are none.
    """

    __tablename__ = "node_visit"
    user_id: Mapped[str] = mapped_column(ForeignKey("node_user.user_id"), primary_key=True)
    mandate: Mapped[str]
    since: Mapped[int]
    until: Mapped[int]
    every_case: Mapped[int]


class VisitCaseRow(Row):
    """A case that a visiting auditor may see the entries of."""

    __tablename__ = "node_visit_case"
    user_id: Mapped[str] = mapped_column(ForeignKey("node_visit.user_id"), primary_key=True)
    case_ref: Mapped[str] = mapped_column(primary_key=True)


class RoleRow(Row):
    """One role that a user holds; a user without a row here may do nothing."""

    __tablename__ = "node_role"
    user_id: Mapped[str] = mapped_column(ForeignKey("node_user.user_id"), primary_key=True)
    role: Mapped[str] = mapped_column(primary_key=True)


class ChangeRow(Row):
    """A change of an account that was made: the history of its roles. `index` is its entry in the unit's log.

    `before` and `after` are role codes. Where one person was enough, or had to be, `decided_by` is empty.
    """

    __tablename__ = "node_change"
    __table_args__ = (
        CheckConstraint("asked_by <> user_id", name="ck_node_change_asked_for_another"),
        CheckConstraint("decided_by <> user_id", name="ck_node_change_decided_for_another"),
        CheckConstraint("decided_by <> asked_by", name="ck_node_change_two_persons"),
    )
    index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    user_id: Mapped[str] = mapped_column(index=True)
    at: Mapped[int]
    what: Mapped[str]
    before: Mapped[str]
    after: Mapped[str]
    asked_by: Mapped[str]
    decided_by: Mapped[str | None]


class EnrolmentRow(Row):
    """The open enrolment of a user: the hash of both halves of the code and, once begun, the sealed TOTP secret."""

    __tablename__ = "node_enrolment"
    user_id: Mapped[str] = mapped_column(ForeignKey("node_user.user_id"), primary_key=True)
    code_hash: Mapped[str]
    expires: Mapped[int]
    totp_sealed: Mapped[bytes | None]


class PasskeyRow(Row):
    """A passkey of an account: its public key and the count that its authenticator last said."""

    __tablename__ = "node_passkey"
    credential_id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("node_user.user_id"), index=True)
    label: Mapped[str]
    public_key: Mapped[bytes]
    sign_count: Mapped[int]
    created: Mapped[int]
    used: Mapped[int | None]


class SubjectRow(Row):
    """Who of the unit's identity provider an account is: the hash of issuer and subject."""

    __tablename__ = "node_subject"
    subject_hash: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("node_user.user_id"), unique=True)


class PrintedCodeRow(Row):
    """A printed one-time code that was not used yet."""

    __tablename__ = "node_printed_code"
    code_hash: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("node_user.user_id"), index=True)


class ProofRow(Row):
    """A factor that was shown for one act: its ticket never counts again. `evidence` is what was shown, sealed."""

    __tablename__ = "node_proof"
    ticket_hash: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("node_user.user_id"), index=True)
    act: Mapped[str]
    digest: Mapped[str]
    level: Mapped[str]
    at: Mapped[int]
    evidence: Mapped[bytes]


class SessionRow(Row):
    """A signed-in browser: only the hash of its token is known here. `mandate` is why an auditor sits there, sealed.

    `level` is how strong the factor was that it began with. What the identity provider opened names the subject there,
    and the session there if the provider told it (hashes).
    """

    __tablename__ = "node_session"
    token_hash: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("node_user.user_id"), index=True)
    csrf: Mapped[str]
    created: Mapped[int]
    seen: Mapped[int]
    level: Mapped[str]
    mandate: Mapped[bytes | None]
    subject_hash: Mapped[str | None]
    sid_hash: Mapped[str | None]


class LogoutRow(Row):
    """A logout token of the identity provider that was obeyed, kept until its time would refuse it anyway."""

    __tablename__ = "node_logout"
    jti_hash: Mapped[str] = mapped_column(primary_key=True)
    until: Mapped[int]


class RateRow(Row):
    """Attempts counted in the current window for one account or address (hashed)."""

    __tablename__ = "node_rate"
    bucket: Mapped[str] = mapped_column(primary_key=True)
    window: Mapped[int]
    count: Mapped[int]


class RulesRow(Row):
    """A set of rules of access that was in force here, word for word, from `since` until the next."""

    __tablename__ = "node_rules"
    since: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    digest: Mapped[str]
    text: Mapped[str]
