"""Kills processes of a federation under load: `python -m tests.e2e.kill --kills 50 [--url postgresql+psycopg://…]`.

Hub, sender and receiver die by SIGKILL at random moments and come back. Then nothing may be lost, nothing doubled,
every message final, and the hub's log must fold to its signed head.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from tests.e2e.federation import kill_at_random, load, wait_signed


def main() -> int:
    """Run the kills and print the figures as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--url", default="", help="empty PostgreSQL database of the hub; SQLite if left out")
    wanted = parser.parse_args()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="serai-kill-") as folder, load(Path(folder) / "f", wanted.url) as under:
        killed = kill_at_random(under, wanted.kills, wanted.seed)
        states = under.settle()
        wait_signed(under.federation.hub.home)
        figures = under.check()
    seconds = round(time.monotonic() - begun)
    report = {"seed": wanted.seed, "killed": killed, "states": states, **figures, "seconds": seconds, "ok": True}
    json.dump(report, sys.stdout, sort_keys=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
