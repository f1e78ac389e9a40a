"""The error tree: every code once, one outward code, one base."""

from collections.abc import Iterator

from crypto import errors
from crypto.errors import OUTWARD, CryptoError


def tree(kind: type[CryptoError]) -> Iterator[type[CryptoError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from tree(child)


def test_every_error_has_a_code_of_its_own_and_says_what_it_means() -> None:
    kinds = list(tree(CryptoError))
    assert len({kind.code for kind in kinds}) == len(kinds)
    assert all(kind.code == kind.code.upper() and kind.__doc__ for kind in kinds)


def test_every_error_of_the_module_is_in_the_tree_and_shows_one_code_outside() -> None:
    public = {value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, Exception)}
    assert public == set(tree(CryptoError))
    assert {kind.outward for kind in tree(CryptoError)} == {OUTWARD}


def test_an_error_carries_its_reason() -> None:
    error = errors.BadSignature("the Ed25519 half does not verify")
    assert (error.reason, str(error), error.code) == (str(error), error.reason, "BAD_SIGNATURE")
