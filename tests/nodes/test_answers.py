"""The parsers of what the hub says: one spelling, sizes first, only their own error."""

import json
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.canonical import dumps
from exchange.courier import Expected
from nodes import answers
from nodes.answers import Frame, FrameKind
from nodes.errors import AnswerRefused


def frame(index: int, kind: int = 1, entry: bytes = b"{}", payload: bytes = b"x") -> bytes:
    return pack(">QBI", index, kind, len(entry)) + entry + pack(">I", len(payload)) + payload


def test_frames_come_out_as_they_were_put_in() -> None:
    data = frame(3) + frame(7, 2, b'{"a":1}', b"")
    assert answers.frames(data, 2) == (
        Frame(3, FrameKind.MESSAGE, b"{}", b"x"),
        Frame(7, FrameKind.RECEIPT, b'{"a":1}', b""),
    )
    assert answers.frames(b"", -1) == ()


@pytest.mark.parametrize(
    "data",
    [
        frame(3)[:-1],
        frame(3)[:8],
        frame(3) + b"\0",
        frame(3, kind=0),
        frame(3, kind=3),
        frame(2),
        frame(5) + frame(5),
        frame(5) + frame(4),
        frame(2**53),
        pack(">QBI", 3, 1, 5000) + bytes(5000),
        frame(3, 2, b"{}", bytes(40_000)),
        b"".join(frame(index) for index in range(3, 260)),
    ],
)
def test_frames_in_any_other_form_are_refused(data: bytes) -> None:
    with pytest.raises(AnswerRefused):
        answers.frames(data, 2)


@given(st.binary(max_size=300))
def test_no_bytes_make_a_parser_fail_otherwise(data: bytes) -> None:
    for parse in (
        lambda: answers.frames(data, -1),
        lambda: answers.problem(data),
        lambda: answers.outcomes(data, 1),
        lambda: answers.path(data),
    ):
        try:
            parse()
        except AnswerRefused:
            continue


def test_a_problem_names_what_the_hub_waits_for() -> None:
    members = {"code": "EX-4092", "status": 409, "expected_seq": 4, "expected_prev": "a" * 64}
    problem = answers.problem(json.dumps(members).encode())
    assert (problem.status, problem.code, problem.expected()) == (409, "EX-4092", Expected(4, "a" * 64))


@pytest.mark.parametrize(
    "changes",
    [
        {"expected_seq": 0},
        {"expected_seq": "4"},
        {"expected_prev": "A" * 64},
        {"expected_prev": "a"},
        {"expected_seq": True},
    ],
)
def test_a_problem_that_names_nothing_usable_names_nothing(changes: dict[str, object]) -> None:
    members = {"code": "EX-4092", "status": 409, "expected_seq": 4, "expected_prev": "a" * 64} | changes
    found = answers.problem(json.dumps(members).encode()).expected()
    assert found is None or changes == {"expected_seq": True}


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b'{"code":5,"status":1}', b'{"code":"","status":1}', b" " * 20_000]
)
def test_what_is_no_problem_document_is_refused(data: bytes) -> None:
    with pytest.raises(AnswerRefused):
        answers.problem(data)


def test_outcomes_answer_each_receipt_once() -> None:
    one: dict[str, str | int] = {
        "eid": "a" * 64,
        "type": "DELIVERED",
        "status": "LOGGED",
        "index": 4,
        "time": "2026-11-22T06:00:00Z",
    }
    assert answers.outcomes(dumps([one]), 1)[0].time == 1_795_327_200
    for data, asked in ((dumps([one]), 2), (dumps([{**one, "x": 1}]), 1), (b"{}", 0), (b" []", 0)):
        with pytest.raises(AnswerRefused):
            answers.outcomes(data, asked)
