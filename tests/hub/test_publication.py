"""A checkpoint is published when the quorum has cosigned it; messages never wait for that."""

from dataclasses import replace

import pytest

from audit.checkpoints import verify_checkpoint
from audit.cosignatures import Cosigner, write_lines
from audit.merkle import verify_consistency
from audit.notes import Note
from audit.store import StoredCheckpoint
from audit.submission import Submission
from crypto import note_keys
from exchange.hub import administration, health, publication
from exchange.hub.publication import FRESH, LATE, Published, due
from exchange.quorum import policy_of
from schemas.directory import sign_statement
from tests.hub.desk import Desk
from tests.hub.witnesses import cosign, cosigner, lines, pending, post, shown, tick, witnessed
from tests.instants import NOW


@pytest.fixture
def asked(lite: Desk) -> Desk:
    """A hub whose federation asks for two of three witnesses, with a candidate that waits for them."""
    witnessed(lite)
    tick(lite)
    return lite


def size(desk: Desk) -> int:
    with desk.db.read() as session:
        return desk.hub.log.head(session).size


SIGNED = StoredCheckpoint(5, bytes(32), NOW, b"", ())
SHOWN = Published(5, NOW, NOW, b"")


@pytest.mark.parametrize(
    ("now", "entries", "candidate", "published", "expected"),
    [
        (NOW, 0, None, None, True),
        (NOW + 1, 9, SIGNED, None, False),
        (NOW + 1, 9, SIGNED, replace(SHOWN, size=4), False),
        (NOW + 1, 9, SIGNED, SHOWN, True),
        (NOW + 1, 5, SIGNED, SHOWN, False),
        (NOW + 1, 9, SIGNED, replace(SHOWN, time=NOW - 1), False),
        (NOW + FRESH, 9, SIGNED, None, True),
        (NOW + FRESH, 5, SIGNED, SHOWN, True),
    ],
)
def test_one_candidate_is_open_at_a_time_and_no_longer_than_ten_minutes(
    now: int, entries: int, candidate: StoredCheckpoint | None, published: Published | None, *, expected: bool
) -> None:
    assert due(now, entries, candidate, published) is expected


def test_nothing_is_published_below_the_quorum_and_messages_do_not_wait(asked: Desk) -> None:
    before = shown(asked)
    cosign(asked, "TJ")
    asked.send()
    tick(asked)
    assert shown(asked) == before


def test_the_quorum_publishes_and_the_next_candidate_follows_the_growth(desk: Desk) -> None:
    asked = desk
    witnessed(asked)
    tick(asked)
    first = cosign(asked, "TJ")
    asked.send()
    assert cosign(asked, "KG") == first
    seen = shown(asked)
    assert seen is not None
    assert seen.size == first
    tick(asked)
    for unit in ("KG", "KZ"):
        assert cosign(asked, unit, first if unit == "KG" else 0) == size(asked) > first
    published = shown(asked)
    assert published is not None
    assert published.size == size(asked)


def test_a_witness_gets_the_proof_from_the_size_that_it_holds(asked: Desk) -> None:
    first = cosign(asked, "TJ")
    cosign(asked, "KG")
    held = shown(asked)
    asked.send()
    tick(asked)
    request = Submission.parse(pending(asked, "TJ", first))
    said = verify_checkpoint(request.note, asked.keys.log.keys).checkpoint
    assert held is not None
    verify_consistency(request.old, held.root, said.size, said.root, request.proof)


def test_who_has_cosigned_waits_for_the_next(asked: Desk) -> None:
    first = cosign(asked, "TJ")
    assert pending(asked, "TJ", first) == b""
    assert pending(asked, "KG") != b""


def test_a_cosignature_that_was_lost_on_the_way_is_asked_for_again(asked: Desk) -> None:
    first = verify_checkpoint(Submission.parse(pending(asked, "TJ")).note, asked.keys.log.keys).checkpoint
    again = Submission.parse(pending(asked, "TJ", first.size))
    assert (again.old, again.proof) == (first.size, ())


def test_late_cosignatures_are_added_to_what_is_published(asked: Desk) -> None:
    for unit, count in (("TJ", 2), ("KG", 6), ("KZ", 8)):
        cosign(asked, unit)
        if count > 2:
            note = asked.get("KG", "/v1/log/checkpoint").content
            assert len(Note.parse(note).lines) == count
    assert set(policy_of(asked.hub.register.current, asked.now).verify(note).names) >= {"KG", "KZ", "TJ"}


def test_one_witness_is_one_witness_however_often_it_cosigns(asked: Desk) -> None:
    before, request = shown(asked), pending(asked, "TJ")
    for _ in range(3):
        assert post(asked, "TJ", "/v1/log/cosignatures", lines(asked, "TJ", request)).status_code == 204
    assert shown(asked) == before


@pytest.mark.parametrize("who", ["TJ", "KG"])
def test_a_unit_hands_in_its_own_cosignature_only(asked: Desk, who: str) -> None:
    other = {"TJ": "KG", "KG": "TJ"}[who]
    answer = post(asked, who, "/v1/log/cosignatures", lines(asked, other, pending(asked, other)))
    assert (answer.status_code, answer.json()["code"]) == (422, "EX-4222")


