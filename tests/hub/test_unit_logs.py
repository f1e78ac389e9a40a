"""The hub as the witness of the units' own logs: C2SP tlog-witness over signed calls."""

from typing import Any

import httpx
import pytest

from audit import witness
from audit.checkpoints import LogSigner
from audit.cosignatures import check_cosigned, parse_lines
from audit.notes import Note
from audit.submission import SIZE_TYPE, Submission, origin_hash
from crypto.keystore import KeyStore
from exchange.hub import administration
from exchange.hub.keys import KEYS, HubKeys
from nodes import answers
from schemas import entries
from schemas.directory import HubCard
from schemas.entries import AnchorEntry, DenialEntry
from tests.audit import trees
from tests.federation import GENESIS
from tests.hub.desk import Desk
from tests.hub.witnesses import post, unit_log, witnessed
from tests.statements import heard

ENTRIES = [GENESIS, *trees.some_entries(20)]
OTHER = [*ENTRIES[:8], *(b"other" + entry for entry in ENTRIES[8:])]
ORIGIN = "node.tj.serai"


@pytest.fixture
def known(lite: Desk) -> Desk:
    """A hub that knows the logs of its units."""
    witnessed(lite)
    return lite


def submission(signer: LogSigner, old: int, new: int, now: int, entries: list[bytes] = ENTRIES) -> bytes:
    proof = trees.proof(old, entries[:new]) if 0 < old < new else []
    return Submission(old, tuple(proof), signer.sign(new, trees.root(entries[:new]), now)).to_bytes()


def add(desk: Desk, old: int, new: int, entries: list[bytes] = ENTRIES) -> tuple[int, str, bytes]:
    body = submission(unit_log(desk, "TJ"), old, new, desk.now, entries)
    answer = post(desk, "TJ", "/v1/log/add-checkpoint", body)
    return answer.status_code, answer.headers["content-type"], answer.content


def test_a_units_checkpoint_is_cosigned_with_both_keys_of_the_hub_and_monitors_find_it(known: Desk) -> None:
    card = known.hub.register.current.federation.hub
    for old, new in ((1, 5), (5, 9), (9, 9)):
        status, _, body = add(known, old, new)
        assert status == 200
        note = unit_log(known, "TJ").sign(new, trees.root(ENTRIES[:new]), known.now)
        assert check_cosigned(note, parse_lines(body), known.keys.witness.keys).time == known.now
    assert card.witness == known.keys.witness.keys.vkeys
    stored = known.get("KG", f"/v1/log/{origin_hash(ORIGIN)}/checkpoint").content
    assert len(Note.parse(stored).lines) == 4
    assert known.get("KG", f"/v1/log/{origin_hash('node.kz.serai')}/checkpoint").status_code == 404


def test_each_refusal_has_the_status_of_the_specification(known: Desk) -> None:
    assert add(known, 1, 9)[0] == 200
    assert add(known, 5, 12)[:3] == (409, SIZE_TYPE, b"9\n")
    assert add(known, 9, 20, OTHER)[::2] == (422, b"WITNESS_INCONSISTENT\n")
    assert add(known, 12, 9)[0] == 400
    assert post(known, "TJ", "/v1/log/add-checkpoint", b"old x\n\n").status_code == 400
    stranger = submission(LogSigner.from_seeds("node.uz.serai", bytes(64)), 0, 5, known.now)
    assert post(known, "TJ", "/v1/log/add-checkpoint", stranger).status_code == 404
    forged = submission(LogSigner.from_seeds(ORIGIN, bytes(64)), 9, 12, known.now)
    assert post(known, "TJ", "/v1/log/add-checkpoint", forged).status_code == 403
    assert add(known, 9, 12)[0] == 200


def test_a_second_history_of_a_unit_is_kept_as_evidence_and_counted(desk: Desk) -> None:
    known = desk
    witnessed(known)
    add(known, 1, 9)
    add(known, 9, 20, OTHER)
    with known.db.read() as session:
        (conflict,) = witness.conflicts(session)
    assert conflict.origin == ORIGIN
    assert administration.status(known.hub)["log_contradictions"] == 1


