"""Policies: the published ones, what is no policy, and what a checkpoint needs to be believed."""

import contextlib
from itertools import combinations
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from audit.checkpoints import stamped, subtree_message
from audit.cosignatures import Cosigner, with_lines
from audit.errors import Malformed, QuorumMissed, SignatureRefused
from audit.notes import ED25519, ED25519_COSIGNATURE, MLDSA44, Note, SignatureLine, VerifierKey
from audit.policy import MAX_LINES, MAX_POLICY, NONE, Policy
from tests.audit import trees
from tests.audit.logs import SIGNER
from tests.audit.vectors import load
from tests.audit.witnesses import UNITS, cosigner, policy, signed
from tests.instants import NOW

VECTORS = load("policy/policies.json")
ENTRIES = trees.some_entries(12)


def vkey(name: str, kind: int = ED25519_COSIGNATURE) -> str:
    """A real key of this kind, always the same for one name: the published policies hold keys that are no points."""
    private = Ed25519PrivateKey.from_private_bytes(trees.leaf(name.encode()))
    return str(VerifierKey(f"{name[:8]}.example", kind, private.public_key().public_bytes_raw()))


def in_vkeys(text: str) -> str:
    """A published policy with a vkey for every key that it names."""
    kinds = {"log": (1, ED25519), "witness": (2, ED25519_COSIGNATURE)}
    lines = []
    for line in text.split("\n"):
        fields = line.split()
        at, kind = kinds.get(fields[0], (0, 0)) if fields else (0, 0)
        if 0 < at < len(fields):
            fields[at] = vkey(fields[at].partition("+")[0], kind)
        lines.append(" ".join(fields) if at else line)
    return "\n".join(lines)


@pytest.mark.parametrize("case", VECTORS["sigsum_valid"])
def test_a_published_policy_is_satisfied_by_the_published_sets_of_witnesses(case: dict[str, Any]) -> None:
    parsed = Policy.parse(in_vkeys(case["config"]).encode())
    for one in case["quorum"]:
        assert (parsed.quorum in parsed.satisfied(one["witnesses"])) is one["satisfied"]
    assert Policy.parse(parsed.to_bytes()) == parsed


@pytest.mark.parametrize("case", VECTORS["sigsum_invalid"], ids=lambda case: case["desc"])
def test_what_is_published_as_no_policy_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        Policy.parse(in_vkeys(case["config"]).encode())


REFUSED = [one for one in VECTORS["tessera_invalid"] if "signer names" not in one["error"]]


