"""What a password costs whoever guesses it; every other test hashes its invented ones at next to no cost."""

import pytest

from nodes import passwords
from tests.nodes.people import PASSWORD

COST = "$argon2id$v=19$m=65536,t=3,p=1$"


def test_a_password_costs_64_mebibytes_and_three_passes(
    password_cost: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "MEMORY_KIB", password_cost[0])
    monkeypatch.setattr(passwords, "PASSES", password_cost[1])
    phc = passwords.hash_password(PASSWORD)
    assert phc.startswith(COST)
    assert passwords.matches(PASSWORD, phc)
    assert not passwords.matches(PASSWORD + "!", phc)


def test_where_there_is_no_account_a_hash_of_the_same_cost_is_verified() -> None:
    assert passwords._DUMMY.startswith(COST)
    assert not passwords.matches(PASSWORD, None)
