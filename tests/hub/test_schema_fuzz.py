"""Any request that the hub's schema can make, signed by a unit or by nobody: no failure, and nothing is stored."""

from typing import Any, Final

import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exchange.hub import api, proofs
from exchange.hub.app import HOT
from tests.fuzz.openapi import EXAMPLES, requests
from tests.hub.desk import Desk

PARAMETERS: Final = {"/v1/inbox": ("after", "leaf"), "/v1/log/pending": ("after",)}
"""What a hot route reads from its address; the hub would wait as long as `wait` says, which is left out."""

OPEN: Final = {"/v1/health"}
"""What whoever watches over the machine asks without a signature."""
SENT: Final = ("message", "delivery", "statement")
"""What only a good envelope, or a good statement about a key, adds to."""


def schema() -> FastAPI:
    """The routes of the hub as one application, of which only the schema is asked."""
    app = FastAPI()
    app.include_router(api.router)
    app.include_router(proofs.router)
    return app


def hot() -> dict[str, Any]:
    return {
        path: {
            method.lower(): {
                "parameters": [{"name": name, "in": "query", "schema": {}} for name in PARAMETERS.get(path, ())]
            }
        }
        for path, (method, _) in HOT.items()
    }


def test_no_request_that_the_schema_can_make_fails_or_stores_anything(lite: Desk) -> None:
    sent = lite.send()
    bodies = st.binary(max_size=600) | st.sampled_from([sent.wire, sent.wire[:-1], b"[]", b"{}", b"[[[[[[[["])
    known = ["KG", "TJ", sent.eid, lite.settings.origin, "tile/0/000", "0"]
    before = lite.rows()

    @settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(requests(schema(), known, more=hot()), st.sampled_from(["KG", ""]), bodies)
    def one(case: schemathesis.Case[Any], unit: str, body: bytes) -> None:
        answer = lite.client.request(
            case.method,
            case.formatted_path,
            params=case.query,
            content=body if case.method == "POST" else None,
            headers={"content-type": "application/octet-stream"},
            auth=lite.auth(unit) if unit else None,
        )
        assert answer.status_code < 500, (unit, case.method, case.formatted_path, case.query, body, answer.text)
        signed = unit or body == sent.wire or case.path in OPEN
        assert signed or answer.status_code >= 400, (case.method, case.formatted_path)

    one()
    assert {name: lite.rows()[name] for name in SENT} == {name: before[name] for name in SENT}
