"""Who works on a case may read it; what cannot be sealed says why; what was not opened is listed; the log is proven."""

import pytest
from sqlalchemy import select

from exchange.hub import administration
from nodes import cases, drafts, inbox, messages, outbox, oversight, reading
from nodes.drafts import NewDraft, Saved
from nodes.errors import BadInput, DraftChanged, Incomplete, NotFound
from nodes.outbox import Checked
from nodes.oversight_lookups import Lookup
from nodes.tables import CaseRow, EventRow
from nodes.views import Box, DraftForm, InboxQuery
from tests.messages import BODIES, form_labels
from tests.nodes.test_arrivals import a_content as a_message
from tests.nodes.test_arrivals import deliver, forge, seal_only
from tests.nodes.world import World, send, someone


def ask(world: World) -> str:
    return send(world.node("TJ"), someone(world.node("TJ"), "rustam"), NewDraft("REQ", recipients=("KG",)))


def test_a_colleague_reads_a_case_once_he_works_on_it(small: World) -> None:
    node, request = small.node("TJ"), ask(small)
    aibek, farida = someone(node, "aibek"), someone(node, "farida")
    with pytest.raises(NotFound), node.db.write() as session:
        messages.read(session, node, aibek, request)
    with node.db.write() as session:
        ref = session.scalars(select(CaseRow.case_ref)).one()
        cases.join(session, node, farida, ref, "AIBEK-1")
        assert messages.read(session, node, aibek, request).row.case_ref == ref
        assert reading.case(session, node, aibek, ref).members == ("AIBEK-1", "RUSTAM-1")
        for number, user in ((ref, "NOBODY-1"), ("TJ-TJ-2026-999999", "AIBEK-1")):
            with pytest.raises(NotFound):
                cases.join(session, node, farida, number, user)
    assert ref == "TJ-TJ-2026-000001"


def test_a_case_whose_key_is_erased_can_never_be_read_again(small: World) -> None:
    node, request = small.node("TJ"), ask(small)
    rustam = someone(node, "rustam")
    with node.db.write() as session:
        session.scalars(select(CaseRow)).one().wrapped_key = None
    with pytest.raises(NotFound), node.db.write() as session:
        messages.read(session, node, rustam, request)
    with node.db.write() as session:
        row = inbox.page(session, node, rustam, InboxQuery(box=Box.SENT, unit="KG", case_ref="TJ-TJ-2026-000001")).rows[
            0
        ]
        assert (row.subject, reading.search(session, node, rustam, "heroin", "review")) == (None, ())
        with pytest.raises(BadInput):
            reading.search(session, node, rustam, "he", "review")


def test_a_unit_that_may_not_be_written_to_is_named_with_the_reason(small: World) -> None:
    administration.suspend(small.desk.hub, "KG", "AUDIT")
    small.pass_time(60)
    small.sync("TJ")
    node, rustam = small.node("TJ"), someone(small.node("TJ"), "rustam")
    with node.db.write() as session:
        draft = drafts.create(session, node, rustam, NewDraft("REQ", recipients=("KG",)))
        form = DraftForm(("KG",), form_labels(), {**BODIES["REQ"]})
        saved = drafts.save(session, node, rustam, Saved(draft.draft_id, 1, form))
    with pytest.raises(DraftChanged), node.db.write() as session:
        outbox.seal(session, node, rustam, Checked(draft.draft_id, 1))
    with pytest.raises(Incomplete, match="UNIT_SUSPENDED"), node.db.write() as session:
        outbox.seal(session, node, rustam, Checked(draft.draft_id, saved.revision))


def test_what_was_not_opened_is_listed_with_its_reason(small: World) -> None:
    content = a_message(small)
    forge(small, b"{}", content.msg_id)
    small.sync("KG")
    deliver(small, seal_only(small, a_message(small)), entry=b"{}")
    node, dilnoza = small.node("KG"), someone(small.node("KG"), "dilnoza")
    with node.db.read() as session:
        found = inbox.quarantined(session, dilnoza)
        assert inbox.counters(session, node, dilnoza).quarantined == 2
    assert {(one.reason, one.state) for one in found} == {("CONTENT_INVALID", "REJECTED"), ("ENTRY_MISMATCH", "HELD")}


def test_an_auditor_sees_proven_acts_without_content_and_his_look_is_an_act(small: World) -> None:
    node, otabek = small.node("TJ"), someone(small.node("TJ"), "otabek")
    ask(small)
    with node.db.write() as session:
        page = oversight.page(session, node, otabek, Lookup())
    assert page.entries
    assert all(entry.proven for entry in page.entries)
    with node.db.read() as session:
        assert "AUDIT_ACCESS" in session.scalars(select(EventRow.operation)).all()
