"""Who may look at the pages of a hub: names, roles, passwords and second factors in one owner-only file of its folder.

Whoever owns the folder makes the accounts, and could read everything that the pages show without them. Sessions live in
the memory of one process: when it ends, everybody is signed out.
"""

import fcntl
import hashlib
import json
import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Final

from nodes import passwords

FILE: Final = "operators.json"
IDLE: Final = 15 * 60
LIFETIME: Final = 8 * 3600
ATTEMPTS: Final = 5
WINDOW: Final = 15 * 60


class Role(StrEnum):
    """Who looks: the operator sees queues, keys and machines; the hub's auditor the log, its witnesses and anchors."""

    OPERATOR = "HUB_OPERATOR"
    AUDITOR = "HUB_AUDITOR"


@dataclass(frozen=True, slots=True)
class Account:
    """One person; `step` is the last time step whose one-time code was used."""

    name: str
    role: Role
    password: str = field(repr=False)
    totp: str = field(repr=False)
    step: int = 0


class Accounts:
    """The accounts in a hub's folder."""

    def __init__(self, home: Path) -> None:
        self._path = home / FILE

    def put(self, name: str, role: Role, password: str) -> str:
        """Make or replace an account and return the secret of its one-time codes (base32); raises `BadInput`."""
        passwords.check_new(password)
        secret = passwords.totp_base32(passwords.new_totp_secret())
        with self._changing() as held:
            held[name] = Account(name, role, passwords.hash_password(password), secret)
        return secret

    def remove(self, name: str) -> bool:
        """Take an account away; returns whether there was one."""
        with self._changing() as held:
            return held.pop(name, None) is not None

    def get(self, name: str) -> Account | None:
        """Return the account of that name."""
        return self._read().get(name)

    def check(self, name: str, password: str, code: str, now: int) -> Account | None:
        """Return the account if name, password and a code that was not used yet are right together."""
        account = self.get(name)
        if not passwords.matches(password, account.password if account else None) or account is None:
            return None
        with self._changing() as held:
            present = held.get(name)  # a code that another process has just let through is used up
            if present is None:
                return None
            step = passwords.totp_step(passwords.totp_secret(present.totp), code, now, present.step)
            if step is None:
                return None
            held[name] = replace(present, step=step)
            return held[name]

    def _read(self) -> dict[str, Account]:
        if not self._path.exists():
            return {}
        found = json.loads(self._path.read_text(encoding="utf-8"))
        return {name: Account(**{**one, "role": Role(one["role"])}) for name, one in found.items()}

    @contextmanager
    def _changing(self) -> Iterator[dict[str, Account]]:
        """Read under a lock, and write the file whole if the block ends well."""
        with os.fdopen(os.open(self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            held = self._read()
            yield held
            new = self._path.with_suffix(".new")
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                json.dump({name: asdict(one) for name, one in held.items()}, file)
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path)


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody signed in; `csrf` proves that a form came from a page of this session."""

    name: str
    role: Role
    csrf: str = field(repr=False)
    began: int
    used: int


class Sessions:
    """Sessions and failed attempts, by hash and by name; times are unix seconds."""

    def __init__(self) -> None:
        self._open: dict[str, Session] = {}
        self._failed: dict[str, list[int]] = {}
        self._lock = threading.Lock()

    def begin(self, account: Account, now: int) -> str:
        """Return the token of a new session; failures before it are forgotten."""
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._failed.pop(account.name, None)
            self._open[_hash(token)] = Session(account.name, account.role, secrets.token_urlsafe(24), now, now)
        return token

    def of(self, token: str, now: int) -> Session | None:
        """Return the session of a token that is neither idle for too long nor too old, and note its use."""
        with self._lock:
            session = self._open.get(_hash(token))
            if session is None or now >= min(session.used + IDLE, session.began + LIFETIME):
                self._open.pop(_hash(token), None)
                return None
            self._open[_hash(token)] = replace(session, used=now)
            return session

    def end(self, token: str) -> None:
        """End a session, if there is one."""
        with self._lock:
            self._open.pop(_hash(token), None)

    def attempt(self, name: str, now: int) -> bool:
        """Note an attempt to sign in as `name`; returns whether it may be made: five in a quarter of an hour."""
        with self._lock:
            self._failed = {other: times for other, times in self._failed.items() if times[-1] > now - WINDOW}
            recent = [at for at in self._failed.get(name, []) if at > now - WINDOW]
            self._failed[name] = [*recent, now][-ATTEMPTS:]
            return len(recent) < ATTEMPTS


def _hash(token: str) -> str:
    return hashlib.sha256(b"serai/operator-session/1" + token.encode()).hexdigest()
