"""The single checks on evidence that is well formed but wrong, or not of the right form at all."""

from collections.abc import Callable
from hashlib import sha512
from typing import Any

import pytest

from audit.evidence import acts, directory, members
from audit.evidence.acts import check_envelope, check_receipt
from audit.evidence.directory import Federation, Key, KeyStatus, read_federation
from audit.evidence.findings import EvidenceRefused
from crypto import statements
from crypto.canonical import dumps
from crypto.signing import SigningKey
from schemas import directory as forms
from schemas import receipts
from schemas.directory import HubCard, sign_federation, sign_statement
from schemas.entries import AdminEntry
from tests.audit.evidence.scenes import NONCE, SIGNER, Scene, delivered, entries_of, federation_of, keys_of, stated
from tests.federation import HUB, key_statement
from tests.instants import DAY, NOW


def test_the_labels_are_those_of_the_forms() -> None:
    assert acts.RECEIPT_LABEL == receipts.LABEL
    assert (directory.FEDERATION_LABEL, directory.STATEMENT_LABEL) == (forms.FEDERATION_LABEL, forms.STATEMENT_LABEL)
    assert receipts.WIRE_LIMIT <= acts.RECEIPT_LIMIT


@pytest.mark.parametrize(
    ("revoked", "at", "status"),
    [
        (None, 99, KeyStatus.INVALID),
        (None, 100, KeyStatus.VALID),
        (None, 200, KeyStatus.INVALID),
        (150, 149, KeyStatus.VALID_THEN_REVOKED),
        (150, 150, KeyStatus.INVALID),
    ],
)
def test_a_key_is_valid_valid_then_revoked_or_invalid(revoked: int | None, at: int, status: KeyStatus) -> None:
    assert Key("TJ", "SIGNING", "kid", b"", 100, 200, revoked).status(at) is status


def test_an_entry_of_an_operator_proves_no_act() -> None:
    scene = stated()
    scene.log(AdminEntry(time=NOW, nonce=NONCE, act="INIT"))
    assert entries_of(scene).at[7]["type"] == "ADMIN"


def refused_federation(reason: str, **changes: Any) -> None:
    scene = stated()
    wire = statements.sign_batch(
        scene.world.roots[:2], forms.FEDERATION_LABEL, [forms.members(scene.world.federation()) | changes]
    )[0]
    with pytest.raises(EvidenceRefused, match=reason):
        read_federation(wire)


def test_a_federation_document_of_another_shape_is_refused() -> None:
    refused_federation("not a FEDERATION", type="OTHER")
    refused_federation("below one", threshold=0)
    refused_federation("not a number", threshold="2")
    refused_federation("not an object", hub=[])
    refused_federation("list of strings", roots=[1])
    refused_federation("list of objects", units=["TJ"])


def test_a_log_has_two_keys() -> None:
    scene = stated()
    card = HubCard(name=HUB, keys=scene.world.hub_keys(), log=SIGNER.keys.vkeys[:1])
    with pytest.raises(EvidenceRefused, match="two keys"):
        read_federation(sign_federation(scene.world.federation(hub=card), scene.world.roots[:2]))


def test_a_hub_key_that_signs_only_requests_is_no_evidence_key() -> None:
    assert {key.use for key in federation_of(stated()).hub_keys} == {"RECEIPT", "SNAPSHOT"}


def state_again(change: Callable[[Scene], bytes], reason: str) -> None:
    """A statement that the hub logged although it does not hold is refused."""
    scene = stated()
    index = scene.state(change(scene))
    wire = scene.statements.pop(index)
    keys = keys_of(scene)
    with pytest.raises(EvidenceRefused, match=reason):
        keys.take(wire, index, entries_of(scene).at[index])


def test_a_key_stated_twice_is_refused() -> None:
    def twice(scene: Scene) -> bytes:
        keys = scene.world.units["TJ"]
        statement = key_statement(keys, "SIGNING", keys.signing.public, NOW + 1, "live", b"possession")
        return sign_statement(statement, keys.root)

    state_again(twice, "stated before")


def test_a_statement_of_another_environment_is_refused() -> None:
    def elsewhere(scene: Scene) -> bytes:
        keys = scene.world.units["TJ"]
        statement = key_statement(keys, "SIGNING", SigningKey.generate().public, NOW, "exercise", b"possession")
        return sign_statement(statement, keys.root)

    state_again(elsewhere, "another environment")


def test_a_key_under_another_id_is_refused() -> None:
    def misnamed(scene: Scene) -> bytes:
        keys = scene.world.units["TJ"]
        statement = key_statement(keys, "SIGNING", SigningKey.generate().public, NOW, "live", b"possession")
        return sign_statement(statement.model_copy(update={"kid": "0" * 64}), keys.root)

    state_again(misnamed, "not the key's own")


def test_a_signing_key_vouches_for_no_signing_key() -> None:
    def by_itself(scene: Scene) -> bytes:
        keys = scene.world.units["TJ"]
        statement = key_statement(keys, "SIGNING", SigningKey.generate().public, NOW, "live", b"possession")
        return sign_statement(statement, keys.signing)

    state_again(by_itself, "TOO_FEW_SIGNATURES")


def test_a_unit_revokes_its_own_keys_only() -> None:
    def of_another(scene: Scene) -> bytes:
        kid = scene.world.units["KG"].signing.kid
        revocation = scene.world.revocation("TJ", kid, "SUPERSEDED", NOW)
        return sign_statement(revocation, scene.world.units["TJ"].root)

    state_again(of_another, "does not have")


