"""Files and functions stay small enough to be read in one sitting."""

import ast

from tests.architecture.sources import Finding, checking_files, text, tree
from tools.layers import ROOT, package_files

FILE_LINES = 350 + 350 // 20  # about 350: a twentieth over is no reason to cut a file in two
FUNCTION_LINES = 40  # without its docstring
# file or file:function -> why it may be longer
LONGER: dict[str, str] = {
    "schemas/kinds/request.py": "one file a kind, and no other kind has so many fields; it is a declaration",
    **{
        f"serai/demo/requests.py:{case}": "an invented case: one long value, nothing to cut"
        for case in ("controlled_delivery", "precursor", "stamps", "kidnapping")
    },
}


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The lines of a function from `def` to its end, without its docstring."""
    last = function.end_lineno or function.lineno
    first = function.body[0]
    described = ast.get_docstring(function, clean=False) is not None
    docstring = (first.end_lineno or first.lineno) - first.lineno + 1 if described else 0
    return last - function.lineno + 1 - docstring


def long_functions(file: str, module: ast.Module) -> list[Finding]:
    """Every function of a module that is too long and not on the table."""
    functions = [node for node in ast.walk(module) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [
        Finding(file, function.lineno, f"{function.name} has {length(function)} lines")
        for function in functions
        if length(function) > FUNCTION_LINES and f"{file}:{function.name}" not in LONGER
    ]


def long_file(file: str, lines: int) -> list[Finding]:
    """The file itself, if it is too long and not on the table."""
    return [Finding(file, lines, "the file ends here")] if lines > FILE_LINES and file not in LONGER else []


def test_files_and_their_functions_stay_short() -> None:
    found = []
    for path in (*package_files(), *checking_files()):
        file = path.as_posix()
        found += [*long_file(file, len(text(path).splitlines())), *long_functions(file, tree(path))]
    assert [str(finding) for finding in found] == []


def test_a_planted_long_file_is_found() -> None:
    assert long_file("f.py", FILE_LINES + 1)
    assert not long_file("f.py", FILE_LINES)


def test_a_planted_long_function_is_found_and_its_docstring_is_not_counted() -> None:
    body = "    x = 1\n"
    fits = "def fits():\n" + '    """One.\n\n    More.\n    """\n' + body * (FUNCTION_LINES - 1)
    over = "def over():\n" + body * FUNCTION_LINES
    assert [finding.what for finding in long_functions("f.py", ast.parse(fits + over))] == ["over has 41 lines"]


def test_no_exception_outlives_its_reason() -> None:
    gone = [name for name in LONGER if not (ROOT / name.partition(":")[0]).exists()]
    assert gone == []
