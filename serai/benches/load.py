"""The load generator of the hub's benchmark: many kept-alive connections, each sending one envelope after the other.

It speaks HTTP/1.1 itself, because a client library would cost more than the hub; it runs in a process of its own.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection

import uvloop

_HEAD = (
    b"POST /v1/messages HTTP/1.1\r\nhost: bench\r\ncontent-type: application/octet-stream\r\ncontent-length: %d\r\n\r\n"
)


@dataclass(frozen=True, slots=True)
class Shot:
    """What one connection does: its port, what it sends, and when all begin (monotonic seconds) and end."""

    port: int
    bodies: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of it: the seconds of each good answer, the refused, how long it all took, what each sent."""

    latencies: list[float]
    failed: int
    elapsed: float
    sent: list[int]


def fire(shots: Sequence[Shot], seconds: float, answer: Connection) -> None:
    """Run all connections for at most `seconds` and send a `Taken` through `answer`."""
    answer.send(uvloop.run(_fire(shots, seconds)))
    answer.close()


async def _fire(shots: Sequence[Shot], seconds: float) -> Taken:
    latencies: list[float] = []
    failures: list[int] = []
    started = time.perf_counter()
    sent = await asyncio.gather(*(_connection(shot, started + seconds, latencies, failures) for shot in shots))
    return Taken(latencies, len(failures), time.perf_counter() - started, sent)


async def _connection(shot: Shot, until: float, latencies: list[float], failures: list[int]) -> int:
    sent = 0
    reader, writer = await asyncio.open_connection("127.0.0.1", shot.port)
    for body in shot.bodies:
        begun = time.perf_counter()
        if begun >= until:
            break
        writer.write(_HEAD % len(body) + body)
        status = await _answer(reader)
        if status == 201:
            latencies.append(time.perf_counter() - begun)
        else:
            failures.append(status)
        sent += 1
    writer.close()
    return sent


async def _answer(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    at = head.index(b"content-length: ") + 16
    await reader.readexactly(int(head[at : head.index(b"\r\n", at)]))
    return int(head[9:12])
