from collections.abc import Callable
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.checkpoints import LogSigner
from audit.evidence import archive, layout
from audit.evidence.archive import MANIFEST, Archive
from audit.evidence.bundle import Opened, write_bundle
from audit.evidence.findings import WORDS, Finding, Language, Report, Unreadable
from audit.evidence.verification import Trust, verify_bundle
from audit.proof import LogProof
from crypto import envelope as envelopes
from crypto.canonical import dumps
from crypto.signing import SigningKey
from schemas.directory import sign_federation
from schemas.receipts import ReceiptType
from tests.audit.evidence.forgeries import Forgery, bad, details, relisted, renamed, replaced, without
from tests.audit.evidence.scenes import CONTENT, SIGNER, Scene, delivered, revoke, stated
from tests.federation import HUB
from tests.instants import DAY, NOW

SCENE = delivered()
FILES = SCENE.files()
FEDERATION = "directory/federation-1.json"
MESSAGE = next(name for name in FILES if name.endswith(".cme"))
EID = MESSAGE.removeprefix("messages/").removesuffix(".cme")


def test_a_complete_bundle_is_good_and_every_part_is_named() -> None:
    report = verify_bundle(FILES)
    assert report.ok
    assert bad(report) == []
    codes = report.codes()
    assert codes.count("KEY_STATED") == 6
    assert codes.count("ENTRY_PROVED") == 11
    assert codes.count("RECEIPT_SIGNED") == 4
    expected = (
        "MANIFEST_COMPLETE",
        "FEDERATION_SIGNED",
        "FEDERATION_LOGGED",
        "ROOTS_NOT_PINNED",
        "CHECKPOINT_SIGNED",
        "QUORUM_NOT_ASKED",
        "POLICY_STATED",
        "ENVELOPE_SIGNED",
        "CONTENT_OPENED",
    )
    assert [codes.count(code) for code in expected] == [1] * 9


def test_the_report_speaks_to_people_and_to_programs() -> None:
    report = verify_bundle(FILES)
    assert len(report.lines()) == len(report.members()["findings"]) == len(report.findings)
    assert f"notice  ROOTS_NOT_PINNED       {FEDERATION}: compare these" in "\n".join(report.lines())
    assert report.members()["ok"] is True
    assert Finding("LOG_COMPLETE").text() == WORDS[Language.EN]["LOG_COMPLETE"][0]


def test_an_empty_report_proves_nothing() -> None:
    assert not Report(()).ok


def test_roots_known_from_elsewhere_must_have_signed() -> None:
    kids = [root.kid for root in SCENE.world.roots]
    report = verify_bundle(FILES, Trust(frozenset(kids)))
    assert report.ok
    assert "ROOTS_PINNED" in report.codes()
    assert bad(verify_bundle(FILES, Trust(frozenset(kids[:1]))))[0] == ("FEDERATION_REFUSED", FEDERATION)


@pytest.mark.parametrize("place", range(len(FILES)))  # the names hold identifiers, other ones in each process
def test_a_file_that_is_missing_is_named(place: int) -> None:
    name = sorted(FILES)[place]
    files = {other: data for other, data in FILES.items() if other != name}
    if name == MANIFEST:
        with pytest.raises(Unreadable, match="not here"):
            verify_bundle(files)
        return
    report = verify_bundle(files)
    assert ("FILE_MISSING", name) in bad(report)
    assert not report.ok


@given(st.data())
def test_any_changed_byte_of_any_file_is_found(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(FILES)))
    at = data.draw(st.integers(0, len(FILES[name]) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != FILES[name][at]))
    changed = {**FILES, name: FILES[name][:at] + bytes([byte]) + FILES[name][at + 1 :]}
    try:
        assert not verify_bundle(changed).ok
    except Unreadable:
        assert name == MANIFEST


EVIDENCE = sorted(name for name in FILES if name not in {MANIFEST, FEDERATION})


@given(st.data())
def test_any_changed_byte_is_found_although_the_manifest_was_made_to_fit(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(EVIDENCE))
    at = data.draw(st.integers(0, len(FILES[name]) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != FILES[name][at]))
    changed = relisted({**FILES, name: FILES[name][:at] + bytes([byte]) + FILES[name][at + 1 :]})
    report = verify_bundle(changed)
    assert not report.ok


