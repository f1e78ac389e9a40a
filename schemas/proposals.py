"""A proposal: the next federation document while too few keepers of the roots have signed it (protocol.md §5.12).

A keeper signs where his root is, which may be far from the hub. So a proposal carries the document in force, against
which he is shown what changes, and the requests of the units that it lets in. It proves nothing by itself: whoever
opens one checks the document in force by the roots that he believes. What the hub keeps of proposals is not said here.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal, Self

from crypto import statements
from crypto.errors import CryptoError
from crypto.instants import to_text
from crypto.signing import SigningKey
from schemas import keychecks
from schemas.base import Binary, Env, Hex128, Wire
from schemas.changes import Change, changes
from schemas.directory import FEDERATION_LABEL, Federation, Unit, keys_by_id, members
from schemas.errors import Malformed, SchemaError
from schemas.invitations import fingerprint
from schemas.trust import CLOCK_SKEW, PART_LIMIT, Anchor, federation_of

WITHDRAWAL_LABEL: Final = "serai/withdrawal/1"

LIFE: Final = 14 * 86_400
"""Seconds after which keepers must begin anew: what was proposed so long ago may not be what is wanted today."""

LIMIT: Final = 16 << 20


class ProposalRefused(SchemaError):
    """The parts of a proposal do not belong together, or do not prove what they claim."""

    code: ClassVar[str] = "PROPOSAL_REFUSED"


class Superseded(SchemaError):
    """The proposal stands on a document that is not in force any more."""

    code: ClassVar[str] = "PROPOSAL_SUPERSEDED"


@dataclass(frozen=True, slots=True)
class Step:
    """A document that follows `held`, and the ids of the keys that signed it so far, all of them good."""

    held: Federation
    document: Federation
    signed: tuple[str, ...]

    @classmethod
    def of(cls, held: Federation, wire: bytes) -> Self:
        """Return the document in `wire` as the next after `held`; raises `Superseded` or `ProposalRefused`."""
        try:
            parsed = statements.parse(wire, limit=PART_LIMIT)
            document = Federation.from_bytes(parsed.statement_bytes)
            roots = keys_by_id([*held.roots, *document.roots])
            parsed.verify(FEDERATION_LABEL, roots)
            keychecks.check_document(document)
        except (CryptoError, SchemaError) as error:
            raise ProposalRefused(str(error)) from error
        signed = tuple(kid for kid, _ in parsed.signatures)
        if document.version <= held.version:
            raise Superseded(f"version {document.version} is proposed, version {held.version} is in force")
        if document.version > held.version + 1 or document.env != held.env:
            raise ProposalRefused("not the next document")
        if not set(signed) <= set(roots):
            raise ProposalRefused("signed by a key that is no root")
        return cls(held, document, signed)

    @property
    def complete(self) -> bool:
        """Whether the threshold of the present roots has signed it, and that of its own roots, if they are others."""
        return all(
            len(set(self.signed) & set(keys_by_id(one.roots))) >= one.threshold for one in (self.held, self.document)
        )

    @property
    def needed(self) -> int:
        """How many keepers must sign: the larger threshold, where it names another."""
        return max(self.held.threshold, self.document.threshold)

    @property
    def missing(self) -> tuple[str, ...]:
        """The ids of the roots whose keepers have not signed, in the order of the documents."""
        return tuple(kid for kid in keys_by_id([*self.held.roots, *self.document.roots]) if kid not in self.signed)

    @property
    def expires(self) -> int:
        """When it is void if it is not in force (unix seconds)."""
        return self.document.issued + LIFE

    def in_time(self, now: int) -> bool:
        """Return whether it may still be signed at `now`, and was not dated ahead so that it lasts longer."""
        return self.document.issued - CLOCK_SKEW <= now < self.expires

    @property
    def entering(self) -> tuple[Unit, ...]:
        """The units that were not, or are not as they were, in the document in force."""
        return tuple(unit for unit in self.document.units if unit not in self.held.units)

    def check_entering(self, asked: Sequence[Unit]) -> None:
        """Return if it lets in exactly those who asked, as they asked; raises `ProposalRefused`."""
        if list(self.entering) != sorted(asked, key=lambda unit: unit.unit):
            raise ProposalRefused("the document lets in others than those who asked")

    @property
    def digest(self) -> bytes:
        """SHA-512 of the bytes that every keeper signs."""
        return hashlib.sha512(self.document.to_bytes()).digest()

    @property
    def fingerprint(self) -> str:
        """What keepers read to each other, so that they speak of one document."""
        return fingerprint(self.document.to_bytes())

    @property
    def changes(self) -> tuple[Change, ...]:
        """What it changes."""
        return changes(self.held, self.document)

    def summary(self) -> dict[str, Any]:
        """Return what everybody may see of it: which document, who signed and who did not, until when, what changes."""
        return {
            "version": self.document.version,
            "document": self.fingerprint,
            "signed": list(self.signed),
            "missing": list(self.missing),
            "needed": self.needed,
            "expires": to_text(self.expires),
            "changes": [str(one) for one in self.changes],
        }


class Proposal(Wire):
    """The document in force, the next under the signatures so far, and the requests of the units that it lets in."""

    v: Literal[1] = 1
    type: Literal["PROPOSAL"] = "PROPOSAL"
    held: Binary
    federation: Binary
    requests: tuple[Binary, ...] = ()

    def step(self, anchor: Anchor) -> Step:
        """Return what is proposed, to one who believes the roots of `anchor`; raises as `Step.of`.

        A document in force that these roots did not sign shows changes from what never was, and is refused.
        """
        try:
            held = federation_of(self.held, anchor)
        except (CryptoError, SchemaError) as error:
            raise ProposalRefused(f"the document in force: {error}") from error
        return Step.of(held, self.federation)


def read(data: bytes) -> Proposal:
    """Return the proposal in `data`; raises `ProposalRefused` for any but its canonical form."""
    try:
        return Proposal.from_bytes(data, limit=LIMIT)
    except Malformed as error:
        raise ProposalRefused(str(error)) from error


class Withdrawal(Wire):
    """A keeper who signed a proposal takes it back: `digest` is `Step.digest`, in hex digits."""

    v: Literal[1] = 1
    type: Literal["WITHDRAWAL"] = "WITHDRAWAL"
    env: Env
    digest: Hex128


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A withdrawal and the id of the root that signed it."""

    withdrawal: Withdrawal
    kid: str


def withdraw(withdrawal: Withdrawal, root: SigningKey) -> bytes:
    """Return the wire form of `withdrawal` under the keeper's root."""
    return statements.sign_batch([root], WITHDRAWAL_LABEL, [members(withdrawal)])[0]


def read_withdrawal(wire: bytes, roots: Sequence[bytes]) -> Withdrawn:
    """Return the withdrawal in `wire`, signed by exactly one of `roots`; raises `ProposalRefused`."""
    try:
        signed = statements.parse(wire, limit=PART_LIMIT)
        found = Withdrawal.from_bytes(signed.statement_bytes)
        signed.verify(WITHDRAWAL_LABEL, keys_by_id(roots))
    except (CryptoError, Malformed) as error:
        raise ProposalRefused(str(error)) from error
    if len(signed.signatures) != 1:
        raise ProposalRefused("a withdrawal is one keeper's")
    return Withdrawn(found, signed.signatures[0][0])
