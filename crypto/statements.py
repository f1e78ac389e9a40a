"""Signed statements without a domain: one canonical JSON object, a Merkle path to the root of its batch, signatures.

Receipts, key statements and directory parts are all of this form. One composite signature covers a whole batch, so a
service can answer hundreds of callers for the price of one signature; a statement on its own is a batch of one.

    {"proof":{"index":0,"path":[hex…],"size":1},"signatures":[{"kid":hex,"sig":b64}…],"statement":{…}}
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from crypto import signing
from crypto.canonical import Json, Writable, dumps, loads
from crypto.encoding import b64, unb64, unhex
from crypto.errors import BadProof, KeyRefused, Malformed, TooFewSignatures
from crypto.merkle_hash import HASH_SIZE, leaf_hash, paths_of, root_from_path, root_of
from crypto.pae import bind, u64
from crypto.signing import SigningKey

MAX_BATCH: Final = 65_536
MAX_SIGNATURES: Final = 16

_KID: Final = 32


@dataclass(frozen=True)
class SignedStatement:
    """A parsed statement. `statement_bytes` are what the leaf hashes; nothing is believed before `verify`."""

    wire: bytes = field(repr=False)
    statement: dict[str, Json]
    statement_bytes: bytes = field(repr=False)
    size: int
    root: bytes
    signatures: tuple[tuple[str, bytes], ...] = field(repr=False)

    def verify(self, label: str, publics: Mapping[str, bytes], threshold: int = 1) -> None:
        """Demand good signatures under `label` by at least `threshold` distinct keys of `publics` (kid to public key).

        A signature by a key outside `publics` counts for nothing. Raises BadSignature if one inside does not verify,
        TooFewSignatures below the threshold, KeyRefused if a key is filed under another key's id.
        """
        message = batch_statement(label, self.size, self.root)
        good = set()
        for kid, signature in self.signatures:
            public = publics.get(kid)
            if public is None:
                continue
            if signing.kid_of(public) != kid:
                raise KeyRefused("key filed under the id of another key")
            signing.verify(public, label, message, signature)
            good.add(kid)
        if len(good) < max(threshold, 1):
            raise TooFewSignatures(f"{len(good)} of the {threshold} signatures needed")


@dataclass(frozen=True, slots=True)
class Parts:
    """The three members of a signed statement as the wire spells them; a batch shares its `signatures`.

    A service that keeps many statements of one batch stores the signatures once and puts the wire form together when
    it is asked for.
    """

    proof: bytes
    signatures: bytes = field(repr=False)
    statement: bytes = field(repr=False)

    def wire(self) -> bytes:
        """The wire form: the canonical object of the three members."""
        return b'{"proof":%b,"signatures":%b,"statement":%b}' % (self.proof, self.signatures, self.statement)


def split(wire: bytes) -> Parts:
    """Take a wire form that `parse` accepted apart; raises Malformed if it has not these three members in order."""
    head, _, rest = wire.partition(b',"signatures":')  # neither a proof nor a signature can spell the next name
    signatures, _, last = rest.partition(b',"statement":')
    parts = Parts(head.removeprefix(b'{"proof":'), signatures, last.removesuffix(b"}"))
    if parts.wire() != wire:
        raise Malformed("not a signed statement")
    return parts


def merge(one: bytes, other: bytes, limit: int) -> bytes:
    """Return the statement of two wire forms under the signatures of both; which are good is not looked at.

    Raises what `parse` does, and Malformed unless both carry one statement in one batch.
    """
    first, second, parts = parse(one, limit), parse(other, limit), split(one)
    if (parts.proof, parts.statement) != (split(other).proof, split(other).statement):
        raise Malformed("two different statements")
    signatures = sorted({**dict(first.signatures), **dict(second.signatures)}.items())
    written = dumps([{"kid": kid, "sig": b64(signature)} for kid, signature in signatures])
    return Parts(parts.proof, written, parts.statement).wire()


def sign_batch(keys: Sequence[SigningKey], label: str, statements: Sequence[Mapping[str, Writable]]) -> list[bytes]:
    """Sign all `statements` with one signature of each key; returns the wire form of each. Raises like `sign_parts`."""
    return [parts.wire() for parts in sign_parts(keys, label, statements)]


def sign_parts(keys: Sequence[SigningKey], label: str, statements: Sequence[Mapping[str, Writable]]) -> list[Parts]:
    """Sign all `statements` with one signature of each key; returns the parts of each, in their order.

    Raises Malformed for a statement that is no object of canonical JSON, or a batch without keys or statements.
    """
    return sign_written(keys, label, [dumps(dict(statement)) for statement in statements])


def sign_written(keys: Sequence[SigningKey], label: str, raws: Sequence[bytes]) -> list[Parts]:
    """The same for statements that are canonical JSON already: the caller's promise, which no reader relies on."""
    if not 1 <= len(raws) <= MAX_BATCH or not 1 <= len({key.kid for key in keys}) == len(keys) <= MAX_SIGNATURES:
        raise Malformed("a batch needs statements and distinct keys")
    leaves = [leaf_hash(raw) for raw in raws]
    message = batch_statement(label, len(leaves), root_of(leaves))
    signatures = dumps(
        [{"kid": key.kid, "sig": b64(key.sign(label, message))} for key in sorted(keys, key=lambda key: key.kid)]
    )
    return [
        Parts(_proof_bytes(index, len(leaves), path), signatures, raw)
        for index, (raw, path) in enumerate(zip(raws, paths_of(leaves), strict=True))
    ]


