"""The conventions that every command keeps: where text goes, what JSON looks like, which status ends it."""

import json
import re
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

import serai.unit  # noqa: F401  # with it come the errors of every package
from audit.errors import AuditError
from crypto.errors import CryptoError
from exchange.errors import ExchangeError
from schemas.errors import SchemaError
from serai.cli import app
from serai.failure_words import WORDS
from serai.failures import explained
from serai.output import CommandError, Exit, Report, Table, show, show_error, tab_separated


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        app(list(arguments))
    code = ended.value.code
    assert isinstance(code, int)
    return code


def test_the_help_names_the_exit_statuses(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--help") == Exit.DONE
    assert "cannot reach the service" in " ".join(capsys.readouterr().out.split())


def test_an_unknown_command_is_wrong_use() -> None:
    assert run("frobnicate") == Exit.USAGE


def test_an_unknown_language_is_wrong_use() -> None:
    assert run("--lang", "de", "log") == Exit.USAGE


def test_a_report_is_one_sorted_json_object_with_its_schema(capsys: pytest.CaptureFixture[str]) -> None:
    show(Report("probe", {"b": 1, "a": "қ"}), as_json=True)
    assert capsys.readouterr().out == '{"a": "қ", "b": 1, "ok": true, "schema": "serai/probe/1"}\n'


def test_a_report_that_is_not_ok_ends_with_status_one_after_printing(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as ended:
        show(Report("probe", {}, lines=["broken"], ok=False), as_json=False)
    assert ended.value.exit_code == Exit.WRONG
    assert capsys.readouterr().out == "broken\n"


def test_a_pipe_gets_tab_separated_lines(capsys: pytest.CaptureFixture[str]) -> None:
    show(Report("probe", {}, table=Table(["unit", "age"], [["TJ", 3], ["KG", None]])), as_json=False)
    assert capsys.readouterr().out == "unit\tage\nTJ\t3\nKG\t\n"


def test_a_terminal_gets_a_drawn_table(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    show(Report("probe", {}, table=Table(["unit"], [["[bold]TJ"]])), as_json=False)
    assert "[bold]TJ" in capsys.readouterr().out


@given(st.text(), st.text())
def test_a_cell_can_never_break_a_line_apart(first: str, second: str) -> None:
    line = tab_separated([first, second])
    assert line.count("\t") == 1
    assert line.splitlines() in ([line], [])


def test_an_error_says_what_why_and_what_to_do_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    show_error(CommandError("SERAI-X", "It broke.", "Because.", "Mend it."), as_json=True)
    out, err = capsys.readouterr()
    assert err == "SERAI-X: It broke.\nBecause.\nMend it.\n"
    members = {"code": "SERAI-X", "what": "It broke.", "why": "Because.", "todo": "Mend it."}
    assert json.loads(out) == {"schema": "serai/error/1", "ok": False, **members}


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (FileNotFoundError(2, "No such file", "x"), Exit.USAGE),
        (ConnectionRefusedError("refused"), Exit.UNREACHABLE),
        (CommandError("SERAI-X", "x", status=Exit.CONFLICT), Exit.CONFLICT),
    ],
)
def test_every_kind_of_error_has_its_status(error: Exception, status: Exit) -> None:
    known = explained(error, "en")
    assert known is not None
    assert known.status == status


def every(base: type[Any]) -> Iterator[type[Any]]:
    """An error and all that are one, except those that tests make."""
    if not base.__module__.startswith("tests."):
        yield base
    for below in base.__subclasses__():
        yield from every(below)


@pytest.mark.parametrize("base", [CryptoError, SchemaError, AuditError])
def test_every_error_of_the_core_has_words_in_both_languages(base: type[Any]) -> None:
    for one in every(base):
        assert re.search("[а-яё]", WORDS[one.code].ru), one


def test_every_error_of_the_services_has_words_in_both_languages() -> None:
    for one in every(ExchangeError):
        assert all(one.words["en"]), one
        assert all(re.search("[а-яё]", said) for said in one.words["ru"]), one


def test_a_defect_of_ours_keeps_its_traceback() -> None:
    assert explained(ZeroDivisionError(), "en") is None
