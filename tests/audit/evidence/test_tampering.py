"""A table of what somebody may do to a bundle, with a manifest made to fit: each has its own finding.

The bundle is of a federation whose log needs two of three witnesses, so that everything a bundle may hold is there.
"""

import re
from collections.abc import Callable

import pytest

from audit.checkpoints import Checkpoint, LogSigner
from audit.cosignatures import Cosigner, with_lines
from audit.evidence import layout
from audit.evidence.bundle import Opened
from audit.evidence.findings import Level
from audit.evidence.verification import Trust, verify_bundle
from audit.notes import Note
from audit.policy import Policy
from audit.proof import LogProof
from crypto.signing import SigningKey
from schemas import receipts
from schemas.directory import sign_federation, sign_statement
from schemas.receipts import Receipt
from tests.audit import trees
from tests.audit.evidence.forgeries import Forgery, bad, details, relisted
from tests.audit.evidence.scenes import Scene, delivered
from tests.federation import HUB, key_statement
from tests.instants import NOW

SCENE = delivered("KZ", quorum=2)
FILES = SCENE.files()
OTHER = delivered("KZ", quorum=2).files()
"""A bundle of another exchange in another federation, as good as ours."""

NAMES = {pattern: [name for name in FILES if pattern.fullmatch(name)] for pattern in layout.WORDS}
REFUSED = {
    layout.FEDERATION: "FEDERATION_REFUSED",
    layout.STATEMENT: "KEY_REFUSED",
    layout.ENTRY: "ENTRY_REFUSED",
    layout.PROOF: "ENTRY_REFUSED",
    layout.MESSAGE: "ENVELOPE_REFUSED",
    layout.RECEIPT: "RECEIPT_REFUSED",
    layout.SALT: "CONTENT_REFUSED",
    layout.CONTENT: "CONTENT_REFUSED",
}
MISSED = {
    layout.FEDERATION: "CHECKPOINT_REFUSED",
    layout.STATEMENT: "ENTRY_ALONE",
    layout.ENTRY: "ENTRY_REFUSED",
    layout.PROOF: "ENTRY_REFUSED",
    layout.MESSAGE: "ENTRY_ALONE",
    layout.RECEIPT: "ENTRY_ALONE",
    layout.SALT: "CONTENT_REFUSED",
    layout.CONTENT: "CONTENT_REFUSED",
}
"""What a report says about a bundle without one such file; receipts of the hub about a whole message may go unseen."""


NOTHING = Trust()


def first(pattern: re.Pattern[str], files: dict[str, bytes] = FILES) -> str:
    return next(name for name in files if pattern.fullmatch(name))


def codes(files: dict[str, bytes], trust: Trust = NOTHING) -> set[str]:
    return {one.code for one in verify_bundle(relisted(files), trust).findings if one.level is not Level.GOOD}


def test_the_bundle_is_good_and_holds_every_sort_of_file_but_those_of_rare_cases() -> None:
    report = verify_bundle(FILES)
    assert report.ok
    assert details(report, "QUORUM_MET") == "3 of 3: KG, KZ, TJ"
    rare = [pattern.pattern for pattern, names in NAMES.items() if not names]
    assert all(pattern.startswith(("log/forks", "log/stamped", "unit/")) for pattern in rare)
    assert len(rare) == 8


@pytest.mark.parametrize("pattern", [*REFUSED, re.compile(layout.CHECKPOINT), re.compile(layout.POLICY)])
def test_a_flipped_bit_in_the_middle_of_any_sort_of_file_is_refused_by_name(pattern: re.Pattern[str]) -> None:
    name = first(pattern)
    data = FILES[name]
    at = 100 if name == layout.CHECKPOINT else len(data) // 2  # behind it are the lines of witnesses
    flipped = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
    code = REFUSED.get(pattern, {layout.CHECKPOINT: "CHECKPOINT_REFUSED", layout.POLICY: "POLICY_REFUSED"}.get(name))
    found = {(one.code, one.subject) for one in verify_bundle(relisted({**FILES, name: flipped})).findings}
    subject = name.replace("/proofs/", "/entries/").replace(".tlog-proof", ".json")
    renamed = layout.RECEIPT.fullmatch(name) is not None
    assert (code, subject) in found or renamed
    assert not verify_bundle(relisted({**FILES, name: flipped})).ok


@pytest.mark.parametrize("pattern", MISSED)
def test_a_file_that_was_taken_out_leaves_its_mark(pattern: re.Pattern[str]) -> None:
    name = next(name for name in NAMES[pattern] if b"SUBMITTED" not in FILES[name])
    files = {other: data for other, data in FILES.items() if other != name}
    assert MISSED[pattern] in codes(files)


