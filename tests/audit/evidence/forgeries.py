"""What somebody does to a bundle who wants it to say something else, and how a report is read."""

from collections.abc import Callable

from audit.evidence import layout
from audit.evidence.archive import MANIFEST
from audit.evidence.findings import Level, Report
from tests.instants import NOW

Forgery = Callable[[dict[str, bytes]], dict[str, bytes]]


def relisted(files: dict[str, bytes]) -> dict[str, bytes]:
    """The files under a manifest that fits them, as a forger would write it."""
    return dict(layout.with_manifest(NOW, sorted((name, data) for name, data in files.items() if name != MANIFEST)))


def bad(report: Report) -> list[tuple[str, str]]:
    return [(one.code, one.subject) for one in report.findings if one.level is Level.BAD]


def details(report: Report, code: str) -> str:
    return " | ".join(one.detail for one in report.findings if one.code == code)


def without(name: str) -> Forgery:
    return lambda files: {other: data for other, data in files.items() if other != name}


def renamed(old: str, new: str) -> Forgery:
    return lambda files: {(new if name == old else name): data for name, data in files.items()}


def replaced(name: str, other: str) -> Forgery:
    return lambda files: {**files, name: files[other]}
