"""One house for the tests of a module: making keys takes a second, and no test of pages changes another's message."""

from collections.abc import Iterator

import pytest

from tests.instants import NOW
from tests.nodes.web.house import House, build


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Tajikistan and Kyrgyzstan, with an officer, a duty officer, an administrator and an auditor in Kyrgyzstan."""
    made = build(tmp_path_factory.mktemp("house"), NOW, ("KG", "TJ"))
    made.add_user("KG", "KG-1", "OFFICER")
    made.add_user("KG", "KG-2", "OFFICER", "SPOC_DUTY")
    made.add_user("KG", "KG-8", "NODE_ADMIN")
    made.add_user("KG", "KG-9", "AUDITOR")
    made.add_user("TJ", "TJ-1", "OFFICER", language="ru")
    yield made
    made.close()