def swapped(pattern: re.Pattern[str]) -> dict[str, bytes]:
    """Our bundle with the first file of a sort taken from the other one, under the other one's name."""
    ours, theirs = first(pattern), first(pattern, OTHER)
    return {**{name: data for name, data in FILES.items() if name != ours}, theirs: OTHER[theirs]}


@pytest.mark.parametrize("pattern", [*REFUSED])
def test_a_file_of_another_good_bundle_is_refused(pattern: re.Pattern[str]) -> None:
    wanted = "FEDERATION_NOT_LOGGED" if pattern is layout.FEDERATION else REFUSED[pattern]
    assert wanted in codes(swapped(pattern))


def test_a_checkpoint_or_a_policy_of_another_good_bundle_is_refused() -> None:
    checkpoint = {**FILES, layout.CHECKPOINT: OTHER[layout.CHECKPOINT]}
    assert {"ENTRY_REFUSED", "POLICY_REFUSED"} <= codes(checkpoint)
    assert codes({**FILES, layout.POLICY: OTHER[layout.POLICY]}) == {"POLICY_REFUSED", "ROOTS_NOT_PINNED"}


def noted(note: bytes) -> dict[str, bytes]:
    """Our bundle under another note of the same checkpoint: every proof carries it."""
    proofs = {name: LogProof.parse(FILES[name]) for name in NAMES[layout.PROOF]}
    fresh = {name: LogProof(one.index, one.path, note).to_bytes() for name, one in proofs.items()}
    return {**FILES, **fresh, layout.CHECKPOINT: note}


def cosigned(*units: str, cosigner: Callable[[str], Cosigner] = SCENE.cosigner) -> bytes:
    """The checkpoint with the lines of these units and of nobody else."""
    note = SCENE.signer.sign(len(SCENE.entries), trees.root(SCENE.entries), NOW)
    said = Checkpoint.parse(Note.parse(note).text)
    return with_lines(note, [line for unit in units for line in cosigner(unit).cosign(said, NOW)])


def stranger(unit: str) -> Cosigner:
    return Cosigner(f"node.{unit.lower()}.serai/witness", trees.leaf(b"a") + trees.leaf(b"b"))


def half(unit: str) -> bytes:
    """Only the Ed25519 line of a witness."""
    note = Note.parse(cosigned("KG", unit))
    return Note(note.text, note.lines[:5]).to_bytes()


def twice() -> bytes:
    note = Note.parse(cosigned("KG"))
    return Note(note.text, (*note.lines, *note.lines[2:])).to_bytes()


def altered() -> bytes:
    """The line of one witness at another time, which it does not sign."""
    note = Note.parse(cosigned("KG", "KZ"))
    last = note.lines[-1]
    moved = type(last)(last.name, last.key_id, (NOW + 60).to_bytes(8, "big") + last.signature[8:])
    return Note(note.text, (*note.lines[:-1], moved)).to_bytes()


WITNESSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "a witness too few": (lambda: cosigned("KG"), "QUORUM_MISSED"),
    "nobody": (cosigned, "QUORUM_MISSED"),
    "one witness counted twice": (twice, "QUORUM_MISSED"),
    "half a cosignature": (lambda: half("KZ"), "QUORUM_MISSED"),
    "strangers under the names of witnesses": (lambda: cosigned("KG", "KZ", cosigner=stranger), "QUORUM_MISSED"),
    "an altered cosignature": (altered, "COSIGNATURE_REFUSED"),
}


@pytest.mark.parametrize(("note", "code"), WITNESSED.values(), ids=WITNESSED.keys())
def test_a_checkpoint_that_too_few_or_others_cosigned_is_bad(note: Callable[[], bytes], code: str) -> None:
    assert codes(noted(note())) == {code, "ROOTS_NOT_PINNED"}


def test_enough_witnesses_are_enough() -> None:
    assert details(verify_bundle(relisted(noted(cosigned("KG", "TJ")))), "QUORUM_MET") == "2 of 3: KG, TJ"


def test_a_stale_policy_is_refused_and_the_one_in_force_is_used() -> None:
    scene = delivered("KZ", quorum=2)
    old = scene.files()[layout.POLICY]
    document = scene.world.federation(2, witnesses=scene.cosigners, quorum=3)
    scene.publish(sign_federation(document, scene.world.roots[:2]))
    fresh = scene.files()
    assert "POLICY_REFUSED" in codes({**fresh, layout.POLICY: old})
    scene.cosigners = ("KG", "KZ")
    assert "QUORUM_MISSED" in codes({**scene.files(), layout.POLICY: old})


