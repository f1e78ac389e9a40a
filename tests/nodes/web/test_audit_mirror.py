"""Mirror statistics: both sides count the same messages, and every message that only one side has is named."""

import csv
import io

from httpx import Response
from sqlalchemy import text

from schemas import tallies
from schemas.tallies import Exchanged, Tally
from tests.nodes.web.auditing import disclosure, entries
from tests.nodes.web.house import Browser, House

DAYS = "since=2026-11-20&until=2026-11-25"


def tally(house: House, *dropped: str, more: tuple[Exchanged, ...] = ()) -> bytes:
    """What Tajikistan says about its exchange with Kyrgyzstan, without some messages and with some more."""
    kg, tj = house.nodes["KG"], house.nodes["TJ"]
    since, until = kg.now() - 86_400, kg.now() + 86_400
    with tj.db.read() as session:
        rows = session.execute(text("SELECT eid, accepted, kind, urgency FROM node_message WHERE direction = 'IN'"))
        held = [Exchanged(eid=e, way="IN", at=at, kind=k, urgency=u) for e, at, k, u in rows if e not in dropped]
    said = Tally(
        env="live",
        unit="TJ",
        partner="KG",
        since=since,
        until=until,
        made=tj.now(),
        messages=tuple(sorted((*held, *more), key=lambda one: one.eid)),
    )
    return tallies.sign(tj.keys.signing, said)


def hand_in(desk: Browser, data: bytes, form: str = "PAGE", **headers: str) -> Response:
    same_origin = {"Sec-Fetch-Site": "same-origin", **headers}
    form_data = {"csrf": desk.csrf, "form": form}
    return desk.client.post("/mirror/compare", data=form_data, files={"file": ("x", data)}, headers=same_origin)


def compared(desk: Browser, data: bytes) -> dict[str, object]:
    found: dict[str, object] = hand_in(desk, data, Accept="application/json").json()
    return found


def test_what_was_sent_stands_beside_what_the_partner_signed(auditor: Browser) -> None:
    pairs = auditor.get("/mirror.json").json()["pairs"]
    assert [(one["unit"], one["sent"], one["delivered"]) for one in pairs] == [("TJ", 1, 1)]
    lines = list(csv.DictReader(io.StringIO(auditor.get("/mirror.csv").text)))
    assert lines[0]["delivered"] == "1"
    assert {one["operation"] for one in entries(auditor)[:2]} == {"AUDIT_ACCESS", "AUDIT_EXPORT"}
    assert "Tajikistan" in auditor.get("/mirror").text
    assert "Nothing was exchanged" in auditor.get("/mirror?since=2020-01-01&until=2020-01-02").text


def test_two_honest_tallies_agree(audited: House, auditor: Browser) -> None:
    assert compared(auditor, tally(audited))["ok"]
    page = hand_in(auditor, tally(audited)).text
    assert ("The two sides agree" in page, "Information request" in page) == (True, True)


def test_a_message_that_a_partner_leaves_out_though_it_signed_for_it_is_named(audited: House, auditor: Browser) -> None:
    eid = disclosure(auditor)["eid"]
    found = compared(auditor, tally(audited, eid))
    assert found["differences"] == [{"eid": eid, "ours": True, "theirs": False, "receipted": True}]
    assert "contradicts their receipt" in hand_in(auditor, tally(audited, eid)).text
    with audited.nodes["KG"].db.write() as session:
        session.execute(text("UPDATE node_receipt SET origin = 'GONE' WHERE origin = 'PEER'"))
    page = hand_in(auditor, tally(audited, eid), "CSV").text
    with audited.nodes["KG"].db.write() as session:
        session.execute(text("UPDATE node_receipt SET origin = 'PEER' WHERE origin = 'GONE'"))
    assert "Only we have it," in page


def test_a_message_that_only_they_have_and_one_with_other_labels_are_named(audited: House, auditor: Browser) -> None:
    eid, at = disclosure(auditor)["eid"], audited.nodes["KG"].now() - 5000
    invented = Exchanged(eid="0" * 64, way="OUT", at=at, kind="SPN", urgency="NORMAL")
    other = Exchanged(eid=eid, way="IN", at=at, kind="SPN", urgency="NORMAL")
    page = hand_in(auditor, tally(audited, eid, more=(invented, other))).text
    assert ("Only they have it" in page, "Both have it" in page) == (True, True)


def test_what_another_unit_did_not_sign_for_this_one_is_refused(audited: House, auditor: Browser) -> None:
    ours = auditor.get(f"/mirror/tally?unit=TJ&{DAYS}").content
    forged = tally(audited).replace(b'"unit":"TJ"', b'"unit":"KZ"')
    for data in (b"", b"{}", ours, forged):
        assert hand_in(auditor, data).status_code == 422


def test_our_own_tally_is_signed_and_its_leaving_is_logged(audited: House, auditor: Browser) -> None:
    signed = tallies.parse(auditor.get(f"/mirror/tally?unit=TJ&{DAYS}").content)
    signed.verify(audited.nodes["KG"].keys.signing.public)
    assert [one.eid for one in signed.tally.messages] == [disclosure(auditor)["eid"]]
    assert [one["operation"] for one in entries(auditor, "operation=AUDIT_EXPORT")][:1] == ["AUDIT_EXPORT"]
    assert auditor.get(f"/mirror/tally?unit=KG&{DAYS}").status_code == 422
