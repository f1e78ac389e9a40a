"""`serai doctor`: is this node or hub in order, and what to do where it is not.

It changes nothing. Each check is a function that returns a `Finding`; the command is only their list.
"""

import stat
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Annotated, Final

import httpx
import typer

from exchange.disk import Disk, Room
from exchange.hub.settings import SETTINGS_FILE as HUB_FILE
from exchange.hub.settings import HubSettings
from nodes.settings import SETTINGS_FILE as NODE_FILE
from nodes.settings import NodeSettings
from serai import control
from serai.benches.measure import flush_time
from serai.output import CommandError, JsonFlag, Report, Table, show

app = typer.Typer(help="Check a node or a hub.", rich_markup_mode=None)

CLOCK_SECONDS: Final = 30
SLOW_FLUSH_MS: Final = 50
KEY_DAYS: Final = {"SIGNING": 30, "NODE": 30, "ENCRYPTION": 3, "LOG": 365, "WITNESS": 30}
KEY_TODO: Final = {
    "SIGNING": "Run `serai node rotate` with the root key.",
    "NODE": "Run `serai node rotate` with the root key.",
    "ENCRYPTION": "It turns by itself every week: is the hub reached?",
    "LOG": "The keys of the unit's log end: see `Witnesses` in docs/operations.md.",
    "WITNESS": "They turn by themselves every year: is the hub reached?",
}
RULES_TODO: Final = {
    "SIGNED": "",
    "ENDING": "Install the release whose rules the federation has signed as the next.",
    "UNSIGNED": "Nothing is done here until the federation signs them, or a release that it signed is installed.",
    "UNDECIDED": "The federation has signed no rules yet: `serai federation rules`.",
}
HUB_KEY_DAYS: Final = 30
OLD_QUEUE: Final = 3600
OLD_MIRROR: Final = 3600
OLD_WITNESS: Final = 3600
OLD_ANCHOR: Final = 3600
OLD_CHECK: Final = 3600
DAMAGED: Final = "Keep a copy; `serai log audit` names all: `When an alarm about the log rings` in docs/operations.md."


