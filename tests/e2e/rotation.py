"""Replaces and withdraws every key of a federation under load: `python -m tests.e2e.rotation [--url postgresql+psycopg://…]`.

Three units write to each other all the time. No message may meet an error, none may be lost; what is withdrawn must be
refused everywhere within a minute; and evidence from before must read "valid, then revoked". Prints one JSON object.
"""

import argparse
import contextlib
import io
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx

from crypto.header import GENESIS, HeaderDraft
from crypto.instants import to_text
from crypto.keystore import KeyStore
from crypto.sealing import Recipient, seal
from crypto.signing import SigningKey
from exchange.database import Database
from nodes import trust
from schemas.trust import Directory
from serai import control
from serai.cli import app
from serai.output import CommandError
from serai.verifier import Known, examine
from tests.e2e.federation import Load, load, wait_signed
from tests.e2e.polling import Poll

UNITS: Final = ("KG", "KZ", "TJ")
LIMIT: Final = 60
LOOK_EVERY: Final = 0.25
PURPOSES: Final = {"encryption": "ENCRYPTION", "request": "NODE", "witness": "WITNESS", "signing": "SIGNING"}


@dataclass
class Drill:
    """The federation under load, and how many seconds each change took until it held everywhere."""

    under: Load
    seconds: dict[str, float] = field(default_factory=dict)
    next: dict[tuple[str, str], str] = field(default_factory=dict)

    def rotate_unit(self, unit: str) -> None:
        """Replace the four keys of a running node; each counts once every node's directory carries it."""
        for purpose, use in PURPOSES.items():
            with self.timed(f"{unit} {purpose}"):
                self.everywhere(partial(_states, self.rotated(unit, purpose)))
                until(partial(self.uses, unit, use), f"{unit} uses its next key")

    def rotated(self, unit: str, purpose: str) -> str:
        """Replace a key and return the id of the next one."""
        root = ["--root-passphrase-file", self.secret] if purpose == "signing" else []
        kid = self.next[unit, PURPOSES[purpose]] = self.node("rotate", unit, "--key", purpose, *root)["kid"]
        return str(kid)

    def uses(self, unit: str, use: str) -> bool:
        """Whether a node uses the key that it made last."""
        return self.ids(unit)[use] == self.next[unit, use]

    def rotate_hub(self, *, at_once: bool) -> None:
        """Replace the hub's four keys; they count once the hub signs its answers with the next."""
        before = self.hub_keyid()
        with self.timed("hub, stolen" if at_once else "hub"):
            version = self.hub("rotate", *self.roots(), *(["--at-once"] if at_once else []))["version"]
            self.everywhere(lambda directory: directory.federation.version >= version)
            until(lambda: self.hub_keyid() != before, "the hub answers under its next key", 3 * LIMIT)

    def change_passphrases(self) -> None:
        """Lock the folders of hub and nodes under another passphrase and back: what runs goes on."""
        another = self.under.federation.folder / "another"
        another.touch(mode=0o600)
        another.write_text("another passphrase\n")
        folders = [self.under.federation.hub.home, *(self.folder(unit) for unit in self.under.ports.units)]
        for old, new in ((self.secret, another), (another, self.secret)):
            for folder in folders:
                words = ("--passphrase-file", old, "--new-passphrase-file", new)
                command("passphrase", folder / "keys", *words)

    def revoke_key(self, unit: str, kid: str) -> None:
        """Withdraw a key that was stolen a moment ago; whoever holds it still is refused."""
        thief = SigningKey.from_seeds(self.store(unit).load("signing", f"signing-{kid}"))
        since = to_text(int(time.time()))
        with self.timed("revoked key refused"):
            self.node("revoke", unit, kid, "--stolen-since", since, "--root-passphrase-file", self.secret)
            answer = httpx.post(
                f"{self.under.ports.hub_url}/v1/messages",
                content=self.forged(unit, thief),
                headers={"content-type": "application/octet-stream"},
                trust_env=False,
            )
            assert answer.json()["code"] == "EX-4032", answer.text
            self.everywhere(lambda directory: directory.keys[kid].ended(int(time.time())))

    def suspend(self, unit: str) -> None:
        """Suspend a unit while its node waits for mail, see it refused everywhere, and let it in again."""
        others = tuple(one for one in self.under.ports.units if one != unit)
        self.under.active = others
        poll = Poll.begin(self.under.federation.nodes[unit], self.store(unit), self.ids(unit)["NODE"])
        with self.timed("suspended unit refused"):
            self.hub("suspend", unit)
            assert poll.refused(LIMIT) == 403
            self.everywhere(lambda directory: directory.suspension(unit) is not None, others)
            self.nobody_seals_to(unit, others)
        self.hub("suspend", unit, "--lift")
        self.everywhere(lambda directory: directory.suspension(unit) is None)
        self.under.active = self.under.ports.units

    def expel(self, unit: str) -> None:
        """Put a unit out of the federation; what it holds still is worth nothing from then on."""
        others = tuple(one for one in self.under.ports.units if one != unit)
        self.under.active = others
        until(lambda: set(self.under.states()) <= {"DELIVERED", "OPENED"}, "what was under way has arrived", 2 * LIMIT)
        poll = Poll.begin(self.under.federation.nodes[unit], self.store(unit), self.ids(unit)["NODE"])
        with self.timed("expelled unit refused"):
            self.hub("revoke", unit, "--yes", *self.roots())
            assert poll.refused(LIMIT) in {401, 403}
            self.everywhere(lambda directory: unit not in {one.unit for one in directory.units()}, others)
            self.nobody_seals_to(unit, others)

    def nobody_seals_to(self, unit: str, others: tuple[str, ...]) -> None:
        """See that a message to the unit is refused at the desk of each of the others."""
        for one in others:
            with contextlib.suppress(CommandError):
                self.under.stage.send(one, "REQ", self.under.writing(), recipients=[unit])
                raise AssertionError(f"{one} sealed to {unit}")

    def evidence(self, unit: str, message_id: str, name: str) -> dict[str, Any]:
        """Export the evidence of a message at a unit, verify it offline, and say what was found about its signer."""
        path = self.under.federation.folder / name
        asked = {"message_id": message_id, "case_ref": None, "reason": "drill", "use": "COURT", "with_content": False}
        self.under.stage.ask(unit, "message.evidence", {**asked, "path": str(path)})
        report = examine(path, Known())
        codes = {one.code for one in report.findings}
        return {"good": report.ok, "then": sorted(codes & {"SIGNER_REVOKED_LATER", "SIGNER_LEFT_LATER"})}

    # --- hands --------------------------------------------------------------------------------------------------------

    @property
    def secret(self) -> Path:
        return self.under.federation.passphrase_file

    def folder(self, unit: str) -> Path:
        return self.under.federation.nodes[unit].folder

    def store(self, unit: str) -> KeyStore:
        return KeyStore.open(self.under.federation.nodes[unit].keys, self.under.federation.passphrase)

    def node(self, name: str, unit: str, *words: object) -> dict[str, Any]:
        return command("node", name, "--home", self.folder(unit), "--passphrase-file", self.secret, *words)

    def hub(self, name: str, *words: object) -> dict[str, Any]:
        home = self.under.federation.hub.home
        return command("hub", name, "--home", home, "--passphrase-file", self.secret, *words)

    def roots(self) -> list[object]:
        folders = [self.under.federation.folder / "roots" / f"root-{number}" for number in (1, 2)]
        given = [("--root", folder, "--root-passphrase-file", self.secret) for folder in folders]
        return [word for words in given for word in words]

    def ids(self, unit: str) -> dict[str, str]:
        found: dict[str, str] = control.call(self.folder(unit), "status", {})["key_ids"]
        return found

    def hub_keyid(self) -> str:
        answer = httpx.get(f"{self.under.ports.hub_url}/v1/health", trust_env=False)
        return answer.headers["signature-input"].partition('keyid="')[2].partition('"')[0]

    def directory(self, unit: str) -> Directory:
        """The directory that a node holds, as its own database says."""
        database = Database(self.under.federation.nodes[unit].database)
        try:
            with database.read() as session:
                held = trust.load(session, int(time.time()))
        finally:
            database.close()
        assert held is not None
        return held

    def everywhere(self, holds: Callable[[Directory], bool], units: tuple[str, ...] = ()) -> None:
        for unit in units or self.under.ports.units:
            until(partial(self._holds, unit, holds), f"{unit} has heard of it")

    def _holds(self, unit: str, holds: Callable[[Directory], bool]) -> bool:
        return holds(self.directory(unit))

    def forged(self, unit: str, key: SigningKey) -> bytes:
        """A well-formed envelope by whoever stole a signing key."""
        now, other = int(time.time()), next(one for one in self.under.active if one != unit)
        public = self.directory(unit).encryption_key(other, now).public
        draft = HeaderDraft(
            env="live",
            ctype="message",
            id=f"{now:032x}",
            sender=unit,
            created=now,
            expires=now + 86_400,
            seq=1,
            prev=GENESIS,
            family="operational",
            urgency="ROUTINE",
            classification="OFFUSE",
            handling=("H1",),
        )
        return seal(draft, b"forged", key, [Recipient(other, public, 1, GENESIS)]).wire

    @contextlib.contextmanager
    def timed(self, name: str) -> Iterator[None]:
        begun = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - begun, 1)


