"""What lies between a client and the web process that it reaches."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from tests.harness.web import PATIENCE, Web


class Line:
    """An address that stays, and leads to one web process or another, or to none."""

    def __init__(self) -> None:
        self.url = ""
        self.came: list[float] = []
        """When somebody called, on the loop's clock."""
        self._web: Web | None = None
        self._open: dict[asyncio.StreamWriter, asyncio.Task[None]] = {}
        """Where to, and who copies it there."""
        self._held: list[asyncio.StreamWriter] = []

    async def until_called(self, times: int) -> None:
        async with asyncio.timeout(PATIENCE):
            while len(self.came) < times:  # noqa: ASYNC110 - by another process
                await asyncio.sleep(0.01)

    def lead(self, web: Web | None) -> None:
        """From the next connection on."""
        self._web = web

    def cut(self) -> None:
        """Break every connection, without a goodbye."""
        for writer in self._open:
            writer.transport.abort()

    def freeze(self) -> None:
        """Pass nothing more on the connections there are, and say so to nobody."""
        for writer, task in self._open.items():
            self._held.append(writer)
            task.cancel()

    def thaw(self) -> None:
        for writer in self._held:
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.came.append(asyncio.get_running_loop().time())
        if self._web is None:
            writer.transport.abort()
            return
        where = urlsplit(self._web.url)
        try:
            far_reader, far_writer = await asyncio.open_connection(where.hostname, where.port)
        except OSError:
            writer.transport.abort()
            return
        here = {
            writer: asyncio.create_task(_copy(far_reader, writer)),
            far_writer: asyncio.create_task(_copy(reader, far_writer)),
        }
        self._open |= here
        await asyncio.wait(here.values())
        for each in here:
            del self._open[each]
            if each not in self._held:
                each.transport.abort()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Until either side is gone; an end is passed on like anything else."""
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except OSError:
        writer.transport.abort()


@asynccontextmanager
async def line() -> AsyncIterator[Line]:
    made = Line()
    listening = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    try:
        yield made
    finally:
        listening.close()
        made.cut()
        made.thaw()