@pytest.mark.parametrize("case", [*REFUSED, VECTORS["tessera_valid"][1], VECTORS["tessera_thresholds"][0]])
def test_what_tessera_refuses_is_refused_and_so_are_its_comments_and_repeated_keys(case: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        Policy.parse((in_vkeys(case["policy"]) + "\n").encode())


def test_the_example_of_the_specification_needs_both_groups() -> None:
    text = VECTORS["c2sp_example"]
    for number in range(7):
        text = text.replace("<vkey>", vkey(f"key{number}", ED25519 if number == 0 else ED25519_COSIGNATURE), 1)
    parsed = Policy.parse(text.encode())
    assert "X-and-Y" in parsed.satisfied(["X1", "X3", "Y2"])
    assert "X-and-Y" not in parsed.satisfied(["X1", "X2", "X3"])
    assert parsed.satisfied(["Z9"]) == frozenset()


W1, W2, LOG = (f"witness W1 {vkey('W1')}", f"witness W2 {vkey('W2')}", f"log {vkey('log', ED25519)}")
LOW = str(VerifierKey("low", ED25519_COSIGNATURE, b"\x01" + bytes(31)))
BAD = {
    "nothing": "",
    "no last newline": f"{W1}\nquorum none",
    "a strange line": "believe W1\nquorum none\n",
    "two quorums": "quorum none\nquorum none\n",
    "a quorum of two names": f"{W1}\nquorum W1 W1\n",
    "a quorum before its name": f"quorum W1\n{W1}\n",
    "a log without a key": "log\nquorum none\n",
    "a log with two addresses": f"{LOG} https://a https://b\nquorum none\n",
    "a witness without a key": "witness W1\nquorum none\n",
    "a witness without a name": "witness\nquorum none\n",
    "a key of low order": f"witness W1 {LOW}\nquorum none\n",
    "a log key as a witness": f"witness W1 {vkey('W1', ED25519)}\nquorum none\n",
    "a cosigner as a log": f"log {vkey('log')}\nquorum none\n",
    "a vkey of another key id": W1.replace("+", "+0", 1) + "\nquorum none\n",
    "one key under two names": f"{W1}\nwitness W2 {vkey('W1')}\nquorum none\n",
    "a group of nobody": "group G all\nquorum none\n",
    "a group without a number": f"{W1}\ngroup G\nquorum none\n",
    "a threshold of zero": f"{W1}\ngroup G 0 W1\nquorum none\n",
    "a threshold above the members": f"{W1}\ngroup G 2 W1\nquorum none\n",
    "a threshold with a leading zero": f"{W1}\n{W2}\ngroup G 02 W1 W2\nquorum none\n",
    "a group of itself": f"{W1}\ngroup G 1 G\nquorum none\n",
    "a group named after a witness": f"{W1}\ngroup W1 1 W1\nquorum none\n",
    "a carriage return": f"{W1}\r\nquorum none\n",
    "too many lines": "\n" * (MAX_LINES + 1),
    "too many bytes": "#" * MAX_POLICY + "\n",
}


@pytest.mark.parametrize("name", BAD)
def test_anything_else_is_no_policy(name: str) -> None:
    with pytest.raises(Malformed):
        Policy.parse(BAD[name].encode())


def test_a_key_that_is_not_utf_8_is_refused_and_a_name_that_is_not_is_kept() -> None:
    with pytest.raises(Malformed):
        Policy.parse(b"log \xff+00000000+AAAA\nquorum none\n")
    text = W1.encode().replace(b"W1 ", b"W\xff ", 1) + b" https://\xfe\nquorum W\xff\n"
    assert Policy.parse(text).to_bytes() == text


@pytest.mark.parametrize("quorum", ["W9", "W1"])
def test_a_policy_put_together_by_hand_is_checked_too(quorum: str) -> None:
    good = policy(2)
    with pytest.raises(Malformed):
        Policy(good.logs, good.witnesses, good.groups, quorum)
    with pytest.raises(Malformed):
        Policy(good.logs, good.witnesses, dict(list(good.groups.items())[::-1]), good.quorum)
    with pytest.raises(Malformed):
        Policy(good.logs, {**good.witnesses, "all": good.witnesses["TJ.ed25519"]}, {}, NONE)
    with pytest.raises(Malformed):
        Policy(good.logs, {"all": good.witnesses["TJ.ed25519"]}, {}, NONE)


def test_a_federation_writes_its_policy_as_text_and_reads_the_same() -> None:
    written = policy(4)
    text = written.to_bytes().decode()
    assert Policy.parse(text.encode()) == written
    assert "group TJ 2 TJ.ed25519 TJ.mldsa44\n" in text
    assert text.endswith("group witnesses 4 KG KZ TJ TM UZ\nquorum witnesses\n")


def test_every_quorum_of_the_units_is_believed_and_nothing_below() -> None:
    needed = policy(4)
    for count in range(6):
        for units in list(combinations(UNITS, count))[:3]:
            if count < 4:
                with pytest.raises((QuorumMissed, SignatureRefused)):
                    needed.verify(signed(ENTRIES, *units))
            else:
                believed = needed.verify(signed(ENTRIES, *units))
                assert (believed.checkpoint.size, believed.time) == (12, NOW)
                assert believed.names & set(UNITS) == set(units)


def test_without_a_quorum_the_two_signatures_of_the_log_are_enough() -> None:
    assert policy(0).verify(signed(ENTRIES)).cosigned == {}


def test_a_unit_with_two_pairs_counts_once_and_with_either() -> None:
    pairs = {unit: [cosigner(unit).keys] for unit in ("KG", "KZ")}
    both = Policy.federated(SIGNER.keys, pairs | {"TJ": [cosigner("TJ").keys, cosigner("TJ", 1).keys]}, 2)
    note = signed(ENTRIES, "TJ")
    second = cosigner("TJ", 1).cosign(both_said(note), NOW)
    with pytest.raises(QuorumMissed):
        both.verify(with_lines(note, second))
    assert "TJ" in both.verify(with_lines(signed(ENTRIES, "KG"), second)).names


def both_said(note: bytes) -> Any:
    return policy(1, "TJ").verify(note).checkpoint


@pytest.mark.parametrize("kind", [ED25519_COSIGNATURE, MLDSA44])
def test_half_a_cosignature_does_not_count(kind: int) -> None:
    note = Note.parse(signed(ENTRIES, "TJ"))
    ids = {key.key_id for key in (cosigner("TJ").keys.ed25519, cosigner("TJ").keys.mldsa44) if key.kind == kind}
    without = Note(note.text, tuple(line for line in note.lines if line.key_id not in ids))
    with pytest.raises(QuorumMissed):
        policy(1, "TJ").verify(without.to_bytes())


@pytest.mark.parametrize("kept", [(0, 2, 3), (1, 2, 3), (2, 3)])
def test_both_keys_of_the_log_must_sign(kept: tuple[int, ...]) -> None:
    note = Note.parse(signed(ENTRIES, "TJ"))
    with pytest.raises(SignatureRefused):
        policy(1, "TJ").verify(Note(note.text, tuple(note.lines[at] for at in kept)).to_bytes())


def test_a_log_that_the_policy_does_not_list_is_not_believed() -> None:
    parsed = Policy.parse(policy(1, "TJ").to_bytes().split(b"\n", 2)[2])
    with pytest.raises(SignatureRefused):
        parsed.verify(signed(ENTRIES, "TJ"))


def test_units_without_keys_cannot_make_a_quorum() -> None:
    with pytest.raises(QuorumMissed):
        Policy.federated(SIGNER.keys, {"KG": [], "KZ": [], "TJ": [cosigner("TJ").keys]}, 2)
    assert policy(1, "TJ").quorum == "witnesses"


def test_a_cosignature_of_the_time_0_is_refused() -> None:
    seeds, said = trees.leaf(b"seed"), policy(0).verify(signed(ENTRIES)).checkpoint
    keys = Cosigner("w.example", seeds + seeds).keys
    private = MLDSA44PrivateKey.from_seed_bytes(seeds)
    lines = (
        SignatureLine(
            "w.example", keys.mldsa44.key_id, stamped(0, private.sign(subtree_message("w.example", 0, said)))
        ),
    )
    with pytest.raises(SignatureRefused, match="time 0"):
        Policy.federated(SIGNER.keys, {"TJ": [keys]}, 1).verify(with_lines(signed(ENTRIES), lines))


@given(st.binary(max_size=300))
def test_a_policy_of_any_bytes_is_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(Malformed):
        assert Policy.parse(Policy.parse(data).to_bytes()) == Policy.parse(data)
