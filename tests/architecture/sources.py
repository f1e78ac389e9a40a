"""Reads the project's own sources for the tests of its shape: syntax trees, imports and calls."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tools.layers import ROOT


@dataclass(frozen=True)
class Finding:
    """One thing in one line of one file."""

    file: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}"


def text(path: Path) -> str:
    """What stands in a file, given relative to the root."""
    return (ROOT / path).read_text()


@cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of a file, given relative to the root."""
    return ast.parse(text(path), filename=str(path))


def imports(module: ast.AST) -> Iterator[tuple[int, str]]:
    """Every imported module by its full name, with its line; `from a import b` gives `a` and `a.b`."""
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = "." * node.level + (node.module or "")
            yield node.lineno, source
            yield from ((node.lineno, f"{source}.{alias.name}") for alias in node.names)


def checking_files() -> list[Path]:
    """Every Python file of the tests and of the build scripts, relative to the root."""
    return sorted(path.relative_to(ROOT) for folder in ("tests", "tools") for path in (ROOT / folder).rglob("*.py"))
