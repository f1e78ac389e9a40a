"""The verification of a single `.tlog-proof` (C2SP tlog-proof) under a tlog-policy that the reader brings. Pure."""

from audit.errors import AuditError, QuorumMissed
from audit.evidence.findings import Finding, Report, Unreadable
from audit.merkle import verify_inclusion
from audit.policy import NONE, Policy
from audit.proof import LogProof
from crypto.instants import to_text
from crypto.merkle_hash import leaf_hash


def verify_proof_file(data: bytes, policy: Policy, entry: bytes | None = None) -> Report:
    """Check the checkpoint in the proof `data` by `policy`, and that `entry` stands where the proof says.

    Raises Unreadable for what is no proof.
    """
    try:
        proof = LogProof.parse(data)
    except AuditError as error:
        raise Unreadable(f"not a proof: {error}") from error
    try:
        believed = policy.verify(proof.checkpoint)
    except QuorumMissed as error:
        return Report((Finding("QUORUM_MISSED", "checkpoint", str(error)),))
    except AuditError as error:
        return Report((Finding("CHECKPOINT_REFUSED", "checkpoint", str(error)),))
    said = believed.checkpoint
    stated = f"{said.origin}, size {said.size}" + (f", {to_text(believed.time)}" if believed.time else "")
    names = ", ".join(sorted(believed.cosigned))
    asked = Finding("QUORUM_NOT_ASKED" if policy.quorum == NONE else "QUORUM_MET", "checkpoint", names)
    found = (Finding("CHECKPOINT_SIGNED", "checkpoint", stated), asked)
    if entry is None:
        return Report((*found, Finding("ENTRY_NOT_GIVEN", "proof", f"index {proof.index}")))
    try:
        verify_inclusion(leaf_hash(entry), proof.index, said.size, proof.path, said.root)
    except AuditError as error:
        return Report((*found, Finding("ENTRY_REFUSED", "proof", str(error))))
    return Report((*found, Finding("ENTRY_PROVED", "proof", f"index {proof.index}")))
