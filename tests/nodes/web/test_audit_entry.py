"""The page of one entry: verdict, steps, picture, file; and that looks at it are on record."""

from sqlalchemy import text

from audit.proof import LogProof, verify_proof
from crypto.merkle_hash import leaf_hash
from nodes import log
from nodes.watch_tables import AnchorRow
from nodes.web.audit_ladder import ladder
from tests.nodes.web.auditing import MANDATE, disclosure, entries
from tests.nodes.web.house import Browser, House


def test_an_entry_is_proved_in_steps_that_end_at_the_signed_root(auditor: Browser) -> None:
    wanted = disclosure(auditor)
    page = auditor.get(f"/log/{wanted['index']}").text
    found = auditor.get(f"/log/{wanted['index']}.json").json()
    assert f"Entry {wanted['index']} is in the log" in page
    assert (found["proven"], found["leaf"]) == (True, wanted["leaf"])
    assert all(one in page for one in (found["root"], *found["path"]))
    assert page.count("ladder__given") == len(found["path"])
    assert "&#34;operation&#34;:&#34;DISCLOSE&#34;" in page


def test_the_proof_that_is_handed_out_verifies_alone(audited: House, auditor: Browser) -> None:
    answer = auditor.get(f"/log/{disclosure(auditor)['index']}/proof")
    keys = audited.nodes["KG"].log.keys
    assert keys is not None
    proof = LogProof.parse(answer.content)
    verify_proof(proof, leaf_hash(proof.extra or b""), keys)
    assert answer.headers["content-disposition"].endswith('.tlog-proof"')
    assert entries(auditor)[0]["operation"] == "AUDIT_EXPORT"


def test_an_altered_entry_shows_its_fault_instead_of_an_error(audited: House, auditor: Browser) -> None:
    node = audited.nodes["KG"]
    with node.db.write() as session:
        held = session.execute(text("SELECT entry FROM log_entry WHERE idx = 1")).scalar_one()
        session.execute(text("UPDATE log_entry SET entry = x'7b7d' WHERE idx = 1"))
    page = auditor.get("/log/1").text
    with node.db.write() as session:
        session.execute(text("UPDATE log_entry SET entry = :held WHERE idx = 1"), {"held": held})
    assert ("Entry 1 is not proved" in page, "do not lead to the root" in page) == (True, True)


def test_an_entry_without_an_index_row_is_shown_and_named(audited: House, auditor: Browser) -> None:
    node = audited.nodes["KG"]
    with node.db.write() as session:
        session.execute(text('UPDATE node_event SET "index" = 100000 WHERE "index" = 2'))
    page = auditor.get("/log/2").text
    with node.db.write() as session:
        session.execute(text('UPDATE node_event SET "index" = 2 WHERE "index" = 100000'))
    assert "no search finds it" in page


def test_an_entry_says_which_anchor_in_the_log_of_the_hub_covers_it(audited: House, auditor: Browser) -> None:
    row = AnchorRow(size=3, root=bytes(32), note=b"note", cosigned=audited.clock.now, index=41, entry=None, proved=None)
    with audited.nodes["KG"].db.write() as session:
        session.execute(text("DELETE FROM node_anchor"))
        session.add(row)
    assert auditor.get("/log/1.json").json()["anchor"]["hub_index"] == 41
    assert "not found in the mirror yet" in auditor.get("/log/1").text
    assert auditor.get("/log/5.json").json()["anchor"] is None
    with audited.nodes["KG"].db.write() as session:
        session.execute(text("DELETE FROM node_anchor"))


def test_there_is_no_entry_behind_the_end(auditor: Browser) -> None:
    assert auditor.get("/log/999999").status_code == 404
    assert auditor.get("/log/999999/proof").status_code == 404


def test_what_an_auditor_looked_for_is_shown_to_him_with_his_mandate(auditor: Browser) -> None:
    case = disclosure(auditor)["case"]
    auditor.get(f"/log?q={case}")
    looks = auditor.get("/log/looks.json").json()["looks"]
    assert (looks[0]["sought"], looks[0]["reason"]) == (case, MANDATE)
    assert looks[0]["codes"] == ["LOG", "CASE"]
    assert case in auditor.get("/log/looks").text


def test_his_looks_go_on_page_by_page(audited: House, auditor: Browser) -> None:
    node = audited.nodes["KG"]
    with node.db.write() as session:
        for _ in range(51):
            log.record(session, node, log.Act(operation="AUDIT_ACCESS", actor="KG-9", codes=("LOG",)))
    first = auditor.get("/log/looks.json").json()
    later = auditor.get(f"/log/looks.json?before={first['older']}").json()
    assert len(first["looks"]) == 50
    assert later["looks"][0]["index"] < first["looks"][-1]["index"]


def test_who_looked_at_a_case_names_officers_and_auditors(auditor: Browser) -> None:
    wanted = disclosure(auditor)
    auditor.get(f"/log?q={wanted['case']}")
    for of in (wanted["case"], wanted["message"]):
        found = auditor.get(f"/reviews/looks.json?of={of}").json()["looks"]
        assert {"KG-1", "KG-9"} <= {one["actor"] for one in found} | ({"KG-9"} if of == wanted["message"] else set())
        assert all(one["proven"] for one in found)
    assert "Auditor" in auditor.get(f"/reviews/looks?of={wanted['case']}").text
    assert auditor.get("/reviews/looks?of=nothing").status_code == 404
    assert auditor.get("/reviews/looks").status_code == 200


def test_the_picture_has_a_rung_for_every_step_and_the_root_on_top() -> None:
    alone = ladder("ab" * 32, ())
    assert [(rung.computed, rung.given) for rung in alone.rungs] == [("abababab", "")]
