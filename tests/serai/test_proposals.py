"""The next document goes from keeper to keeper: at the hub, or as a file between desks, and nobody signs unseen."""

import io
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crypto.instants import from_text
from crypto.signing import SigningKey, kid_of
from schemas import invitations
from schemas.directory import Unit, sign_federation
from schemas.proposals import Proposal
from schemas.trust import Anchor
from serai import founding
from serai.output import Exit
from tests.federation import UnitKeys
from tests.serai.office import Answer, Asked, Office, done, run


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    made = Office(tmp_path_factory.mktemp("office"))
    made.found()
    with made.open():
        yield made


@pytest.fixture(autouse=True)
def _nothing_waits(office: Office) -> Iterator[None]:
    """Each test leaves no proposal: another document is put in force, by which every open one is void."""
    yield
    done("hub", "enrol", *office.hub, *office.roots())
    assert done("federation", "proposals", *office.hub)["proposals"] == []


def waiting(office: Office) -> dict[str, Any]:
    (only,) = done("federation", "proposals", *office.hub)["proposals"]
    assert isinstance(only, dict)
    return only


def version(office: Office) -> int:
    found = done("hub", "status", *office.hub)["federation"]
    assert isinstance(found, int)
    return found


def desk(office: Office, folder: Path, number: int) -> list[str | Path]:
    """The desk of one keeper, far from the hub: a folder with his root, and nothing else."""
    shutil.copytree(office.folder / "roots" / f"root-{number}", folder / "root")
    return ["--root", folder / "root", "--root-passphrase-file", office.secret(f"root-{number}")]


def brought(office: Office, folder: Path) -> Path:
    """One keeper proposes other keys of the hub; a file of it goes to a colleague."""
    done("hub", "rotate", *office.hub, "--key", "receipt", *office.root(1))
    path = folder / "proposal.json"
    done("federation", "proposals", *office.hub, "--out", path)
    return path


def test_a_keeper_signs_a_file_at_his_own_desk_and_the_hub_takes_it(office: Office, tmp_path: Path) -> None:
    before, path = version(office), brought(office, tmp_path)
    shown = waiting(office)
    signed = done("federation", "sign", path, *desk(office, tmp_path, 2), "--document", shown["document"])
    assert (len(signed["signed"]), version(office), len(waiting(office)["signed"])) == (2, before, 1)
    taken = done("federation", "submit", path, *office.hub)
    assert (taken["in_force"], taken["version"], version(office)) == (True, before + 1, before + 1)


def test_keys_of_a_hub_begin_when_the_proposal_cannot_be_pending_any_more(office: Office, tmp_path: Path) -> None:
    path = brought(office, tmp_path)
    document = Proposal.from_bytes(path.read_bytes()).step(anchor(office)).document
    begins = max(key.not_before for key in document.hub.keys)
    assert begins >= from_text(waiting(office)["expires"])
    assert any(key.not_after == begins + founding.HANDOVER for key in document.hub.keys)


def anchor(office: Office) -> Anchor:
    return Anchor.from_bytes((office.folder / "hub" / "anchor.json").read_bytes())


def test_what_is_shown_and_what_is_signed_are_one_thing(office: Office, tmp_path: Path) -> None:
    """A colleague's file with another document, or compared with what was never in force, is not signed."""
    path, mine = brought(office, tmp_path), desk(office, tmp_path, 2)
    good = Proposal.from_bytes(path.read_bytes())
    step = good.step(anchor(office))
    thieves = [SigningKey.generate() for _ in range(2)]
    invented = step.document.model_copy(
        update={"version": step.held.version, "roots": tuple(k.public for k in thieves)}
    )
    other = step.document.model_copy(update={"threshold": 1})
    fakes = [
        good.model_copy(update={"held": sign_federation(invented, thieves)}),
        good.model_copy(update={"federation": sign_federation(other, thieves)}),
        good.model_copy(update={"federation": good.federation.replace(b'"threshold":2', b'"threshold":1')}),
    ]
    for fake in fakes:
        path.write_bytes(fake.to_bytes())
        refused = run("federation", "sign", path, *mine, "--document", step.fingerprint)
        assert (refused.status, refused.members["code"]) == (Exit.WRONG, "PROPOSAL_REFUSED")
        assert path.read_bytes() == fake.to_bytes()


