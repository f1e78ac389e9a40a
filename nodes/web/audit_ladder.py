"""The picture of an inclusion proof: a ladder from the entry up to the root, drawn on the server.

Geometry only: the template draws it with presentation attributes, and the same steps stand beside it as a list.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from nodes.oversight_steps import Step

WIDTH: Final = 480
BOX: Final = 92
ROOT: Final = 150
"""Width of the root's box, which holds its name as well, in the longest language."""
HEIGHT: Final = 20
RISE: Final = 30
CENTRE: Final = WIDTH // 2
AWAY: Final = 100
"""From the middle of the ladder to the near edge of a given hash."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One level: what was computed there, and on which side which hash was joined to come to it (none at the foot)."""

    y: int
    computed: str
    given: str
    given_x: int
    line_x: int
    entries: int
    label_x: int
    anchor: str


@dataclass(frozen=True, slots=True)
class Ladder:
    """The whole picture; the last rung is the root."""

    width: int
    height: int
    box: int
    root: int
    box_height: int
    centre: int
    rungs: tuple[Rung, ...]


def ladder(leaf: str, steps: Sequence[Step]) -> Ladder:
    """Return the picture for `leaf` and the steps above it, the root on top."""
    foot = 10 + RISE * len(steps)
    rungs = [Rung(foot, leaf[:8], "", 0, 0, 1, 0, "")]
    for number, step in enumerate(steps, 1):
        left = step.side == "left"
        x = CENTRE - AWAY - BOX // 2 if left else CENTRE + AWAY - BOX // 2
        rungs.append(
            Rung(
                y=foot - RISE * number,
                computed=step.result[:8],
                given=step.given[:8],
                given_x=x,
                line_x=x + BOX // 2,
                entries=step.entries,
                label_x=x - 6 if left else x + BOX + 6,
                anchor="end" if left else "start",
            )
        )
    return Ladder(WIDTH, foot + HEIGHT + 26, BOX, ROOT, HEIGHT, CENTRE, tuple(rungs))
