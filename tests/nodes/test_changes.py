"""Two persons for every account: whoever asks never confirms, nobody changes himself, no one holds a whole code."""

from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from exchange.errors import Unavailable
from nodes import accounts, approvals, changes, passwords, signin
from nodes.account_tables import ChangeRow, UserRow
from nodes.accounts import AccountChange, NewClearance, NewCode, NewRoles, NewUser
from nodes.alerts import Cause
from nodes.approvals import RULES
from nodes.changes import CONSOLE, Handed
from nodes.errors import BadInput, Denied, NotFound, OutOfStep, SecondPersonNeeded, SignInRefused, UserExists
from nodes.node import Node
from nodes.tables import AlertRow, EventRow
from nodes.views import Actor
from tests.instants import MINUTE
from tests.nodes.people import ADDRESS, Clock, add, enrol, enter
from tests.nodes.world import officer, someone

REASON = "she begins on Monday"
LOLA = NewUser("TJ-0200", "Lola", "POLICE", frozenset({"OFFICER"}))


def two_administrators(node: Node) -> tuple[Actor, Actor]:
    """Two administrators who have enrolled, and an officer, Rustam."""
    with node.db.write() as session:
        anora = officer(session, "anora")
        other = Actor("ANORA-2", "Other", "en", "POLICE", anora.roles)
        NewUser(other.user_id, "Other", "POLICE", anora.roles).apply(session, node)
        officer(session, "rustam")
        session.execute(update(UserRow).values(password_phc="set"))
    return anora, other


@pytest.fixture
def admins(lone: Node) -> tuple[Actor, Actor]:
    return two_administrators(lone)


def ask(node: Node, actor: Actor, change: AccountChange) -> Handed:
    with node.db.write() as session:
        return changes.ask(session, node, actor, change, REASON)


def shown(node: Node, approval_id: str) -> tuple[str, str]:
    """What the page shows to whoever decides."""
    with node.db.read() as session:
        return approval_id, changes.get(session, node, CONSOLE, approval_id).approval.digest


def confirm(node: Node, actor: Actor, asked: Handed) -> Handed:
    decided = shown(node, asked.approval_id)
    with node.db.write() as session:
        return changes.confirm(session, node, actor, decided)


def refuse(node: Node, actor: Actor, asked: Handed) -> None:
    refused = shown(node, asked.approval_id)
    with node.db.write() as session:
        changes.refuse(session, node, actor, refused)


def roles(node: Node, user_id: str) -> frozenset[str]:
    with node.db.read() as session:
        return accounts.roles_of(session, user_id)


def test_a_new_account_takes_two_administrators_and_both_halves(lone: Node, admins: tuple[Actor, Actor]) -> None:
    first = ask(lone, admins[0], LOLA)
    with lone.db.read() as session:
        assert session.get(UserRow, "TJ-0200") is None
    second = confirm(lone, admins[1], first)
    for half in (first.printed, second.printed, f"{first.printed}-{first.printed}"):
        with pytest.raises(SignInRefused):
            signin.begin_enrolment(lone, "TJ-0200", str(half), ADDRESS)
    assert enrol(lone, f"{second.printed} {first.printed}", "TJ-0200")
    assert roles(lone, "TJ-0200") == {"OFFICER"}


@pytest.mark.parametrize("change", [NewCode("RUSTAM-1"), NewRoles("RUSTAM-1", frozenset({"SUPERVISOR"})), LOLA])
def test_nobody_confirms_what_he_asked_for(lone: Node, admins: tuple[Actor, Actor], change: AccountChange) -> None:
    asked = ask(lone, admins[0], change)
    with pytest.raises(SecondPersonNeeded):
        confirm(lone, admins[0], asked)
    assert roles(lone, "RUSTAM-1") == {"OFFICER"}


def test_nobody_asks_or_confirms_for_himself(lone: Node, admins: tuple[Actor, Actor]) -> None:
    for change in (NewCode("ANORA-1"), NewRoles("ANORA-1", frozenset({"SUPERVISOR"}))):
        with pytest.raises(SecondPersonNeeded):
            ask(lone, admins[0], change)
        asked = ask(lone, admins[1], change)
        with pytest.raises(SecondPersonNeeded):
            confirm(lone, admins[0], asked)
        refuse(lone, admins[1], asked)
    with pytest.raises(SecondPersonNeeded), lone.db.write() as session:
        changes.end(session, lone, admins[0], "ANORA-1")


@pytest.mark.parametrize(
    "forged", [{"decided_by": "ANORA-1"}, {"decided_by": "RUSTAM-1"}, {"asked_by": "RUSTAM-1"}], ids=str
)
def test_the_database_itself_refuses_one_person_for_two(node: Node, forged: dict[str, str]) -> None:
    one, other = two_administrators(node)
    confirm(node, other, ask(node, one, NewCode("RUSTAM-1")))
    with pytest.raises(Unavailable), node.db.write() as session:
        session.execute(update(ChangeRow).values(**forged))


