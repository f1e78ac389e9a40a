"""What a password costs whoever guesses it; every other test hashes its invented ones at next to no cost."""

from nodes import passwords
from tests.nodes.people import PASSWORD


def phc_of(memory_kib: int, passes: int) -> str:
    """How the hash of a password of this cost begins."""
    return f"$argon2id$v=19$m={memory_kib},t={passes},p=1$"


def test_a_password_costs_64_mebibytes_and_three_passes(password_cost: tuple[int, int]) -> None:
    assert password_cost == (64 * 1024, 3)


def test_a_hash_names_its_cost_and_opens_with_its_password_alone() -> None:
    phc = passwords.hash_password(PASSWORD)
    assert phc.startswith(phc_of(passwords.MEMORY_KIB, passwords.PASSES))
    assert passwords.matches(PASSWORD, phc)
    assert not passwords.matches(PASSWORD + "!", phc)


def test_where_there_is_no_account_a_hash_of_the_full_cost_is_verified(password_cost: tuple[int, int]) -> None:
    assert passwords._DUMMY.startswith(phc_of(*password_cost))
    assert not passwords.matches(PASSWORD, None)
