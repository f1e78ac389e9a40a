"""Lets a world live: trouble first, then healing, then everything must have come to its end."""

import tempfile
from collections import Counter
from pathlib import Path
from typing import Final

from exchange.courier import NOT_COLLECTED_ALARM
from tests.instants import MINUTE
from tests.sim.oracle import Oracle
from tests.sim.rules import Violation
from tests.sim.world import UNITS, World

STEPS: Final = 30
ROUNDS: Final = 40
ROUND: Final = NOT_COLLECTED_ALARM + MINUTE


def live(seed: int, steps: int = STEPS) -> Counter[str]:
    """Live one world and return what was seen in it; raises Violation with the seed that finds it again."""
    with tempfile.TemporaryDirectory(prefix="serai-world-") as folder:
        world = World(seed, Path(folder) / "federation")
        oracle = Oracle(world)
        try:
            for _ in range(steps):
                world.step()
                oracle.after_step()
            settle(world, oracle)
            oracle.at_end()
        except Violation as violation:
            raise Violation(f"seed {seed}: {violation}") from violation
        finally:
            world.close()
        return world.seen + world.network.fates + oracle.seen()


def settle(world: World, oracle: Oracle) -> None:
    """Heal the world and let everybody finish; raises Violation if somebody cannot."""
    world.heal()
    left: list[str] = []
    for _ in range(ROUNDS):
        world.now += ROUND
        world.tick()
        for unit in UNITS:
            if world.ended(unit):
                world.renew(unit)
            world.sync(unit)
        oracle.after_step()
        left = oracle.at_rest()
        if not left:
            for unit in UNITS:
                world.sync(unit)
            return
    raise Violation(f"did not come to rest: {left[:5]}")
