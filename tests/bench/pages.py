"""How long the pages take: `python -m tests.bench.pages 160 20000`, for a unit that holds so many requests.

Prints for each page the median of the processor time of this process, which the server has nearly for itself, and how
many statements the page asked of the databases. The goals are 30 ms, and 100 ms with 20,000 messages (DESIGN §10).
"""

import argparse
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import httpx
from sqlalchemy import select
from sqlalchemy.orm import defer

from exchange.hub import overview
from exchange.service import configure_logging
from nodes import passwords
from nodes.tables import CaseRow, MessageRow
from serai import control
from serai.demo import requests
from serai.inside import Inside
from serai.operator.accounts import Accounts, Role
from serai.operator.pages import create_app
from tests import statements
from tests.bench.seeding import seeded
from tests.instants import NOW
from tests.nodes.web.auditing import MANDATE
from tests.nodes.web.house import PASSWORD, House
from tests.nodes.web.work import draft_of, inputs, write

Ask = Callable[[], httpx.Response]
ORIGIN: Final = "http://127.0.0.1:8441"


@dataclass(frozen=True, slots=True)
class Figure:
    """A page, the median of its processor time in milliseconds, its statements, and its length in bytes."""

    page: str
    milliseconds: float
    statements: int
    length: int


def asks(house: House) -> Iterator[tuple[str, Ask]]:
    """Yield the pages, with what asks for each."""
    officer, head, auditor = house.desk("KG", "KG-1"), house.desk("KG", "KG-3"), house.desk("KG", "KG-9")
    assert auditor.post("/log/mandate", mandate=MANDATE, back="/log").status_code == 303
    with house.nodes["KG"].db.read() as session:
        chosen = select(MessageRow).where(MessageRow.assignee == "KG-1").order_by(MessageRow.stored)
        twice, *_, once = session.scalars(chosen.options(defer(MessageRow.envelope)))
        case = session.get_one(CaseRow, once.case_id).case_ref
    draft = draft_of(officer.post("/compose", kind="REQ"))
    filled = {**inputs("REQ", requests.lorry_owner(NOW)), "recipients": ["TJ"]}
    assert write(officer, draft, filled).status_code == 303
    for name, desk, path in (
        ("inbox", officer, "/inbox"),
        ("inbox of the unit", head, "/inbox"),
        ("message", officer, f"/messages/{once.message_id}"),
        ("message asked before", officer, f"/messages/{twice.message_id}"),
        ("case", officer, f"/cases/{case}"),
        ("cases", officer, "/cases"),
        ("compose", officer, draft),
        ("check", officer, f"{draft}/check"),
        ("team board", head, "/board"),
        ("approvals", head, "/approvals"),
        ("statistics", head, "/statistics"),
        ("audit: log", auditor, "/log"),
        ("audit: entry", auditor, "/log/5"),
        ("audit: checkpoints", auditor, "/checkpoints"),
    ):
        yield name, partial(desk.get, path)


@contextmanager
def operator(house: House) -> Iterator[Ask]:
    """What asks for the page of the hub's operator."""
    home = house.hub.settings.home
    secret = Accounts(home).put("gul", Role.OPERATOR, PASSWORD)
    code = passwords.totp_code(passwords.totp_secret(secret), house.clock.now)
    inside = Inside(create_app(home, house.clock))
    with (
        control.answering(home, {"look": lambda _: overview.overview(house.hub)}),
        httpx.Client(transport=inside, base_url=ORIGIN) as client,
    ):
        given = {"name": "gul", "password": PASSWORD, "code": code}
        assert client.post("/sign-in", data=given, headers={"origin": ORIGIN}).status_code == 303
        yield lambda: client.get("/")
    inside.end()


def measured(house: House, name: str, ask: Ask, times: int) -> Figure:
    """Return the figure of a page after two rounds that warm up."""
    heard: list[str] = []
    answer = ask()
    assert answer.status_code == 200, (name, answer.status_code, answer.text)
    with (
        statements.heard(house.nodes["KG"].db.engine, lambda said, _: heard.append(said)),
        statements.heard(house.hub.db.engine, lambda said, _: heard.append(said)),
    ):
        ask()
    taken = []
    for _ in range(times):
        begun = time.process_time()
        ask()
        taken.append(time.process_time() - begun)
    return Figure(name, statistics.median(taken) * 1000, len(heard), len(answer.content))


def figures(folder: Path, messages: int, times: int, only: str) -> Iterator[Figure]:
    """Yield the figures of the pages of a unit with so many requests."""
    house = seeded(folder, messages)
    with operator(house) as hub:
        for name, ask in (*asks(house), ("hub operator", hub)):
            if re.search(only, name):
                yield measured(house, name, ask, times)
    house.close()


def main() -> int:
    """Measure, and print a table for each number of messages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("messages", type=int, nargs="+")
    parser.add_argument("--times", type=int, default=15)
    parser.add_argument("--only", default="", help="a regular expression of the pages")
    wanted = parser.parse_args()
    configure_logging(50)
    for number in wanted.messages:
        with tempfile.TemporaryDirectory() as folder:
            for one in figures(Path(folder) / "pages" / "house", number, wanted.times, wanted.only):
                told = f"{one.milliseconds:8.1f} ms {one.statements:4} statements {one.length:8} bytes"
                print(f"{number:>6}  {one.page:<22}{told}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