def test_an_administrator_alone_can_not_become_an_officer(lone: Node, clock: Clock) -> None:
    """Threat 33: the code of a new enrolment needs both administrators, and until then the old way in stays."""
    secret = enrol(lone, add(lone))
    for name in ("ADMIN-1", "ADMIN-2"):
        enrol(lone, add(lone, name, frozenset({"NODE_ADMIN"})), name)
    with lone.db.read() as session:
        anora = signin.actor_of(session, lone, session.get_one(UserRow, "ADMIN-1"))
    asked = ask(lone, anora, NewCode("TJ-0147"))
    guesses = (str(asked.printed), f"{asked.printed}-{passwords.new_half()}")
    for guess in guesses:
        with pytest.raises(SignInRefused):
            signin.begin_enrolment(lone, "TJ-0147", guess, ADDRESS)
    clock.now += MINUTE
    assert enter(lone, secret).actor.user_id == "TJ-0147"


def test_a_request_counts_once_and_not_for_ever(lone: Node, admins: tuple[Actor, Actor], clock: Clock) -> None:
    asked = ask(lone, admins[0], NewRoles("RUSTAM-1", frozenset({"SUPERVISOR"})))
    confirm(lone, admins[1], asked)
    for act in (confirm, refuse):
        with pytest.raises(OutOfStep):
            act(lone, admins[1], asked)
    late = ask(lone, admins[0], NewRoles("RUSTAM-1", frozenset({"OFFICER"})))
    clock.now += RULES["ACCOUNT"].lifetime
    with pytest.raises(OutOfStep):
        confirm(lone, admins[1], late)
    with lone.db.read() as session:
        assert changes.waiting(session, lone, admins[0]) == ()
    assert roles(lone, "RUSTAM-1") == {"SUPERVISOR"}


def test_what_was_asked_of_another_state_is_not_confirmed(lone: Node, admins: tuple[Actor, Actor]) -> None:
    asked = ask(lone, admins[0], NewRoles("RUSTAM-1", frozenset({"SUPERVISOR"})))
    with lone.db.write() as session:
        changes.alone(session, lone, NewRoles("RUSTAM-1", frozenset({"SPOC_DUTY"})), "urgent shift tonight")
    with pytest.raises(OutOfStep):
        confirm(lone, admins[1], asked)


def test_the_request_of_an_administrator_who_left_is_void(lone: Node, admins: tuple[Actor, Actor]) -> None:
    asked = ask(lone, admins[0], NewCode("RUSTAM-1"))
    with lone.db.write() as session:
        changes.end(session, lone, admins[1], admins[0].user_id)
    with pytest.raises(OutOfStep):
        confirm(lone, admins[1], asked)


def test_a_request_is_taken_back_or_refused_and_then_never_happens(lone: Node, admins: tuple[Actor, Actor]) -> None:
    for who in admins:
        asked = ask(lone, admins[0], NewCode("RUSTAM-1"))
        refuse(lone, who, asked)
        with pytest.raises(OutOfStep):
            confirm(lone, admins[1], asked)
    with lone.db.read() as session:
        assert changes.waiting(session, lone, admins[0]) == ()


def test_only_a_change_of_an_account_is_shown_as_one(lone: Node) -> None:
    with lone.db.write() as session:
        dpo = Actor("DPO-1", "D", "en", "POLICE", frozenset({"DPO", "NODE_ADMIN"}))
        other = approvals.ask(session, lone, dpo, approvals.Wanted("ERASURE", "case"), REASON)
        with pytest.raises(NotFound):
            changes.get(session, lone, dpo, other)
        assert changes.waiting(session, lone, dpo) == ()


def test_the_operator_at_the_machine_is_one_person_of_two(lone: Node, admins: tuple[Actor, Actor]) -> None:
    with lone.db.read() as session:
        assert not changes.founding(session, lone, LOLA)
        assert changes.founding(session, lone, NewCode("ANORA-1"))
    mine = ask(lone, CONSOLE, NewCode("RUSTAM-1"))
    with pytest.raises(SecondPersonNeeded):
        confirm(lone, CONSOLE, mine)
    assert confirm(lone, admins[0], mine).printed
    theirs = ask(lone, admins[0], LOLA)
    assert confirm(lone, CONSOLE, theirs).printed


