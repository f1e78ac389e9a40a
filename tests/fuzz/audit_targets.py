"""The parsers of the log and of offline evidence. A report that finds faults is an answer; an exception is not."""

from collections.abc import Callable
from hashlib import sha512
from io import BytesIO
from typing import Final

from audit.checkpoints import CHECKS, Checkpoint, LogSigner, verify_checkpoint, verify_cosignatures
from audit.cosignatures import parse_lines
from audit.errors import AuditError
from audit.evidence import archive, export
from audit.evidence.acts import Entries, check_envelope, check_receipt
from audit.evidence.archive import MANIFEST, Archive
from audit.evidence.directory import Keys, read_federation
from audit.evidence.proof_file import verify_proof_file
from audit.evidence.verification import verify_bundle
from audit.notes import Note, VerifierKey
from audit.policy import Policy
from audit.proof import LogProof, verify_proof
from audit.submission import Held, Submission, judge
from audit.tiles import TileAddress, split_tile, unpack_bundle
from tests.audit import trees
from tests.audit.evidence.scenes import delivered, entries_of, federation_of, federations_of, keys_of
from tests.audit.vectors import load
from tests.audit.witnesses import cosigner, signed
from tests.instants import NOW

ENTRIES: Final = trees.some_entries(20)
LOG: Final = LogSigner.from_seeds("log.example", bytes(64))
NOTE: Final = LOG.sign(len(ENTRIES), trees.root(ENTRIES), NOW)
PROOF: Final = LogProof(3, tuple(trees.path(3, ENTRIES)), NOTE)
COSIGNED: Final = load("cosignature/ed25519.json")["skylight"][0]
WITNESS: Final = VerifierKey.parse(COSIGNED["vkey"])
POLICY: Final = Policy.federated(LOG.keys, {unit: [cosigner(unit).keys] for unit in ("KG", "TJ")}, 2)
SCENE: Final = delivered()
FILES: Final = SCENE.files()
FEDERATION: Final = federation_of(SCENE)
POLICY_OF_SCENE: Final = Policy.parse(FILES["log/policy"])
FEDERATIONS: Final = federations_of(SCENE)
ENTRIES_OF_LOG: Final = entries_of(SCENE)
KEYS: Final = keys_of(SCENE)


ARCHIVE: Final = BytesIO()
archive.write(ARCHIVE, [("a", b"one" * 50), ("b", b"two"), (MANIFEST, b"{}")])


def as_text(parse: Callable[[str], object]) -> Callable[[bytes], object]:
    """A parser of text on bytes: every byte is one character."""
    return lambda data: parse(data.decode("latin-1"))


def take_statement(data: bytes) -> None:
    """A key statement that the log records, whatever it says."""
    entry = {**ENTRIES_OF_LOG.at[0], "digest": sha512(data).hexdigest()}
    Keys(FEDERATIONS).take(data, 0, entry)


def same_spelling(data: bytes) -> None:
    """What a note parser accepts, it writes back byte for byte."""
    if Note.parse(data).to_bytes() != data:
        raise AssertionError("a second spelling of one note")


def same_policy(data: bytes) -> None:
    """What a policy says, it says again when it is written."""
    parsed = Policy.parse(data)
    if Policy.parse(parsed.to_bytes()) != parsed:
        raise AssertionError("a policy that reads as another one")


def same_archive(data: bytes) -> None:
    """What the reader of archives accepts, the writer writes byte for byte."""
    again = BytesIO()
    archive.write(again, Archive(BytesIO(data)).items())
    if again.getvalue() != data:
        raise AssertionError("a second spelling of one archive")


def proof_file(data: bytes) -> None:
    """A report is an answer; an exception that is not ours is not."""
    verify_proof_file(data, POLICY_OF_SCENE, SCENE.entries[3])


TARGETS: Final[dict[str, tuple[Callable[[bytes], object], type[Exception]]]] = {
    "audit.note": (same_spelling, AuditError),
    "audit.vkey": (as_text(VerifierKey.parse), AuditError),
    "audit.checkpoint_body": (as_text(Checkpoint.parse), AuditError),
    "audit.checkpoint": (lambda data: verify_checkpoint(data, LOG.keys), AuditError),
    "audit.cosignature": (lambda data: verify_cosignatures(Note.parse(data), [WITNESS]), AuditError),
    "audit.verified": (lambda data: Note.parse(data).verified([LOG.keys.mldsa44], CHECKS), AuditError),
    "audit.policy": (same_policy, AuditError),
    "audit.believed": (POLICY.verify, AuditError),
    "audit.cosignature_lines": (parse_lines, AuditError),
    "audit.submission": (lambda data: judge(Submission.parse(data), LOG.keys, Held(), NOW), AuditError),
    "audit.proof": (lambda data: verify_proof(LogProof.parse(data), trees.leaf(ENTRIES[3]), LOG.keys), AuditError),
    "audit.tile_address": (as_text(TileAddress.parse), AuditError),
    "audit.tile": (split_tile, AuditError),
    "audit.entry_bundle": (unpack_bundle, AuditError),
    "audit.export": (lambda data: export.verify_export(data.splitlines(keepends=True)), AuditError),
    "audit.proof_file": (proof_file, AuditError),
    "audit.archive": (same_archive, AuditError),
    "audit.manifest": (lambda data: verify_bundle({MANIFEST: data}), AuditError),
    "audit.federation": (read_federation, AuditError),
    "audit.statement": (take_statement, AuditError),
    "audit.envelope": (lambda data: check_envelope(data, FEDERATION, KEYS, ENTRIES_OF_LOG), AuditError),
    "audit.receipt": (lambda data: check_receipt(data, FEDERATION, KEYS, ENTRIES_OF_LOG), AuditError),
    "audit.log_entry": (lambda data: Entries().add(0, data), AuditError),
}
SEEDS: Final[dict[str, list[bytes]]] = {
    "audit.note": [NOTE, COSIGNED["note"].encode()],
    "audit.vkey": [vkey.encode() for vkey in LOG.keys.vkeys],
    "audit.checkpoint_body": [Note.parse(NOTE).text.encode()],
    "audit.checkpoint": [NOTE],
    "audit.cosignature": [COSIGNED["note"].encode()],
    "audit.verified": [NOTE],
    "audit.policy": [POLICY.to_bytes()],
    "audit.believed": [signed(ENTRIES, "KG", "TJ", signer=LOG)],
    "audit.cosignature_lines": [COSIGNED["note"].partition("\n\n")[2].encode()],
    "audit.submission": [Submission(0, (), NOTE).to_bytes()],
    "audit.proof": [PROOF.to_bytes()],
    "audit.tile_address": [b"tile/0/x001/x234/067.p/89", b"tile/entries/000"],
    "audit.tile": [bytes(64)],
    "audit.entry_bundle": [b"\x00\x01a\x00\x00\x00\x02bc"],
    "audit.export": [b"".join(export.write_export(NOTE, LOG.keys, ENTRIES))],
    "audit.proof_file": [FILES["log/proofs/3.tlog-proof"]],
    "audit.archive": [ARCHIVE.getvalue()],
    "audit.manifest": [FILES[MANIFEST]],
    "audit.federation": SCENE.federations,
    "audit.statement": [FILES["directory/statements/0"]],
    "audit.envelope": list(SCENE.messages.values()),
    "audit.receipt": SCENE.receipts,
    "audit.log_entry": SCENE.entries,
}
