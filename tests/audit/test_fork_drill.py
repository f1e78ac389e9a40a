"""Two histories of one log, signed with good keys: whatever the conspirators do, at most one reaches the quorum."""

import contextlib
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.checkpoints import Checkpoint
from audit.policy import Policy
from audit.submission import Held, Submission, WitnessRefused, judge
from serai import founding
from tests.audit import trees
from tests.audit.logs import SIGNER
from tests.audit.witnesses import cosigner
from tests.instants import NOW

COMMON = trees.some_entries(4)
HISTORIES = [[*COMMON, *(b"%b%d" % (side, at) for at in range(4))] for side in (b"a", b"b")]
STEPS = [(side, size) for side in (0, 1) for size in range(3, 9)]
ROOTS = {(side, size): trees.root(HISTORIES[side][:size]) for side, size in STEPS}
NOTES = {step: SIGNER.sign(step[1], root, NOW) for step, root in ROOTS.items()}
EVERYBODY = [f"U{number:02}" for number in range(15)]
KEYS = {unit: [cosigner(unit).keys] for unit in EVERYBODY}


@dataclass
class Honest:
    """A witness that keeps the rules; `held` is its record."""

    held: Held = field(default_factory=Held)
    side: int = 0

    def offered(self, side: int, size: int) -> Checkpoint | None:
        """What it cosigns of a checkpoint that the hub offers with the best proof that it can make."""
        proof = trees.proof(self.held.size, HISTORIES[side][:size]) if 0 < self.held.size < size else []
        request = Submission(self.held.size, tuple(proof), NOTES[side, size])
        with contextlib.suppress(WitnessRefused):
            said = judge(request, SIGNER.keys, self.held, NOW).checkpoint
            self.held, self.side = Held(said.size, said.root, NOW), side
            return said
        return None


def published(units: int, quorum: int, offers: list[tuple[int, tuple[int, int]]], conspirators: int) -> set[Checkpoint]:
    """Every checkpoint past the fork that gathers the quorum; the conspirators cosign whatever the hub signs."""
    policy = Policy.federated(SIGNER.keys, {unit: KEYS[unit] for unit in EVERYBODY[:units]}, quorum)
    honest = {unit: Honest() for unit in EVERYBODY[conspirators:units]}
    cosigned: dict[Checkpoint, set[str]] = {}
    for at, step in offers:
        unit = EVERYBODY[conspirators + at % len(honest)]
        said = honest[unit].offered(*step)
        if said is not None:
            cosigned.setdefault(said, {*EVERYBODY[:conspirators]}).add(unit)
    names = {
        said: [f"{unit}.{kind}" for unit in who for kind in ("ed25519", "mldsa44")] for said, who in cosigned.items()
    }
    return {said for said in cosigned if said.size > len(COMMON) and policy.quorum in policy.satisfied(names[said])}


def histories(shown: set[Checkpoint]) -> set[int]:
    return {side for said in shown for side in (0, 1) if said.root == ROOTS[side, said.size]}


OFFERS = st.lists(st.tuples(st.integers(0, 14), st.sampled_from(STEPS)), max_size=60)


@given(st.integers(3, 15), OFFERS)
def test_with_the_founded_quorum_two_histories_are_never_both_published(
    units: int, offers: list[tuple[int, tuple[int, int]]]
) -> None:
    shown = published(units, founding.quorum(units), offers, (units - 1) // 3)
    assert len(histories(shown)) <= 1


@pytest.mark.parametrize("units", range(3, 16))
def test_the_worst_that_conspirators_can_do_is_not_enough_and_one_more_would_be(units: int) -> None:
    """The honest are split in halves, each shown one history; the conspirators sign both."""
    quorum, conspirators = founding.quorum(units), (units - 1) // 3
    split = [(at, (at % 2, 8)) for at in range(15)]
    assert len(histories(published(units, quorum, split, conspirators))) <= 1
    assert len(histories(published(units, quorum, split, 2 * quorum - units))) == 2


@pytest.mark.parametrize("units", range(3, 16))
def test_the_honest_alone_publish_the_one_history_while_the_conspirators_are_silent(units: int) -> None:
    conspirators = (units - 1) // 3
    honest = {unit: Honest() for unit in EVERYBODY[conspirators:units]}
    agreed = [one.offered(0, 8) for one in honest.values()]
    assert len([said for said in agreed if said]) >= founding.quorum(units)
