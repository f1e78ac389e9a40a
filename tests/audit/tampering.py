"""Tampering with a hub's database as an administrator could, and whether the audit names each act.

`python -m tests.audit.tampering --count 1000 --entries 100000` does it on a large log, the tests on a small one. Every
act runs in a transaction that is taken back. Acts at one place each are tried several at a time, at places of their
own, and each must be named with its own code and index; acts upon the whole log are tried one by one.
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import cycle, islice
from pathlib import Path

from sqlalchemy import Connection

from audit.audit import Audit
from audit.audit_checkpoints import Trust
from audit.audit_database import DatabaseSource
from audit.audit_findings import Findings
from audit.policy import Policy
from exchange.hub.audit_rows import HubRows
from schemas import receipts
from schemas.receipts import SignedReceipt
from tests.audit import tampering_log, tampering_rows
from tests.audit.admin import Act, Admin, Expected
from tests.audit.hublog import WITNESSES, hub_with_log
from tests.audit.whole import remembered, undone
from tests.audit.witnesses import cosigner
from tests.hub.desk import Desk

ACTS: dict[str, Act] = {**tampering_log.ACTS, **tampering_rows.ACTS}
ALONE = 1
"""Acts upon the whole log after each round."""


@dataclass
class Bench:
    """A hub with a log, whose database is tampered with; what is the same every time is parsed once."""

    desk: Desk
    read: Callable[[bytes], SignedReceipt] = field(default_factory=lambda: lru_cache(None)(receipts.parse))

    def findings(self, connection: Connection, held: Sequence[bytes] = ()) -> Findings:
        """What the audit of the database finds, as `connection` sees it."""
        findings = Findings()
        rows = HubRows(connection, findings, self.desk.now, self.read)
        keys = self.desk.keys.log.keys
        policy = Policy.federated(keys, {unit: [cosigner(unit).keys] for unit in WITNESSES}, 2)
        trust = Trust((keys,), pinned=True, policy=policy)
        source = DatabaseSource(connection, "hub")
        return Audit(source, trust, held, (rows,), findings, remembered).run(lambda _done: None)

    def missed(self, names: Sequence[str], rng: random.Random) -> list[str]:
        """Commit these acts together and take them back; returns those that the audit did not name."""
        with undone(self.desk.db) as connection:
            admin = Admin(connection, rng, self.desk.keys.log)
            expected: list[tuple[str, Expected]] = []
            for name in names:
                expected += [(name, one) for one in ACTS[name].commit(admin)]
            found = self.findings(connection).all()
        return [f"{name}: {one}" for name, one in expected if not any(one.is_named_by(finding) for finding in found)]


def groups(count: int, rng: random.Random) -> Iterator[list[str]]:
    """`count` acts: in each round every act at one place, all together, and the next few of the others, each alone."""
    local = [name for name, act in ACTS.items() if not act.whole]
    others = cycle(rng.sample(sorted(ACTS.keys() - set(local)), len(ACTS) - len(local)))
    while count > 0:
        together = rng.sample(local, min(count, len(local)))
        alone = list(islice(others, min(count - len(together), ALONE)))
        count -= len(together) + len(alone)
        yield together
        yield from ([name] for name in alone)


def main(arguments: Sequence[str]) -> int:
    """Try them all; exit 1 if one was missed, or if the untouched log is not good."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(arguments)
    rng = random.Random(asked.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with hub_with_log(folder, f"sqlite:///{folder / 'hub.sqlite'}", asked.entries, 256) as desk:
            with desk.db.write() as session:  # so that places are found at once, however large the log
                for table in ("message", "receipt", "mailbox"):
                    session.connection().exec_driver_sql(f"CREATE INDEX place_{table} ON {table} (idx)")
            return tried(Bench(desk), list(groups(asked.count, rng)), rng)


def tried(bench: Bench, acts: Sequence[Sequence[str]], rng: random.Random) -> int:
    """Try the groups one after the other and say how many acts of each kind were named."""
    say = sys.stdout.write
    begun = time.monotonic()
    with undone(bench.desk.db) as connection:
        if bench.findings(connection).bad:
            say("the untouched log is not good\n")
            return 1
    say(f"untouched: good, {time.monotonic() - begun:.1f} s\n")
    done: Counter[str] = Counter()
    missed: list[str] = []
    for at, group in enumerate(acts, 1):
        missed += bench.missed(group, rng)
        done.update(group)
        sys.stderr.write(f"\r{at} of {len(acts)} audits, {done.total()} acts, {len(missed)} missed")
    for name, count in sorted(done.items()):
        say(f"{count:5} {name}\n")
    say("".join(f"MISSED {line}\n" for line in missed))
    say(f"{done.total()} acts, {len(missed)} missed, {len(acts)} audits, {time.monotonic() - begun:.0f} s\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
