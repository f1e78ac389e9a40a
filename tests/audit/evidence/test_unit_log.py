"""What a unit's own log says about a message: proved under its checkpoint, and anchored in the hub's log or not."""

from collections.abc import Callable

import pytest

from audit.checkpoints import LogSigner
from audit.evidence.bundle import Logged, UnitLog
from audit.evidence.verification import verify_bundle
from audit.merkle import inclusion_path
from crypto.signing import SigningKey
from schemas.directory import sign_federation
from schemas.entries import ActEntry, AnchorEntry
from tests.audit import trees
from tests.audit.evidence.forgeries import Forgery, bad, details, relisted, replaced, without
from tests.audit.evidence.scenes import NONCE, Scene, delivered, revoke
from tests.instants import DAY, NOW

ORIGIN = "node.tj.serai"
ACTS = [
    ActEntry(time=NOW, nonce=NONCE, operation=operation, actor="0" * 64).to_bytes()
    for operation in ("SEND", "CONSULT", "EXPORT")
]
ROOT = trees.root(ACTS)


def scene_with_log(*, anchored: bool = True) -> Scene:
    """TJ has stated the keys of its log, and the hub's log holds its head, or does not."""
    scene = delivered()
    scene.state(scene.world.units["TJ"].note_statement("LOG", NOW))
    if anchored:
        scene.log(AnchorEntry(time=NOW + 60, nonce=NONCE, origin=ORIGIN, size=3, root=ROOT.hex()))
    return scene


def unit_log(scene: Scene, signer: LogSigner | None = None, now: int = NOW) -> UnitLog:
    signer = signer or LogSigner.from_seeds(ORIGIN, scene.world.units["TJ"].log)
    node = trees.nodes_of(ACTS)
    logged = [Logged(index, entry, inclusion_path(index, 3, node)) for index, entry in enumerate(ACTS)]
    return UnitLog(signer.sign(3, ROOT, now), logged)


SCENE = scene_with_log()
FILES = SCENE.files(unit=unit_log(SCENE))


def test_the_acts_of_an_anchored_log_are_proved() -> None:
    report = verify_bundle(FILES)
    assert report.ok
    assert details(report, "UNIT_LOG_SIGNED") == f"TJ, {ORIGIN}, size 3"
    assert details(report, "UNIT_LOG_ANCHORED") == "since 2026-11-22T06:01:00Z"
    assert [one.partition(",")[0] for one in details(report, "UNIT_ENTRY_PROVED").split(" | ")] == [
        "SEND",
        "CONSULT",
        "EXPORT",
    ]


def test_a_log_whose_anchor_was_dropped_stands_on_the_units_word_and_says_so() -> None:
    scene = scene_with_log(anchored=False)
    report = verify_bundle(scene.files(unit=unit_log(scene)))
    assert report.ok
    assert "UNIT_LOG_NOT_ANCHORED" in report.codes()
    index = len(SCENE.entries) - 1
    dropped = without(f"log/entries/{index}.json")(without(f"log/proofs/{index}.tlog-proof")(FILES))
    assert "UNIT_LOG_NOT_ANCHORED" in verify_bundle(relisted(dropped)).codes()


FORGED: dict[str, tuple[Forgery, str, str]] = {
    "no checkpoint": (without("unit/checkpoint"), "UNIT_LOG_REFUSED", "not here"),
    "no proof": (without("unit/proofs/1.tlog-proof"), "UNIT_ENTRY_REFUSED", "not here"),
    "no act": (without("unit/entries/1.json"), "UNIT_ENTRY_REFUSED", "not here"),
    "another act": (replaced("unit/entries/1.json", "unit/entries/2.json"), "UNIT_ENTRY_REFUSED", "another root"),
    "another place": (
        replaced("unit/proofs/1.tlog-proof", "unit/proofs/2.tlog-proof"),
        "UNIT_ENTRY_REFUSED",
        "of another index",
    ),
    "the hub's checkpoint": (replaced("unit/checkpoint", "log/checkpoint"), "UNIT_LOG_REFUSED", "no keys of"),
    "no checkpoint at all": (lambda files: {**files, "unit/checkpoint": b"x"}, "UNIT_LOG_REFUSED", "checkpoint"),
    "an act of another form": (lambda files: {**files, "unit/entries/1.json": b"{}"}, "UNIT_ENTRY_REFUSED", "root"),
}


@pytest.mark.parametrize(("forge", "code", "reason"), FORGED.values(), ids=FORGED.keys())
def test_what_does_not_fit_is_refused_and_the_message_stays_proved(forge: Forgery, code: str, reason: str) -> None:
    report = verify_bundle(relisted(forge(FILES)))
    assert reason in details(report, code)
    assert not report.ok
    assert "ENVELOPE_SIGNED" in report.codes()


def stranger(scene: Scene) -> dict[str, bytes]:
    return scene.files(unit=unit_log(scene, LogSigner.from_seeds(ORIGIN, bytes(64))))


def revoked(scene: Scene) -> dict[str, bytes]:
    """The pair of the log was no longer good when it signed."""
    return scene.files(unit=unit_log(scene, now=NOW + 400 * DAY))


def not_stated(scene: Scene) -> dict[str, bytes]:
    (index,) = [at for at, wire in scene.statements.items() if b'"use":"LOG"' in wire]
    return scene.files(unit=unit_log(scene), statements={k: v for k, v in scene.statements.items() if k != index})


def departed(scene: Scene) -> dict[str, bytes]:
    """TJ has left, and signs its log as if it had not."""
    units = tuple(unit.entry() for name, unit in scene.world.units.items() if name != "TJ")
    after = scene.world.federation(2, units=units, agreements=())
    scene.publish(sign_federation(after, scene.world.roots[:2]), NOW + DAY)
    return scene.files(unit=unit_log(scene, now=NOW + 2 * DAY))


def rerooted(scene: Scene) -> dict[str, bytes]:
    """TJ has other roots now, and nobody vouched anew for the keys of its log."""
    units = [unit.entry() for unit in scene.world.units.values()]
    other = {"roots": (SigningKey.generate().public,)}
    entries = tuple(unit.model_copy(update=other) if unit.unit == "TJ" else unit for unit in units)
    scene.publish(sign_federation(scene.world.federation(2, units=entries), scene.world.roots[:2]), NOW + DAY)
    return scene.files(unit=unit_log(scene, now=NOW + 2 * DAY))


@pytest.mark.parametrize("make", [stranger, revoked, not_stated, departed, rerooted])
def test_a_log_that_nobody_entitled_signed_is_refused(make: Callable[[Scene], dict[str, bytes]]) -> None:
    found = [code for code, _ in bad(verify_bundle(make(scene_with_log())))]
    assert "UNIT_LOG_REFUSED" in found
    assert found.count("UNIT_ENTRY_REFUSED") == 3


def test_a_revoked_signing_key_does_not_take_the_log_with_it() -> None:
    scene = scene_with_log()
    revoke(scene, "TJ", NOW - 5)
    assert "UNIT_LOG_SIGNED" in verify_bundle(scene.files(unit=unit_log(scene))).codes()


def test_keys_of_a_log_that_a_thief_stated_are_refused() -> None:
    scene = scene_with_log()
    revoke(scene, "TJ", NOW + DAY, since=NOW)
    assert "UNIT_LOG_REFUSED" in [code for code, _ in bad(verify_bundle(scene.files(unit=unit_log(scene))))]
