"""A unit with people in every role, signed in without a password, who hold messages of another unit under each code.

Kyrgyzstan holds four requests of Tajikistan, each in a case of its own. Whoever is `ON` a team works on all four cases,
whoever is `OFF` on none.
"""

import hashlib
from dataclasses import dataclass, field
from typing import Any, Final

from fastapi import FastAPI
from httpx import Client
from sqlalchemy import inspect, text

from nodes import cases, passwords, rest, visits
from nodes.account_tables import RoleRow, SessionRow, UserRow
from nodes.drafts import NewDraft
from nodes.mandates import Visit
from nodes.node import Node
from nodes.tables import CaseRow, MessageRow
from nodes.web.app import create_app
from nodes.web.entrance import cookie_name
from schemas import codes
from serai.inside import Inside
from tests.exchange.policy import table
from tests.instants import NOW
from tests.messages import AT_RISK
from tests.nodes.web.house import Browser
from tests.nodes.world import World, send, someone

UNIT: Final = "KG"
DAY: Final = 86_400
SECRET: Final = b"twenty bytes of seed"
CANARY: Final = "zyzzyva"
"""A word of every request, its subject and its restriction: who may not read it must not come upon it anywhere."""

SAID: Final = ("Heroin at the", f"{CANARY} H", "the enquiry at")
"""What subjects, facts and the restriction of the requests say; a page may repeat what somebody searched for."""

MARKS: Final[dict[str, dict[str, Any]]] = {
    "H0": {},
    "H1": AT_RISK,
    "H2": {**AT_RISK, "handling": ["H2"]},
    "H3": {
        "handling": ["H3"],
        "handling_text": f"Only for the enquiry at the {CANARY} market.",
        "handling_reason": "Nobody else knows of it.",
    },
}
"""A handling code -> the labels of the request under it."""

ROLES: Final = tuple(codes.table("roles"))
WORKING: Final = [role for role in ROLES if table.ON_TEAM.get(role) or table.BY_OFFICE.get(role)]
WITHOUT_OFFICE: Final = [role for role in ROLES if role not in table.HOUSE]
OF_AGENCY: Final = {"OF-CUSTOMS": "CUSTOMS", "OF-FIU": "FIU"}
VISIT: Final = Visit(NOW + 7 * DAY, "Order 7/2026, disclosures", NOW - 30 * DAY, NOW + DAY, frozenset())
"""A visit that covers no case at all."""

JOURNAL: Final = ("log_", "node_event", "node_session", "node_cursor", "node_rate")
"""What grows when somebody is refused: the log, when a session was last used, and how often a factor was wrong."""