def test_a_file_that_the_layout_or_the_manifest_does_not_know_is_named() -> None:
    assert bad(verify_bundle({**FILES, "log/entries/99.json": b"{}"}))[0] == ("FILE_UNLISTED", "log/entries/99.json")
    assert bad(verify_bundle(relisted({**FILES, "notes.txt": b"x"}))) == [("FILE_UNKNOWN", "notes.txt")]


@pytest.mark.parametrize("manifest", [b"", b"[]", b'{"schema":"other/1"}', dumps({"schema": "other/1", "files": {}})])
def test_what_has_no_manifest_of_ours_is_unreadable(manifest: bytes) -> None:
    with pytest.raises(Unreadable):
        verify_bundle({**FILES, MANIFEST: manifest})


RECEIPT = next(name for name in FILES if name.startswith("receipts/"))
STATED = "directory/statements"
FORGED: dict[str, tuple[Forgery, str, str]] = {
    "no checkpoint": (without("log/checkpoint"), "CHECKPOINT_REFUSED", "not here"),
    "no federation": (without(FEDERATION), "CHECKPOINT_REFUSED", "no federation document"),
    "no proof": (without("log/proofs/0.tlog-proof"), "ENTRY_REFUSED", "not here"),
    "another index": (replaced("log/proofs/0.tlog-proof", "log/proofs/1.tlog-proof"), "ENTRY_REFUSED", "another index"),
    "another entry": (replaced("log/entries/0.json", "log/entries/1.json"), "ENTRY_REFUSED", "another root"),
    "no entry of a statement": (without("log/entries/0.json"), "KEY_REFUSED", "no proved log entry"),
    "no entry of the message": (without("log/entries/7.json"), "ENVELOPE_REFUSED", "no proved log entry"),
    "a statement elsewhere": (renamed(f"{STATED}/0", f"{STATED}/7"), "KEY_REFUSED", "something else"),
    "a statement twice": (replaced(f"{STATED}/1", f"{STATED}/0"), "KEY_REFUSED", "something else"),
    "no statement of the sender": (without(f"{STATED}/3"), "ENVELOPE_REFUSED", "no SIGNING key"),
    "another message id": (renamed(MESSAGE, f"messages/{'0' * 64}.cme"), "ENVELOPE_REFUSED", "named after another"),
    "another receipt": (renamed(RECEIPT, f"receipts/{'0' * 64}.json"), "RECEIPT_REFUSED", "named after another"),
    "no salt": (without(f"opened/{EID}.salt"), "CONTENT_REFUSED", "not here"),
    "no content": (without(f"opened/{EID}.content"), "CONTENT_REFUSED", "not here"),
    "content without its message": (without(MESSAGE), "CONTENT_REFUSED", "its envelope is not proved"),
}


@pytest.mark.parametrize(("forge", "code", "reason"), FORGED.values(), ids=FORGED.keys())
def test_what_does_not_fit_together_is_refused_with_its_reason(forge: Forgery, code: str, reason: str) -> None:
    report = verify_bundle(relisted(forge(FILES)))
    assert not report.ok
    assert reason in details(report, code)


def test_a_proof_under_another_checkpoint_is_refused() -> None:
    other = SIGNER.sign(len(SCENE.entries), bytes(32), NOW)
    proof = LogProof.parse(FILES["log/proofs/0.tlog-proof"])
    forged = {**FILES, "log/proofs/0.tlog-proof": LogProof(0, proof.path, other).to_bytes()}
    assert "not under the checkpoint" in details(verify_bundle(relisted(forged)), "ENTRY_REFUSED")


def test_a_checkpoint_by_another_log_is_refused() -> None:
    scene = delivered()
    scene.signer = LogSigner.from_seeds("other.example/log", bytes(64))
    report = verify_bundle(scene.files())
    assert "other.example" in details(report, "CHECKPOINT_REFUSED")
    assert not report.ok


def test_a_federation_signed_by_too_few_roots_is_refused() -> None:
    document = SCENE.world.federation()
    files = SCENE.files(federations=[sign_federation(document, SCENE.world.roots[:1])])
    assert bad(verify_bundle(files))[0] == ("FEDERATION_REFUSED", FEDERATION)


