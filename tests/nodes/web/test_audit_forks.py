"""Two histories of one log: shown to whoever must act, and given out as a file that convicts without this node."""

import io
from collections.abc import Iterator

import pytest

from audit.evidence.archive import Archive
from audit.evidence.verification import Trust, verify_bundle
from nodes import forks
from nodes.forks import Fork
from tests.instants import NOW
from tests.nodes.web.auditing import entries
from tests.nodes.web.house import House, build

SIZE = 7


@pytest.fixture(scope="module")
def split(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Kyrgyzstan, which holds one head of the hub's log and was shown another of the same size by Tajikistan."""
    made = build(tmp_path_factory.mktemp("split"), NOW, ("KG", "TJ"))
    for user, role in (("KG-1", "OFFICER"), ("KG-2", "SPOC_DUTY"), ("KG-8", "NODE_ADMIN"), ("KG-9", "AUDITOR")):
        made.add_user("KG", user, role)
    signer = made.hub.log._signer
    assert signer is not None
    held, other = (signer.sign(SIZE, bytes([root]) * 32, NOW) for root in (1, 2))
    assert forks.keep(made.nodes["KG"], Fork(signer.keys.origin, "TJ", held, other))
    yield made
    made.close()


def test_both_heads_stand_beside_each_other_with_what_it_means_and_what_to_do(split: House) -> None:
    for user in ("KG-2", "KG-8", "KG-9"):
        page = split.desk("KG", user).get("/forks").text
        assert all(word in page for word in ("A log has shown two histories", "01" * 32, "02" * 32, "What to do"))
        assert "HISTORY_CONTRADICTED" in page
    assert split.desk("KG", "KG-1").get("/forks").status_code == 403


def test_the_alarm_leads_auditor_administrator_and_duty_officer_to_the_page(split: House) -> None:
    firsts = {"KG-2": "/inbox", "KG-8": "/people", "KG-9": "/log"}
    assert all('href="/forks"' in split.desk("KG", user).get(first).text for user, first in firsts.items())
    assert 'href="/forks"' not in split.desk("KG", "KG-1").get("/inbox").text


def test_the_file_proves_the_contradiction_to_a_stranger_and_its_export_is_logged(split: House) -> None:
    desk = split.desk("KG", "KG-9")
    (fork,) = desk.get("/forks.json").json()["forks"]
    assert (fork["plain"], fork["held"]["size"], fork["other"]["size"]) == (True, SIZE, SIZE)
    file = desk.get(f"/forks/evidence?log={fork['log']}&by={fork['told_by']}")
    assert file.headers["content-type"] == "application/zip"
    report = verify_bundle(Archive(io.BytesIO(file.content)), Trust(frozenset()))
    assert not report.ok
    assert "HISTORY_CONTRADICTED" in {one.code for one in report.findings}
    assert entries(desk, "operation=AUDIT_EXPORT")[0]["actor"] == "KG-9"
    assert desk.get("/forks/evidence?log=hub&by=XX").status_code == 404
    assert split.desk("KG", "KG-1").get(f"/forks/evidence?log={fork['log']}&by=TJ").status_code == 403


def test_a_head_that_no_key_signed_accuses_nobody(split: House) -> None:
    fork = split.desk("KG", "KG-9").get("/forks.json").json()["forks"][0]
    assert forks.keep(split.nodes["KG"], Fork(fork["log"], "KZ", b"one", b"another"))
    found = {one["told_by"]: one for one in split.desk("KG", "KG-9").get("/forks.json").json()["forks"]}
    assert (found["KZ"]["plain"], found["TJ"]["plain"]) == (False, True)
    assert "Its signatures do not hold" in split.desk("KG", "KG-9").get("/forks").text
