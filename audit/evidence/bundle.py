"""The evidence bundle: a folder or zip archive with everything that a court's expert needs, and its verification.

    manifest.json                    canonical JSON {"created","files":{name: SHA-256 hex},"schema":"serai/bundle/1"}
    directory/federation.json        the federation document (signed statement)
    directory/statements/<index>     key statements and revocations, named by their index in the hub's log
    log/checkpoint                   one signed checkpoint of the hub's log
    log/entries/<index>.json         log entries, the exact leaf bytes
    log/proofs/<index>.tlog-proof    for each entry its proof, under that very checkpoint
    messages/<eid>.cme               envelopes as they travelled
    receipts/<sha256>.json           receipts (signed statements), named by their own digest
    opened/<eid>.salt, .content      what an authority chose to open: 32 bytes of salt, and the content

Indices are decimal without leading zeros. Only `manifest.json` is outside the manifest. Nothing in a bundle opens
another message: it holds no key. Pure: names and bytes in, names and bytes out.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from typing import Final, TypeVar

from audit.checkpoints import SignedCheckpoint, verify_checkpoint
from audit.evidence.acts import Entries, Proved, check_content, check_envelope, check_receipt
from audit.evidence.directory import Federation, Keys, KeyStatus, read_federation
from audit.evidence.findings import EvidenceRefused, Finding, Report, Unreadable
from audit.evidence.members import Members, inner, parsed, refusing, text
from audit.merkle import verify_inclusion
from audit.proof import LogProof
from crypto import envelope as envelopes
from crypto.canonical import dumps
from crypto.envelope import Envelope
from crypto.instants import to_text
from crypto.merkle_hash import leaf_hash

SCHEMA: Final = "serai/bundle/1"
MANIFEST: Final = "manifest.json"
FEDERATION: Final = "directory/federation.json"
CHECKPOINT: Final = "log/checkpoint"
MANIFEST_LIMIT: Final = 16 << 20

_INDEX: Final = r"(0|[1-9][0-9]{0,18})"
_STATEMENT: Final = re.compile(rf"directory/statements/{_INDEX}", re.ASCII)
_ENTRY: Final = re.compile(rf"log/entries/{_INDEX}\.json", re.ASCII)
_PROOF: Final = re.compile(rf"log/proofs/{_INDEX}\.tlog-proof", re.ASCII)
_MESSAGE: Final = re.compile(r"messages/([0-9a-f]{64})\.cme", re.ASCII)
_RECEIPT: Final = re.compile(r"receipts/([0-9a-f]{64})\.json", re.ASCII)
_SALT: Final = re.compile(r"opened/([0-9a-f]{64})\.salt", re.ASCII)
_CONTENT: Final = re.compile(r"opened/([0-9a-f]{64})\.content", re.ASCII)
_PATTERNS: Final = (_STATEMENT, _ENTRY, _PROOF, _MESSAGE, _RECEIPT, _SALT, _CONTENT)
_FIXED: Final = frozenset({FEDERATION, CHECKPOINT})


@dataclass(frozen=True)
class Logged:
    """A log entry with its index and its audit path in the tree of the bundle's checkpoint."""

    index: int
    entry: bytes
    path: Sequence[bytes]


@dataclass(frozen=True)
class Opened:
    """The content of one message with the salt of its commitment."""

    eid: str
    salt: bytes
    content: bytes


@dataclass(frozen=True)
class BundleParts:
    """What goes into a bundle; `statements` are wires by log index, and each needs its entry among `logged`."""

    created: int
    federation: bytes
    statements: Mapping[int, bytes]
    checkpoint: bytes
    logged: Sequence[Logged]
    messages: Sequence[bytes] = ()
    receipts: Sequence[bytes] = ()
    opened: Sequence[Opened] = field(default=(), repr=False)