def test_what_is_no_cosignature_of_what_waits_is_refused(asked: Desk) -> None:
    request = pending(asked, "TJ")
    said = verify_checkpoint(Submission.parse(request).note, asked.keys.log.keys).checkpoint
    other = replace(said, root=bytes(32))
    stranger = Cosigner("node.tj.serai/witness", note_keys.new_seeds())
    bodies = [
        b"",
        b"not lines",
        write_lines(cosigner(asked, "TJ").cosign(other, asked.now)),
        write_lines(cosigner(asked, "TJ").cosign(said, asked.now)[:1]),
        write_lines(cosigner(asked, "TJ").cosign(said, asked.now)[1:]),
        write_lines(stranger.cosign(said, asked.now)),
        lines(asked, "TJ", request, asked.now - 601),
        lines(asked, "TJ", request, asked.now + 601),
    ]
    for body in bodies:
        assert post(asked, "TJ", "/v1/log/cosignatures", body).status_code == 422
    assert pending(asked, "TJ") == request


def test_a_cosignature_before_there_is_a_checkpoint_is_refused(lite: Desk) -> None:
    witnessed(lite)
    assert post(lite, "TJ", "/v1/log/cosignatures", b"").status_code == 422
    assert pending(lite, "TJ") == b""


def test_a_candidate_that_nobody_completes_is_replaced_and_its_cosignatures_do_not_count(asked: Desk) -> None:
    before = shown(asked)
    cosign(asked, "TJ")
    late = lines(asked, "KG", pending(asked, "KG"))
    asked.send()
    tick(asked, FRESH)
    assert post(asked, "KG", "/v1/log/cosignatures", late).status_code == 422
    cosign(asked, "KG")
    assert shown(asked) == before
    cosign(asked, "TJ")
    published = shown(asked)
    assert published is not None
    assert published.size == size(asked)


def test_silence_is_published_anew_for_its_time(asked: Desk) -> None:
    for unit in ("TJ", "KG"):
        cosign(asked, unit)
    first = asked.get("KG", "/v1/log/checkpoint").content
    tick(asked, FRESH)
    for unit in ("TJ", "KG"):
        cosign(asked, unit)
    again = asked.get("KG", "/v1/log/checkpoint").content
    times = [
        min(policy_of(asked.hub.register.current, asked.now).verify(note).cosigned.values()) for note in (first, again)
    ]
    assert times[1] - times[0] >= FRESH


def test_a_witness_that_holds_more_than_the_hub_has_signed_is_told_that_the_log_went_back(asked: Desk) -> None:
    answer = asked.get("TJ", "/v1/log/pending?old=1000&wait=0")
    assert (answer.status_code, answer.json()["code"]) == (409, "EX-4094")


@pytest.mark.parametrize("query", ["old=x", "old=01", "wait=x", "wait=99", "wait=01", "old=9007199254740992"])
def test_a_place_is_two_numbers(asked: Desk, query: str) -> None:
    assert asked.get("TJ", f"/v1/log/pending?{query}").status_code == 400


def test_a_revoked_pair_does_not_complete_a_quorum(asked: Desk) -> None:
    before = shown(asked)
    cosign(asked, "TJ")
    kid = note_keys.kid_of(note_keys.public_of(asked.world.units["TJ"].witness))
    revocation = asked.world.revocation("TJ", kid, "COMPROMISED", asked.now, asked.now - 60)
    wire = sign_statement(revocation, asked.world.units["TJ"].signing)
    administration.offer(asked.hub, administration.Offered(wire, "TJ"))
    cosign(asked, "KG")
    assert shown(asked) == before
    cosign(asked, "KZ")
    assert shown(asked) != before


def test_too_few_units_with_keys_publish_nothing(lite: Desk) -> None:
    witnessed(lite, quorum=2, units=("KG", "TJ"))
    for unit in ("KG", "TJ"):
        kid = note_keys.kid_of(note_keys.public_of(lite.world.units[unit].witness))
        wire = sign_statement(lite.world.revocation(unit, kid, "CEASED", lite.now), lite.world.units[unit].signing)
        if unit == "TJ":
            administration.offer(lite.hub, administration.Offered(wire, unit))
    tick(lite)
    cosign(lite, "KG")
    assert lite.get("KG", "/v1/log/checkpoint").status_code == 404


def test_without_a_quorum_a_signed_checkpoint_is_published_at_once_and_nobody_is_asked(lite: Desk) -> None:
    tick(lite)
    published = shown(lite)
    assert published is not None
    assert published.size == size(lite)
    assert administration.status(lite.hub)["quorum"] == 0


def test_operators_see_who_cosigned_and_are_alarmed_when_publication_is_late(asked: Desk) -> None:
    cosign(asked, "TJ")
    status = administration.status(asked.hub)
    assert [(one["unit"], one["cosigned"]) for one in status["witnesses"]] == [
        ("KG", False),
        ("KZ", False),
        ("TJ", True),
    ]
    assert (status["quorum"], status["publication_late"]) == (2, False)
    asked.now += LATE + 1
    assert health.look(asked.hub)["status"] == health.outline(asked.hub)["status"] == "PUBLICATION_LATE"
    text = asked.hub.metrics.of_all(health.look(asked.hub)).decode()
    assert "serai_hub_publication_late 1.0" in text
    assert 'serai_hub_witness_seen{unit="TJ"}' in text


def test_two_processes_sign_one_candidate(asked: Desk) -> None:
    for unit in ("TJ", "KG"):
        cosign(asked, unit)
    asked.send()
    tick(asked)
    waiting = pending(asked, "TJ", 0)
    asked.hub.publisher.advance(asked.now)
    assert pending(asked, "TJ", 0) == waiting
    assert publication.ring("TJ") == "log:TJ"
