"""A store that fails at the worst moment: the seam between a service and its database driver."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from tests.statements import heard


class Failing:
    """Fails one statement, or the commit, of an engine: the seam between the service and its store."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.seen: list[str] = []

    @contextmanager
    def at(self, step: int) -> Iterator[None]:
        """Let the writing statement number `step` fail before it is done."""
        count = 0

        def before(statement: str, _parameters: Any) -> None:
            nonlocal count
            if _writes(statement):
                self.seen.append(statement)
                count += 1
                if count == step:
                    raise OperationalError(statement, None, OSError("the disk is gone"))

        with heard(self._engine, before):
            yield

    @contextmanager
    def commit(self, *, done: bool) -> Iterator[None]:
        """Let the next commit fail: not done, or done although nobody learns it."""
        original = self._engine.dialect.do_commit
        left = 1

        def do_commit(connection: Any) -> None:
            nonlocal left
            if left:
                left -= 1
                if done:
                    original(connection)
                raise OperationalError("COMMIT", None, OSError("no answer"))
            original(connection)

        self._engine.dialect.do_commit = do_commit  # type: ignore[method-assign,assignment]  # the driver's seam, not our code
        try:
            yield
        finally:
            del self._engine.dialect.do_commit


def _writes(statement: str) -> bool:
    return statement.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE"))