def test_content_that_was_not_sent_is_refused() -> None:
    sealed = SCENE.opened[EID]
    report = verify_bundle(SCENE.files(opened={EID: Opened(sealed.salt, CONTENT + b" ")}))
    assert "another commitment" in details(report, "CONTENT_REFUSED")


def test_an_act_before_the_revocation_stays_good_and_says_so() -> None:
    scene = delivered()
    revoke(scene, "TJ", NOW + DAY)
    report = verify_bundle(scene.files())
    assert report.ok
    assert report.codes().count("KEY_REVOKED") == 1
    assert details(report, "SIGNER_REVOKED_LATER") == "TJ"


def test_an_act_logged_after_the_key_was_compromised_is_refused() -> None:
    scene = delivered()
    revoke(scene, "TJ", NOW + DAY, since=NOW - 10)
    report = verify_bundle(scene.files())
    assert "not valid when this was logged" in details(report, "ENVELOPE_REFUSED")


def test_a_receipt_by_a_revoked_key_is_refused() -> None:
    scene = stated()
    revoke(scene, "KG", NOW)
    sealed = scene.send()
    scene.acknowledge("DELIVERED", "KG", sealed.eid, scene.world.units["KG"].signing)
    assert "not valid when this was logged" in details(verify_bundle(scene.files()), "RECEIPT_REFUSED")


def test_what_stands_before_a_revocation_in_the_log_stays_good_whatever_second_the_unit_wrote() -> None:
    scene = delivered()
    revoke(scene, "KG", NOW - 5)
    report = verify_bundle(scene.files())
    assert report.ok
    assert details(report, "SIGNER_REVOKED_LATER").count("KG") == 2


def test_no_second_revocation_makes_good_what_a_theft_made_bad() -> None:
    scene = delivered()
    revoke(scene, "KG", NOW, since=NOW - 10)
    revoke(scene, "KG", NOW + DAY)
    assert details(verify_bundle(scene.files()), "RECEIPT_REFUSED").count("not valid when this was logged") == 2


def test_a_refused_envelope_is_evidence_too() -> None:
    scene = stated()
    scene.send(refused=True)
    report = verify_bundle(scene.files())
    assert report.ok
    assert "REFUSED of" in details(report, "RECEIPT_SIGNED")


def acknowledged(kind: ReceiptType, by: str, key: Callable[[Scene], SigningKey]) -> Report:
    scene = stated()
    sealed = scene.send()
    scene.acknowledge(kind, by, sealed.eid, key(scene))
    return verify_bundle(scene.files())


def test_a_receipt_signed_by_another_than_who_says_it_is_refused() -> None:
    assert acknowledged("RELAYED", HUB, lambda scene: scene.world.receipt).ok
    for report in (
        acknowledged("RELAYED", HUB, lambda scene: scene.world.units["KG"].signing),
        acknowledged("DELIVERED", "KG", lambda scene: scene.world.units["TJ"].signing),
        acknowledged("DELIVERED", "KG", lambda scene: scene.world.receipt),
    ):
        assert "TOO_FEW_SIGNATURES" in details(report, "RECEIPT_REFUSED")


def test_a_bundle_survives_its_archive_byte_for_byte() -> None:
    target = BytesIO()
    archive.write(target, FILES.items())
    assert dict(Archive(target)) == FILES
    assert verify_bundle(Archive(target)) == verify_bundle(FILES)
    again = BytesIO()
    archive.write(again, write_bundle(SCENE.parts(checkpoint=FILES[layout.CHECKPOINT])))
    assert again.getvalue() == target.getvalue()


def test_content_that_is_not_there_is_named_with_its_commitment() -> None:
    report = verify_bundle(SCENE.files(opened={}))
    assert report.ok
    assert details(report, "CONTENT_ABSENT") == envelopes.parse(FILES[MESSAGE]).header.ptc


def test_an_entry_whose_document_was_taken_out_is_named() -> None:
    report = verify_bundle(SCENE.files(receipts=SCENE.receipts[:-1]))
    assert report.ok
    assert [one.subject for one in report.findings if one.code == "ENTRY_ALONE"] == ["log/entries/10.json"]


def test_a_proof_without_its_entry_is_refused() -> None:
    report = verify_bundle(relisted(without("log/entries/10.json")(FILES)))
    assert details(report, "ENTRY_REFUSED") == "its entry is not here"
