"""A client of event streams that looks at every byte."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple
from urllib.parse import urlencode

import orjson

from tests.app.graphql.served import GOOD

EVENTS = "text/event-stream"


class Event(NamedTuple):
    kind: str
    id: str | None
    data: Any


class Listener:
    """One connection. ``body`` is what came of the present response so far, chunks put together."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.status = 0
        self.headers: dict[str, str] = {}
        self.whole = 0  # bytes still to come, of an answer that says how many they are
        self.body = b""
        self.seen = 0  # of the body, as events
        self.heartbeats = 0

    # ------------------------------------------------------------------ asking

    async def ask(
        self,
        query: str,
        *,
        variables: dict[str, Any] | None = None,
        token: str = GOOD,
        method: str = "POST",
        **headers: str,
    ) -> None:
        """Until the head of the answer is there."""
        given = {"host": "x", "authorization": f"Bearer {token}", "accept": EVENTS}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        path, body = "/graphql", b""
        if method == "GET":
            asked = {"query": query, "variables": orjson.dumps(variables).decode()}
            path += "?" + urlencode(asked)
        else:
            body = orjson.dumps({"query": query, "variables": variables})
            given |= {"content-type": "application/json", "content-length": str(len(body))}
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {given[name]}" for name in given)]
        self.writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        await self.head()

    async def head(self) -> None:
        async with asyncio.timeout(3):
            lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        self.status = int(lines[0].split()[1])
        self.headers = dict(line.split(": ", 1) for line in lines[1:] if line)
        self.whole = int(self.headers.get("content-length", 0))
        self.body, self.seen, self.heartbeats = b"", 0, 0

    # ------------------------------------------------------------------ hearing

    async def chunk(self, timeout: float = 3) -> bytes:
        """The next part of the body; empty at its end. IncompleteReadError when it breaks off."""
        async with asyncio.timeout(timeout):
            if "content-length" in self.headers:
                part = await self.reader.readexactly(self.whole)
                self.whole = 0
            else:
                size = int(await self.reader.readuntil(b"\r\n"), 16)
                part = (await self.reader.readexactly(size + 2))[:-2]
        self.body += part
        return part

    async def event(self, timeout: float = 3) -> Event:
        """The next one that is no heartbeat."""
        while True:
            end = self.body.find(b"\n\n", self.seen)
            if end < 0:
                assert await self.chunk(timeout), "the response ended"
                continue
            lines = self.body[self.seen : end].decode().split("\n")
            self.seen = end + 2
            if lines == [":"]:
                self.heartbeats += 1
                continue
            return parsed(lines)

    async def result(self, timeout: float = 3) -> Any:
        kind, _, data = await self.event(timeout)
        assert kind == "next", kind
        return data

    async def ended(self, timeout: float = 3) -> str:
        """How the response ends: "well", or "broken off"; what comes until then is in ``body``."""
        try:
            while await self.chunk(timeout):
                pass
        except (asyncio.IncompleteReadError, ConnectionResetError):
            return "broken off"
        return "well"

    async def text(self) -> bytes:
        """All of an answer, after which its connection is good for another question."""
        while await self.chunk():
            pass
        return self.body

    async def answer(self) -> dict[str, Any]:
        answered: dict[str, Any] = orjson.loads(await self.text())
        return answered


def parsed(lines: list[str]) -> Event:
    fields = dict(line.split(":", 1) for line in lines)
    assert list(fields) in (["event", "data"], ["event", "id", "data"]), lines
    data = fields["data"]
    id_ = fields.get("id")
    return Event(
        fields["event"].removeprefix(" "),
        None if id_ is None else id_.removeprefix(" "),
        orjson.loads(data) if data else None,
    )


@asynccontextmanager
async def connection(port: int, *, buffer: int | None = None) -> AsyncIterator[Listener]:
    """``buffer``: bytes that are taken off the network while nobody reads."""
    plug = socket.socket()
    if buffer is not None:
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    plug.setblocking(False)
    await asyncio.get_running_loop().sock_connect(plug, ("127.0.0.1", port))
    limit = 2**20 if buffer is None else buffer
    reader, writer = await asyncio.open_connection(sock=plug, limit=limit)
    try:
        yield Listener(reader, writer)
    finally:
        writer.transport.abort()


@asynccontextmanager
async def listening(port: int, query: str, **how: Any) -> AsyncIterator[Listener]:
    """One that has been answered with a stream."""
    buffer = how.pop("buffer", None)
    async with connection(port, buffer=buffer) as listener:
        await listener.ask(query, **how)
        assert listener.status == 200, await listener.text()
        assert listener.headers["content-type"] == f"{EVENTS}; charset=utf-8"
        yield listener
