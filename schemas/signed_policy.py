"""What the federation decides once for all: which messages ask about human rights, and which rules of access hold.

Both stand in the federation document, so they have its threshold of signatures and its version, which never goes back:
the hub carries them and can neither change nor drop them (protocol.md §5). These are the forms; what a list means for a
message is decided by `schemas.human_rights`, what a digest means for a node by `nodes.rules`.
"""

from collections.abc import Sequence
from typing import Annotated, Final, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from schemas.base import Hex128, Names, UtcText, Wire

EVERY: Final = "*"
"""Stands for every unit, or for every area of crime; it is written out, because an empty list means none."""

Party = Annotated[str, StringConstraints(pattern=r"^(\*|[A-Z][A-Z0-9-]{1,15})$")]
"""The id of a unit, or `*`."""
Area = Annotated[str, StringConstraints(pattern=r"^(\*|[A-Z][A-Z0-9_.]{0,39})$")]
"""A code of the table `crime_areas`, which stands for its sub-codes too, or `*`."""


class InForce(Wire):
    """What holds from one instant until another, or until a later document ends it."""

    not_before: UtcText
    not_after: UtcText | None = None

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if self.not_after is not None and self.not_after <= self.not_before:
            raise ValueError("not_after: later than not_before")
        return self

    def holds(self, at: int) -> bool:
        """Return whether it is in force at `at` (unix seconds)."""
        return self.not_before <= at and self.ends_after(at)

    def ends_after(self, at: int) -> bool:
        """Return whether it did not end by `at`."""
        return self.not_after is None or at < self.not_after


class RightsPair(InForce):
    """What `sender` sends to `recipient` about one of `areas` says first how human rights are touched.

    `source` is the law or the decision by which the pair stands on the list, as officers read it.
    """

    sender: Party = Field(validation_alias="from", serialization_alias="from")
    recipient: Party = Field(validation_alias="to", serialization_alias="to")
    areas: Annotated[tuple[Area, ...], Field(min_length=1)]
    source: Names

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True, validate_by_alias=True)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if list(self.areas) != sorted(set(self.areas)):
            raise ValueError("areas: sorted, each once")
        return self

    @property
    def place(self) -> tuple[str, str, tuple[str, ...], int]:
        """Where it stands in the list."""
        return self.sender, self.recipient, self.areas, self.not_before

    def covers(self, sender: str, recipient: str, areas: frozenset[str]) -> bool:
        """Return whether it is about a message of `sender` to `recipient` that names `areas`."""
        groups = areas | {area.partition(".")[0] for area in areas} | {EVERY}
        concerned = self.sender in {EVERY, sender} and self.recipient in {EVERY, recipient}
        return concerned and not groups.isdisjoint(self.areas)


class RuleSet(InForce):
    """A set of rules of access by its digest (`exchange.policy.rulebook`); each that is signed has the next number."""

    version: Annotated[int, Field(ge=1)]
    sha512: Hex128


def fault_of_pairs(pairs: Sequence[RightsPair], units: frozenset[str]) -> str | None:
    """Return what is wrong with a list of pairs in a document of these units, or None."""
    places = [pair.place for pair in pairs]
    if places != sorted(set(places)):
        return "rights_pairs: sorted by from, to, areas and not_before, each once"
    if not {party for pair in pairs for party in (pair.sender, pair.recipient)} <= units | {EVERY}:
        return "rights_pairs: between units of this document, or *"
    return None


def fault_of_rules(rules: Sequence[RuleSet]) -> str | None:
    """Return what is wrong with a list of sets of rules, or None."""
    versions = [one.version for one in rules]
    if versions != sorted(set(versions)) or len({one.sha512 for one in rules}) < len(rules):
        return "rules: sorted by version, each version and each digest once"
    if all(one.not_after is not None for one in rules):
        return "rules: one of them without an end, so that time alone closes no node"
    return None


def named(rules: Sequence[RuleSet], sha512: str) -> RuleSet | None:
    """Return what the federation says about the rules of this digest; None if it does not name them."""
    return next((one for one in rules if one.sha512 == sha512), None)


def may_run(rules: Sequence[RuleSet] | None, sha512: str, at: int) -> bool:
    """Return whether the rules of this digest may be used at `at`; where the federation has not decided, any may."""
    found = named(rules or (), sha512)
    return rules is None or (found is not None and found.holds(at))