def test_a_statement_that_is_neither_key_nor_revocation_is_refused() -> None:
    def strange(scene: Scene) -> bytes:
        statement = {"type": "OTHER", "env": "live", "unit": "TJ", "kid": "0" * 64}
        return statements.sign_batch([scene.world.units["TJ"].root], forms.STATEMENT_LABEL, [statement])[0]

    state_again(strange, "not a REVOCATION")


def test_the_earliest_revocation_of_a_key_counts() -> None:
    scene = stated()
    keys = scene.world.units["TJ"]
    for at in (NOW + DAY, NOW + 2 * DAY):
        scene.state(sign_statement(scene.world.revocation("TJ", keys.signing.kid, "CEASED", at), keys.root), at)
    assert keys_of(scene).signing_key(keys.signing.kid, "TJ", "SIGNING", NOW).revoked == NOW + DAY


def test_an_envelope_of_another_environment_is_refused() -> None:
    scene = delivered()
    federation = federation_of(scene)
    other = Federation(**{**federation.__dict__, "env": "exercise"})
    with pytest.raises(EvidenceRefused, match="another environment"):
        check_envelope(next(iter(scene.messages.values())), other, keys_of(scene), entries_of(scene))
    with pytest.raises(EvidenceRefused, match="another environment"):
        check_receipt(scene.receipts[0], other, keys_of(scene), entries_of(scene))


@pytest.mark.parametrize(
    ("member", "value", "reason"),
    [("sha512", "0" * 128, "other bytes"), ("from", "KG", "other bytes"), ("to", ["TJ"], "other recipients")],
)
def test_a_log_that_records_something_else_under_the_message_id_is_refused(
    member: str, value: object, reason: str
) -> None:
    scene = delivered()
    entry = members.parsed(scene.entries[7], 4096)
    scene.entries[7] = dumps({**entry, member: value})  # type: ignore[dict-item]  # what JSON holds
    with pytest.raises(EvidenceRefused, match=reason):
        check_envelope(next(iter(scene.messages.values())), federation_of(scene), keys_of(scene), entries_of(scene))


def receipt_of(key: SigningKey, **changes: Any) -> bytes:
    common = {"v": 1, "env": "live", "type": "RELAYED", "by": HUB, "unit": "KG", "time": "2026-11-22T06:00:00Z"}
    statement = {**common, "eid": "0" * 64, **changes}
    return statements.sign_batch([key], receipts.LABEL, [statement])[0]


def test_a_receipt_is_refused_from_whom_cannot_say_it_and_without_its_entry() -> None:
    scene = delivered()
    keys, entries, federation = keys_of(scene), entries_of(scene), federation_of(scene)
    hub, eid = scene.world.receipt, str(members.parsed(scene.entries[7], 4096)["eid"])
    carried: dict[str, Any] = {"type": "SUBMITTED", "eid": eid, "unit": "TJ"}
    for wire, reason in (
        (receipt_of(hub, type="DELIVERED"), "cannot say DELIVERED"),
        (receipt_of(hub, by="KG"), "cannot say RELAYED"),
        (receipt_of(hub), "no proved log entry"),
        (receipt_of(hub, **carried, index=7, entry="AAAA"), "no proved log entry"),
        (receipt_of(hub, **carried, index=99, entry="AAAA"), "no proved log entry"),
        (b"{}", "not an object of exactly"),
    ):
        with pytest.raises(EvidenceRefused, match=reason):
            check_receipt(wire, federation, keys, entries)


def test_a_receipt_whose_entry_is_of_another_message_is_refused() -> None:
    scene = delivered()
    wire = receipt_of(scene.world.receipt)
    digest = sha512(statements.parse(wire, 65_536).statement_bytes).hexdigest()
    scene.entries.append(dumps({"type": "RECEIPT", "eid": "1" * 64, "digest": digest, "time": "2026-11-22T06:00:00Z"}))
    with pytest.raises(EvidenceRefused, match="no proved log entry"):
        check_receipt(wire, federation_of(scene), keys_of(scene), entries_of(scene))


WRONG: list[tuple[Callable[[members.Members, str], object], members.Members]] = [
    (members.text, {"x": 1}),
    (members.text, {}),
    (members.number, {"x": "1"}),
    (members.inner, {"x": []}),
    (members.texts, {"x": "a"}),
    (members.objects, {"x": {}}),
    (members.instant, {"x": "yesterday"}),
    (members.binary, {"x": "=="}),
]


@pytest.mark.parametrize(("read", "given"), WRONG)
def test_members_of_another_type_are_refused(
    read: Callable[[members.Members, str], object], given: members.Members
) -> None:
    with pytest.raises(EvidenceRefused, match="member x"):
        read(given, "x")


@pytest.mark.parametrize("data", [b"[]", b"{", b'{"a":1,"a":1}', b" {}"])
def test_what_is_no_canonical_object_is_refused(data: bytes) -> None:
    with pytest.raises(EvidenceRefused):
        members.parsed(data, 100)


def test_a_federation_signed_by_strangers_is_refused() -> None:
    scene = stated()
    strangers = [SigningKey.generate(), SigningKey.generate()]
    with pytest.raises(EvidenceRefused, match="TOO_FEW_SIGNATURES"):
        read_federation(sign_federation(scene.world.federation(), strangers))