def test_a_clock_that_went_back_cosigns_nothing(known: Desk) -> None:
    add(known, 1, 9)
    known.now -= 60
    assert add(known, 9, 12)[0] == 503


def test_a_stranger_cannot_ask(known: Desk) -> None:
    body = submission(unit_log(known, "TJ"), 0, 5, known.now)
    assert known.client.post("/v1/log/add-checkpoint", content=body).status_code == 401


def test_a_hub_of_an_older_release_makes_its_witness_keys_once_and_its_card_keeps_its_form(lite: Desk) -> None:
    store = KeyStore.open(lite.folder / KEYS, "a passphrase")
    store.erase("witness")
    made = HubKeys.open(lite.folder, "a passphrase", lite.settings.origin).witness.keys
    assert made != lite.keys.witness.keys
    assert HubKeys.open(lite.folder, "a passphrase", lite.settings.origin).witness.keys == made
    before = lite.keys.card(lite.now).model_copy(update={"witness": None})
    assert b"witness" not in before.to_bytes()
    assert HubCard.from_bytes(before.to_bytes()) == before


def test_a_units_log_begins_at_the_entry_that_the_unit_registered(known: Desk) -> None:
    assert add(known, 0, 9)[::2] == (409, b"1\n")
    other = [b"another entry 0", *ENTRIES[1:]]
    assert add(known, 1, 9, other)[::2] == (422, b"WITNESS_INCONSISTENT\n")
    assert add(known, 1, 1)[0] == 200
    assert add(known, 1, 9)[0] == 200


def anchor(desk: Desk, size: int, unit: str = "TJ", origin: str = ORIGIN) -> httpx.Response:
    return desk.get(unit, f"/v1/log/anchor?origin={origin}&size={size}")


def test_each_head_of_a_units_log_is_an_entry_of_ours_once(known: Desk) -> None:
    for old, new in ((1, 5), (5, 5), (5, 9)):
        assert add(known, old, new)[0] == 200
    places = [answers.placed(anchor(known, size).content) for size in (5, 9)]
    assert places == sorted(set(places))
    index, entry = places[1]
    said = entries.parse(entry)
    assert isinstance(said, AnchorEntry)
    assert (said.origin, said.size, said.root) == (ORIGIN, 9, trees.root(ENTRIES[:9]).hex())
    with known.db.read() as session:
        assert known.hub.log.entry(session, index) == entry


def test_an_anchor_is_shown_to_its_unit_only(known: Desk) -> None:
    add(known, 1, 5)
    refused = [anchor(known, 4), anchor(known, 5, "KG"), anchor(known, 5, origin="node.xx.serai")]
    assert [answer.status_code for answer in refused] == [404, 404, 404]


def test_a_rewritten_log_leaves_an_entry_in_ours_and_no_anchor(known: Desk) -> None:
    add(known, 1, 9)
    add(known, 9, 20, OTHER)
    with known.db.read() as session:
        logged = list(known.hub.log.entries(session, 0, known.hub.log.head(session).size))
    said = [entries.parse(entry) for entry in logged]
    denials = [(one.unit, one.error) for one in said if isinstance(one, DenialEntry)]
    assert denials == [("TJ", "LOG_REWRITTEN")]
    assert [one.size for one in said if isinstance(one, AnchorEntry)] == [9]


def test_no_record_moves_without_its_anchor(known: Desk) -> None:
    def refusing(statement: str, _parameters: Any) -> None:
        if "INTO anchor" in statement:
            raise OSError("the disk fails")

    with heard(known.db.engine, refusing):
        assert add(known, 1, 9)[0] == 503
    with known.db.read() as session:
        assert witness.held(session, ORIGIN).size <= 1
    assert add(known, 1, 9)[0] == 200
    assert anchor(known, 9).status_code == 200
