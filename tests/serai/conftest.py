"""The commands lock many a folder of keys with invented passphrases: here that costs next to nothing."""

from collections.abc import Iterator

import pytest

from crypto import keystore
from tests.hub.desk import CHEAP


@pytest.fixture(scope="module", autouse=True)
def cheap_locks() -> Iterator[None]:
    """Stores made in this process are cheap to unlock; what a store costs by itself is tested with the key store."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keystore, "FULL", CHEAP)
        yield