ROOMS: Final = {
    Room.ENOUGH: "enough",
    Room.SHORT: "short: new work is refused soon",
    Room.LOW: "new work is refused",
    Room.FULL: "nothing is written any more",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found: `todo` says what to do where it is not in order."""

    check: str
    ok: bool
    found: str
    todo: str = ""


@app.callback(invoke_without_command=True)
def doctor(
    home: Annotated[Path, typer.Option("--home", envvar=["SERAI_NODE_FOLDER", "SERAI_HUB_HOME"], help="Its folder.")],
    *,
    as_json: JsonFlag = False,
) -> None:
    """Check clock, keys, reachability, directory age, queues and disk, and say what to do."""
    findings = list(examine(home, time.time()))
    rows = [["ok" if one.ok else "WRONG", one.check, one.found, one.todo] for one in findings]
    members = {"findings": [asdict(one) for one in findings]}
    ok = all(one.ok for one in findings)
    show(Report("doctor", members, table=Table(["", "check", "found", "do"], rows), ok=ok), as_json=as_json)


def examine(home: Path, now: float) -> Iterator[Finding]:
    """Check the node or hub in `home`; raises CommandError if there is none."""
    if (home / NODE_FILE).is_file():
        node = NodeSettings.read(home)
        hub_url, floor = node.hub_url, node.least_free_megabytes
    elif (home / HUB_FILE).is_file():
        hub = HubSettings.read(home)
        hub_url, floor = hub.public_url, hub.least_free_megabytes
    else:
        raise CommandError("SERAI-HOME", f"{home} holds neither a node nor a hub.")
    yield from _hub(hub_url, now)
    yield _keys(home / "keys")
    yield disk_finding(Disk(home, floor << 20))
    yield _flush(home)
    yield from _service(home, now)


def _hub(url: str, now: float) -> Iterator[Finding]:
    """The way to the hub, and our clock against its."""
    try:
        answer = httpx.get(f"{url}/v1/health", timeout=10, trust_env=False)
    except httpx.HTTPError as error:
        todo = "Check the network, the address and the certificate; messages wait in the queue meanwhile."
        yield Finding("hub", ok=False, found=f"{url}: {type(error).__name__}", todo=todo)
        return
    yield Finding("hub", answer.is_success, f"{url}: status {answer.status_code}", "Ask the hub's operator.")
    date = answer.headers.get("date")
    if date:
        apart = abs(now - parsedate_to_datetime(date).timestamp())
        todo = "Set the clock by NTP: requests are signed for 60 seconds."
        yield Finding("clock", apart <= CLOCK_SECONDS, f"{apart:.0f} s from the hub's", todo)


def _keys(folder: Path) -> Finding:
    """The key files are there and closed to others."""
    if not folder.is_dir():
        return Finding("key files", ok=False, found=f"{folder} is missing", todo="Restore them from a backup.")
    exposed = [path.name for path in (folder, *folder.iterdir()) if stat.S_IMODE(path.stat().st_mode) & 0o077]
    found = ", ".join(exposed) or f"{len(list(folder.iterdir()))} files, owner-only"
    return Finding("key files", not exposed, found, f"chmod -R go= {folder}")


def disk_finding(disk: Disk) -> Finding:
    """How much room there is, before and after something is refused for it."""
    room, free = disk.room(), f"{disk.free() >> 20} MiB free"
    return Finding("disk", room is Room.ENOUGH, f"{free}, {ROOMS[room]}", "Make room on this disk, or give it another.")


def _flush(home: Path) -> Finding:
    """How long a flush takes."""
    flush = flush_time(home)
    found = f"{flush.median_ms:.1f} ms a flush, 99 % under {flush.p99_ms:.1f} ms"
    return Finding("flush", flush.median_ms <= SLOW_FLUSH_MS, found, "The disk is slow: every message waits for it.")


def _service(home: Path, now: float) -> Iterator[Finding]:
    """What the running service says about itself."""
    try:
        status = control.call(home, "status", {})
    except CommandError as error:
        yield Finding("service", ok=False, found=error.what, todo=error.todo)
        return
    yield Finding("service", ok=True, found="running")
    yield from (node_findings(status, now) if "queued" in status else hub_findings(status, now))


def node_findings(status: control.Members, now: float) -> Iterator[Finding]:
    """What the status of a running node shows: directory, keys, queue, the hub's log and its own."""
    fresh, usable = status["directory_fresh_until"], status["directory_usable_until"]
    if fresh is None:
        yield Finding("directory", ok=False, found="none yet", todo="Was the node enrolled and joined?")
    else:
        found = f"version {status['directory_version']}, usable for {(usable - now) / 3600:.0f} h"
        yield Finding("directory", now < fresh, found, "No fresh directory: check the way to the hub.")
    for purpose, days in sorted(status["key_days"].items()):
        yield Finding(f"key {purpose.lower()}", days >= KEY_DAYS[purpose], f"{days} days left", KEY_TODO[purpose])
    yield _signer(status["signer"])
    oldest = status["oldest_queued"]
    waiting = oldest is not None and now - oldest > OLD_QUEUE
    yield Finding("queue", not waiting, f"{status['queued']} waiting", "Older than an hour: check the way to the hub.")
    following = status["cursor_state"] in {"FOLLOWING", "NEW"}
    todo = "The hub's log is not the one that was read before: ask its operator, and keep this node as it is."
    yield Finding("hub's log", following, status["cursor_state"], todo)
    restored = "It cosigns again once enough other units have cosigned since its restore: are their nodes running?"
    yield Finding("witness", status["witness"] != "WAITS", f"{status['witness']}, {status['witnessed_size']}", restored)
    quarantined = status["quarantined"]
    yield Finding("quarantine", quarantined == 0, f"{quarantined} held", "See the quarantine page for the reasons.")
    yield _rules(status["rules"], now)
    yield from _node_log(status["log"], status["log_size"], now)


def _rules(rules: control.Members, now: float) -> Finding:
    """Whether the rules of access that the node ships are those that the federation signed."""
    name, until = f"{rules['sha512'][:16]}…", rules["until"]
    days = f", for {(until - now) / 86_400:.0f} days" if until is not None else ""
    return Finding("rules", rules["signed"] == "SIGNED", f"{name} {rules['signed']}{days}", RULES_TODO[rules["signed"]])


def _signer(signer: control.Members) -> Finding:
    """Where the signing key is, and whether the token answers if it is in one."""
    found = f"ML-DSA-65 {signer['mldsa65']}, Ed25519 {signer['ed25519']}"
    todo = "Nothing is signed: see `A token for the signing key` in docs/operations.md."
    return Finding("signer", not signer["trouble"], f"{found}; {signer['trouble'] or 'signs'}", todo)


def _node_log(log: control.Members, size: int, now: float) -> Iterator[Finding]:
    """The unit's own log in the hub's, and its copy of the hub's."""
    behind, last = size - log["anchored_size"], _ago(log["anchored_at"], now)
    late = behind > 0 and _older(log["anchored_at"], OLD_ANCHOR, now)
    found = f"{log['anchored_size']} of {size} entries, {last}, {log['anchors_open']} not seen in the hub's log yet"
    yield Finding("anchor", not late, found, "Is the hub reached? It anchors the unit's log about every minute.")
    old = _older(log["mirrored_at"], OLD_MIRROR, now) or log["mirrored_size"] < log["accepted_size"]
    found = f"{log['mirrored_size']} of {log['accepted_size']} entries, asked {_ago(log['mirrored_at'], now)}"
    yield Finding("mirror", not old, found, "Is the hub reached? Without its mirror this unit cosigns nothing.")
    yield _check(log["looked_at"], log["checked_at"], log["damage"], now)


def _check(looked_at: int, checked_at: int, damage: Sequence[str], now: float) -> Finding:
    """What the check of the log in use found, and whether it runs at all."""
    if damage:
        return Finding("log check", ok=False, found=f"{len(damage)} damaged: {damage[0]}", todo=DAMAGED)
    found = f"nothing damaged; looked {_ago(looked_at, now)}, came round {_ago(checked_at, now)}"
    todo = "It does not run: look into the service log."
    return Finding("log check", not _older(looked_at, OLD_CHECK, now), found, todo)


def _older(at: int, seconds: int, now: float) -> bool:
    """Whether something was last done so long ago; what was never done yet has just been started."""
    return bool(at) and now - at > seconds


def _ago(at: int, now: float) -> str:
    return f"{max(0, now - at):.0f} s ago" if at else "never yet"


def hub_findings(status: control.Members, now: float) -> Iterator[Finding]:
    """What the status of a running hub shows: its log, publication, witnesses and units."""
    behind = status["log_size"] - status["signed_size"]
    yield Finding("log", behind < 1000, f"{status['log_size']} entries, {behind} not signed yet", "Look into its log.")
    yield _check(status["log_looked_at"], status["log_checked_at"], status["log_damage"], now)
    yield _publication(status)
    if status["quorum"]:
        yield _witnesses(status["witnesses"], status["quorum"], now)
    contradictions = status["log_contradictions"]
    todo = "A unit has signed two histories of its log: keep everything, see `Witnesses` in docs/operations.md."
    yield Finding("units' logs", contradictions == 0, f"{contradictions} contradictions", todo)
    for use, ends in sorted(status["keys"].items()):
        days = int(ends - now) // 86_400
        todo = "Bring k of the federation's roots and run `serai hub rotate`: no node believes an ended key."
        yield Finding(f"key {use.lower()}", days >= HUB_KEY_DAYS, f"{days} days left", todo)
    suspended = [unit["unit"] for unit in status["units"] if unit["suspended"]]
    yield Finding(
        "units", ok=True, found=f"{len(status['units'])} enrolled, suspended: {', '.join(suspended) or 'none'}"
    )


def _witnesses(witnesses: Sequence[control.Members], quorum: int, now: float) -> Finding:
    """Whether a witness fell silent: the quorum may still be met, and one more would end that."""
    silent = [one["unit"] for one in witnesses if _older(one["seen"], OLD_WITNESS, now)]
    found = f"{len(silent)} of {len(witnesses)} silent for an hour, {quorum} must cosign"
    todo = f"Silent: {', '.join(silent)}. Are their nodes running?"
    return Finding("witnesses", not silent, found, todo)


def _publication(status: control.Members) -> Finding:
    """Whether the quorum of witnesses keeps up."""
    if not status["quorum"]:
        return Finding("publication", ok=True, found="no witnesses: checkpoints are published without cosignatures")
    missing = [one["unit"] for one in status["witnesses"] if not one["cosigned"]]
    found = f"{status['published_size']} entries, {status['publication_age_seconds']} s ago"
    todo = f"Not cosigned by {', '.join(missing) or 'nobody'}: are their nodes running? {status['quorum']} must."
    return Finding("publication", not status["publication_late"], found, todo)