def test_another_document_than_the_one_read_over_the_telephone_is_not_signed(office: Office, tmp_path: Path) -> None:
    path = brought(office, tmp_path)
    refused = run("federation", "sign", path, *desk(office, tmp_path, 2), "--document", "01234 " * 8)
    assert refused.members["code"] == "FINGERPRINT_DIFFERS"


def typed(monkeypatch: pytest.MonkeyPatch, text: object, *words: object) -> Answer:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{text}\n"))
    return run(*words)


def test_a_keeper_says_how_many_changes_he_has_read(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    before = version(office)
    done("hub", "enrol", *office.hub, *office.root(3))
    changes = waiting(office)["changes"]
    no = typed(monkeypatch, len(changes) + 1, "federation", "sign", *office.hub, *office.root(1))
    assert (no.members["code"], version(office)) == ("SERAI-NOT-CONFIRMED", before)
    assert all(change in no.said for change in changes)
    yes = typed(monkeypatch, len(changes), "federation", "sign", *office.hub, *office.root(1))
    assert (yes.members["in_force"], version(office)) == (True, before + 1)


def test_status_and_every_command_say_who_is_missing(office: Office) -> None:
    proposed = run("federation", "rules", *office.hub, *office.root(2))
    state = proposed.members["proposal"]
    assert (len(state["signed"]), len(state["missing"]), state["snapshot"]) == (1, 2, None)
    assert all(f"root {kid[:16]}" in proposed.said for kid in state["missing"])
    (shown,) = done("hub", "status", *office.hub)["proposals"]
    assert (shown["signed"], shown["document"]) == (state["signed"], state["document"])


def test_a_unit_comes_in_by_what_every_keeper_heard_himself(office: Office) -> None:
    now, path = int(time.time()), office.folder / "UZ.request"
    invitation = invitations.read_invitation(office.invite("UZ").read_bytes(), now)
    keys = UnitKeys("UZ")
    entry = Unit.of(invitation.profile, keys.root.public)
    path.write_bytes(invitations.request(invitation, keys.root, keys.card(now).model_copy(update={"unit": entry})))
    asked = Asked(path, invitations.fingerprint(path.read_bytes()))
    assert office.sign(1, asked).members["in_force"] is False
    document = ["--document", waiting(office)["document"]]
    before = done("hub", "status", *office.hub)["log_size"]
    wrong = run("federation", "sign", *office.hub, *office.root(3), *document, "--fingerprint", "01234 " * 8)
    assert wrong.members["code"] == "FINGERPRINT_DIFFERS"
    assert done("hub", "status", *office.hub)["log_size"] == before + 1  # what was heard
    none = run("federation", "sign", *office.hub, *office.root(3), *document, *["--fingerprint", asked.read] * 2)
    assert none.members["code"] == "SERAI-FINGERPRINT"
    assert done("federation", "sign", *office.hub, *office.root(3), *document, "--fingerprint", asked.read)["in_force"]
    assert [unit["unit"] for unit in done("hub", "status", *office.hub)["units"]] == ["UZ"]


def test_of_several_proposals_one_is_named_and_who_signed_withdraws(office: Office) -> None:
    done("hub", "enrol", *office.hub, *office.root(1))
    first = waiting(office)
    done("hub", "rotate", *office.hub, "--key", "request", *office.root(1))
    (second,) = [one for one in done("federation", "proposals", *office.hub)["proposals"] if one != first]
    assert run("federation", "sign", *office.hub, *office.root(2)).members["code"] == "SERAI-PROPOSAL"
    named = ["--document", second["document"]]
    other = run("federation", "withdraw", *office.hub, *office.root(2), *named)
    assert (other.status, other.members["code"]) == (Exit.CONFLICT, "EX-6642")
    assert done("federation", "withdraw", *office.hub, *office.root(1), *named)["withdrawn"]
    assert waiting(office)["document"] == first["document"]
    assert run("federation", "sign", *office.hub, *office.root(2), *named).members["code"] == "EX-6642"


def test_a_keeper_follows_another_and_who_left_signs_nothing_more(office: Office, tmp_path: Path) -> None:
    made = done("federation", "root", tmp_path / "new", "--passphrase-file", office.secret("new"))
    new = ["--root", tmp_path / "new", "--root-passphrase-file", office.secret("new")]
    before = done("federation", "roots", *office.hub)
    old, change = anchor(office).roots[2], ["--add", made["public"], "--remove", before["roots"][2]["id"][:16]]
    waits = run("federation", "roots", *office.hub, *change, *office.root(1))
    assert f"root {made['fingerprint']}: new: stands" in waits.said
    assert (len(waits.members["proposal"]["missing"]), waits.members["roots"]) == (3, before["roots"])
    document = ["--document", waits.members["proposal"]["document"]]
    assert done("federation", "sign", *office.hub, *office.root(2), *document)["in_force"]
    assert run("hub", "enrol", *office.hub, *office.root(3)).members["code"] == "PROPOSAL_REFUSED"
    assert done("hub", "enrol", *office.hub, *office.root(1), *new)["in_force"]
    assert made["id"] in [kid_of(public) for public in anchor(office).roots]
    (tmp_path / "old").write_bytes(old)
    back = ["--add", tmp_path / "old", "--remove", made["id"]]
    assert done("federation", "roots", *office.hub, *back, *office.roots())["proposal"]["in_force"]


def test_roots_that_are_none_or_too_few_are_not_proposed(office: Office, tmp_path: Path) -> None:
    (tmp_path / "low").write_bytes(bytes(1984))
    refused = [
        run("federation", "roots", *office.hub, *office.root(1), *words).members["code"]
        for words in (["--remove", "nobody"], ["--remove", ""], ["--threshold", 4], ["--add", tmp_path / "low"])
    ]
    assert refused == ["SERAI-ROOTS", "SERAI-ROOTS", "SERAI-DECISION", "KEY_REFUSED"]


def test_a_file_that_came_back_too_late_says_so(office: Office, tmp_path: Path) -> None:
    path = brought(office, tmp_path)
    done("hub", "enrol", *office.hub, *office.roots())
    assert run("federation", "submit", path, *office.hub).members["code"] == "EX-6640"


def test_whoever_is_no_keeper_proposes_and_signs_nothing(office: Office, tmp_path: Path) -> None:
    founding.make_root(tmp_path / "stranger", "passphrase of stranger")
    stranger = ["--root", tmp_path / "stranger", "--root-passphrase-file", office.secret("stranger")]
    assert run("hub", "enrol", *office.hub, *stranger).members["code"] == "PROPOSAL_REFUSED"
    path = brought(office, tmp_path)
    believed = ["--anchor", office.folder / "hub" / "anchor.json", "--document", waiting(office)["document"]]
    assert run("federation", "sign", path, *stranger, *believed).members["code"] == "PROPOSAL_REFUSED"
    assert run("federation", "sign", path, *stranger).members["code"] == "SERAI-ANCHOR"
    assert run("federation", "sign", *office.root(1)).members["code"] == "SERAI-PROPOSAL"
    assert run("hub", "enrol", *office.hub).members["code"] == "SERAI-ROOTS"


def test_what_is_no_proposal_is_not_shown(office: Office, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"{}")
    assert run("federation", "sign", tmp_path / "x", *desk(office, tmp_path, 1)).members["code"] == "PROPOSAL_REFUSED"
