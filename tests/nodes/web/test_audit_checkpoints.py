"""Checkpoints of both logs, and the proof that two of them are one history."""

import pytest
from sqlalchemy import text

from audit import history
from audit.checkpoints import LogSigner
from audit.history import Publication
from nodes import forks
from nodes.forks import Fork
from nodes.mirror import Mirror
from nodes.mirroring import hub_keys
from tests.instants import HOUR
from tests.nodes.web.house import Browser, House


def sizes(auditor: Browser) -> tuple[int, int]:
    """Two checkpoints of the unit's own log, made by looking at two of its newest entries."""
    for _ in range(2):
        auditor.get("/log.json")
        newest = auditor.get("/log.json").json()["entries"][0]["index"]
        assert auditor.get(f"/log/{newest}").status_code == 200
    own = [one["size"] for one in auditor.get("/checkpoints.json").json()["own"]]
    return own[1], own[0]


def follow(house: House) -> None:
    """Let the hub sign its log, and the unit mirror it."""
    house.hub.tick()
    house.sync("KG")


def test_the_checkpoints_of_both_logs_are_shown_and_hold(audited: House, auditor: Browser) -> None:
    follow(audited)
    old, new = sizes(auditor)
    found = auditor.get("/checkpoints.json").json()
    assert (found["origin"], found["hub"]["origin"]) == ("node.kg.serai", hub_keys(audited.nodes["KG"]).origin)
    assert not any(one["fault"] for one in (*found["own"], found["hub"]))
    page = auditor.get("/checkpoints").text
    assert "Every checkpoint holds" in page
    assert f"log=own&amp;old={old}&amp;new={new}" in page
    assert str(new) not in auditor.get(f"/checkpoints.json?below={new}").json()["own"]


def test_two_checkpoints_are_proved_to_be_one_history(auditor: Browser) -> None:
    old, new = sizes(auditor)
    found = auditor.get(f"/checkpoints/consistency.json?log=own&old={new}&new={old}").json()
    assert (found["ok"], found["old"]["size"], found["new"]["size"]) == (True, old, new)
    page = auditor.get(f"/checkpoints/consistency?log=own&old={old}&new={new}").text
    assert "One history" in page
    assert all(step["hash"] in page for step in found["steps"])
    same = auditor.get(f"/checkpoints/consistency?log=own&old={new}&new={new}").text
    assert "the same tree" in same


def test_what_was_published_before_is_shown_compared_and_handed_out(audited: House, auditor: Browser) -> None:
    follow(audited)
    node = audited.nodes["KG"]
    origin = hub_keys(node).origin
    with node.db.read() as session:
        one = history.kept(session.connection(), origin)[0]
        root = Mirror(session, origin).root(one.size)
    found = auditor.get("/checkpoints/published.json").json()["checkpoints"]
    assert (found[0]["size"], found[0]["root"], found[0]["fault"]) == (one.size, root.hex(), None)
    assert auditor.get(f"/checkpoints/published/{one.size}").content == one.note
    assert auditor.get(f"/checkpoints/published/{one.size + 1}").status_code == 404
    page = auditor.get("/checkpoints/published").text
    assert ("Every checkpoint holds" in page, f'id="new-{one.size}"' in page) == (True, True)
    with node.db.write() as session:
        lie = one.note.replace(b"\n", b"\n1", 1)
        history.keep(session.connection(), origin, Publication(one.size, one.time + HOUR, lie))
    shown = auditor.get("/checkpoints/published").text
    with node.db.write() as session:
        session.execute(text("DELETE FROM log_publication WHERE note = :n"), {"n": lie})
    assert ("A checkpoint does not hold" in shown, "LOG_SIGNATURE_REFUSED" in shown) == (True, True)


def test_what_other_units_were_shown_stands_beside_our_own_mirror(audited: House, auditor: Browser) -> None:
    follow(audited)
    assert {one["unit"] for one in auditor.get("/checkpoints.json").json()["told"]} == {"TJ"}
    assert "Tajikistan · national unit" in auditor.get("/checkpoints").text


def test_the_hub_is_held_to_its_history_without_being_asked(audited: House, auditor: Browser) -> None:
    follow(audited)
    size = auditor.get("/checkpoints.json").json()["hub"]["size"]
    found = auditor.get(f"/checkpoints/consistency.json?log=hub&old=1&new={size}").json()
    assert (found["ok"], found["old"]["signed"], found["new"]["signed"]) == (True, False, True)


@pytest.mark.parametrize(
    "query", ["old=x&new=2", "old=1&new=99999999", "log=hub&old=0&new=1", "log=hub&old=1&new=9999999"]
)
def test_a_size_that_is_not_held_is_not_found(auditor: Browser, query: str) -> None:
    assert auditor.get(f"/checkpoints/consistency?{query}").status_code == 404


def test_a_history_that_was_rewritten_is_not_one(audited: House, auditor: Browser) -> None:
    old, new = sizes(auditor)
    with audited.nodes["KG"].db.write() as session:
        held = session.execute(
            text("SELECT root FROM log_checkpoint WHERE size = :s AND log_id = 'node.kg.serai'"), {"s": old}
        ).scalar_one()
        session.execute(text("UPDATE log_checkpoint SET root = :r WHERE size = :s"), {"r": bytes(32), "s": old})
    page = auditor.get(f"/checkpoints/consistency?log=own&old={old}&new={new}").text
    with audited.nodes["KG"].db.write() as session:
        session.execute(text("UPDATE log_checkpoint SET root = :r WHERE size = :s"), {"r": held, "s": old})
    assert ("not one history" in page, "LOG_PROOF_REFUSED" in page) == (True, True)


def test_a_checkpoint_of_other_keys_turns_the_verdict(audited: House, auditor: Browser) -> None:
    old, _ = sizes(auditor)
    node = audited.nodes["KG"]
    forged = LogSigner("node.kg.serai", bytes(32), bytes(32)).sign(old, bytes(32), audited.clock.now)
    with node.db.write() as session:
        held = session.execute(text("SELECT note FROM log_checkpoint WHERE size = :s"), {"s": old}).scalar_one()
        session.execute(text("UPDATE log_checkpoint SET note = :n WHERE size = :s"), {"n": forged, "s": old})
    page = auditor.get("/checkpoints").text
    with node.db.write() as session:
        session.execute(text("UPDATE log_checkpoint SET note = :n WHERE size = :s"), {"n": held, "s": old})
    assert "A checkpoint does not hold" in page


def test_two_histories_of_the_hub_are_named_at_once(audited: House, auditor: Browser) -> None:
    node = audited.nodes["KG"]
    assert forks.keep(node, Fork("hub", "TJ", b"the note we hold", b"the note that TJ shows"))
    page = auditor.get("/checkpoints").text
    with node.db.write() as session:
        session.execute(text("DELETE FROM node_fork"))
    assert ("shown two histories" in page, 'href="/forks"' in page) == (True, True)
