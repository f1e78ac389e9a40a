"""A federation founded, joined, looked at, backed up and taken apart with the commands alone."""

import json
import shutil
from pathlib import Path

import pytest

from schemas.invitations import fingerprint
from serai import control
from serai.cli import GROUPS, app
from serai.output import Exit
from tests.serai.office import Asked, Office, done, run


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    made = Office(tmp_path_factory.mktemp("office"))
    made.found()
    with made.open():
        asked = [made.answer(unit, made.invite(unit)) for unit in ("KG", "TJ")]
        assert made.sign(1, *asked).members["snapshot"] is None
        assert made.sign(2, *asked).members["snapshot"] is not None
    assert run("node", "join", *made.node("KG"), "--fingerprint", "0000").members["code"] == "EX-6352"
    for unit in ("KG", "TJ"):
        made.join(unit)
    return made


def test_the_hub_shows_its_units_and_its_log(office: Office) -> None:
    status = done("hub", "status", *office.hub)
    assert [unit["unit"] for unit in status["units"]] == ["KG", "TJ"]
    assert status["log_size"] > 0
    assert done("log", "head", "--data", office.folder / "hub")["size"] == status["log_size"]


def test_nothing_is_ever_made_over_something(office: Office) -> None:
    given = ["--root-passphrase-file", office.secret("x")]
    again = run("node", "init", *office.node("KG"), office.folder / "KG.invitation", *given)
    assert (again.status, again.members["code"]) == (Exit.CONFLICT, "SERAI-HOME")


def test_an_invitation_that_was_changed_makes_nothing(office: Office, tmp_path: Path) -> None:
    bad = tmp_path / "bad.invitation"
    bad.write_bytes((office.folder / "KG.invitation").read_bytes().replace(b"Unit KG", b"Unit GK"))
    files = ["--passphrase-file", office.secret("x"), "--root-passphrase-file", office.secret("y")]
    assert run("node", "init", "--home", tmp_path / "new", bad, *files).members["code"] == "EX-6350"
    assert not (tmp_path / "new").exists()


def test_a_keeper_lets_nobody_in_twice_nor_by_another_fingerprint_nor_for_a_colleague(office: Office) -> None:
    request = office.folder / "KG" / "request.json"
    used = Asked(request, fingerprint(request.read_bytes()))
    with office.open():
        before = done("hub", "status", *office.hub)
        again, other = office.sign(1, used), office.sign(1, Asked(request, "01234 " * 8))
        both = run("hub", "enrol", *office.hub, request, "--fingerprint", used.read, *office.roots(2))
        after = done("hub", "status", *office.hub)
    assert (again.status, again.members["code"]) == (Exit.CONFLICT, "EX-4097")
    assert (other.status, other.members["code"]) == (Exit.WRONG, "FINGERPRINT_DIFFERS")
    assert (both.status, both.members["code"]) == (Exit.USAGE, "SERAI-ROOTS")
    assert (after["federation"], after["log_size"]) == (before["federation"], before["log_size"] + 1)  # what was heard


def test_what_no_unit_is_is_not_invited(office: Office, tmp_path: Path) -> None:
    about = ["--name-en", "A", "--name-ru", "А", "--language", "en", "--time-zone", "UTC", "--out", tmp_path / "out"]
    with office.open():
        for unit, agency in (("uz", "POLICE"), ("UZ", "BAKERY")):
            refused = run("hub", "invite", *office.hub, unit, *about, "--agency", agency, *office.root(1))
            assert refused.members["code"] == "SERAI-UNIT"
    assert not (tmp_path / "out").exists()


def test_too_few_roots_put_nothing_in_force(office: Office) -> None:
    with office.open():
        before = done("hub", "status", *office.hub)["federation"]
        waits = done("hub", "enrol", *office.hub, *office.root(1), "--everybody", "CONF")
        other = done("hub", "enrol", *office.hub, *office.root(2), "--everybody", "UNCL")
        assert done("hub", "status", *office.hub)["federation"] == before
    assert (waits["signatures"], waits["needed"], waits["snapshot"]) == (1, 2, None)
    assert (other["signatures"], other["snapshot"]) == (1, None)  # another document: nobody has agreed to it but him


def test_the_wrong_passphrase_opens_nothing(office: Office) -> None:
    wrong = run("node", "status", "--home", office.folder / "KG", "--passphrase-file", office.secret("wrong"))
    assert (wrong.status, wrong.members["code"]) == (Exit.NOT_ALLOWED, "WRONG_PASSPHRASE")


def test_a_unit_is_suspended_and_let_again(office: Office) -> None:
    first = done("hub", "suspend", *office.hub, "KG", "--reason", "TEST")["snapshot"]
    assert run("hub", "suspend", *office.hub, "KG").status == Exit.CONFLICT
    assert done("hub", "suspend", *office.hub, "KG", "--lift")["snapshot"] == first + 1


