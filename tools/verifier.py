"""Builds the court's verifier as one file: `python -m tools.verifier` writes dist/serai-verify.py.

The file holds the very modules of this repository that verify evidence, each verbatim, and a loader of a few lines; it
needs Python 3.11 or newer and `cryptography`, nothing else. Built twice from the same sources it is the same, byte for
byte. A module outside the court's contract (any other library) stops the build.
"""

import argparse
import ast
import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tools.layers import PACKAGES, ROOT

ENTRANCE: Final = "serai.verifier"
FILE: Final = "serai-verify.py"
ALLOWED: Final = frozenset({*sys.stdlib_module_names, *PACKAGES, "cryptography"})

HEAD: Final = '''#!/usr/bin/env python3
"""Serai's verifier of evidence, in one file. It needs Python 3.11 or newer and the library `cryptography`.

    python serai-verify.py FILE [--root KEY-ID ...] [--json] [--lang ru]
    python serai-verify.py --version

It opens the files that it is given and nothing else: no network, no database, no settings. Exit status: 0 everything
holds, 1 something does not, 2 unreadable file or wrong use. The modules below are those of the project, verbatim, in
the order in which they build on each other; `docs/verifier.md` says which check follows which specification.
Written by tools/verifier.py: do not edit.
"""

import importlib.abc
import importlib.util
import sys

SOURCES = {}
'''
TAIL: Final = '''

class _Loader(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Makes modules of the sources above; a package is a name that others begin with."""

    def find_spec(self, fullname, path=None, target=None):
        if fullname in SOURCES:
            return importlib.util.spec_from_loader(fullname, self, is_package=self.is_package(fullname))
        return None

    def is_package(self, fullname):
        return any(name.startswith(fullname + ".") for name in SOURCES)

    def get_source(self, fullname):
        return SOURCES[fullname]


if __name__ == "__main__":
    import pathlib

    sys.meta_path.insert(0, _Loader())
    from serai.verifier import main

    raise SystemExit(main(program=pathlib.Path(__file__)))
'''


class VerifierError(Exception):
    """The verifier cannot be built; the message says why."""


def source_of(module: str, root: Path = ROOT) -> Path:
    """Return the file of a module of the project."""
    path = root / module.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def imported(module: str, root: Path = ROOT) -> Iterator[str]:
    """Yield the modules of the project that `module` imports, and their packages; raises VerifierError for others."""
    for node in ast.walk(ast.parse(source_of(module, root).read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            base = node.module or ""
            below = [f"{base}.{alias.name}" for alias in node.names]
            names = [
                base,
                *(name for name in below if name.split(".")[0] in PACKAGES and source_of(name, root).is_file()),
            ]
        for name in names:
            if name.split(".")[0] not in ALLOWED:
                raise VerifierError(f"{module} imports {name}: not for a court")
            if name.split(".")[0] in PACKAGES:
                yield from (".".join(name.split(".")[:depth]) for depth in range(1, name.count(".") + 2))


def closure(entrance: str = ENTRANCE, root: Path = ROOT) -> list[str]:
    """Return every module that `entrance` needs, each behind those that it builds on."""
    ordered: list[str] = []
    seen: set[str] = set()

    def visit(module: str) -> None:
        if module not in seen:
            seen.add(module)
            for name in sorted(set(imported(module, root))):
                visit(name)
            ordered.append(module)

    for package in (entrance.split(".", maxsplit=1)[0], entrance):
        visit(package)
    return ordered


def quoted(source: str) -> str:
    """Return a literal that is readable and means exactly `source`; raises VerifierError if there is none."""
    literal = f"r'''{source}'''"
    if ast.literal_eval(literal) != source:
        raise VerifierError("a source that no raw literal can hold")
    return literal


def build(modules: list[str]) -> str:
    """Return the text of the single file."""
    parts = [HEAD]
    for module in modules:
        path = source_of(module).relative_to(ROOT).as_posix()
        source = (ROOT / path).read_text()
        digest = hashlib.sha256(source.encode()).hexdigest()
        rule = "# " + "=" * 116
        parts.append(f"\n{rule}\n# {path}\n# SHA-256 {digest}\n{rule}\nSOURCES[{module!r}] = {quoted(source)}\n")
    return "".join(parts) + TAIL


def main() -> None:
    """Write the file and print its digest in the form of `sha256sum`."""
    parser = argparse.ArgumentParser(description="build the verifier of evidence as one file")
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    text = build(closure()).encode()
    (out / FILE).write_bytes(text)
    print(f"{hashlib.sha256(text).hexdigest()}  {out / FILE}")


if __name__ == "__main__":
    main()
