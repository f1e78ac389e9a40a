"""One house for the tests of a module: making keys takes a second, and no test of pages changes another's message."""

import sys
from collections.abc import Iterator

import pytest

from nodes.web import pdf
from serai.demo import requests
from tests.instants import NOW
from tests.nodes.web.auditing import MANDATE
from tests.nodes.web.house import Browser, House, build
from tests.nodes.web.work import send


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Tajikistan and Kyrgyzstan, with an officer, a duty officer, two administrators and an auditor in Kyrgyzstan."""
    made = build(tmp_path_factory.mktemp("house"), NOW, ("KG", "TJ"))
    made.add_user("KG", "KG-1", "OFFICER")
    made.add_user("KG", "KG-2", "OFFICER", "SPOC_DUTY")
    made.add_user("KG", "KG-9", "AUDITOR")
    made.add_user("KG", "KG-8", "NODE_ADMIN")
    made.add_user("KG", "KG-7", "NODE_ADMIN")  # from here on nobody changes an account alone
    made.add_user("TJ", "TJ-1", "OFFICER", language="ru")
    yield made
    made.close()


@pytest.fixture(scope="session")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Kyrgyzstan with a request that was sent to Tajikistan and read there, and two auditors."""
    made = build(tmp_path_factory.mktemp("audited"), NOW, ("KG", "TJ"))
    made.add_user("KG", "KG-1", "OFFICER")
    made.add_user("KG", "KG-9", "AUDITOR")
    made.add_user("KG", "KG-10", "AUDITOR", language="ru")
    sent = send(made.desk("KG", "KG-1"), "REQ", requests.lorry_owner(made.clock.now), "TJ")
    made.sync("KG", "TJ", "KG")
    made.desk("KG", "KG-1").get(sent)
    yield made
    made.close()


@pytest.fixture(scope="session")
def auditor(audited: House) -> Browser:
    """An auditor who has said on what mandate he looks."""
    desk = audited.desk("KG", "KG-9")
    assert desk.post("/log/mandate", mandate=MANDATE, back="/log").headers["location"] == "/log"
    return desk


@pytest.fixture
def no_engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine without the engine of PDF, or without a library that it loads: both end its import."""
    monkeypatch.setitem(sys.modules, "nodes.web.pdf_engine", None)
    pdf.engine.cache_clear()
    yield
    pdf.engine.cache_clear()
