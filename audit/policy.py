"""C2SP tlog-policy: which logs, which witnesses and how many of them make a checkpoint that is believed.

Pure. Two rules are ours and stricter than the format: all keys of one origin that a policy lists must sign (hybrid),
and a key of low order is refused. Names are opaque octets; they are kept as text that writes back the same octets.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Self

from audit.checkpoints import CHECKS, Checkpoint, LogKeys, time_of
from audit.cosignatures import CosignerKeys
from audit.errors import Malformed, QuorumMissed, SignatureRefused
from audit.notes import ED25519, ED25519_COSIGNATURE, MLDSA44, Note, VerifierKey, decode_decimal
from crypto import curve25519
from crypto.errors import CryptoError

NONE: Final = "none"
ALL: Final = "all"
ANY: Final = "any"
MAX_POLICY: Final = 1 << 20
MAX_LINES: Final = 4096
WITNESSES: Final = "witnesses"
"""The name of the group of all units in the policy of a federation."""

_LOG_KINDS: Final = frozenset({ED25519, MLDSA44})
_WITNESS_KINDS: Final = frozenset({ED25519_COSIGNATURE, MLDSA44})
_RESERVED: Final = frozenset({NONE, ALL, ANY})


@dataclass(frozen=True)
class Party:
    """A key that a policy lists, and the address behind it, which may be empty."""

    key: VerifierKey
    url: str = ""


@dataclass(frozen=True)
class Group:
    """`needed` of `members` (witnesses or groups named before) make the group."""

    needed: int
    members: tuple[str, ...]


@dataclass(frozen=True)
class Believed:
    """A checkpoint that satisfies a policy.

    `time` is the latest that a log signature states (unix seconds; 0 if none states one), `cosigned` the witnesses of
    the policy by name with the times that they state, `names` the witnesses and groups that are satisfied.
    """

    checkpoint: Checkpoint
    time: int
    cosigned: Mapping[str, int]
    names: frozenset[str]
    note: Note


@dataclass(frozen=True)
class Policy:
    """Logs, witnesses by name, groups by name in their order, and the name of the quorum."""

    logs: tuple[Party, ...]
    witnesses: Mapping[str, Party]
    groups: Mapping[str, Group]
    quorum: str

    def __post_init__(self) -> None:
        """Check what the grammar demands of the whole. Raises Malformed."""
        _check_keys("log", [log.key for log in self.logs], _LOG_KINDS)
        _check_keys("witness", [witness.key for witness in self.witnesses.values()], _WITNESS_KINDS)
        if self.witnesses.keys() & self.groups.keys() or _RESERVED & {*self.witnesses, *self.groups}:
            raise Malformed("a name is defined once, and not as a keyword")
        defined, used = set(self.witnesses), set[str]()
        for name, group in self.groups.items():
            if not 1 <= group.needed <= len(group.members):
                raise Malformed(f"group {name} needs 1 to {len(group.members)} of its members")
            for member in group.members:
                if member not in defined or member in used:
                    raise Malformed(f"member {member} of {name} is not defined before, or a member already")
                used.add(member)
            defined.add(name)
        if self.quorum != NONE and self.quorum not in defined:
            raise Malformed("the quorum is not defined")

    @classmethod
    def federated(cls, log: LogKeys, witnesses: Mapping[str, Sequence[CosignerKeys]], quorum: int) -> Self:
        """The policy of a federation: both keys of the log, and `quorum` of the units, each with both keys of one pair.

        A unit counts once, however many pairs it has. Raises QuorumMissed when fewer units have a pair than must sign.
        """
        parties: dict[str, Party] = {}
        groups: dict[str, Group] = {}
        for unit, pairs in witnesses.items():
            names = [unit] if len(pairs) == 1 else [f"{unit}.{number}" for number in range(1, len(pairs) + 1)]
            for name, pair in zip(names, pairs, strict=True):
                both = {f"{name}.ed25519": Party(pair.ed25519), f"{name}.mldsa44": Party(pair.mldsa44)}
                parties |= both
                groups[name] = Group(2, tuple(both))
            if len(pairs) > 1:
                groups[unit] = Group(1, tuple(names))
        able = tuple(unit for unit, pairs in witnesses.items() if pairs)
        if quorum > len(able):
            raise QuorumMissed(f"{quorum} witnesses must cosign, and only {len(able)} have stated their keys")
        if quorum:
            groups[WITNESSES] = Group(quorum, able)
        logs = Party(log.ed25519), Party(log.mldsa44)
        return cls(logs, parties, MappingProxyType(groups), WITNESSES if quorum else NONE)

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """The policy that `data` writes. Raises Malformed."""
        if len(data) > MAX_POLICY:
            raise Malformed(f"a policy has at most {MAX_POLICY} bytes")
        if any(octet < 0x20 and octet not in b"\t\n" for octet in data) or 0x7F in data:
            raise Malformed("a policy has no control characters but tab and newline")
        if data and not data.endswith(b"\n"):
            raise Malformed("each line of a policy ends in a newline")
        lines = data.decode("utf-8", "surrogateescape").split("\n")[:-1]
        if len(lines) > MAX_LINES:
            raise Malformed(f"a policy has at most {MAX_LINES} lines")
        read = _Reading(lines)
        if read.quorum is None:
            raise Malformed("a policy has a quorum line")
        return cls(tuple(read.logs), MappingProxyType(read.witnesses), MappingProxyType(read.groups), read.quorum)

    def to_bytes(self) -> bytes:
        """The policy as text: logs, witnesses, groups, quorum."""
        lines = [" ".join(filter(None, ("log", str(log.key), log.url))) for log in self.logs]
        for name, one in self.witnesses.items():
            lines.append(" ".join(filter(None, ("witness", name, str(one.key), one.url))))
        lines += [" ".join(("group", name, str(one.needed), *one.members)) for name, one in self.groups.items()]
        return "".join(f"{line}\n" for line in (*lines, f"quorum {self.quorum}")).encode("utf-8", "surrogateescape")

    def satisfied(self, cosigned: Iterable[str]) -> frozenset[str]:
        """The witnesses of `cosigned` that the policy knows, and the groups that they make."""
        names = self.witnesses.keys() & set(cosigned)
        for name, group in self.groups.items():
            if len(names & set(group.members)) >= group.needed:
                names.add(name)
        return frozenset(names)

    def verify(self, data: bytes) -> Believed:
        """The checkpoint in the signed note `data`, if its log and enough witnesses signed it.

        Raises Malformed; SignatureRefused when a key of its log did not sign, when the line of a known key fails, or
        when a cosignature states the time 0; QuorumMissed when too few witnesses cosigned.
        """
        note = Note.parse(data)
        checkpoint = Checkpoint.parse(note.text)
        logs = [log.key for log in self.logs if log.key.name == checkpoint.origin]
        named = {party.key: name for name, party in self.witnesses.items()}
        found = note.verified([*logs, *named], CHECKS)
        if not logs or not found.keys() >= set(logs):
            raise SignatureRefused(f"every key of {checkpoint.origin} that the policy lists must sign")
        times = {named[key]: time_of(signature) for key, signature in found.items() if key in named}
        if not all(times.values()):
            raise SignatureRefused("a cosignature states the time 0")
        names = self.satisfied(times)
        if self.quorum != NONE and self.quorum not in names:
            raise QuorumMissed(f"the quorum {self.quorum} is not met: {', '.join(sorted(times)) or 'nobody'} cosigned")
        stated = [time_of(found[key]) for key in logs if key.kind == MLDSA44]
        return Believed(checkpoint, max(stated, default=0), MappingProxyType(times), names, note)


class _Reading:
    """The lines of a policy, one after the other."""

    def __init__(self, lines: Iterable[str]) -> None:
        """Read every line. Raises Malformed."""
        self.logs: Final[list[Party]] = []
        self.witnesses: Final[dict[str, Party]] = {}
        self.groups: Final[dict[str, Group]] = {}
        self.quorum: str | None = None
        takers = {"log": self._log, "witness": self._witness, "group": self._group, "quorum": self._set_quorum}
        for line in lines:
            fields = [field for field in line.replace("\t", " ").split(" ") if field]
            if fields and not fields[0].startswith("#"):
                take = takers.get(fields[0])
                if take is None:
                    raise Malformed("a line of a policy begins with log, witness, group or quorum")
                take(fields[1:])

    def _log(self, fields: Sequence[str]) -> None:
        self.logs.append(_party(fields))

    def _witness(self, fields: Sequence[str]) -> None:
        self.witnesses[self._new(fields)] = _party(fields[1:])

    def _group(self, fields: Sequence[str]) -> None:
        name, members = self._new(fields), tuple(fields[2:])
        words = {ALL: len(members), ANY: 1}
        needed = words[fields[1]] if fields[1:] and fields[1] in words else decode_decimal("".join(fields[1:2]))
        if not {*members} <= {*self.witnesses, *self.groups}:
            raise Malformed("a group names only what stands before it")
        self.groups[name] = Group(needed, members)

    def _set_quorum(self, fields: Sequence[str]) -> None:
        if self.quorum is not None or len(fields) != 1 or fields[0] not in {NONE, *self.witnesses, *self.groups}:
            raise Malformed("one quorum line, with a name that stands before it")
        self.quorum = fields[0]

    def _new(self, fields: Sequence[str]) -> str:
        if not fields or fields[0] in {*_RESERVED, *self.witnesses, *self.groups}:
            raise Malformed("a name is defined once, and not as a keyword")
        return fields[0]


def _party(fields: Sequence[str]) -> Party:
    if not 1 <= len(fields) <= 2:
        raise Malformed("a key, and at most an address behind it")
    try:
        fields[0].encode()
    except UnicodeEncodeError as error:
        raise Malformed("a verifier key is UTF-8") from error
    return Party(VerifierKey.parse(fields[0]), *fields[1:])


def _check_keys(what: str, keys: Sequence[VerifierKey], kinds: frozenset[int]) -> None:
    if len({key.public for key in keys}) != len(keys):
        raise Malformed(f"one key stands for two in the {what} lines")
    for key in keys:
        if key.kind not in kinds:
            raise Malformed(f"{key.name} is no key for a {what}")
        try:
            if key.kind != MLDSA44:
                curve25519.check_ed25519(key.public)
        except CryptoError as error:
            raise Malformed(f"the key of {key.name} is not acceptable: {error}") from error
