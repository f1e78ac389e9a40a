"""C2SP tlog-proof files (`.tlog-proof`): one leaf's index, its path and a signed checkpoint, verified with no server.

Pure. A proof says that a leaf hash stands in the log; what the leaf means is for the caller to check.
"""

from dataclasses import dataclass
from typing import Final, Self

from audit.checkpoints import LogKeys, SignedCheckpoint, verify_checkpoint
from audit.errors import Malformed
from audit.merkle import check_hash, verify_inclusion
from audit.notes import MAX_NOTE, decode_base64, decode_decimal, encode_base64

HEADER: Final = "c2sp.org/tlog-proof@v1"
MAX_PATH: Final = 63
MAX_PROOF: Final = MAX_NOTE + 128 * 1024


@dataclass(frozen=True)
class LogProof:
    """A proof file: leaf index, audit path (the leaf's sibling first), the checkpoint note verbatim.

    `extra` travels with the proof and is covered by no signature.
    """

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """The proof in `data`; its checkpoint is not looked into. Raises Malformed."""
        head, blank, checkpoint = data.partition(b"\n\n")
        if len(data) > MAX_PROOF or not blank or not checkpoint.endswith(b"\n"):
            raise Malformed("a proof is a head, an empty line and a checkpoint")
        try:
            lines = head.decode("ascii").split("\n")
        except UnicodeDecodeError as error:
            raise Malformed("the head of a proof is ASCII") from error
        if lines[0] != HEADER:
            raise Malformed(f"a proof begins with {HEADER}")
        extra = decode_base64(lines.pop(1)[6:]) if len(lines) > 1 and lines[1].startswith("extra ") else None
        if len(lines) < 2 or not lines[1].startswith("index ") or len(lines) - 2 > MAX_PATH:
            raise Malformed("a proof names an index and at most 63 hashes")
        path = tuple(check_hash(decode_base64(line)) for line in lines[2:])
        return cls(decode_decimal(lines[1].removeprefix("index ")), path, checkpoint, extra)

    def to_bytes(self) -> bytes:
        """The proof file."""
        extra = [] if self.extra is None else [f"extra {encode_base64(self.extra)}"]
        lines = [HEADER, *extra, f"index {self.index}", *map(encode_base64, self.path), "", ""]
        return "\n".join(lines).encode("ascii") + self.checkpoint


def verify_proof(proof: LogProof, leaf: bytes, keys: LogKeys) -> SignedCheckpoint:
    """The checkpoint under which `leaf` (a leaf hash) is proved to stand at `proof.index`.

    Raises Malformed, SignatureRefused or ProofRefused.
    """
    signed = verify_checkpoint(proof.checkpoint, keys)
    verify_inclusion(leaf, proof.index, signed.checkpoint.size, proof.path, signed.checkpoint.root)
    return signed
