"""The fuzz targets themselves: every seed passes, and a short seeded run lets nothing foreign escape."""

import random

import pytest

from tests.fuzz.crypto_targets import SEEDS, TARGETS


def test_every_target_has_seeds() -> None:
    assert TARGETS.keys() == SEEDS.keys()
    assert all(SEEDS.values())


def mutated(data: bytes, dice: random.Random) -> bytes:
    """One to three splices of random bytes over random places."""
    for _ in range(dice.randint(1, 3)):
        at, cut, put = dice.randint(0, len(data)), dice.randint(0, 8), dice.randbytes(dice.randint(0, 8))
        data = data[:at] + put + data[at + cut :]
    return data


@pytest.mark.parametrize("name", TARGETS)
def test_a_parser_accepts_its_seeds_and_survives_their_mutations(name: str) -> None:
    dice = random.Random(name)
    for seed in SEEDS[name]:
        TARGETS[name](seed)
        for _ in range(150):
            TARGETS[name](mutated(seed, dice))
