"""The log measured: appends that survive a power cut, proofs, verification, and the tree alone in memory.

Every figure is a median with its 99th percentile; entries are 200 random bytes, as long as an entry of ours is.
"""

import os
import resource
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from audit import store
from audit.checkpoints import LogSigner, verify_checkpoint
from audit.edge import Edge
from audit.log import Log
from audit.merkle import verify_consistency, verify_inclusion
from audit.proof import LogProof, verify_proof
from audit.tiles import TILE_WIDTH
from crypto.merkle_hash import leaf_hash
from exchange.database import Database
from serai.benches.measure import spread, timed

BATCHES: Final = (1, 16, 256)
ENTRY: Final = 200
PROOFS: Final = 2000
VERIFICATIONS: Final = 300
IN_MEMORY: Final = 100_000
AT_ONCE: Final = 8_192


def run(seconds: float, url: str, size: int) -> dict[str, object]:
    """Measure a new log in the empty database at `url`, first filled with `size` entries; `seconds` a batch size.

    Returns the members of a report: milliseconds for durations, entries a second for rates. `most_memory_mb` is before
    the tree alone is measured, for which all its entries are held.
    """
    database = Database(url)
    signer = LogSigner.from_seeds("bench.example/log", os.urandom(64))
    log = Log("bench", signer)
    try:
        store.metadata.create_all(database.engine)
        _fill(database, log, size)
        appends, signed = {}, []
        for batch in BATCHES:
            appends[f"batch_{batch}"] = _append(database, log, batch, seconds)
            with database.write() as session:
                signed.append(log.sign_checkpoint(session, int(time.time())))
        reopened = _reopen(database, log.log_id)
        proved = _prove(database, log.log_id, signed[-1].size)
        verified = _verify(database, log, signer, signed)
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return {
            "database": database.engine.dialect.name,
            "size": signed[-1].size,
            "append": appends,
            "reopen_ms": reopened,
            "prove": proved,
            "verify": verified,
            "most_memory_mb": round(most / 1024),
            "in_memory": _in_memory(),
        }
    finally:
        store.metadata.drop_all(database.engine)
        database.close()


def _fill(database: Database, log: Log, size: int) -> None:
    """Make the log as long as one that has been in use."""
    for start in range(0, size, AT_ONCE):
        with database.write() as session:
            entries = [os.urandom(ENTRY) for _ in range(min(AT_ONCE, size - start))]
            log.append(session, entries, int(time.time()))


def _reopen(database: Database, log_id: str) -> float:
    """Return the milliseconds to the first append of a process that knows nothing of the log yet."""
    begun = time.perf_counter()
    with database.write() as session:
        Log(log_id).append(session, [os.urandom(ENTRY)], int(time.time()))
    return round((time.perf_counter() - begun) * 1000, 3)


def _append(database: Database, log: Log, batch: int, seconds: float) -> dict[str, object]:
    """Append batches, each in a transaction of its own, for `seconds`."""
    taken: list[float] = []
    end = time.perf_counter() + seconds
    while not taken or time.perf_counter() < end:
        entries = [os.urandom(ENTRY) for _ in range(batch)]
        begun = time.perf_counter()
        with database.write() as session:
            log.append(session, entries, int(time.time()))
        taken.append(time.perf_counter() - begun)
    return {"entries_per_second": round(batch * len(taken) / sum(taken)), "commit": spread(taken).members()}


def _in_memory() -> dict[str, object]:
    """The tree without a database: leaf hashes and nodes, all at once and one by one."""
    entries = [os.urandom(ENTRY) for _ in range(IN_MEMORY)]

    def bulk() -> None:
        Edge().extended(map(leaf_hash, entries))

    def single() -> None:
        edge = Edge()
        for entry in entries:
            edge, _ = edge.extended((leaf_hash(entry),))

    rates = {name: round(IN_MEMORY / min(timed(work, 3))) for name, work in (("bulk", bulk), ("single", single))}
    return {f"{name}_entries_per_second": rate for name, rate in rates.items()}


def _prove(database: Database, log_id: str, size: int) -> dict[str, object]:
    """Proofs of entries all over the log: the first ones of each tile of leaves, then with all tiles in memory."""
    indices = range(0, size, max(1, size // PROOFS))
    with database.read() as session:
        log = Log(log_id)
        log.checkpoint(session)  # from here on it knows what is committed, and keeps tiles
        cold = [_seconds(partial(log.inclusion, session, at, size)) for at in range(0, size, TILE_WIDTH)]
        warm = [_seconds(partial(log.inclusion, session, at, size)) for at in indices]
        consistency = [_seconds(partial(log.consistency, session, at, size)) for at in indices]
    named = {"inclusion_cold": cold, "inclusion_warm": warm, "consistency_warm": consistency}
    return {name: spread(taken).members() for name, taken in named.items()}


def _verify(
    database: Database, log: Log, signer: LogSigner, signed: Sequence[store.StoredCheckpoint]
) -> dict[str, object]:
    """What a reader of proofs does, what the signer does, and the whole log hashed again."""
    old, new = signed[0], signed[-1]
    with database.read() as session:
        path, leaf = log.inclusion(session, 0, new.size), log.leaf_hash(session, 0)
        proof = log.consistency(session, old.size, new.size)
        audited = _seconds(lambda: log.verify(session, signer.keys))
    file = LogProof(0, tuple(path), new.note)
    works: dict[str, Callable[[], object]] = {
        "inclusion": lambda: verify_inclusion(leaf, 0, new.size, path, new.root),
        "consistency": lambda: verify_consistency(old.size, old.root, new.size, new.root, proof),
        "checkpoint": lambda: verify_checkpoint(new.note, signer.keys),
        "proof_file": lambda: verify_proof(file, leaf, signer.keys),
        "sign": lambda: signer.sign(new.size, new.root, new.time),
    }
    figures = {name: spread(timed(work, VERIFICATIONS)).members() for name, work in works.items()}
    return {**figures, "audit_entries_per_second": round(new.size / audited)}


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
