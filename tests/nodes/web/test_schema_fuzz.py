"""Any request that the schema of the pages can make, by people of every office: no failure, no leak, no way around."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.exchange.policy import table
from tests.fuzz.openapi import EXAMPLES, requests
from tests.nodes.web.matrix import ASKED
from tests.nodes.web.staff import SAID, Staff, everybody
from tests.nodes.world import World

BLIND = ("OFF-OFFICER", "OFF-LEGAL", "OFF-AUDITOR", "OFF-DPO", "OFF-NODE_ADMIN", "OFF-DONOR", "OF-FIU", "UNCLEARED")
"""People of whom none may read any of the requests."""
LEFT_OUT = ("/events", "/sign-out", "/log/export.pdf", "/statistics.pdf", "/verify/guide.pdf", "/sign-in")
"""What does not end, ends a session, or takes a second by design: a sheet, and a password."""

HOUSE = {act for acts in table.HOUSE.values() for act in acts}


@pytest.fixture(scope="module")
def staff(template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Staff]:
    made = everybody(World.copied(template, tmp_path_factory.mktemp("fuzz") / "world"))
    yield made
    made.close()


def test_no_request_that_the_schema_can_make_fails_leaks_or_gets_around_the_rules(staff: Staff) -> None:
    known = [*staff.requests.values(), *staff.cases.values(), *BLIND]
    held = {who: set(table.HOUSE.get(who.removeprefix("OFF-"), ())) for who in BLIND} | {
        "OF-FIU": set(table.HOUSE["FIU_ANALYST"]),
        "UNCLEARED": set(table.HOUSE["OFFICER"]),
    }

    @settings(max_examples=EXAMPLES)
    @given(requests(staff.app, known, LEFT_OUT), st.sampled_from(BLIND))
    def one(case: schemathesis.Case[Any], who: str) -> None:
        desk = staff.desk(who)
        form = {"csrf": desk.csrf, **(case.body if isinstance(case.body, dict) else {})}
        answer = desk.client.request(
            case.method,
            case.formatted_path,
            params=case.query,
            data=form if case.method == "POST" else None,
            headers={"Sec-Fetch-Site": "same-origin", "Accept": "application/json"},
        )
        assert answer.status_code < 500, (who, case.method, case.formatted_path, case.query, case.body, answer.text)
        assert not [words for words in SAID if words in answer.text], (who, case.method, case.formatted_path)
        asks = set(ASKED[case.method, case.path].split())
        if asks <= HOUSE and not asks & held[who]:
            assert answer.status_code in {400, 403, 404}, (who, case.method, case.formatted_path)

    one()
