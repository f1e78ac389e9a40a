"""A file that somebody hands to the auditor: four named steps, every fault named, nothing kept."""

import io

import pytest
from httpx import Response
from sqlalchemy import func, select

from audit.evidence.archive import Archive
from audit.evidence.export import write_export
from audit.evidence.verification import verify_bundle
from audit.proof import LogProof
from nodes.oversight_files import Outcome, Step, judge
from nodes.oversight_keys import log_keys
from nodes.tables import EventRow
from tests.nodes.web.auditing import MANDATE, disclosure
from tests.nodes.web.house import Browser, House


def hand_in(desk: Browser, data: bytes, **headers: str) -> Response:
    """Post a file as the form of the page does."""
    same_origin = {"Sec-Fetch-Site": "same-origin", **headers}
    return desk.client.post("/verify", data={"csrf": desk.csrf}, files={"file": ("x", data)}, headers=same_origin)


def outcomes(desk: Browser, data: bytes) -> dict[str, str]:
    found = hand_in(desk, data, Accept="application/json").json()
    return {one["step"]: one["outcome"] for one in found["steps"]}


@pytest.fixture(scope="module")
def proof(auditor: Browser) -> bytes:
    return auditor.get(f"/log/{disclosure(auditor)['index']}/proof").content


@pytest.fixture(scope="module")
def evidence(audited: House, auditor: Browser) -> bytes:
    audited.hub.tick()
    answer = auditor.post("/log/evidence", message=disclosure(auditor)["message"])
    assert answer.status_code == 200, answer.text
    return answer.content


def test_a_proof_holds_in_form_signatures_and_inclusion(auditor: Browser, proof: bytes) -> None:
    good = {"FORM": "GOOD", "SIGNATURES": "GOOD", "WITNESSES": "NONE", "INCLUSION": "GOOD"}
    assert outcomes(auditor, proof) == good
    page = hand_in(auditor, proof).text
    assert ("The file proves what it says" in page, "Inclusion in the log" in page) == (True, True)


def test_a_changed_entry_a_changed_signature_and_a_cut_file_are_named(auditor: Browser, proof: bytes) -> None:
    held = LogProof.parse(proof)
    other = LogProof(held.index, held.path, held.checkpoint, b"{}").to_bytes()
    alone = LogProof(held.index, held.path, held.checkpoint).to_bytes()
    assert [outcomes(auditor, data)["INCLUSION"] for data in (other, alone)] == ["BAD", "BAD"]
    assert outcomes(auditor, proof.replace(b"node.kg.serai", b"node.kz.serai"))["SIGNATURES"] == "BAD"
    assert outcomes(auditor, proof.replace(b"node.kg.serai\n", b"node.kg.serai\n1", 1))["SIGNATURES"] == "BAD"
    assert outcomes(auditor, proof[:60]) == {
        "FORM": "BAD",
        "SIGNATURES": "NONE",
        "WITNESSES": "NONE",
        "INCLUSION": "NONE",
    }
    assert "The file proves nothing" in hand_in(auditor, other).text


def test_the_evidence_of_a_message_verifies_here_and_offline(auditor: Browser, evidence: bytes) -> None:
    assert verify_bundle(Archive(io.BytesIO(evidence))).ok
    assert outcomes(auditor, evidence) == {
        "FORM": "GOOD",
        "SIGNATURES": "NOTICE",
        "WITNESSES": "NOTICE",
        "INCLUSION": "GOOD",
    }
    middle = len(evidence) // 2
    altered = evidence[:middle] + bytes([evidence[middle] ^ 1]) + evidence[middle + 1 :]
    assert not hand_in(auditor, altered, Accept="application/json").json()["ok"]
    case = disclosure(auditor)["case"]
    page = auditor.get(f"/log/evidence?case={case}").text
    assert (case in page, MANDATE in page) == (True, True)
    asked = auditor.send("/log/evidence", case=case)
    assert (asked.status_code, "Take evidence out as an auditor" in asked.text, case in asked.text) == (428, True, True)
    assert auditor.post("/log/evidence", case=case).content[:2] == b"PK"
    assert [auditor.get("/log/evidence").status_code, auditor.post("/log/evidence").status_code] == [404, 404]


def test_a_whole_log_verifies_and_one_changed_line_does_not(audited: House, auditor: Browser) -> None:
    node = audited.nodes["KG"]
    auditor.get("/log/0")
    with node.db.read() as session:
        signed = node.log.checkpoint(session)
        assert signed is not None
        assert node.log.keys is not None
        lines = list(write_export(signed.note, node.log.keys, node.log.entries(session, 0, signed.size)))
    assert judge(node, b"".join(lines)).ok
    del lines[3]
    assert {one.step: one.outcome for one in judge(node, b"".join(lines)).steps}[Step.FORM] is Outcome.BAD


def test_what_is_no_such_file_is_said_to_be_none(auditor: Browser) -> None:
    assert hand_in(auditor, b"hello", Accept="application/json").json()["kind"] == "UNKNOWN"
    refused = hand_in(auditor, b"")
    assert (refused.status_code, "Choose a file" in refused.text) == (422, True)


def test_a_form_that_is_none_or_too_long_is_refused(auditor: Browser) -> None:
    headers = {"Sec-Fetch-Site": "same-origin", "Accept": "application/json"}
    assert auditor.client.post("/verify", data={"csrf": auditor.csrf}, headers=headers).status_code == 400
    assert auditor.client.post("/verify", content=b"x", headers=headers).status_code == 400
    long = {**headers, "Content-Type": "multipart/form-data; boundary=x", "Content-Length": str(1 << 30)}
    assert auditor.client.post("/verify", content=b"x", headers=long).status_code == 400


def test_a_checked_file_leaves_its_digest_in_the_log_and_nothing_else(audited: House, auditor: Browser) -> None:
    hand_in(auditor, b"hello")
    with audited.nodes["KG"].db.read() as session:
        index = session.scalar(select(func.max(EventRow.index)))
        assert index is not None
        entry = audited.nodes["KG"].log.entry(session, index)
    assert b'"codes":["FILE","UNKNOWN","BAD"],"digest":"9b71d224bd62f378' in entry


def test_only_an_auditor_has_files_checked(audited: House) -> None:
    officer = audited.desk("KG", "KG-1")
    assert [officer.get("/verify").status_code, hand_in(officer, b"x").status_code] == [403, 403]
    assert officer.get("/log/evidence?case=x").status_code == 403


def test_the_keys_of_other_units_come_from_their_statements(audited: House) -> None:
    kg, tj = audited.nodes["KG"], audited.nodes["TJ"]
    assert log_keys(kg, "node.tj.serai") == tj.log.keys
    assert log_keys(kg, "node.nobody.serai") is None
