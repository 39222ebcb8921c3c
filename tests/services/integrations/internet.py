"""An internet of our own: public addresses that lead to servers on this machine, over real sockets
and real TLS."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import httpcore2
import pytest

from app.demo.vendors.certificates import Authority

Serve = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]
PUBLIC = "93.184.216.34"


class Internet:
    """``names`` says what each name resolves to, one list after the other, the last for ever;
    ``places`` where a public address leads, as a port of this machine; ``dialled`` is kept."""

    def __init__(self) -> None:
        self.names: dict[str, list[list[str]]] = {}
        self.places: dict[str, int] = {}
        self.dialled: list[tuple[str, int]] = []

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        answers = self.names[host]
        return answers.pop(0) if len(answers) > 1 else answers[0]


@contextmanager
def internet() -> Iterator[Internet]:
    made = Internet()
    real = httpcore2.AnyIOBackend.connect_tcp

    async def connect(self: Any, host: str, port: int, *args: Any, **named: Any) -> Any:
        made.dialled.append((host, port))
        if host in made.places:
            host, port = "127.0.0.1", made.places[host]
        return await real(self, host, port, *args, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpcore2.AnyIOBackend, "connect_tcp", connect)
        yield made


@asynccontextmanager
async def serving(serve: Serve, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A port at which ``serve`` is given each request's head and body."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                fields = dict(
                    line.lower().split(b": ", 1) for line in head.split(b"\r\n") if b": " in line
                )
                length = int(fields.get(b"content-length", b"0"))
                await serve(head + await reader.readexactly(length), writer)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def certified(name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's side of TLS for ``name``, and the side of a client who believes it."""
    authority = Authority()
    return authority.server(name), ssl.create_default_context(cadata=authority.pem)
