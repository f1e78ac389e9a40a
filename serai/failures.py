"""The words and the exit status that a person at a terminal gets for an error of the packages below: one table."""

from schemas.errors import SchemaError
from serai.output import CommandError, Exit


def explained(error: Exception, lang: str) -> CommandError | None:
    """Return the error in words and with its exit status, or None for a defect of ours, which keeps its traceback."""
    if isinstance(error, CommandError):
        return error
    if isinstance(error, SchemaError):
        return CommandError(error.code, str(error))
    if isinstance(error, FileNotFoundError | PermissionError | IsADirectoryError | NotADirectoryError):
        return CommandError("SERAI-FILE", f"{error.filename}: {error.strerror}", status=Exit.USAGE)
    if isinstance(error, ConnectionError | TimeoutError):
        return CommandError("SERAI-UNREACHABLE", str(error), status=Exit.UNREACHABLE)
    del lang
    return None
