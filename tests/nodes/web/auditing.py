"""An auditor at work: his mandate, and what he reads from the JSON twins of his pages."""

from typing import Any

from tests.nodes.web.house import Browser

MANDATE = "Audit order 14/2026, checks of disclosures"


def entries(desk: Browser, query: str = "") -> list[dict[str, Any]]:
    """Return one page of the log explorer."""
    found: list[dict[str, Any]] = desk.get(f"/log.json?{query}").json()["entries"]
    return found


def disclosure(desk: Browser) -> dict[str, Any]:
    """Return the one disclosure of the house."""
    return entries(desk, "operation=DISCLOSE")[0]
