"""Receipts of a unit whose key was revoked: the order of the log decides, in the audit as everywhere."""

from pathlib import Path

from exchange.hub import administration
from exchange.hub.administration import Offered
from schemas.directory import sign_statement
from tests.audit.hublog import hub_with_log
from tests.audit.tampering import Bench
from tests.audit.whole import undone
from tests.hub.desk import Desk


def revoke(desk: Desk, stated: int, since: int | None = None) -> None:
    """KG's root revokes the key of its receipts; with `since` because it was stolen."""
    keys = desk.world.units["KG"]
    reason = "SUPERSEDED" if since is None else "COMPROMISED"
    revocation = desk.world.revocation("KG", keys.signing.kid, reason, stated, since)
    administration.offer(desk.hub, Offered(sign_statement(revocation, keys.root), None))
    desk.hub.tick()


def codes(desk: Desk) -> set[str]:
    with undone(desk.db) as connection:
        return {finding.code for finding in Bench(desk).findings(connection).all() if finding.level == "bad"}


def test_receipts_before_a_revocation_are_good_whatever_second_it_names(tmp_path: Path, database_url: str) -> None:
    with hub_with_log(tmp_path, database_url, 40, 8) as desk:
        revoke(desk, stated=desk.now - 120)
        assert codes(desk) == set()


def test_receipts_by_a_stolen_key_are_named(tmp_path: Path, database_url: str) -> None:
    with hub_with_log(tmp_path, database_url, 40, 8) as desk:
        revoke(desk, stated=desk.now, since=desk.now - 3600)
        assert codes(desk) == {"RECEIPT_ALTERED"}
