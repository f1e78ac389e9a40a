"""Evidence as a unit hands it out: complete, verified, logged, and of nothing that is not the asker's."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import delete, select

from audit.evidence.archive import MANIFEST, Archive
from audit.evidence.findings import Report
from audit.evidence.verification import Trust, verify_bundle
from audit.store import PUBLISHED
from crypto import signing
from exchange.hub import administration
from exchange.hub.administration import Publication
from exchange.hub.hub import LOG_ID
from exchange.hub.stamping import Stamper
from exchange.policy.rulebook import Rulebook, federation_texts
from nodes import anchoring, evidence, messages
from nodes.drafts import NewDraft
from nodes.errors import Denied, EvidenceRefused, HubUnreachable, NotFound
from nodes.evidence import Exported, Wanted
from nodes.hub_client import HubClient
from nodes.tables import CaseRow, EventRow, MessageRow
from nodes.views import Actor
from schemas import entries
from schemas.directory import sign_federation
from schemas.entries import ActEntry
from serai.cli import app
from tests.hub.authority import Authority
from tests.messages import AT_RISK
from tests.nodes.world import World, send, someone

NOTHING_LEAVES = """
@id("TJ-NOTHING-LEAVES") @law("order 7") @en("No content leaves.") @ru("Содержание не выносится.")
forbid (principal, action == Serai::Action::"EXPORT", resource);
"""


@pytest.fixture(scope="module")
def played(template: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """TJ asked KG and KZ; both collected, KG opened it; everything is signed, and the world is closed."""
    world = World.copied(template, tmp_path_factory.mktemp("evidence") / "world")
    send(world.node("TJ"), someone(world.node("TJ"), "rustam"), NewDraft("REQ", recipients=("KG", "KZ")))
    world.sync()
    read(world, "KG", someone(world.node("KG"), "dilnoza"))
    world.sync()
    with HubClient(world.node("TJ")) as client:
        anchoring.step(world.node("TJ"), client)
    world.pass_time(2)
    world.close()
    return world


@pytest.fixture
def exchanged(played: World, tmp_path: Path) -> Iterator[World]:
    """The played world in a state of its own."""
    world = World.copied(played, tmp_path / "world")
    world.pass_time(2)
    yield world
    world.close()


def message_of(world: World, unit: str) -> str:
    with world.node(unit).db.read() as session:
        return session.scalars(select(MessageRow.message_id)).one()


def read(world: World, unit: str, actor: Actor) -> None:
    with world.node(unit).db.write() as session:
        messages.read(session, world.node(unit), actor, message_of(world, unit))


def exported(world: World, unit: str, actor: Actor, **wanted: Any) -> tuple[Exported, Archive, Report]:
    if "case_ref" not in wanted:
        wanted["message_id"] = message_of(world, unit)
    out = BytesIO()
    done = evidence.export(world.node(unit), actor, Wanted(**wanted), out)
    archive = Archive(out)
    roots = [signing.kid_of(root.public) for root in world.desk.world.roots]
    return done, archive, verify_bundle(archive, Trust(frozenset(roots)))


def test_the_sender_exports_everything_that_happened_to_his_message(exchanged: World) -> None:
    rustam = someone(exchanged.node("TJ"), "rustam")
    done, archive, report = exported(exchanged, "TJ", rustam, with_content=True, reason="court order 17")
    assert report.ok
    kinds = sorted(one.detail.split(" ")[0] for one in report.findings if one.code == "RECEIPT_SIGNED")
    assert kinds == ["DELIVERED", "DELIVERED", "OPENED", "RELAYED", "RELAYED", "SUBMITTED"]
    assert report.codes().count("CONTENT_OPENED") == done.opened == done.messages == 1
    assert done.receipts == len(kinds)
    assert "ENTRY_ALONE" not in report.codes()
    assert "UNIT_LOG_ANCHORED" in report.codes()
    acts = {one.detail.split(",")[0] for one in report.findings if one.code == "UNIT_ENTRY_PROVED"}
    assert "SEND" in acts
    assert list(archive)[-1] == MANIFEST


def test_a_recipient_exports_what_concerns_his_copy(exchanged: World) -> None:
    dilnoza = someone(exchanged.node("KG"), "dilnoza")
    _, _, report = exported(exchanged, "KG", dilnoza)
    assert report.ok
    about = [one.detail for one in report.findings if one.code == "RECEIPT_SIGNED"]
    assert about
    assert all("for KG" in one for one in about)
    assert {"ENVELOPE_SIGNED", "CONTENT_ABSENT"} <= set(report.codes())


def test_the_export_is_logged_with_the_digest_of_the_file(exchanged: World) -> None:
    rustam, node = someone(exchanged.node("TJ"), "rustam"), exchanged.node("TJ")
    done, _, _ = exported(exchanged, "TJ", rustam, with_content=True)
    with node.db.read() as session:
        entry = entries.parse(node.log.entry(session, done.log_index))
        actor = session.get_one(EventRow, done.log_index).actor
    assert isinstance(entry, ActEntry)
    assert (entry.operation, entry.digest) == ("DISCLOSE", done.sha512)
    assert entry.codes == ("EVIDENCE", "CONTENT", "USE.COURT")
    assert actor == rustam.user_id


def test_an_auditor_exports_a_whole_case_but_no_content(exchanged: World) -> None:
    otabek, node = someone(exchanged.node("TJ"), "otabek"), exchanged.node("TJ")
    with node.db.read() as session:
        case_ref = session.scalars(select(CaseRow.case_ref)).one()
    done, _, report = exported(exchanged, "TJ", otabek, case_ref=case_ref)
    assert report.ok
    assert "CONTENT_OPENED" not in report.codes()
    with node.db.read() as session:
        assert session.get_one(EventRow, done.log_index).operation == "AUDIT_EXPORT"
    with pytest.raises(NotFound):
        exported(exchanged, "TJ", otabek, case_ref=case_ref, with_content=True)


@pytest.mark.parametrize(("name", "error"), [("anora", Denied), ("outsider", Denied), ("aibek", NotFound)])
def test_nobody_exports_what_is_not_his(exchanged: World, name: str, error: type[Exception]) -> None:
    actor = someone(exchanged.node("TJ"), name)
    with pytest.raises(error):
        exported(exchanged, "TJ", actor)


def test_a_message_or_a_case_that_is_not_there_is_not_found(exchanged: World) -> None:
    farida = someone(exchanged.node("TJ"), "farida")
    for wanted in (Wanted(message_id="0" * 32), Wanted(case_ref="TJ-TJ-2026-999999")):
        with pytest.raises(NotFound):
            evidence.export(exchanged.node("TJ"), farida, wanted, BytesIO())


def test_content_of_another_unit_that_is_not_for_courts_is_withheld(small: World) -> None:
    rustam = someone(small.node("TJ"), "rustam")
    send(small.node("TJ"), rustam, NewDraft("REQ", recipients=("KG",)), common=AT_RISK)
    small.sync(rounds=3)
    small.pass_time(2)
    done, _, report = exported(small, "KG", someone(small.node("KG"), "dilnoza"), with_content=True)
    assert (done.opened, len(done.withheld)) == (0, 1)
    assert "CONTENT_ABSENT" in report.codes()
    assert exported(small, "TJ", rustam, with_content=True)[0].opened == 1
    bound = replace(rustam, rules=Rulebook(federation_texts(), {"own.cedar": NOTHING_LEAVES}))
    done, _, _ = exported(small, "TJ", bound, with_content=True)
    assert (done.opened, len(done.withheld)) == (0, 1)


def test_before_the_hub_has_published_anything_the_refusal_says_why(exchanged: World) -> None:
    with exchanged.desk.hub.db.write() as session:
        session.execute(delete(PUBLISHED))
    with pytest.raises(EvidenceRefused, match="NOT_SIGNED_YET"):
        exported(exchanged, "TJ", someone(exchanged.node("TJ"), "rustam"))


def test_evidence_outlives_the_erasure_of_the_case(exchanged: World) -> None:
    node, rustam = exchanged.node("TJ"), someone(exchanged.node("TJ"), "rustam")
    with node.db.write() as session:
        session.scalars(select(CaseRow)).one().wrapped_key = None
    done, _, report = exported(exchanged, "TJ", rustam, with_content=True)
    assert report.ok
    assert (done.opened, done.withheld) == (0, ())
    assert "CONTENT_ABSENT" in report.codes()


def test_a_suspended_unit_can_still_prove_its_history(exchanged: World) -> None:
    rustam = someone(exchanged.node("TJ"), "rustam")
    administration.suspend(exchanged.desk.hub, "TJ", "SECURITY")
    exchanged.pass_time(2)
    assert exported(exchanged, "TJ", rustam)[2].ok


def test_a_recipient_proves_what_a_unit_sent_that_has_left(exchanged: World) -> None:
    dilnoza = someone(exchanged.node("KG"), "dilnoza")
    exchanged.pass_time(60)
    before = exchanged.node("KG").directory().federation
    units = tuple(unit for unit in before.units if unit.unit != "TJ")
    pairs = tuple(one for one in before.agreements if "TJ" not in (one.sender, one.recipient))
    left = before.model_copy(update={"version": before.version + 1, "units": units, "agreements": pairs})
    signed = sign_federation(left, exchanged.desk.world.roots[:2])
    administration.publish(exchanged.desk.hub, Publication(signed))
    exchanged.sync("KG")
    exchanged.pass_time(2)
    _, archive, report = exported(exchanged, "KG", dilnoza)
    assert report.ok
    assert "SIGNER_LEFT_LATER" in report.codes()
    assert sum(name.startswith("directory/federation-") for name in archive) == 2


def test_what_the_log_does_not_cover_yet_is_not_exported(small: World) -> None:
    rustam = someone(small.node("TJ"), "rustam")
    small.pass_time(2)
    send(small.node("TJ"), rustam, NewDraft("REQ", recipients=("KG",)))
    small.sync("TJ")
    with pytest.raises(EvidenceRefused, match="NOT_SIGNED_YET"):
        exported(small, "TJ", rustam)


def swapped(old: bytes, new: bytes) -> Callable[[httpx.Request, httpx.Response], httpx.Response]:
    def change(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if b"/v1/log/" not in request.url.raw_path:
            return answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content.replace(old, new))

    return change


def test_a_hub_that_does_not_answer_or_is_altered_on_the_way_gives_no_evidence(exchanged: World) -> None:
    rustam, wire = someone(exchanged.node("TJ"), "rustam"), exchanged.units["TJ"].wire
    wire.cut = True
    with pytest.raises(HubUnreachable):
        exported(exchanged, "TJ", rustam)
    wire.cut, wire.after = False, swapped(b'"index":', b'"index":1')
    with pytest.raises(HubUnreachable):
        exported(exchanged, "TJ", rustam)


def test_a_time_stamp_of_the_hubs_authority_goes_into_the_bundle_and_counts_for_who_trusts_it(
    exchanged: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rustam, hub, authority = someone(exchanged.node("TJ"), "rustam"), exchanged.desk.hub, Authority(tmp_path / "tsa")
    settings = hub.settings.model_copy(
        update={"timestamp_url": "https://tsa.example/", "timestamp_ca": authority.roots}
    )
    assert Stamper(settings, hub.db, LOG_ID, hub.do).stamp_once(authority)
    exchanged.pass_time(700)
    with (tmp_path / "evidence.zip").open("x+b") as out:
        evidence.export(exchanged.node("TJ"), rustam, Wanted(message_id=message_of(exchanged, "TJ")), out)
    with pytest.raises(SystemExit) as ended:
        app(["log", "verify", str(tmp_path / "evidence.zip"), "--tsa", str(authority.roots)])
    said = capsys.readouterr().out
    assert (ended.value.code, said.count("TIME_STAMPED")) == (0, 1)
    assert "Test time-stamping authority" in said
    with pytest.raises(SystemExit) as ended:
        app(["log", "verify", str(tmp_path / "evidence.zip"), "--tsa", str(Authority(tmp_path / "other").roots)])
    assert ended.value.code == 1
