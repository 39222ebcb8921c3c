"""Where a client gets its tokens, as from an identity provider."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from app.signin.claims import LEEWAY
from services.actor import Actor
from tests.harness.people import Account
from tests.harness.web import PATIENCE, token_of


class Desk:
    """Gives a token to whoever asks, good for so many seconds."""

    def __init__(self, actor: Actor, account: Account, seconds: float) -> None:
        self.url = ""
        self.given = 0
        self.open = True
        self._actor, self._account = actor, account
        self._good_for = timedelta(seconds=seconds)

    def token(self) -> str:
        """The service takes it for some time longer than it says; that is taken off first."""
        now = datetime.now(UTC)
        issued = now - LEEWAY
        return token_of(self._actor, self._account, now=issued, lifetime=self._good_for)

    async def one_more(self) -> None:
        """Until somebody has come for another one."""
        before = self.given
        async with asyncio.timeout(PATIENCE):
            while self.given == before:  # noqa: ASYNC110 - of another process
                await asyncio.sleep(0.05)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.given += self.open
        status = "200 OK" if self.open else "503 Service Unavailable"
        body = self.token() if self.open else ""
        head = f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        writer.write((head + body).encode())
        await writer.drain()
        writer.close()


@asynccontextmanager
async def desk(actor: Actor, account: Account, *, seconds: float = 3600) -> AsyncIterator[Desk]:
    made = Desk(actor, account, seconds)
    listening = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/"
    try:
        yield made
    finally:
        listening.close()
