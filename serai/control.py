"""How a command reaches the service that owns a folder: an owner-only Unix socket, or the folder itself under its lock.

A service holds `service.lock` for as long as it runs, so two processes never write one SQLite database, and answers
named operations on `control.sock`. A command that finds nobody running takes the lock and does the same operation
itself. Only the owner of the folder (or root) gets an answer. It must not know what the operations do.
"""

import fcntl
import json
import os
import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from schemas.words import spoken
from serai.failures import explained
from serai.output import LANGUAGE, CommandError, Exit

Members = dict[str, Any]
Operation = Callable[[Members], Members]

SOCKET: Final = "control.sock"
FRAME: Final = struct.Struct(">I")
FRAME_LIMIT: Final = 32 << 20
ANSWER_SECONDS: Final = 60
STOP_SECONDS: Final = 0.05
PEER: Final = struct.Struct("3i")


def lock_path(home: Path) -> Path:
    """Return the file whose lock says that a process owns this folder."""
    return home / "service.lock"


def socket_path(home: Path) -> Path:
    """Return the socket on which the process that owns this folder answers."""
    return home / SOCKET


@contextmanager
def owned(home: Path, *, shared: bool = False) -> Iterator[bool]:
    """Own the folder until the end of the block and yield True.

    If another process owns it: raises CommandError (CONFLICT), or with `shared`, where the database itself orders its
    writers, yields False.
    """
    descriptor = os.open(lock_path(home), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        alone = _locked(descriptor)
        if not alone and not shared:
            raise CommandError(
                "SERAI-BUSY",
                f"Another process is using {home}.",
                "Only one process at a time may write to it.",
                "Wait for it to end, or stop the service.",
                Exit.CONFLICT,
            )
        yield alone
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _address(home: Path) -> Iterator[str]:
    """Give the socket an address that fits the 107 bytes of a Unix socket, however deep the folder is."""
    folder = os.open(home, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{SOCKET}"
    finally:
        os.close(folder)


@contextmanager
def answering(home: Path, operations: Mapping[str, Operation]) -> Iterator[None]:
    """Answer operations on the folder's socket, one thread a caller, until the end of the block."""
    path = socket_path(home)
    path.unlink(missing_ok=True)
    before = os.umask(0o177)
    try:
        with _address(home) as address:
            server = _Server(address, operations)
    finally:
        os.umask(before)
    threading.Thread(target=server.serve_forever, args=[STOP_SECONDS], name="control", daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        path.unlink(missing_ok=True)


def call(home: Path, name: str, arguments: Members) -> Members:
    """Let the running service do an operation and return its result; raises CommandError (UNREACHABLE if none runs)."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as plug:
        plug.settimeout(ANSWER_SECONDS)
        try:
            _connect(plug, home)
            _write(plug, {"operation": name, "arguments": arguments, "language": LANGUAGE.get()})
            answer = _read(plug)
        except OSError as error:
            raise CommandError(
                "SERAI-NOT-RUNNING",
                f"No service answers for {home}.",
                str(error),
                "Start it with `serai node serve` or `serai hub serve`.",
                Exit.UNREACHABLE,
            ) from error
    if "error" in answer:
        failure = answer["error"]
        raise CommandError(**{**failure, "status": Exit(failure["status"])})
    result: Members = answer["result"]
    return result


def is_running(home: Path) -> bool:
    """Say whether a service answers on the folder's socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as plug, suppress(OSError):
        _connect(plug, home)
        return True
    return False


def _connect(plug: socket.socket, home: Path) -> None:
    with _address(home) as address:
        plug.connect(address)


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, path: str, operations: Mapping[str, Operation]) -> None:
        self.operations = operations
        super().__init__(path, _Caller)


class _Caller(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        plug: socket.socket = self.request
        with suppress(OSError, ValueError):  # a caller that goes away or talks nonsense harms only itself
            _require_owner(plug)
            request = _read(plug)
            _write(plug, self._answer(request))

    def _answer(self, request: Members) -> Members:
        operation = self.server.operations.get(request["operation"])
        if operation is None:
            return _failure(
                CommandError("SERAI-OPERATION", f"The service knows no operation {request['operation']!r}.")
            )
        try:
            return {"result": operation(request["arguments"])}
        except Exception as error:  # noqa: BLE001  # the caller must hear of every failure; a defect keeps only its name
            return _failure(explained(error, spoken(str(request.get("language", "en")))) or _defect(error))


def _defect(error: Exception) -> CommandError:
    """Return a failure that names the kind of a defect and none of its values."""
    return CommandError("SERAI-DEFECT", f"The service failed: {type(error).__name__}.", todo="Look into its log.")


def _failure(error: CommandError) -> Members:
    members = {"code": error.code, "what": error.what, "why": error.why, "todo": error.todo}
    return {"error": {**members, "status": int(error.status)}}


def _require_owner(plug: socket.socket) -> None:
    """Raise PermissionError unless the process at the other end belongs to our user or to root."""
    _, user, _ = PEER.unpack(plug.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, PEER.size))
    if user not in (0, os.geteuid()):
        raise PermissionError("the control socket answers only its owner")


def _write(plug: socket.socket, value: Members) -> None:
    data = json.dumps(value, ensure_ascii=False).encode()
    plug.sendall(FRAME.pack(len(data)) + data)


def _read(plug: socket.socket) -> Members:
    (size,) = FRAME.unpack(_exactly(plug, FRAME.size))
    if size > FRAME_LIMIT:
        raise ValueError("frame too long")
    value: Members = json.loads(_exactly(plug, size))
    return value


def _exactly(plug: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        part = plug.recv(min(size - len(data), 1 << 16))
        if not part:
            raise ConnectionResetError("the other end closed")
        data += part
    return bytes(data)