def write_bundle(parts: BundleParts) -> dict[str, bytes]:
    """The files of a bundle by name, the manifest included. Raises crypto.errors.CryptoError for a broken envelope."""
    files = {FEDERATION: parts.federation, CHECKPOINT: parts.checkpoint}
    files |= {f"directory/statements/{index}": wire for index, wire in parts.statements.items()}
    for one in parts.logged:
        files[f"log/entries/{one.index}.json"] = one.entry
        proof = LogProof(one.index, tuple(one.path), parts.checkpoint)
        files[f"log/proofs/{one.index}.tlog-proof"] = proof.to_bytes()
    files |= {f"messages/{envelopes.parse(wire).eid}.cme": wire for wire in parts.messages}
    files |= {f"receipts/{sha256(wire).hexdigest()}.json": wire for wire in parts.receipts}
    for opened in parts.opened:
        files[f"opened/{opened.eid}.salt"], files[f"opened/{opened.eid}.content"] = opened.salt, opened.content
    digests = {name: sha256(data).hexdigest() for name, data in files.items()}
    return {MANIFEST: dumps({"schema": SCHEMA, "created": to_text(parts.created), "files": digests}), **files}


def verify_bundle(files: Mapping[str, bytes], roots: Iterable[str] = ()) -> Report:
    """Check everything in a bundle and name every finding; nothing stops at the first fault.

    `roots` are key ids of federation roots known from elsewhere; without them the report asks to compare. Raises
    Unreadable when there is no manifest of this schema.
    """
    return _Verification(files, frozenset(roots)).report()


_Result = TypeVar("_Result")