def test_people_are_added_listed_and_disabled(office: Office) -> None:
    who = ["--name", "Айгүл Сыдыкова", "--role", "OFFICER", "--agency", "DRUG_AGENCY", "--language", "ru"]
    assert len(done("user", "add", *office.node("KG"), "KG-1", *who)["enrolment_code"]) > 16
    assert run("user", "add", *office.node("KG"), "KG-1", *who).status == Exit.CONFLICT
    assert done("user", "reissue", *office.node("KG"), "KG-1")["enrolment_code"]
    done("user", "disable", *office.node("KG"), "KG-1")
    (user,) = done("user", "list", *office.node("KG"))["users"]
    assert (user["user_id"], user["disabled"]) == ("KG-1", True)


def test_a_node_without_its_hub_says_so_and_stays_whole(office: Office) -> None:
    assert done("node", "sync", *office.node("TJ"))["failed"]
    status = done("node", "status", *office.node("TJ"))
    assert (status["unit"], status["queued"], status["directory_version"]) == ("TJ", 0, None)


def test_message_commands_need_a_running_node_and_a_signed_in_person(office: Office) -> None:
    nobody = run("message", "list", "--home", office.folder / "TJ")
    assert (nobody.status, nobody.members["code"]) == (Exit.NOT_ALLOWED, "SERAI-SIGNED-OUT")
    session = office.folder / "session"
    session.write_text("token")
    away = run("message", "list", "--home", office.folder / "TJ", "--session", session)
    assert (away.status, away.members["code"]) == (Exit.UNREACHABLE, "SERAI-NOT-RUNNING")


@pytest.mark.parametrize("text", ["not json", "[]", '{"body": {}}', '{"kind": "REQ", "surprise": 1}'])
def test_a_file_that_is_no_draft_is_refused(office: Office, tmp_path: Path, text: str) -> None:
    draft = tmp_path / "draft.json"
    draft.write_text(text)
    assert run("message", "send", "--home", office.folder / "TJ", draft).members["code"] == "SERAI-DRAFT"


def test_a_busy_folder_is_left_alone(office: Office) -> None:
    with control.owned(office.folder / "TJ"):
        assert run("node", "migrate", "--home", office.folder / "TJ").status == Exit.CONFLICT


def test_migrations_go_down_and_up_again(office: Office) -> None:
    newest = done("node", "migrate", "--home", office.folder / "TJ")["revision"]
    assert done("hub", "migrate", "--home", office.folder / "hub")["revision"]
    assert newest


def test_a_key_that_waits_to_be_published_is_not_followed_by_another(office: Office) -> None:
    assert run("node", "rotate", *office.node("KG"), "--key", "request").members["code"] == "EX-6033"


def test_a_signing_key_is_rotated_with_the_root(office: Office) -> None:
    root = ["--root-passphrase-file", office.secret("root of KG")]
    waiting = run("node", "rotate", *office.node("KG"), *root)
    assert waiting.members.get("kid") or waiting.members["code"] == "EX-6033"


def test_somebody_may_look_at_the_pages_of_a_hub_until_he_may_not(office: Office) -> None:
    home = ["--home", office.folder / "hub"]
    made = done("operator", "add", *home, "gulnora", "--role", "auditor", "--password-file", office.secret("gulnora"))
    assert made["role"] == "HUB_AUDITOR"
    assert made["secret"] in made["uri"]
    done("operator", "remove", *home, "gulnora")
    assert run("operator", "remove", *home, "gulnora").members["code"] == "SERAI-OPERATOR"


def test_a_key_folder_is_locked_under_another_passphrase(office: Office, tmp_path: Path) -> None:
    folder = tmp_path / "root"
    shutil.copytree(office.folder / "roots" / "root-3", folder)
    given = ["--passphrase-file", office.secret("root-3"), "--new-passphrase-file", office.secret("another")]
    done("passphrase", folder, *given)
    assert run("passphrase", folder, *given).members["code"] == "WRONG_PASSPHRASE"


def test_the_keys_of_a_hub_turn_by_its_roots(office: Office) -> None:
    before = done("hub", "status", *office.hub)["federation"]
    turned = done("hub", "rotate", *office.hub, *office.roots(), "--key", "receipt", "--key", "witness")
    assert (turned["keys"], turned["version"]) == (["receipt", "witness"], before + 1)
    assert run("hub", "rotate", *office.hub, *office.roots(1), "--at-once").members["code"] == "SERAI-ROOTS"


