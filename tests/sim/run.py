"""Lives through thousands of worlds on every core: `python -m tests.sim.run --worlds N`. Failing seeds are printed.

The same seed is the same world on every machine; `--first SEED --worlds 1` lives it again.
"""

import argparse
import sys
import time
import traceback
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from logging import CRITICAL
from typing import Final

from exchange.service import configure_logging
from tests import compiled
from tests.sim.lives import live
from tests.sim.rules import Violation
from tests.sim.rules_world import RulesWorld

RULES_FOR_EACH: Final = 20
PROGRESS_EVERY: Final = 10
ENOUGH: Final = 30

SOMETIMES: Final = (
    "SENT REQ",
    "REQUEST_LOST",
    "ANSWER_LOST",
    "DOUBLED",
    "DELAYED",
    "REQUEST_FLIPPED",
    "ANSWER_FLIPPED",
    "ANSWER_REPLACED",
    "PARTITIONED",
    "HUB_RESTARTED",
    "NODE_RESTARTED",
    "REVOKED",
    "RESEALED",
)
"""What thirty worlds must reach: a trouble that never comes tests nothing."""


def one(seed: int) -> tuple[int, Counter[str], str]:
    """Live one world of the services, and twenty of the rules alone; returns what was seen and what broke."""
    configure_logging(CRITICAL)
    try:
        seen = live(seed)
        for number in range(RULES_FOR_EACH):
            seen += RulesWorld(seed * RULES_FOR_EACH + number).run()
    except Violation as violation:
        return seed, Counter(), str(violation)
    except Exception:  # noqa: BLE001 - whatever breaks a world is told with its seed, and the others are lived
        return seed, Counter(), f"seed {seed}: {traceback.format_exc()}"
    return seed, seen, ""


def main() -> int:
    """Live the worlds; the status is 1 if a promise broke in any of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=2000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    wanted = parser.parse_args()
    compiled.share()
    begun, seen, broken = time.monotonic(), Counter[str](), []
    with ProcessPoolExecutor(wanted.processes) as pool:
        seeds = range(wanted.first, wanted.first + wanted.worlds)
        for done, (seed, counted, violation) in enumerate(pool.map(one, seeds), start=1):
            seen += counted
            if violation:
                broken.append(seed)
                print(f"\n{violation}", flush=True)
            if done % PROGRESS_EVERY == 0:
                print(
                    f"\r{done} worlds, {done / (time.monotonic() - begun) * 60:.0f} a minute", end="", file=sys.stderr
                )
    for name, count in sorted(seen.items()):
        print(f"{count:8} {name}")
    print(f"{wanted.worlds} worlds, {len(broken)} broken: {broken}")
    missing = [name for name in SOMETIMES if not seen[name]] if wanted.worlds >= ENOUGH else []
    if missing:
        print(f"never came: {', '.join(missing)}")
    return 1 if broken or missing else 0


if __name__ == "__main__":
    sys.exit(main())
