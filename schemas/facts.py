"""A message body with what surrounds it, as the rules of its kind read it. It knows no kind and no clock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from crypto.canonical import Json


@dataclass(frozen=True)
class Facts:
    """A body with what surrounds it: the envelope's labels, the message it answers, and the time it was sent."""

    body: Mapping[str, Json]
    objects: Sequence[Mapping[str, Json]] = ()
    labels: Mapping[str, Json] = field(default_factory=dict)
    parent: Mapping[str, Json] | None = None
    at: int = 0

    def text(self, name: str) -> str:
        """Return a text or code of the body; empty when absent."""
        return str(self.body.get(name, ""))

    def rows(self, name: str) -> list[dict[str, Json]]:
        """Return the rows of a repeated group of the body; empty when absent."""
        return records(self.body.get(name))

    def listed(self, name: str) -> list[str]:
        """Return the codes of a list of the envelope's labels; empty when absent."""
        value = self.labels.get(name)
        return [str(one) for one in value] if isinstance(value, list) else []


def records(value: "Json | None") -> list[dict[str, Json]]:
    """Return the rows of a repeated group; empty for anything else."""
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
