"""Keys turn and end under load, and nobody meets an error; the long version is `python -m tests.e2e.rotation`."""

from pathlib import Path

import pytest

from tests.e2e.federation import load
from tests.e2e.rotation import UNITS, drill

pytestmark = pytest.mark.slow


def test_whatever_key_turns_or_ends_no_message_meets_an_error_and_what_ended_is_refused_everywhere(
    tmp_path: Path,
) -> None:
    with load(tmp_path / "f", units=UNITS) as under:
        figures = drill(under, short=True)
    assert figures["errors"] == 0
    assert figures["after"] == {"good": True, "then": ["SIGNER_REVOKED_LATER"]}
