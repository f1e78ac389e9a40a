from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.checkpoints import LogSigner
from audit.errors import AuditError, Malformed, ProofRefused
from audit.merkle import inclusion_path
from audit.proof import LogProof, verify_proof
from tests.audit import trees
from tests.audit.vectors import b64, load
from tests.instants import NOW

VECTORS = load("proof/tlog_proof.json")
ENTRIES = trees.some_entries(300)
SIGNER = LogSigner.from_seeds("hub.serai.example/live/log", bytes(64))


def proof_of(index: int) -> LogProof:
    path = inclusion_path(index, len(ENTRIES), trees.nodes_of(ENTRIES))
    return LogProof(index, tuple(path), SIGNER.sign(len(ENTRIES), trees.root(ENTRIES), NOW))


GOOD = proof_of(257).to_bytes()


@pytest.mark.parametrize("case", VECTORS["marshal"], ids=lambda case: case["name"])
def test_a_published_proof_file_is_written_and_read_as_published(case: dict[str, Any]) -> None:
    extra = case["extra_ascii"].encode() if "extra_ascii" in case else None
    path = tuple(b64(text) for text in case["hashes"])
    proof = LogProof(case["index"], path, case["checkpoint"].encode(), extra)
    assert proof.to_bytes().decode() == case["want"]
    assert LogProof.parse(case["want"].encode()) == proof


@pytest.mark.parametrize("case", VECTORS["unmarshal_errors"], ids=lambda case: case["name"])
def test_a_published_broken_proof_file_is_refused(case: dict[str, Any]) -> None:
    long = case.get("proof_repeat")
    text = long["prefix"] + long["char"] * long["times"] + long["suffix"] if long else case["proof"]
    with pytest.raises(Malformed):
        LogProof.parse(text.encode())


@pytest.mark.parametrize("index", [0, 255, 256, 299])
def test_a_proof_file_proves_its_leaf(index: int) -> None:
    proof = LogProof.parse(proof_of(index).to_bytes())
    signed = verify_proof(proof, trees.leaf(ENTRIES[index]), SIGNER.keys)
    assert (signed.checkpoint.size, signed.time) == (300, NOW)


def test_a_proof_of_another_leaf_is_refused() -> None:
    with pytest.raises(ProofRefused):
        verify_proof(LogProof.parse(GOOD), trees.leaf(ENTRIES[0]), SIGNER.keys)


@given(st.data())
def test_any_changed_byte_of_a_proof_file_is_refused(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(GOOD) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != GOOD[at]))
    with pytest.raises(AuditError):
        verify_proof(LogProof.parse(GOOD[:at] + bytes([byte]) + GOOD[at + 1 :]), trees.leaf(ENTRIES[257]), SIGNER.keys)


@pytest.mark.parametrize(
    "head", ["c2sp.org/tlog-proof@v1", "c2sp.org/tlog-proof@v1\nextra QQ==", "c2sp.org/tlog-proof@v1\nindex \u00e9"]
)
def test_a_head_without_an_index_in_ascii_is_refused(head: str) -> None:
    with pytest.raises(Malformed):
        LogProof.parse(f"{head}\n\ncheckpoint\n".encode())


def test_a_path_longer_than_any_tree_is_refused() -> None:
    with pytest.raises(Malformed, match="63"):
        LogProof.parse(LogProof(0, (bytes(32),) * 64, b"checkpoint\n").to_bytes())