def test_a_policy_that_the_reader_brings_must_be_met_too() -> None:
    same, none = Policy.parse(FILES[layout.POLICY]), Policy.parse(OTHER[layout.POLICY])
    assert verify_bundle(FILES, Trust(policy=same)).ok
    assert "POLICY_REFUSED" in codes(FILES, Trust(policy=none))


def resigned_envelope(scene: Scene) -> None:
    """TJ's own key was never this one."""
    scene.world.units["TJ"].signing = SigningKey.generate()
    scene.send(message_id="cd" * 16)


def resigned_receipt(scene: Scene) -> None:
    (eid,) = scene.messages
    scene.acknowledge("DELIVERED", "KG", eid, SigningKey.generate(), NOW + 1)


def resigned_statement(scene: Scene) -> None:
    keys = scene.world.units["TJ"]
    statement = key_statement(keys, "SIGNING", SigningKey.generate().public, NOW, "live", b"possession")
    scene.state(sign_statement(statement, SigningKey.generate()))


def resigned_federation(scene: Scene) -> None:
    strangers = [SigningKey.generate(), SigningKey.generate()]
    scene.federations[0] = sign_federation(scene.world.federation(), strangers)


def resigned_checkpoint(scene: Scene) -> None:
    scene.signer = LogSigner.from_seeds(scene.signer.keys.origin, bytes(64))


def another_content(scene: Scene) -> None:
    (eid,) = scene.messages
    scene.opened[eid] = Opened(scene.opened[eid].salt, b"{}")


RESIGNED: dict[str, tuple[Callable[[Scene], None], str]] = {
    "the envelope": (resigned_envelope, "ENVELOPE_REFUSED"),
    "a receipt": (resigned_receipt, "RECEIPT_REFUSED"),
    "a statement": (resigned_statement, "KEY_REFUSED"),
    "the federation document": (resigned_federation, "FEDERATION_REFUSED"),
    "the checkpoint": (resigned_checkpoint, "CHECKPOINT_REFUSED"),
    "the content": (another_content, "CONTENT_REFUSED"),
}


@pytest.mark.parametrize(("change", "code"), RESIGNED.values(), ids=RESIGNED.keys())
def test_what_was_signed_again_with_another_key_is_refused(change: Callable[[Scene], None], code: str) -> None:
    scene = delivered("KZ", quorum=2)
    change(scene)
    assert code in [found for found, _ in bad(verify_bundle(scene.files()))]


def test_a_receipt_that_one_unit_says_for_another_is_refused() -> None:
    scene = delivered("KZ", quorum=2)
    (eid,) = scene.messages
    stated = Receipt(env="live", type="RELAYED", eid=eid, by=HUB, unit="KZ", time=NOW)
    scene.receipts += receipts.sign([scene.world.receipt], [stated])
    assert "no proved log entry records it" in details(verify_bundle(scene.files()), "RECEIPT_REFUSED")


# --- a log with two histories -----------------------------------------------------------------------------------------


def forked(held: bytes, other: bytes) -> dict[str, bytes]:
    return {**FILES, "log/forks/0.held": held, "log/forks/0.other": other}


def note_of(root: bytes, size: int = 5, signer: LogSigner = SCENE.signer) -> bytes:
    return signer.sign(size, root, NOW)


def test_two_histories_that_the_log_signed_are_shown() -> None:
    report = verify_bundle(SCENE.files(forks=[(note_of(bytes(32)), note_of(bytes(31) + b"1"))]))
    assert bad(report) == [("HISTORY_CONTRADICTED", "log/forks/0.held")]


NO_FORK: dict[str, Forgery] = {
    "the same twice": lambda _: forked(note_of(bytes(32)), note_of(bytes(32))),
    "two sizes": lambda _: forked(note_of(bytes(32)), note_of(bytes(31) + b"1", 6)),
    "another log": lambda _: forked(
        note_of(bytes(32)), note_of(bytes(31) + b"1", signer=LogSigner.from_seeds("other.example/log", bytes(64)))
    ),
    "only one": lambda files: {**files, "log/forks/0.held": note_of(bytes(32))},
    "only the other": lambda files: {**files, "log/forks/0.other": note_of(bytes(32))},
}


@pytest.mark.parametrize("make", NO_FORK.values(), ids=NO_FORK.keys())
def test_what_contradicts_nothing_is_refused(make: Forgery) -> None:
    assert "CONFLICT_REFUSED" in codes(make(FILES))
