"""`serai doctor`: is this node or hub in order, and what to do where it is not.

It changes nothing. Each check is a function that returns a `Finding`; the command is only their list.
"""

import shutil
import stat
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Annotated, Final

import httpx
import typer

from exchange.hub.settings import SETTINGS_FILE as HUB_FILE
from exchange.hub.settings import HubSettings
from nodes.settings import SETTINGS_FILE as NODE_FILE
from nodes.settings import NodeSettings
from serai import control
from serai.benches.measure import flush_time
from serai.output import CommandError, JsonFlag, Report, Table, show

app = typer.Typer(help="Check a node or a hub.", rich_markup_mode=None)

CLOCK_SECONDS: Final = 30
LEAST_FREE: Final = 1 << 30
SLOW_FLUSH_MS: Final = 50
KEY_DAYS: Final = {"SIGNING": 30, "NODE": 30, "ENCRYPTION": 3, "LOG": 365, "WITNESS": 30}
KEY_TODO: Final = {
    "SIGNING": "Run `serai node rotate` with the root key.",
    "NODE": "Run `serai node rotate` with the root key.",
    "ENCRYPTION": "It turns by itself every week: is the hub reached?",
    "LOG": "The keys of the unit's log end: see `Witnesses` in docs/operations.md.",
    "WITNESS": "They turn by themselves every year: is the hub reached?",
}
OLD_QUEUE: Final = 3600


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
        hub_url = NodeSettings.read(home).hub_url
    elif (home / HUB_FILE).is_file():
        hub_url = HubSettings.read(home).public_url
    else:
        raise CommandError("SERAI-HOME", f"{home} holds neither a node nor a hub.")
    yield from _hub(hub_url, now)
    yield _keys(home / "keys")
    yield from _disk(home)
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


def _disk(home: Path) -> Iterator[Finding]:
    """Room, and how long a flush takes."""
    free = shutil.disk_usage(home).free
    yield Finding("disk", free >= LEAST_FREE, f"{free >> 20} MiB free", "Make room: new messages are refused soon.")
    flush = flush_time(home)
    found = f"{flush.median_ms:.1f} ms a flush, 99 % under {flush.p99_ms:.1f} ms"
    yield Finding("flush", flush.median_ms <= SLOW_FLUSH_MS, found, "The disk is slow: every message waits for it.")


def _service(home: Path, now: float) -> Iterator[Finding]:
    """What the running service says about itself."""
    try:
        status = control.call(home, "status", {})
    except CommandError as error:
        yield Finding("service", ok=False, found=error.what, todo=error.todo)
        return
    yield Finding("service", ok=True, found="running")
    yield from (_node_status(status, now) if "queued" in status else _hub_status(status))


def _node_status(status: control.Members, now: float) -> Iterator[Finding]:
    fresh, usable = status["directory_fresh_until"], status["directory_usable_until"]
    if fresh is None:
        yield Finding("directory", ok=False, found="none yet", todo="Was the node enrolled and joined?")
    else:
        found = f"version {status['directory_version']}, usable for {(usable - now) / 3600:.0f} h"
        yield Finding("directory", now < fresh, found, "No fresh directory: check the way to the hub.")
    for purpose, days in sorted(status["key_days"].items()):
        yield Finding(f"key {purpose.lower()}", days >= KEY_DAYS[purpose], f"{days} days left", KEY_TODO[purpose])
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


def _hub_status(status: control.Members) -> Iterator[Finding]:
    behind = status["log_size"] - status["signed_size"]
    yield Finding("log", behind < 1000, f"{status['log_size']} entries, {behind} not signed yet", "Look into its log.")
    yield _publication(status)
    contradictions = status["log_contradictions"]
    todo = "A unit has signed two histories of its log: keep everything, see `Witnesses` in docs/operations.md."
    yield Finding("units' logs", contradictions == 0, f"{contradictions} contradictions", todo)
    suspended = [unit["unit"] for unit in status["units"] if unit["suspended"]]
    yield Finding(
        "units", ok=True, found=f"{len(status['units'])} enrolled, suspended: {', '.join(suspended) or 'none'}"
    )


def _publication(status: control.Members) -> Finding:
    """Whether the quorum of witnesses keeps up."""
    if not status["quorum"]:
        return Finding("publication", ok=True, found="no witnesses: checkpoints are published without cosignatures")
    missing = [one["unit"] for one in status["witnesses"] if not one["cosigned"]]
    found = f"{status['published_size']} entries, {status['publication_age_seconds']} s ago"
    todo = f"Not cosigned by {', '.join(missing) or 'nobody'}: are their nodes running? {status['quorum']} must."
    return Finding("publication", not status["publication_late"], found, todo)
