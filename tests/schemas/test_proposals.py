"""A proposal at a keeper's desk: what it is compared with, who signed it, and how long it may be signed."""

import hashlib

import pytest

from crypto import statements
from crypto.signing import SigningKey
from schemas import proposals
from schemas.directory import Federation, sign_federation, sign_statement
from schemas.proposals import LIFE, Proposal, ProposalRefused, Step, Superseded, Withdrawal
from schemas.trust import CLOCK_SKEW, PART_LIMIT
from tests.federation import UnitKeys, World
from tests.instants import DAY, NOW

WORLD = World(NOW).add("KG", "TJ")
HELD = WORLD.federation(7)
NEXT = WORLD.federation(8, name="Another name")
STRANGER = SigningKey.generate()
SAID = Withdrawal(env="live", digest="0" * 128)


def signed(document: Federation, *keepers: int, roots: list[SigningKey] | None = None) -> bytes:
    return sign_federation(document, [(roots or WORLD.roots)[keeper] for keeper in keepers])


def proposal(document: Federation = NEXT, *keepers: int, held: bytes | None = None) -> Proposal:
    return Proposal(held=held or signed(HELD, 0, 1), federation=signed(document, *keepers or (0,)))


def test_a_proposal_says_who_signed_who_did_not_and_until_when() -> None:
    step = proposals.read(proposal().to_bytes()).step(WORLD.anchor())
    ids = [root.kid for root in WORLD.roots]
    assert (step.signed, step.missing, step.complete) == ((ids[0],), (ids[1], ids[2]), False)
    assert (step.expires, step.document) == (NOW + LIFE, NEXT)
    assert step.digest == hashlib.sha512(NEXT.to_bytes()).digest()
    summary = step.summary()
    assert (summary["version"], summary["needed"], len(summary["missing"])) == (8, 2, 2)
    assert "name: Test federation → Another name" in summary["changes"]


def test_two_of_three_are_enough_and_nobody_counts_twice() -> None:
    once, again = signed(NEXT, 2), signed(NEXT, 2)
    assert not Step.of(HELD, statements.merge(once, again, limit=PART_LIMIT)).complete
    assert Step.of(HELD, statements.merge(once, signed(NEXT, 1), limit=PART_LIMIT)).complete


def test_other_roots_need_the_threshold_of_both_sides() -> None:
    new = [SigningKey.generate() for _ in range(2)]
    roots = (WORLD.roots[0].public, *(key.public for key in new))
    other = NEXT.model_copy(update={"roots": roots})
    both = [*WORLD.roots[:2], new[0]]
    assert not Step.of(HELD, signed(other, 1, 2)).complete
    assert not Step.of(HELD, sign_federation(other, new)).complete
    assert Step.of(HELD, sign_federation(other, both)).complete
    assert len(Step.of(HELD, signed(other, 0)).missing) == 4
    three = Step.of(HELD, signed(NEXT.model_copy(update={"threshold": 3}), 0, 1))
    assert (three.needed, three.complete) == (3, False)


def test_what_was_made_from_an_older_document_is_void() -> None:
    for version in (6, 7):
        with pytest.raises(Superseded):
            Step.of(HELD, signed(NEXT.model_copy(update={"version": version}), 0))


def test_what_is_no_next_document_of_this_federation_is_refused() -> None:
    later, elsewhere = ({"version": 9}, {"env": "exercise"})
    twice = NEXT.model_copy(update={"roots": (*NEXT.roots[:2], NEXT.units[0].roots[0])})
    wires = [signed(NEXT.model_copy(update=change), 0) for change in (later, elsewhere)]
    stranger = sign_federation(NEXT, [WORLD.roots[0], STRANGER])
    for wire in [*wires, signed(twice, 0), stranger, sign_federation(NEXT, [STRANGER]), b"{}"]:
        with pytest.raises(ProposalRefused):
            Step.of(HELD, wire)


def test_a_document_that_was_changed_after_a_keeper_signed_it_is_refused() -> None:
    wire = proposal().federation.replace(b"Another name", b"Another game")
    with pytest.raises(ProposalRefused):
        proposal().model_copy(update={"federation": wire}).step(WORLD.anchor())


def test_a_difference_from_what_was_never_in_force_is_not_shown() -> None:
    """Whoever invents the document in force could hide what changes: with roots of his own, or with too few."""
    thieves = [WORLD.roots[0], STRANGER, SigningKey.generate()]
    own = NEXT.model_copy(update={"version": 7, "roots": tuple(key.public for key in thieves)})
    for held in (sign_federation(own, thieves[1:]), signed(NEXT.model_copy(update={"version": 7}), 0), b"{}"):
        with pytest.raises(ProposalRefused, match="in force"):
            proposal(held=held).step(WORLD.anchor())


def test_it_may_be_signed_for_two_weeks_of_its_own_date() -> None:
    step = Step.of(HELD, signed(NEXT, 0))
    assert [step.in_time(NOW + after) for after in (-CLOCK_SKEW, 0, LIFE - 1, LIFE)] == [True, True, True, False]
    ahead = Step.of(HELD, signed(NEXT.model_copy(update={"issued": NOW + DAY}), 0))
    assert not ahead.in_time(NOW)


def test_units_come_in_only_as_they_asked() -> None:
    uz, changed = UnitKeys("UZ").entry(), HELD.units[0].model_copy(update={"accreditation": "CONF"})
    document = NEXT.model_copy(update={"units": (changed, HELD.units[1], uz)})
    step = Step.of(HELD, signed(document, 0))
    step.check_entering([uz, changed])
    for asked in ([], [uz], [changed, UnitKeys("UZ").entry()], [changed, uz, HELD.units[1]]):
        with pytest.raises(ProposalRefused, match="others"):
            step.check_entering(asked)


def test_only_the_canonical_form_of_a_proposal_is_read() -> None:
    made = proposal()
    data = made.to_bytes()
    assert proposals.read(data) == made
    for bad in (b"", data[:-1], data.replace(b'"v":1', b'"v": 1'), b"[]"):
        with pytest.raises(ProposalRefused):
            proposals.read(bad)


def test_a_withdrawal_is_the_word_of_one_root() -> None:
    roots = [root.public for root in WORLD.roots]
    wire = proposals.withdraw(SAID, WORLD.roots[1])
    found = proposals.read_withdrawal(wire, roots)
    assert (found.withdrawal, found.kid) == (SAID, WORLD.roots[1].kid)
    two = statements.merge(wire, proposals.withdraw(SAID, WORLD.roots[0]), limit=PART_LIMIT)
    other = sign_statement(WORLD.revocation("TJ", "0" * 64, "CEASED", NOW), WORLD.roots[1])
    for bad in (proposals.withdraw(SAID, STRANGER), two, other, b"{}"):
        with pytest.raises(ProposalRefused):
            proposals.read_withdrawal(bad, roots)
