"""Keepers of the roots sign the next document at the hub, one after the other, and only the same one."""

import pytest
from sqlalchemy import select

from crypto.signing import SigningKey
from exchange.enrolment_errors import NothingProposed, ProposalOver, ProposalVoid
from exchange.errors import BadStatement, Unavailable
from exchange.hub import proposing
from exchange.hub.proposing import Signed, Signing
from exchange.hub.register import digest
from exchange.hub.tables import PROPOSAL
from schemas import proposals
from schemas.directory import Federation, sign_federation
from schemas.entries import AdminEntry, parse
from schemas.proposals import LIFE, Withdrawal
from serai import founding
from tests.failing import Failing
from tests.hub.desk import Desk


def held(desk: Desk) -> Federation:
    return desk.hub.register.current.federation


def following(desk: Desk, unit: str = "KZ") -> Federation:
    """The next document: without a unit."""
    return founding.without_unit(held(desk), unit, desk.now)


def sign(desk: Desk, document: Federation, *keepers: int) -> Signed:
    signed = sign_federation(document, [desk.world.roots[keeper] for keeper in keepers])
    return proposing.sign(desk.hub, Signing(signed))


def withdraw(desk: Desk, document: Federation, root: SigningKey, env: str = "live") -> None:
    said = Withdrawal(env=env, digest=digest(document.to_bytes()).hex())  # type: ignore[arg-type]  # one of the two
    proposing.withdraw(desk.hub, proposals.withdraw(said, root))


def acts(desk: Desk) -> list[str]:
    with desk.db.read() as session:
        entries = [parse(one) for one in desk.hub.log.entries(session, 0, desk.hub.log.head(session).size)]
    return [one.act for one in entries if isinstance(one, AdminEntry) and one.act != "PUBLISH"]


def kept(desk: Desk) -> int:
    with desk.db.read() as session:
        return len(session.connection().execute(select(PROPOSAL)).all())


def test_the_document_is_in_force_with_the_second_keeper_and_says_before_who_is_missing(desk: Desk) -> None:
    document, roots = following(desk), [root.kid for root in desk.world.roots]
    first = sign(desk, document, 1)
    assert (first.signed, first.missing, first.in_force) == ((roots[1],), (roots[0], roots[2]), False)
    (summary,) = proposing.standing(desk.hub)
    assert (summary["version"], summary["signed"]) == (document.version, [roots[1]])
    assert "unit KZ, class: gone: MEMBER" in summary["changes"]
    second = sign(desk, document, 2)
    assert (second.in_force, second.missing, held(desk), kept(desk)) == (True, (roots[0],), document, 0)
    assert acts(desk) == ["SIGN", "SIGN"]


def test_all_roots_at_one_desk_need_no_waiting(lite: Desk) -> None:
    document = following(lite)
    assert sign(lite, document, 0, 1).in_force
    assert held(lite) == document


def test_one_keeper_counts_once_and_a_second_time_changes_nothing(lite: Desk) -> None:
    document = following(lite)
    for _ in range(2):
        assert sign(lite, document, 0).signatures == 1
    assert acts(lite) == ["SIGN"]


def test_a_proposal_is_void_once_another_document_is_in_force(desk: Desk) -> None:
    old, new = following(desk, "KZ"), following(desk, "KG")
    sign(desk, old, 0)
    sign(desk, new, 0, 1)
    assert (proposing.waiting(desk.hub), held(desk)) == ((), new)
    with pytest.raises(ProposalVoid):
        sign(desk, old, 1)
    sign(desk, following(desk, "KZ"), 0)
    assert kept(desk) == 1


def test_a_keeper_whose_root_was_replaced_meanwhile_has_signed_for_nobody(lite: Desk) -> None:
    """He proposes; an interim document takes his root away; neither his signature nor his word counts from then on."""
    document, gone = following(lite), lite.world.roots[0]
    sign(lite, document, 0)
    new = SigningKey.generate()
    roots = (new.public, *(root.public for root in lite.world.roots[1:]))
    interim = founding.next_document(held(lite).model_copy(update={"roots": roots}), lite.now)
    sign(lite, interim, 1, 2)
    with pytest.raises(ProposalVoid):
        sign(lite, document, 1)
    with pytest.raises(BadStatement):
        sign(lite, following(lite), 0, 1)
    with pytest.raises(BadStatement):
        withdraw(lite, following(lite), gone)
    lite.world.roots[0] = new
    assert sign(lite, following(lite), 0, 1).in_force


def test_a_proposal_is_over_after_two_weeks_and_gone_with_the_next(desk: Desk) -> None:
    document = following(desk)
    sign(desk, document, 0)
    desk.now += LIFE
    assert proposing.standing(desk.hub) == []
    with pytest.raises(ProposalOver):
        sign(desk, document, 1)
    sign(desk, following(desk), 0)
    assert (kept(desk), len(proposing.waiting(desk.hub))) == (1, 1)


def test_what_was_withdrawn_is_completed_by_nobody(desk: Desk) -> None:
    document, roots = following(desk), desk.world.roots
    sign(desk, document, 0)
    with pytest.raises(NothingProposed):
        withdraw(desk, document, roots[1])  # who has not signed it
    with pytest.raises(NothingProposed):
        withdraw(desk, document, roots[0], "exercise")
    for _ in range(2):
        withdraw(desk, document, roots[0])
    assert (proposing.waiting(desk.hub), acts(desk)) == ((), ["SIGN", "WITHDRAW"])
    for keepers in ((1,), (0, 1)):
        with pytest.raises(ProposalOver):
            sign(desk, document, *keepers)
    desk.now += 1
    assert sign(desk, following(desk), 0, 1).in_force


def test_what_was_never_proposed_is_not_withdrawn(lite: Desk) -> None:
    with pytest.raises(NothingProposed):
        withdraw(lite, following(lite), lite.world.roots[0])
    with pytest.raises(BadStatement):
        proposing.withdraw(lite.hub, b"{}")


def test_a_document_in_other_bytes_is_another_proposal(lite: Desk) -> None:
    document = following(lite)
    sign(lite, document, 0)
    wire = sign_federation(document, [lite.world.roots[0]])
    for bad in (wire.replace(b'"Test federation"', b'"Tost federation"'), b"{}", wire[:-1]):
        with pytest.raises(BadStatement):
            proposing.sign(lite.hub, Signing(bad))
    assert sign(lite, document.model_copy(update={"name": "Tost federation"}), 1).signatures == 1
    assert len(proposing.waiting(lite.hub)) == 2


@pytest.mark.parametrize("done", [False, True])
def test_a_last_signature_whose_answer_was_lost_is_given_again(desk: Desk, *, done: bool) -> None:
    document = following(desk)
    sign(desk, document, 0)
    failing = Failing(desk.db.engine)
    with failing.commit(done=done), pytest.raises(Unavailable):
        sign(desk, document, 1)
    desk.restart()
    assert sign(desk, document, 1).in_force
    assert (held(desk), acts(desk), kept(desk)) == (document, ["SIGN", "SIGN"], 0)


def test_a_write_that_fails_on_the_way_into_force_leaves_the_proposal(desk: Desk) -> None:
    document = following(desk)
    sign(desk, document, 0)
    before, failing, step = held(desk), Failing(desk.db.engine), 0
    while True:
        step += 1
        failing.seen.clear()
        with failing.at(step):
            try:
                sign(desk, document, 1)
            except Unavailable:
                assert (held(desk), kept(desk), acts(desk)) == (before, 1, ["SIGN"])
                continue
        break
    assert step > 4
    assert held(desk) == document
