"""Who must sign before the federation believes a checkpoint of the hub's log, as the signed directory says it.

Pure. The hub publishes by this policy, a node believes by it, and `audit.policy` writes it as a C2SP tlog-policy file.
"""

from audit.checkpoints import LogKeys
from audit.cosignatures import CosignerKeys
from audit.policy import Policy
from schemas.keychecks import KeyRecord
from schemas.trust import Directory


def log_keys(directory: Directory) -> LogKeys:
    """The keys of the hub's log. Raises `audit.errors.Malformed` for a document that names no such pair."""
    vkeys = directory.federation.hub.log
    return LogKeys.parse(vkeys[0], vkeys[-1])


def cosigner_keys(record: KeyRecord) -> CosignerKeys:
    """The pair that a WITNESS statement introduced."""
    return CosignerKeys.of(record.statement.name or "", record.public)


def policy_of(directory: Directory, at: int) -> Policy:
    """The policy for the hub's log at `at` (unix seconds), with the keys that are good then.

    Raises `audit.errors.QuorumMissed` while fewer units have stated their keys than must sign.
    """
    pairs = {unit: tuple(map(cosigner_keys, records)) for unit, records in directory.witness_keys(at).items()}
    return Policy.federated(log_keys(directory), pairs, directory.federation.quorum)