@pytest.mark.usefixtures("admins")
def test_the_operator_alone_says_why_and_every_administrator_is_alarmed(lone: Node) -> None:
    with pytest.raises(BadInput), lone.db.write() as session:
        changes.alone(session, lone, NewCode("RUSTAM-1"), "short")
    with lone.db.write() as session:
        code = changes.alone(session, lone, NewCode("RUSTAM-1"), "both colleagues are away")
        raised = session.scalars(select(AlertRow.audience).where(AlertRow.cause == Cause.CHANGED_ALONE)).all()
    assert raised == ["role:NODE_ADMIN"]
    assert enrol(lone, str(code), "RUSTAM-1")


def test_the_history_has_every_change_with_the_roles_before_and_after(lone: Node, admins: tuple[Actor, Actor]) -> None:
    added = ask(lone, admins[0], LOLA)
    confirm(lone, admins[1], added)
    with lone.db.write() as session:
        changes.end(session, lone, admins[0], "TJ-0200")
    with lone.db.read() as session:
        past = changes.history(session, admins[0], "TJ-0200")
        logged = session.scalars(select(EventRow.actor).where(EventRow.operation == "ROLE_CHANGE")).all()
    assert [(one.what, one.before, one.after, one.asked_by, one.decided_by) for one in past] == [
        ("END", ("OFFICER",), (), "ANORA-1", None),
        ("ADD", (), ("OFFICER",), "ANORA-1", "ANORA-2"),
    ]
    assert logged == ["ANORA-2", "ANORA-1"]


CALLS: list[Callable[..., object]] = [
    lambda session, node, who: changes.ask(session, node, who, LOLA, REASON),
    lambda session, node, who: changes.refuse(session, node, who, ("x", "y")),
    lambda session, node, who: changes.end(session, node, who, "TJ-1"),
    changes.waiting,
    lambda session, _node, who: changes.history(session, who, "TJ-1"),
    lambda session, node, who: changes.get(session, node, who, "x"),
]


def test_only_an_administrator_administers(lone: Node, admins: tuple[Actor, Actor]) -> None:
    rustam = someone(lone, "rustam")
    for call in CALLS:
        with pytest.raises(Denied), lone.db.write() as session:
            call(session, lone, rustam)
    asked = ask(lone, admins[0], LOLA)
    with pytest.raises(Denied):
        confirm(lone, rustam, asked)


@pytest.mark.parametrize(
    "wrong",
    [
        {"user_id": "lower"},
        {"user_id": "CONSOLE"},
        {"display_name": " "},
        {"language": "fr"},
        {"agency": "MI6"},
        {"roles": frozenset()},
        {"roles": frozenset({"KING"})},
        {"roles": frozenset({"AUDITOR", "OFFICER"})},
    ],
)
def test_an_account_that_is_not_in_order_is_not_added(lone: Node, wrong: dict[str, object]) -> None:
    good = {"user_id": "TJ-1", "display_name": "A", "agency": "POLICE", "roles": frozenset({"OFFICER"})}
    with pytest.raises(BadInput), lone.db.write() as session:
        changes.alone(session, lone, NewUser(**(good | wrong)))  # type: ignore[arg-type]  # some are wrong on purpose
    with lone.db.read() as session:
        assert session.scalars(select(UserRow)).all() == []


def test_a_staff_number_is_taken_once_and_an_ended_account_is_not_changed(
    lone: Node, admins: tuple[Actor, Actor]
) -> None:
    with pytest.raises(UserExists):
        ask(lone, admins[0], NewUser("RUSTAM-1", "R", "POLICE", frozenset({"OFFICER"})))
    with lone.db.write() as session:
        changes.end(session, lone, admins[0], "RUSTAM-1")
    with pytest.raises(NotFound):
        ask(lone, admins[0], NewCode("RUSTAM-1"))


def test_who_may_own_an_arrival_is_found_among_the_accounts(lone: Node, admins: tuple[Actor, Actor]) -> None:
    with lone.db.read() as session:
        rustam = signin.actor_of(session, lone, session.get_one(UserRow, "RUSTAM-1"))
        assert [user.user_id for user in accounts.colleagues(session, rustam)] == ["RUSTAM-1"]
        assert {user.user_id for user in accounts.users(session, admins[0])} == {"ANORA-1", "ANORA-2", "RUSTAM-1"}


def test_a_clearance_is_changed_by_two_persons_and_counts_at_once(lone: Node, admins: tuple[Actor, Actor]) -> None:
    def clearance() -> str:
        with lone.db.read() as session:
            return signin.actor_of(session, lone, session.get_one(UserRow, "RUSTAM-1")).clearance

    assert clearance() == "RESTR"
    with pytest.raises(BadInput):
        ask(lone, admins[0], NewClearance("RUSTAM-1", "CONF"))
    asked = ask(lone, admins[0], NewClearance("RUSTAM-1", "UNCL"))
    assert clearance() == "RESTR"
    confirm(lone, admins[1], asked)
    assert clearance() == "UNCL"
