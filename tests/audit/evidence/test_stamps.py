"""Time-stamps over earlier checkpoints: led to the bundle's own, and believed only through an authority one trusts."""

from collections.abc import Callable

import pytest

from audit.checkpoints import LogSigner
from audit.evidence.bundle import Stamped
from audit.evidence.findings import EvidenceRefused, Report
from audit.evidence.verification import Trust, verify_bundle
from audit.merkle import consistency_path
from crypto.canonical import dumps
from tests.audit import trees
from tests.audit.evidence.forgeries import Forgery, details, relisted, without
from tests.audit.evidence.scenes import SIGNER, delivered
from tests.instants import NOW

SCENE = delivered()
SIZE = 9
BODY = f"{SIGNER.keys.origin}\n{SIZE}\n"
TOKEN = b"a time-stamp"
NAME = f"log/stamped/{SIZE}"


def stamped(size: int = SIZE, root: bytes = b"", signer: LogSigner = SIGNER) -> Stamped:
    """A time-stamp over an earlier checkpoint of the scene's log."""
    path = consistency_path(SIZE, len(SCENE.entries), trees.nodes_of(SCENE.entries))
    return Stamped(size, signer.sign(SIZE, root or trees.root(SCENE.entries[:SIZE]), NOW), TOKEN, path)


def authority(body: bytes, token: bytes) -> str:
    """An authority that has stamped exactly this."""
    if not body.startswith(BODY.encode()) or body.count(b"\n") != 3 or token != TOKEN:
        raise EvidenceRefused("not what was stamped")
    return "2026-11-22T06:00:01Z by CN=Time"


FILES = SCENE.files(stamped=[stamped()])
TRUST = Trust(stamps=authority)


def test_a_stamp_by_a_trusted_authority_says_before_when_the_entries_existed() -> None:
    report = verify_bundle(FILES, TRUST)
    assert report.ok
    assert details(report, "TIME_STAMPED") == f"entries 0 to {SIZE - 1} before 2026-11-22T06:00:01Z by CN=Time"


def test_a_stamp_that_nobody_can_check_here_is_named_and_proves_nothing() -> None:
    report = verify_bundle(FILES)
    assert report.ok
    assert "TIME_STAMPED" not in report.codes()
    assert [one.subject for one in report.findings if one.code == "TIME_STAMP_NOT_CHECKED"] == [f"{NAME}.tsr"]


def refused(files: dict[str, bytes]) -> str:
    report: Report = verify_bundle(relisted(files), TRUST)
    assert not report.ok
    return details(report, "TIME_STAMP_REFUSED")


WRONG: dict[str, tuple[Forgery, str]] = {
    "no stamp": (without(f"{NAME}.tsr"), "not here"),
    "no checkpoint": (without(f"{NAME}.checkpoint"), "not here"),
    "no path": (without(f"{NAME}.consistency"), "not here"),
    "another stamp": (lambda files: {**files, f"{NAME}.tsr": b"x"}, "not what was stamped"),
    "another form of path": (lambda files: {**files, f"{NAME}.consistency": b"{}"}, "not a list"),
    "a short hash": (lambda files: {**files, f"{NAME}.consistency": dumps({"path": ["00"]})}, "stamped checkpoint"),
}


@pytest.mark.parametrize(("forge", "reason"), WRONG.values(), ids=WRONG.keys())
def test_what_a_stamp_lacks_or_has_too_much_is_named(forge: Forgery, reason: str) -> None:
    assert reason in refused(forge(FILES))


OTHERS: dict[str, tuple[Callable[[], Stamped], str]] = {
    "another root": (lambda: stamped(root=bytes(32)), "does not connect"),
    "another size in the name": (lambda: stamped(8), "named after another size"),
    "another log": (lambda: stamped(signer=LogSigner.from_seeds("other.example/log", bytes(64))), "other.example"),
}


@pytest.mark.parametrize(("make", "reason"), OTHERS.values(), ids=OTHERS.keys())
def test_a_stamped_checkpoint_that_does_not_lead_to_ours_is_refused(make: Callable[[], Stamped], reason: str) -> None:
    assert reason in refused(SCENE.files(stamped=[make()]))


def test_a_stamp_over_an_empty_log_proves_nothing() -> None:
    empty = Stamped(0, SIGNER.sign(0, trees.root([]), NOW), TOKEN, ())
    assert "covers nothing" in refused(SCENE.files(stamped=[empty]))