def _proof_bytes(index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The canonical form of a proof, written down directly: small numbers and hexadecimal digits need no escapes."""
    siblings = ",".join([f'"{sibling.hex()}"' for sibling in path])
    return f'{{"index":{index},"path":[{siblings}],"size":{size}}}'.encode()


def parse(wire: bytes, limit: int) -> SignedStatement:
    """Read a signed statement of at most `limit` bytes.

    Raises TooLarge, NotCanonical, Malformed, or BadProof if the path cannot belong to this index and size.
    """
    outer = _members(loads(wire, limit=limit), "statement", "proof", "signatures")
    statement = outer["statement"]
    if not isinstance(statement, dict):
        raise Malformed("statement is no object")
    raw = dumps(statement)
    index, size, path = _proof(outer["proof"])
    return SignedStatement(
        wire, statement, raw, size, root_from_path(leaf_hash(raw), index, size, path), _signatures(outer["signatures"])
    )


def batch_statement(label: str, size: int, root: bytes) -> bytes:
    """Build what every key signs under `label`: PAE(label, suite, u64 size, root)."""
    return bind(label, u64(size), root)


def _proof(value: Json) -> tuple[int, int, list[bytes]]:
    proof = _members(value, "index", "size", "path")
    index, size, path = proof["index"], proof["size"], proof["path"]
    if not isinstance(index, int) or not isinstance(size, int) or not isinstance(path, list):
        raise Malformed("proof members of another type")
    if size > MAX_BATCH:
        raise BadProof(f"batch above {MAX_BATCH} statements")
    return index, size, [unhex(_string(sibling), HASH_SIZE) for sibling in path]


def _signatures(value: Json) -> tuple[tuple[str, bytes], ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_SIGNATURES:
        raise Malformed(f"not a list of 1 to {MAX_SIGNATURES} signatures")
    signatures = tuple(_signature(item) for item in value)
    kids = [kid for kid, _ in signatures]
    if kids != sorted(set(kids)):
        raise Malformed("signatures not sorted by key id, or a key twice")
    return signatures


def _signature(value: Json) -> tuple[str, bytes]:
    member = _members(value, "kid", "sig")
    signature = unb64(_string(member["sig"]))
    if len(signature) != signing.SIGNATURE_SIZE:
        raise Malformed("signature of another length")
    return unhex(_string(member["kid"]), _KID).hex(), signature


def _members(value: Json, *names: str) -> dict[str, Json]:
    if not isinstance(value, dict) or value.keys() != set(names):
        raise Malformed(f"not an object of exactly {', '.join(names)}")
    return value


def _string(value: Json) -> str:
    if not isinstance(value, str):
        raise Malformed("not a string")
    return value
