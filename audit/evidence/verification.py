"""The verification of a bundle: every file, every signature, every proof; nothing stops at the first fault.

Each step adds its findings and uses only what the steps before it proved. Pure: it reads the files that it is given.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Final, TypeVar

from audit.checkpoints import SignedCheckpoint, verify_checkpoint
from audit.errors import AuditError, QuorumMissed
from audit.evidence import layout
from audit.evidence.acts import ENTRY_LIMIT, Entries, Proved, check_content, check_envelope, check_receipt
from audit.evidence.archive import MANIFEST
from audit.evidence.directory import Federation, Federations, Keys, KeyStatus, read_federation
from audit.evidence.findings import EvidenceRefused, Finding, Report, Unreadable
from audit.evidence.layout import MANIFEST_LIMIT, Listed
from audit.evidence.members import parsed, refusing, text, texts
from audit.merkle import verify_consistency, verify_inclusion
from audit.policy import NONE, Policy
from audit.proof import LogProof
from crypto.encoding import unhex
from crypto.envelope import Envelope
from crypto.instants import to_text
from crypto.merkle_hash import HASH_SIZE, leaf_hash

_OF_A_STAMP: Final = (layout.STAMPED, layout.STAMP, layout.CONSISTENCY)
_Result = TypeVar("_Result")


StampCheck = Callable[[bytes, bytes], str]
"""(what was stamped, RFC 3161 response) -> when and by whom, in words; raises EvidenceRefused."""


@dataclass(frozen=True)
class Trust:
    """What the reader knows from elsewhere: root key ids, a policy to be met, and how to check time-stamps."""

    roots: frozenset[str] = frozenset()
    policy: Policy | None = None
    stamps: StampCheck | None = None


def verify_bundle(files: Mapping[str, bytes], trust: Trust = Trust()) -> Report:
    """Check everything in a bundle and name every finding.

    Raises Unreadable when there is no manifest of our form, or a file cannot be read at all.
    """
    return _Verification(files, trust).report()


class _Verification:
    """One pass over one bundle."""

    def __init__(self, files: Mapping[str, bytes], trust: Trust) -> None:
        self._files = files
        self._trust = trust
        self._findings: list[Finding] = []
        self._entries = Entries()
        self._federations = Federations(trust.roots)
        self._documents: dict[str, Federation] = {}
        self._keys = Keys(self._federations)

    def report(self) -> Report:
        self._manifest()
        for name, version in layout.indexed(layout.FEDERATION, self._files):
            self._attempt("FEDERATION_REFUSED", name, partial(self._federation, name, version))
        signed = self._attempt("CHECKPOINT_REFUSED", layout.CHECKPOINT, self._checkpoint)
        self._log(signed)
        for name, federation in self._documents.items():
            self._attempt("FEDERATION_NOT_LOGGED", name, partial(self._in_force, name, federation))
        for name, index in layout.indexed(layout.STATEMENT, self._files):
            self._attempt("KEY_REFUSED", name, partial(self._statement, name, index))
        if signed is not None:
            self._attempt("POLICY_REFUSED", layout.POLICY, partial(self._witnessed, signed))
            self._stamps(signed)
        self._forks()
        self._unit_log()
        self._acts()
        return Report(tuple(self._findings))

    # --- the files ----------------------------------------------------------------------------------------------------

    def _manifest(self) -> None:
        if MANIFEST not in self._files:
            raise Unreadable(f"{MANIFEST} is not here")
        listed = layout.read_manifest(self._files[MANIFEST])
        faults = [*self._unlisted(listed), *self._unlike(listed)]
        self._findings += sorted(faults, key=lambda one: one.subject) or [Finding("MANIFEST_COMPLETE", MANIFEST)]

    def _unlisted(self, listed: Mapping[str, Listed]) -> Iterator[Finding]:
        for name in self._files:
            if name == MANIFEST:
                continue
            if name not in listed:
                yield Finding("FILE_UNLISTED", name)
            if layout.words_of(name) is None:
                yield Finding("FILE_UNKNOWN", name)

    def _unlike(self, listed: Mapping[str, Listed]) -> Iterator[Finding]:
        for name, said in listed.items():
            data = self._files.get(name)
            if data is None:
                yield Finding("FILE_MISSING", name)
            elif (len(data), sha256(data).hexdigest()) != (said.size, said.sha256):
                yield Finding("FILE_CHANGED", name)

    # --- whom to believe ----------------------------------------------------------------------------------------------

    def _federation(self, name: str, version: int) -> None:
        federation = read_federation(self._files[name])
        if federation.version != version:
            raise EvidenceRefused("the file is named after another version")
        self._federations.add(federation)
        self._documents[name] = federation
        self._add("FEDERATION_SIGNED", name)
        roots = self._trust.roots
        self._add("ROOTS_PINNED" if roots else "ROOTS_NOT_PINNED", name, ", ".join(sorted(roots or federation.roots)))

    def _checkpoint(self) -> SignedCheckpoint:
        with refusing("the checkpoint"):
            signed = verify_checkpoint(self._file(layout.CHECKPOINT), self._federations.newest.log_keys)
        said = signed.checkpoint
        self._add("CHECKPOINT_SIGNED", layout.CHECKPOINT, f"{said.origin}, size {said.size}, {to_text(signed.time)}")
        return signed

    def _log(self, signed: SignedCheckpoint | None) -> None:
        for name, index in layout.indexed(layout.ENTRY, self._files):
            self._attempt("ENTRY_REFUSED", name, partial(self._entry, name, index, signed))
        for name, index in layout.indexed(layout.PROOF, self._files):
            if f"log/entries/{index}.json" not in self._files:
                self._add("ENTRY_REFUSED", name, "its entry is not here")

    def _entry(self, name: str, index: int, signed: SignedCheckpoint | None) -> None:
        proof = self._file(f"log/proofs/{index}.tlog-proof")
        self._included(index, self._files[name], proof, signed, self._files.get(layout.CHECKPOINT, b""))
        self._entries.add(index, self._files[name])
        self._add("ENTRY_PROVED", name)

    @staticmethod
    def _included(index: int, entry: bytes, data: bytes, signed: SignedCheckpoint | None, note: bytes) -> None:
        """Return if the proof in `data` leads from `entry` to the root of `signed`, whose note is `note`."""
        with refusing("the proof"):
            proof = LogProof.parse(data)
            if signed is None or proof.checkpoint != note:
                raise EvidenceRefused("the proof is not under the checkpoint of this bundle")
            if proof.index != index:
                raise EvidenceRefused("the proof is of another index")
            said = signed.checkpoint
            verify_inclusion(leaf_hash(entry), index, said.size, proof.path, said.root)

    def _in_force(self, name: str, federation: Federation) -> None:
        since = self._entries.of_document(federation.digest).time
        self._federations.enter(federation, since)
        self._add("FEDERATION_LOGGED", name, f"in force from {to_text(since)}")

    def _statement(self, name: str, index: int) -> None:
        key = self._keys.take(self._files[name], index, self._entries.of_statement(index))
        self._add("KEY_STATED" if key.revoked is None else "KEY_REVOKED", name, f"{key.holder} {key.use} {key.kid}")

    def _witnessed(self, signed: SignedCheckpoint) -> None:
        """Judge the checkpoint by the policy in force when it was signed, and the policy file by that."""
        policy = self._keys.policy(signed.time)
        try:
            believed = policy.verify(self._files[layout.CHECKPOINT])
        except QuorumMissed as error:
            self._add("QUORUM_MISSED", layout.CHECKPOINT, str(error))
        except AuditError as error:
            self._add("COSIGNATURE_REFUSED", layout.CHECKPOINT, str(error))
        else:
            units = sorted(believed.names.intersection(self._federations.at(signed.time).witnesses))
            counted = f"{len(units)} of {len(self._federations.at(signed.time).witnesses)}: {', '.join(units)}"
            asked = policy.quorum != NONE
            self._add("QUORUM_MET" if asked else "QUORUM_NOT_ASKED", layout.CHECKPOINT, counted if asked else "")
        with refusing("the policy"):
            if Policy.parse(self._file(layout.POLICY)).to_bytes() != policy.to_bytes():
                raise EvidenceRefused("another policy was in force when the checkpoint was signed")
            if self._trust.policy is not None:
                self._trust.policy.verify(self._files[layout.CHECKPOINT])
        self._add("POLICY_STATED", layout.POLICY)

    def _stamps(self, signed: SignedCheckpoint) -> None:
        found = [one for pattern in _OF_A_STAMP for one in layout.indexed(pattern, self._files)]
        for size in sorted({size for _, size in found}):
            name = f"log/stamped/{size}.checkpoint"
            self._attempt("TIME_STAMP_REFUSED", name, partial(self._stamp, name, size, signed))

    def _stamp(self, name: str, size: int, signed: SignedCheckpoint) -> None:
        """An earlier checkpoint of this log, led to ours, with the stamp over its three lines."""
        said, path = signed.checkpoint, self._file(f"log/stamped/{size}.consistency")
        with refusing("the stamped checkpoint"):
            earlier = verify_checkpoint(self._file(name), self._federations.newest.log_keys)
            nodes = [unhex(node, HASH_SIZE) for node in texts(parsed(path, MANIFEST_LIMIT), "path")]
            if earlier.checkpoint.size != size or size == 0:
                raise EvidenceRefused("the file is named after another size, or covers nothing")
            verify_consistency(size, earlier.checkpoint.root, said.size, said.root, nodes)
        token = self._file(f"log/stamped/{size}.tsr")
        if self._trust.stamps is None:
            self._add("TIME_STAMP_NOT_CHECKED", f"log/stamped/{size}.tsr")
            return
        stated = self._trust.stamps(earlier.checkpoint.text.encode(), token)
        self._add("TIME_STAMPED", name, f"entries 0 to {size - 1} before {stated}")

    def _unit_log(self) -> None:
        parts = [*layout.indexed(layout.UNIT_ENTRY, self._files), *layout.indexed(layout.UNIT_PROOF, self._files)]
        if not parts and layout.UNIT_CHECKPOINT not in self._files:
            return
        signed = self._attempt("UNIT_LOG_REFUSED", layout.UNIT_CHECKPOINT, self._unit_checkpoint)
        for index in sorted({index for _, index in parts}):
            name = f"unit/entries/{index}.json"
            self._attempt("UNIT_ENTRY_REFUSED", name, partial(self._unit_entry, name, index, signed))

    def _unit_checkpoint(self) -> SignedCheckpoint:
        unit, signed = self._keys.unit_checkpoint(self._file(layout.UNIT_CHECKPOINT))
        said, since = signed.checkpoint, self._entries.anchored(signed.checkpoint)
        self._add("UNIT_LOG_SIGNED", layout.UNIT_CHECKPOINT, f"{unit}, {said.origin}, size {said.size}")
        code = "UNIT_LOG_NOT_ANCHORED" if since is None else "UNIT_LOG_ANCHORED"
        self._add(code, layout.UNIT_CHECKPOINT, "" if since is None else f"since {to_text(since)}")
        return signed

    def _unit_entry(self, name: str, index: int, signed: SignedCheckpoint | None) -> None:
        entry, proof = self._file(name), self._file(f"unit/proofs/{index}.tlog-proof")
        self._included(index, entry, proof, signed, self._files.get(layout.UNIT_CHECKPOINT, b""))
        act = parsed(entry, ENTRY_LIMIT)
        self._add("UNIT_ENTRY_PROVED", name, f"{text(act, 'operation')}, {text(act, 'time')}")

    def _forks(self) -> None:
        numbers = layout.indexed(layout.FORK_HELD, self._files) + layout.indexed(layout.FORK_OTHER, self._files)
        for number in sorted({number for _, number in numbers}):
            self._attempt("CONFLICT_REFUSED", f"log/forks/{number}.held", partial(self._fork, number))

    def _fork(self, number: int) -> None:
        keys = self._federations.newest.log_keys
        with refusing("the checkpoint"):
            names = f"log/forks/{number}.held", f"log/forks/{number}.other"
            held, other = (verify_checkpoint(self._file(name), keys).checkpoint for name in names)
        if held.size != other.size or held.root == other.root:
            raise EvidenceRefused("the two are not of one size with two roots")
        self._add("HISTORY_CONTRADICTED", names[0], f"{held.origin}, size {held.size}")

    # --- what was done ------------------------------------------------------------------------------------------------

    def _acts(self) -> None:
        envelopes = {}
        for name, eid in layout.matching(layout.MESSAGE, self._files):
            envelope = self._attempt("ENVELOPE_REFUSED", name, partial(self._message, name, eid))
            if envelope is not None:
                envelopes[eid] = envelope
        for name, digest in layout.matching(layout.RECEIPT, self._files):
            self._attempt("RECEIPT_REFUSED", name, partial(self._receipt, name, digest))
        self._contents(envelopes)
        for index in self._entries.unused():
            self._add("ENTRY_ALONE", f"log/entries/{index}.json", text(self._entries.at[index], "type"))

    def _contents(self, envelopes: Mapping[str, Envelope]) -> None:
        for pattern in (layout.CONTENT, layout.SALT):
            for name, eid in layout.matching(pattern, self._files):
                self._attempt("CONTENT_REFUSED", name, partial(self._content, name, envelopes.get(eid)))
        for eid, envelope in envelopes.items():
            if f"opened/{eid}.salt" not in self._files and f"opened/{eid}.content" not in self._files:
                self._add("CONTENT_ABSENT", f"messages/{eid}.cme", envelope.header.ptc)

    def _message(self, name: str, eid: str) -> Envelope:
        envelope, proved = check_envelope(self._files[name], self._federations.newest, self._keys, self._entries)
        if envelope.eid != eid:
            raise EvidenceRefused("the file is named after another message")
        self._signed("ENVELOPE_SIGNED", name, proved, f"from {proved.signer}")
        return envelope

    def _receipt(self, name: str, digest: str) -> None:
        wire = self._files[name]
        if sha256(wire).hexdigest() != digest:
            raise EvidenceRefused("the file is named after another receipt")
        receipt, proved = check_receipt(wire, self._federations.newest, self._keys, self._entries)
        what = f"{text(receipt, 'type')} of {text(receipt, 'eid')} for {text(receipt, 'unit')} by {proved.signer}"
        self._signed("RECEIPT_SIGNED", name, proved, what)

    def _content(self, name: str, envelope: Envelope | None) -> None:
        if envelope is None:
            raise EvidenceRefused("its envelope is not proved here")
        salt, content = self._file(f"opened/{envelope.eid}.salt"), self._file(f"opened/{envelope.eid}.content")
        check_content(envelope, salt, content)
        if layout.CONTENT.fullmatch(name):
            self._add("CONTENT_OPENED", name)

    def _signed(self, code: str, name: str, proved: Proved, what: str) -> None:
        self._add(code, name, f"{what}, logged {to_text(proved.time)}")
        if proved.status is KeyStatus.VALID_THEN_REVOKED:
            self._add("SIGNER_REVOKED_LATER", name, proved.signer)
        if proved.signer not in {self._federations.newest.hub, *self._federations.newest.unit_roots}:
            self._add("SIGNER_LEFT_LATER", name, proved.signer)

    # --- the pass itself ----------------------------------------------------------------------------------------------

    def _file(self, name: str) -> bytes:
        if name not in self._files:
            raise EvidenceRefused(f"{name} is not here")
        return self._files[name]

    def _add(self, code: str, subject: str = "", detail: str = "") -> None:
        self._findings.append(Finding(code, subject, detail))

    def _attempt(self, code: str, subject: str, check: Callable[[], _Result]) -> _Result | None:
        try:
            return check()
        except EvidenceRefused as error:
            self._add(code, subject, str(error))
            return None
