"""Entries and their proofs go to those whom they concern, and to nobody else."""

from pathlib import Path
from typing import Any

import httpx

from audit.merkle import verify_inclusion
from crypto.canonical import loads
from crypto.encoding import unb64
from crypto.merkle_hash import leaf_hash
from exchange.hub.hub import MIGRATIONS
from exchange.hub.register import digest
from schemas import entries
from tests.hub.desk import Desk


def answered(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    members: Any = loads(answer.content, limit=1 << 24)
    assert isinstance(members, dict)
    return members


def told(desk: Desk, unit: str, query: str) -> list[entries.AnyEntry]:
    """The entries of an answer, each proved to stand in the log of the size that was asked for."""
    with desk.db.read() as session:
        head = desk.hub.log.head(session)
    found = answered(desk.get(unit, f"/v1/log/entries?size={head.size}&{query}"))["entries"]
    for one in found:
        path = [bytes.fromhex(node) for node in one["path"]]
        verify_inclusion(leaf_hash(unb64(one["entry"])), one["index"], head.size, path, head.root)
    return [entries.parse(unb64(one["entry"])) for one in found]


def test_the_sender_is_told_everything_and_a_recipient_what_is_his(desk: Desk) -> None:
    sealed = desk.send("TJ", ("KG", "KZ"))
    for unit in ("KG", "KZ"):
        desk.inbox(unit)
    of_sender = told(desk, "TJ", f"eid={sealed.eid}")
    assert [one.type for one in of_sender] == ["MESSAGE", "RECEIPT", "RECEIPT"]
    of_recipient = told(desk, "KG", f"eid={sealed.eid}")
    assert [(one.type, getattr(one, "unit", "")) for one in of_recipient] == [("MESSAGE", ""), ("RECEIPT", "KG")]


def test_a_message_of_others_is_not_found(desk: Desk) -> None:
    sealed = desk.send("TJ", ("KG",))
    for unit, eid in (("KZ", sealed.eid), ("TJ", "0" * 64)):
        assert desk.get(unit, f"/v1/log/entries?size=1&eid={eid}").status_code == 404


def test_what_is_behind_the_size_is_left_out(desk: Desk) -> None:
    with desk.db.read() as session:
        size = desk.hub.log.head(session).size
    sealed = desk.send("TJ", ("KG",))
    assert answered(desk.get("TJ", f"/v1/log/entries?size={size}&eid={sealed.eid}"))["entries"] == []
    assert desk.get("TJ", f"/v1/log/entries?size={size + 9}&eid={sealed.eid}").status_code == 404


def test_every_member_is_told_what_stands_in_the_directory_and_nothing_else_by_index(desk: Desk) -> None:
    desk.send("TJ", ("KG",))
    document = answered(desk.get("KZ", "/v1/directory/federation?version=1"))
    (entry,) = told(desk, "KZ", f"at={document['index']}")
    assert (entry.type, getattr(entry, "digest", "")) == (
        "DIRECTORY",
        digest(unb64(document["wire"])).hex(),
    )
    assert [one.type for one in told(desk, "KZ", "at=0.1")] == ["STATEMENT", "STATEMENT"]
    with desk.db.read() as session:
        head = desk.hub.log.head(session)
    last = f"/v1/log/entries?size={head.size}&at={head.size - 1}"
    assert desk.get("TJ", last).status_code == 404
    assert desk.get("KZ", "/v1/directory/federation?version=9").status_code == 404


def test_a_query_of_another_form_is_refused(desk: Desk) -> None:
    many = "0." * 64 + "0"
    for query in ("size=1", "size=1&at=0&eid=0", "size=x&at=0", "size=1&at=0.-1", "size=01&at=0", f"size=1&at={many}"):
        assert desk.get("TJ", f"/v1/log/entries?{query}").status_code == 400


def test_a_stranger_is_told_nothing(desk: Desk) -> None:
    for path in ("/v1/log/entries?size=1&at=0", "/v1/directory/federation?version=1"):
        assert desk.client.get(path).status_code == 401


def test_documents_published_before_their_leaf_was_kept_find_it_in_the_log(tmp_path: Path, database_url: str) -> None:
    desk = Desk(tmp_path / "hub", database_url)
    document = answered(desk.get("TJ", "/v1/directory/federation?version=1"))
    desk.db.downgrade(MIGRATIONS, "0003")
    desk.db.upgrade(MIGRATIONS)
    assert answered(desk.get("TJ", "/v1/directory/federation?version=1")) == document
    desk.close()
