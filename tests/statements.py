"""Every statement that goes to a database driver: SQLAlchemy tells of its own, all others pass its dialect alone."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

Heard = Callable[[str, Any], None]
"""Gets the statement and its parameters, of one row where it is for many; what it raises, the statement raises."""


@contextmanager
def heard(engine: Engine, hear: Heard, *, after: bool = False) -> Iterator[None]:
    """Let `hear` know of every statement of the block, before it is done or after it was."""
    end = listen(engine, hear, after=after)
    try:
        yield
    finally:
        end()


def listen(engine: Engine, hear: Heard, *, after: bool = False) -> Callable[[], None]:
    """Do what `heard` does from now on; returns what ends it."""
    name = "after_cursor_execute" if after else "before_cursor_execute"
    dialect = engine.dialect

    def told(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:  # noqa: FBT001 - SQLAlchemy's signature
        hear(statement, parameters[0] if many else parameters)

    def passing(act: Callable[..., None], first: Callable[[Any], Any]) -> Callable[..., None]:
        def do(cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:
            alone = context is None
            if alone and not after:
                hear(statement, first(parameters))
            act(cursor, statement, parameters, context)
            if alone and after:
                hear(statement, first(parameters))

        return do

    one, many = dialect.do_execute, dialect.do_executemany
    dialect.do_execute = passing(one, lambda parameters: parameters)  # type: ignore[method-assign]  # the driver's seam, not our code
    dialect.do_executemany = passing(many, lambda parameters: parameters[0])  # type: ignore[method-assign]  # as above
    event.listen(engine, name, told)

    def end() -> None:
        event.remove(engine, name, told)
        dialect.do_execute, dialect.do_executemany = one, many  # type: ignore[method-assign]  # as above

    return end
