"""One place for the statements that SQLAlchemy compiled, for all databases of a test process.

An engine keeps its own for as long as it lives, which is long in a service. Tests open thousands of databases, and
would spend a fifth of their time on compiling the same statements again. What is shared is only their text.
"""

from typing import Any, Final

from sqlalchemy import Connection, Dialect, Engine, event

_compiled: Final[dict[Any, Any]] = {}
_dialects: Final[dict[str, Dialect]] = {}


def share() -> None:
    """Let every engine of this process use one cache."""
    event.listen(Engine, "engine_connect", _share)


def _share(connection: Connection) -> None:
    """The key of a compiled statement names its dialect as an object: the first of a driver stands for the others."""
    own = connection.dialect
    connection.dialect = _dialects.setdefault(own.driver, own)
    connection.execution_options(compiled_cache=_compiled)
