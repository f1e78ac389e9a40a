"""One owner for a folder, and commands that reach it: the lock, the socket, and what goes wrong on the way."""

import socket
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from schemas.invitations import FingerprintDiffers
from serai import control
from serai.output import LANGUAGE, CommandError, Exit


def refuse(arguments: control.Members) -> control.Members:
    raise CommandError("SERAI-X", f"no {arguments['what']}", "why", "todo", Exit.NOT_ALLOWED)


def stumble(arguments: control.Members) -> control.Members:
    raise KeyError(arguments["secret"])


def differ(_: control.Members) -> control.Members:
    raise FingerprintDiffers("the digits are others")


OPERATIONS = {"echo": lambda arguments: arguments, "refuse": refuse, "stumble": stumble, "differ": differ}


def test_a_call_returns_what_the_operation_returned(tmp_path: Path) -> None:
    with control.answering(tmp_path, OPERATIONS):
        assert control.call(tmp_path, "echo", {"text": "Ҷалолов " * 50_000}) == {"text": "Ҷалолов " * 50_000}


def test_a_refusal_arrives_with_its_words_and_its_status(tmp_path: Path) -> None:
    with control.answering(tmp_path, OPERATIONS), pytest.raises(CommandError) as refused:
        control.call(tmp_path, "refuse", {"what": "entry"})
    assert (refused.value.what, refused.value.status) == ("no entry", Exit.NOT_ALLOWED)


@pytest.mark.parametrize(
    ("language", "what"),
    [("en", "The fingerprint that was read is another"), ("ru", "Продиктованный отпечаток не совпадает")],
)
def test_a_refusal_by_the_service_is_in_the_language_of_whoever_asked(tmp_path: Path, language: str, what: str) -> None:
    chosen = LANGUAGE.set(language)
    with control.answering(tmp_path, OPERATIONS), pytest.raises(CommandError) as refused:
        control.call(tmp_path, "differ", {})
    LANGUAGE.reset(chosen)
    assert (refused.value.what, refused.value.why) == (what, "the digits are others")


def test_a_defect_tells_its_kind_and_none_of_its_values(tmp_path: Path) -> None:
    with control.answering(tmp_path, OPERATIONS), pytest.raises(CommandError) as failed:
        control.call(tmp_path, "stumble", {"secret": "canary"})
    assert "KeyError" in failed.value.what
    assert "canary" not in str(vars(failed.value))


def test_an_unknown_operation_is_refused(tmp_path: Path) -> None:
    with control.answering(tmp_path, OPERATIONS), pytest.raises(CommandError, match="no operation"):
        control.call(tmp_path, "format-disk", {})


def test_nobody_running_is_unreachable(tmp_path: Path) -> None:
    with pytest.raises(CommandError) as missing:
        control.call(tmp_path, "echo", {})
    assert missing.value.status == Exit.UNREACHABLE
    assert not control.is_running(tmp_path)


def test_a_socket_left_by_a_crash_is_replaced(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as crashed:
        crashed.bind(str(control.socket_path(tmp_path)))
    with control.answering(tmp_path, OPERATIONS):
        assert control.is_running(tmp_path)
    assert not control.socket_path(tmp_path).exists()


def test_only_the_owner_may_open_the_socket(tmp_path: Path) -> None:
    with control.answering(tmp_path, OPERATIONS):
        assert stat.S_IMODE(control.socket_path(tmp_path).stat().st_mode) == 0o600


@pytest.mark.parametrize("junk", [b"", b"\x00\x00", b"\xff\xff\xff\xff", b"\x00\x00\x00\x02xx"])
def test_a_caller_that_talks_nonsense_harms_only_itself(tmp_path: Path, junk: bytes) -> None:
    with control.answering(tmp_path, OPERATIONS):
        with socket.socket(socket.AF_UNIX) as plug:
            plug.connect(str(control.socket_path(tmp_path)))
            plug.sendall(junk)
        assert control.call(tmp_path, "echo", {"still": "here"}) == {"still": "here"}


def test_a_folder_may_be_as_deep_as_it_likes(tmp_path: Path) -> None:
    home = tmp_path / ("д" * 60) / ("ғ" * 60)
    home.mkdir(parents=True)
    with control.answering(home, OPERATIONS):
        assert control.call(home, "echo", {"a": 1}) == {"a": 1}


def test_a_folder_has_one_owner_at_a_time(tmp_path: Path) -> None:
    with control.owned(tmp_path), pytest.raises(CommandError) as busy, control.owned(tmp_path):
        pass
    assert busy.value.status == Exit.CONFLICT
    with control.owned(tmp_path):
        pass


def test_many_callers_at_once_are_all_answered(tmp_path: Path) -> None:
    with control.answering(tmp_path, OPERATIONS), ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(lambda number: control.call(tmp_path, "echo", {"n": number}), range(256)))
    assert answers == [{"n": number} for number in range(256)]