class _Verification:
    """One pass over one bundle; each step adds its findings and uses only what the steps before it proved."""

    def __init__(self, files: Mapping[str, bytes], roots: frozenset[str]) -> None:
        self._files = files
        self._roots = roots
        self._findings: list[Finding] = []
        self._entries = Entries()

    def report(self) -> Report:
        self._manifest()
        federation = self._attempt("FEDERATION_REFUSED", FEDERATION, self._federation)
        if federation is not None:
            signed = self._attempt("CHECKPOINT_REFUSED", CHECKPOINT, lambda: self._checkpoint(federation))
            for name, index in self._indexed(_ENTRY):
                self._attempt("ENTRY_REFUSED", name, partial(self._entry, name, index, signed))
            self._acts(federation)
        return Report(tuple(self._findings))

    def _manifest(self) -> None:
        """Compare the files with the manifest. Raises Unreadable when there is none."""
        try:
            manifest = parsed(self._file(MANIFEST), MANIFEST_LIMIT)
            schema, listed = text(manifest, "schema"), inner(manifest, "files")
        except EvidenceRefused as error:
            raise Unreadable(f"{MANIFEST}: {error}") from error
        if schema != SCHEMA:
            raise Unreadable(f"{MANIFEST} is not of {SCHEMA}")
        faults = [*self._unlisted(listed), *self._unlike(listed)]
        self._findings += sorted(faults, key=lambda one: one.subject) or [Finding("MANIFEST_COMPLETE", MANIFEST)]

    def _unlisted(self, listed: Members) -> Iterator[Finding]:
        for name in self._files.keys() - {MANIFEST}:
            if name not in listed:
                yield Finding("FILE_UNLISTED", name)
            if name not in _FIXED and not any(pattern.fullmatch(name) for pattern in _PATTERNS):
                yield Finding("FILE_UNKNOWN", name)

    def _unlike(self, listed: Members) -> Iterator[Finding]:
        for name, digest in listed.items():
            data = self._files.get(name)
            if data is None:
                yield Finding("FILE_MISSING", name)
            elif sha256(data).hexdigest() != digest:
                yield Finding("FILE_CHANGED", name)

    def _federation(self) -> Federation:
        federation = read_federation(self._file(FEDERATION), self._roots)
        self._add("FEDERATION_SIGNED", FEDERATION)
        pinned = "ROOTS_PINNED" if self._roots else "ROOTS_NOT_PINNED"
        self._add(pinned, FEDERATION, ", ".join(sorted(self._roots or federation.root_kids)))
        return federation

    def _checkpoint(self, federation: Federation) -> SignedCheckpoint:
        with refusing("the checkpoint"):
            signed = verify_checkpoint(self._file(CHECKPOINT), federation.log_keys)
        said = signed.checkpoint
        self._add("CHECKPOINT_SIGNED", CHECKPOINT, f"{said.origin}, size {said.size}, {to_text(signed.time)}")
        return signed

    def _entry(self, name: str, index: int, signed: SignedCheckpoint | None) -> None:
        with refusing("the proof"):
            proof = LogProof.parse(self._file(f"log/proofs/{index}.tlog-proof"))
            if signed is None or proof.checkpoint != self._files[CHECKPOINT]:
                raise EvidenceRefused("the proof is not under the checkpoint of this bundle")
            if proof.index != index:
                raise EvidenceRefused("the proof is of another index")
            said = signed.checkpoint
            verify_inclusion(leaf_hash(self._files[name]), index, said.size, proof.path, said.root)
        self._entries.add(index, self._files[name])
        self._add("ENTRY_PROVED", name)

    def _acts(self, federation: Federation) -> None:
        keys = Keys(federation)
        for name, index in self._indexed(_STATEMENT):
            self._attempt("KEY_REFUSED", name, partial(self._statement, name, index, keys))
        envelopes_by_id = {}
        for name, eid in self._named(_MESSAGE):
            envelope = self._attempt("ENVELOPE_REFUSED", name, partial(self._message, name, eid, federation, keys))
            if envelope is not None:
                envelopes_by_id[eid] = envelope
        for name, digest in self._named(_RECEIPT):
            self._attempt("RECEIPT_REFUSED", name, partial(self._receipt, name, digest, federation, keys))
        for pattern in (_CONTENT, _SALT):
            for name, eid in self._named(pattern):
                self._attempt("CONTENT_REFUSED", name, partial(self._content, name, envelopes_by_id.get(eid)))

    def _statement(self, name: str, index: int, keys: Keys) -> None:
        if index not in self._entries.at:
            raise EvidenceRefused("no proved log entry records it")
        key = keys.take(self._files[name], self._entries.at[index])
        self._add("KEY_STATED" if key.revoked is None else "KEY_REVOKED", name, f"{key.holder} {key.use} {key.kid}")

    def _message(self, name: str, eid: str, federation: Federation, keys: Keys) -> Envelope:
        envelope, proved = check_envelope(self._files[name], federation, keys, self._entries)
        if envelope.eid != eid:
            raise EvidenceRefused("the file is named after another message")
        self._signed("ENVELOPE_SIGNED", name, proved, f"from {proved.signer}")
        return envelope

    def _receipt(self, name: str, digest: str, federation: Federation, keys: Keys) -> None:
        wire = self._files[name]
        if sha256(wire).hexdigest() != digest:
            raise EvidenceRefused("the file is named after another receipt")
        receipt, proved = check_receipt(wire, federation, keys, self._entries)
        what = f"{text(receipt, 'type')} of {text(receipt, 'eid')} for {text(receipt, 'unit')} by {proved.signer}"
        self._signed("RECEIPT_SIGNED", name, proved, what)

    def _content(self, name: str, envelope: Envelope | None) -> None:
        if envelope is None:
            raise EvidenceRefused("its envelope is not proved here")
        salt, content = self._file(f"opened/{envelope.eid}.salt"), self._file(f"opened/{envelope.eid}.content")
        check_content(envelope, salt, content)
        if _CONTENT.fullmatch(name):
            self._add("CONTENT_OPENED", name)

    def _signed(self, code: str, name: str, proved: Proved, what: str) -> None:
        self._add(code, name, f"{what}, logged {to_text(proved.time)}")
        if proved.status is KeyStatus.VALID_THEN_REVOKED:
            self._add("SIGNER_REVOKED_LATER", name, proved.signer)

    def _file(self, name: str) -> bytes:
        if name not in self._files:
            raise EvidenceRefused(f"{name} is not here")
        return self._files[name]

    def _named(self, pattern: re.Pattern[str]) -> list[tuple[str, str]]:
        return [(name, match[1]) for name in sorted(self._files) if (match := pattern.fullmatch(name))]

    def _indexed(self, pattern: re.Pattern[str]) -> list[tuple[str, int]]:
        """The files of `pattern` with their index, in the order of the log."""
        return sorted(((name, int(index)) for name, index in self._named(pattern)), key=lambda found: found[1])

    def _add(self, code: str, subject: str = "", detail: str = "") -> None:
        self._findings.append(Finding(code, subject, detail))

    def _attempt(self, code: str, subject: str, check: Callable[[], _Result]) -> _Result | None:
        try:
            return check()
        except EvidenceRefused as error:
            self._add(code, subject, str(error))
            return None