def _states(kid: str, directory: Directory) -> bool:
    return kid in directory.keys


def command(*words: object) -> dict[str, Any]:
    """Run a command as its user does and return the object that it prints."""
    out, said = io.StringIO(), io.StringIO()
    status = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(said):
        try:
            app([*map(str, words), "--json"])
        except SystemExit as ended:
            status = int(ended.code or 0)
    assert status == 0, said.getvalue()
    printed: dict[str, Any] = json.loads(out.getvalue())
    return printed


def until(holds: Callable[[], bool], what: str, seconds: float = LIMIT) -> None:
    """Wait until something holds; AssertionError with `what` if it does not in time."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"not within {seconds} seconds: {what}"
        time.sleep(LOOK_EVERY)


def drill(under: Load, *, short: bool) -> dict[str, Any]:
    """Do everything, or with `short` only with the keys of one unit; returns the figures."""
    one = Drill(under)
    with under.flowing(pause=1.0 if short else 0.3):
        until(lambda: bool(under.sent["TJ"]), "the first message is sealed")
        first, stolen = under.sent["TJ"][0], one.ids("TJ")["SIGNING"]
        for unit in ("TJ",) if short else UNITS:
            one.rotate_unit(unit)
        if not short:
            one.rotate_hub(at_once=False)
            one.change_passphrases()
        one.rotate_hub(at_once=True)
        wait_signed(under.federation.hub.home)
        before = one.evidence("TJ", first, "before.zip")
        one.revoke_key("TJ", stolen)
        one.suspend("KZ")
    one.expel("KZ")
    under.write("KG")
    under.settle()
    wait_signed(under.federation.hub.home)
    after = one.evidence("TJ", first, "after.zip")
    assert (before, after) == ({"good": True, "then": []}, {"good": True, "then": ["SIGNER_REVOKED_LATER"]})
    assert under.failed == []
    assert max(one.seconds[name] for name in one.seconds if name.endswith("refused")) < LIMIT
    figures = {"errors": len(under.failed), "seconds": one.seconds, "before": before, "after": after}
    return {**figures, **under.check()}


def main() -> int:
    """Run the drill and print the figures as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="the keys of one unit, and the hub's as if stolen")
    parser.add_argument("--url", default="", help="empty PostgreSQL database of the hub; SQLite if left out")
    wanted = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="serai-rotation-") as folder,
        load(Path(folder) / "f", wanted.url, units=UNITS) as under,
    ):
        figures = drill(under, short=wanted.short)
    json.dump({**figures, "ok": True}, sys.stdout, sort_keys=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
