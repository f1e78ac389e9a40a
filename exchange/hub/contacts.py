"""When each unit's node was last heard at this process, and how far its clock was from the hub's. Kept in memory only.

It is what an operator looks at, and proves nothing: a hub of several processes shows what the one heard that is asked.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Contact:
    """A signed request: when it came (unix seconds), and by how many seconds the node's clock was ahead of ours."""

    seen: int
    ahead: int


class Contacts:
    """The last contact of each unit."""

    def __init__(self) -> None:
        self._last: dict[str, Contact] = {}

    def note(self, unit: str, now: int, created: int) -> None:
        """Note a request of `unit`, whose signature is good and was made at `created` by the node's clock."""
        self._last[unit] = Contact(now, created - now)

    def of(self, unit: str) -> Contact | None:
        """Return the last contact of a unit since this process began."""
        return self._last.get(unit)