def test_a_node_comes_back_from_its_backup(office: Office, tmp_path: Path) -> None:
    key = ["--passphrase-file", office.secret("recovery")]
    public = done("node", "recovery-key", tmp_path / "recovery", *key)["public"]
    done("node", "backup", *office.node("TJ"), tmp_path / "tj.archive", "--recovery", public)
    back = ["--home", tmp_path / "TJ", "--passphrase-file", office.secret("TJ"), tmp_path / "tj.archive"]
    opener = ["--recovery-key", tmp_path / "recovery", "--recovery-passphrase-file", office.secret("recovery")]
    refused = run("node", "restore", *back, *opener, "--settings", office.folder / "TJ" / "node.toml")
    assert refused.members["code"] == "EX-6223"  # it never reached its hub: no directory says that it signed this


def test_a_hub_comes_back_closed_from_its_backup(office: Office, tmp_path: Path) -> None:
    public = done("hub", "recovery-key", tmp_path / "recovery", "--passphrase-file", office.secret("recovery"))[
        "public"
    ]
    done("hub", "backup", *office.hub, tmp_path / "hub.archive", "--recovery", public)
    home = tmp_path / "hub"
    home.mkdir(mode=0o700)
    shutil.copyfile(office.folder / "hub" / "hub.toml", home / "hub.toml")
    there = ["--home", home, "--passphrase-file", office.secret("hub")]
    opener = ["--recovery-key", tmp_path / "recovery", "--recovery-passphrase-file", office.secret("recovery")]
    done("hub", "restore", *there, tmp_path / "hub.archive", *opener)
    assert run("hub", "status", *there).members["code"] == "EX-5033"
    assert run("hub", "resume", *there, "--seen", "KG=x:").members["code"] == "SERAI-SEEN"
    done("hub", "resume", *there, "--seen", "KG=-1:", "--seen", "TJ=-1:")
    assert done("hub", "status", *there)["name"] == "hub.serai.example"


def test_the_doctor_names_what_is_wrong_and_ends_with_status_one(office: Office) -> None:
    examined = run("doctor", "--home", office.folder / "TJ")
    wrong = {one["check"]: one["todo"] for one in examined.members["findings"] if not one["ok"]}
    assert examined.status == Exit.WRONG
    assert {"hub", "service"} <= set(wrong)
    assert all(wrong.values())


def test_the_doctor_needs_a_patient(tmp_path: Path) -> None:
    assert run("doctor", "--home", tmp_path).members["code"] == "SERAI-HOME"


def test_a_unit_that_leaves_is_gone_from_the_document(office: Office, tmp_path: Path) -> None:
    copy = Office(tmp_path / "copy")
    shutil.copytree(office.folder, copy.folder, ignore=shutil.ignore_patterns("*.sock"))
    kept = run("hub", "revoke", *copy.hub, "KG", *copy.roots(), "--yes")
    assert kept.status == Exit.DONE, kept.said
    assert [unit["unit"] for unit in done("hub", "status", *copy.hub)["units"]] == ["TJ"]


def test_an_agreement_file_that_is_none_is_refused(office: Office, tmp_path: Path) -> None:
    (tmp_path / "agreements.json").write_text('[{"from": "KG"}]')
    refused = run("hub", "enrol", *office.hub, *office.roots(), "--agreements", tmp_path / "agreements.json")
    assert refused.members["code"] == "SERAI-AGREEMENTS"


@pytest.mark.parametrize("group", GROUPS)
def test_every_group_has_its_help(group: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        app([group, "--help"])
    assert ended.value.code == Exit.DONE
    assert "Usage" in capsys.readouterr().out


def test_what_the_federation_decides_is_signed_by_its_roots_and_shown(office: Office, tmp_path: Path) -> None:
    before = done("federation", "pairs", *office.hub)
    assert (before["signed"], before["pairs"]) == (False, [])
    listed = tmp_path / "pairs.json"
    source = {"en": "Convention against Torture, article 3", "ru": "Конвенция против пыток, статья 3"}
    made = {"from": "TJ", "to": "*", "areas": ["TERROR"], "not_before": "2100-01-01T00:00:00Z", "source": source}
    listed.write_text(json.dumps([made]))
    assert run("federation", "pairs", *office.hub, listed).members["code"] == "SERAI-ROOTS"
    assert done("federation", "pairs", *office.hub, listed, *office.roots())["version"] == before["version"] + 1
    assert done("federation", "pairs", *office.hub)["pairs"] == [made]
    listed.write_text('[{"from": "TJ"}]')
    assert run("federation", "pairs", *office.hub, listed, *office.roots()).members["code"] == "SERAI-PAIRS"


def test_the_rules_of_this_release_are_signed_from_the_founding_on(office: Office) -> None:
    shown = done("federation", "rules", *office.hub)
    assert (shown["signed"], [one["sha512"] for one in shown["rules"]]) == (True, [shown["shipped"]])
    again = done("federation", "rules", *office.hub, *office.roots())
    assert (again["version"], again["rules"]) == (shown["version"] + 1, shown["rules"])
