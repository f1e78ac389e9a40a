"""Witnesses, and policies that name them."""

from audit.checkpoints import Checkpoint, LogSigner
from audit.cosignatures import Cosigner, with_lines
from audit.policy import Policy
from tests.audit import trees
from tests.audit.logs import SIGNER
from tests.instants import NOW

UNITS = ("KG", "KZ", "TJ", "TM", "UZ")


def cosigner(unit: str, generation: int = 0) -> Cosigner:
    seed = trees.leaf(f"{unit}/{generation}".encode())
    return Cosigner(f"node.{unit.lower()}.serai/witness", seed + trees.leaf(seed))


def policy(quorum: int, *units: str) -> Policy:
    return Policy.federated(SIGNER.keys, {unit: [cosigner(unit).keys] for unit in units or UNITS}, quorum)


def signed(entries: list[bytes], *units: str, signer: LogSigner = SIGNER, now: int = NOW) -> bytes:
    """The checkpoint of a log with these entries, cosigned by `units`."""
    note = signer.sign(len(entries), trees.root(entries), now)
    said = Checkpoint(signer.keys.origin, len(entries), trees.root(entries))
    return with_lines(note, [line for unit in units for line in cosigner(unit).cosign(said, now)])
