"""A load client that costs little: raw sockets, requests made beforehand, answers barely read.

It shares a core with PostgreSQL, so what it takes is missing there.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from time import perf_counter
from typing import cast

Answered = Callable[["Connection", int, bytes], None]


class ServerLeft(Exception):
    """The server closed a connection that was to be kept."""


class Connection(asyncio.Protocol):
    """One kept connection, one request at a time."""

    def __init__(self) -> None:
        self.sent_at = 0.0
        self.answered_at = 0.0
        self._answered: Answered | None = None
        self._received = b""
        self._transport: asyncio.Transport | None = None
        self._failed: Callable[[Exception], None] = lambda _: None

    def ask(self, request: bytes, answered: Answered, failed: Callable[[Exception], None]) -> None:
        """Send; ``answered`` gets status and body as soon as both are there."""
        assert self._transport is not None
        self._answered, self._failed = answered, failed
        self.sent_at = perf_counter()
        self._transport.write(request)

    def close(self) -> None:
        self._failed = lambda _: None
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._failed(exc or ServerLeft("the server closed a connection"))

    def data_received(self, data: bytes) -> None:
        received = self._received + data if self._received else data
        head = received.find(b"\r\n\r\n")
        if head < 0:
            self._received = received
            return
        at = received.index(b"content-length: ", 0, head) + 16
        begin = head + 4
        end = begin + int(received[at : received.index(b"\r\n", at)])
        if len(received) < end:
            self._received = received
            return
        self.answered_at = perf_counter()
        self._received = received[end:]
        answered = self._answered
        assert answered is not None, "an answer to nothing"
        answered(self, int(received[9:12]), received[begin:end])


async def connect(port: int, count: int) -> list[Connection]:
    loop = asyncio.get_running_loop()
    made = [await loop.create_connection(Connection, "127.0.0.1", port) for _ in range(count)]
    return [connection for _, connection in made]


class Crowd:
    """Connections that each ask again as soon as they are answered."""

    def __init__(
        self,
        connections: Sequence[Connection],
        requests: Sequence[Iterator[bytes]],
        check: Callable[[int, bytes], None],
    ) -> None:
        self._requests = dict(zip(connections, requests, strict=True))
        self._check = check
        self._latencies: list[float] = []
        self._until = 0.0
        self._busy = 0
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self, seconds: float) -> tuple[list[float], float]:
        """Latencies, and the seconds from the first request to the last answer, in seconds.

        Ends sooner when the requests run out. Raises what ``check`` raises.
        """
        began = perf_counter()
        self._until = began + seconds
        self._busy = len(self._requests)
        for connection in self._requests:
            self._next(connection)
        await self._over
        return self._latencies, perf_counter() - began

    def _next(self, connection: Connection) -> None:
        request = next(self._requests[connection], None)
        if request is not None and perf_counter() < self._until:
            connection.ask(request, self._answered, self._fail)
            return
        self._busy -= 1
        if self._busy == 0 and not self._over.done():
            self._over.set_result(None)

    def _answered(self, connection: Connection, status: int, body: bytes) -> None:
        self._latencies.append(connection.answered_at - connection.sent_at)
        try:
            self._check(status, body)
        except Exception as error:
            self._fail(error)
            return
        self._next(connection)

    def _fail(self, error: Exception) -> None:
        if not self._over.done():
            self._over.set_exception(error)


async def at_once(
    connections: Sequence[Connection], requests: Sequence[bytes]
) -> list[tuple[float, int, bytes]]:
    """One request on each connection in the same instant: (latency, status, body) of each."""
    loop = asyncio.get_running_loop()
    over: asyncio.Future[None] = loop.create_future()
    answers: dict[Connection, tuple[float, int, bytes]] = {}

    def answered(connection: Connection, status: int, body: bytes) -> None:
        answers[connection] = connection.answered_at - connection.sent_at, status, body
        if len(answers) == len(connections) and not over.done():
            over.set_result(None)

    def failed(error: Exception) -> None:
        if not over.done():
            over.set_exception(error)

    for connection, request in zip(connections, requests, strict=True):
        connection.ask(request, answered, failed)
    await over
    return [answers[connection] for connection in connections]