@dataclass
class Staff:
    """The unit, its pages and its people."""

    world: World
    app: FastAPI = field(init=False)
    requests: dict[str, str] = field(default_factory=dict)
    """A handling code -> the request under it."""
    cases: dict[str, str] = field(default_factory=dict)
    """A handling code -> the number of the case of that request."""
    desks: dict[str, Browser] = field(default_factory=dict)
    sessions: int = 0

    def __post_init__(self) -> None:
        self.app = create_app(self.node)
        self.way = Inside(self.app)

    @property
    def node(self) -> Node:
        return self.world.node(UNIT)

    def receive(self) -> None:
        """Let a request under each code arrive."""
        tj = self.world.node("TJ")
        for code, marks in MARKS.items():
            labels = {"subject_line": f"=Heroin at the {CANARY} market, {code}", **marks}
            new = NewDraft("REQ", recipients=(UNIT,))
            self.requests[code] = send(
                tj, someone(tj, "rustam"), new, labels, facts=" ".join([f"{CANARY} {code}"] * 20)
            )
        self.world.sync()
        with self.node.db.read() as session:
            for code, message_id in self.requests.items():
                row = session.get_one(MessageRow, message_id)
                self.cases[code] = session.get_one(CaseRow, row.case_id).case_ref

    def hire(
        self, user_id: str, *roles: str, agency: str = "POLICE", clearance: str = "RESTR", visit: Visit | None = None
    ) -> None:
        """Add an account with a second factor."""
        sealed = self.node.store.kek.seal(SECRET, *rest.place("user", user_id, "totp"))
        with self.node.db.write() as session:
            session.add(
                UserRow(
                    user_id=user_id,
                    display_name=f"Officer {user_id}",
                    language="en",
                    agency=agency,
                    clearance=clearance,
                    created=self.world.now,
                    disabled_at=None,
                    password_phc="not a password",
                    totp_sealed=sealed,
                    totp_last_step=0,
                    ends_at=visit.ends if visit is not None else None,
                )
            )
            session.flush()
            session.add_all(RoleRow(user_id=user_id, role=role) for role in roles)
            if visit is not None:
                visits.admit(session, user_id, visit)

    def put_on_team(self, user_id: str) -> None:
        """Let an account work on the cases of all requests."""
        with self.node.db.write() as session:
            for case_ref in self.cases.values():
                case = cases.by_ref(session, case_ref)
                cases.add_member(session, case.case_id, user_id, self.world.now)

    def own(self, user_id: str, code: str) -> None:
        """Make an account the owner of a request."""
        with self.node.db.write() as session:
            session.get_one(MessageRow, self.requests[code]).assignee = user_id

    def browser(self) -> Client:
        """Return a browser without a session."""
        return Client(transport=self.way, base_url="http://serai.test")

    def desk(self, user_id: str) -> Browser:
        """Return the browser of a person; it is the same one every time."""
        if user_id not in self.desks:
            self.sessions += 1
            token, client = f"session-{self.sessions}-of-{user_id}", self.browser()
            row = SessionRow(
                token_hash=hashlib.sha256(token.encode()).hexdigest(),
                user_id=user_id,
                csrf=f"csrf-of-{user_id}",
                created=self.world.now,
                seen=self.world.now,
                level="TOTP",
            )
            with self.node.db.write() as session:
                session.add(row)
            client.cookies.set(cookie_name(self.node, "serai"), token)
            self.desks[user_id] = Browser(client, row.csrf, self.code)
        return self.desks[user_id]

    def code(self) -> str:
        """Return a one-time code that was not used yet: the clock goes on for it."""
        self.world.now += passwords.TOTP_STEP
        return passwords.totp_code(SECRET, self.world.now)

    def state(self) -> dict[str, str]:
        """Return a digest of each table that an act could change."""
        engine = self.node.db.engine
        names = [name for name in inspect(engine).get_table_names() if not name.startswith(JOURNAL)]
        with engine.connect() as connection:
            rows = {name: connection.execute(text(f'SELECT * FROM "{name}"')).all() for name in names}  # noqa: S608  (names of our own tables)
        return {name: hashlib.sha256(repr(found).encode()).hexdigest() for name, found in rows.items()}

    def close(self) -> None:
        self.way.end()
        self.world.close()


def everybody(world: World) -> Staff:
    """Return people of every role, on the team and off it, of other agencies, cleared for less, and one who visits."""
    made = Staff(world)
    made.receive()
    for role in ROLES:
        made.hire(f"OFF-{role}", role)
    for role in WORKING:
        made.hire(f"ON-{role}", role)
        made.put_on_team(f"ON-{role}")
    made.hire("WITHOUT-OFFICE", *WITHOUT_OFFICE)
    made.hire("WITHOUT-ROLE")
    made.hire("VISITOR", "AUDITOR", visit=VISIT)
    made.hire("OF-CUSTOMS", "SUPERVISOR", agency="CUSTOMS")
    made.hire("OF-FIU", "FIU_ANALYST", agency="FIU")
    made.put_on_team("OF-FIU")
    made.hire("UNCLEARED", "OFFICER", clearance="UNCL")
    made.put_on_team("UNCLEARED")
    made.own("ON-OFFICER", "H0")
    return made
