"""A way to PostgreSQL that can be cut at a chosen word of the client."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from db.embedded import EmbeddedServer

SOCKET = ".s.PGSQL.5432"


class Cutter:
    """Passes bytes on in both directions until told to cut."""

    def __init__(self, server: EmbeddedServer, directory: Path) -> None:
        self.directory = directory
        self.cuts = 0
        self._server = server
        self._word = b""
        self._times = 0
        self._passing = False

    def dsn(self, database: str, role: str) -> str:
        real = self._server.dsn(role, database)
        return real.replace(str(self._server.socket_dir), str(self.directory))

    def cut_at(self, word: bytes, *, times: int = 1, passing: bool = False) -> None:
        """Close the connection the next ``times`` a client says ``word``.

        ``passing``: the server still hears it, and only its answer is lost.
        """
        self._word, self._times, self._passing = word, times, passing

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_unix_connection(
            str(self._server.socket_dir / SOCKET)
        )
        answers = asyncio.create_task(_copy(far_reader, writer))
        try:
            while data := await reader.read(65536):
                if self._times and self._word in data:
                    await self._cut(far_writer, data, answers)
                    break
                far_writer.write(data)
                await far_writer.drain()
        except ConnectionError:
            pass
        finally:
            answers.cancel()
            await asyncio.gather(answers, return_exceptions=True)
            far_writer.close()
            writer.close()

    async def _cut(
        self, far_writer: asyncio.StreamWriter, data: bytes, answers: "asyncio.Task[None]"
    ) -> None:
        self._times -= 1
        self.cuts += 1
        answers.cancel()
        if self._passing:
            far_writer.write(data)
            await far_writer.drain()
            await asyncio.sleep(0.05)  # the server carries it out


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


@asynccontextmanager
async def cutter(server: EmbeddedServer) -> AsyncIterator[Cutter]:
    directory = Path(tempfile.mkdtemp(prefix="bt-cut-"))
    made = Cutter(server, directory)
    listening = await asyncio.start_unix_server(made.serve, str(directory / SOCKET))
    try:
        yield made
    finally:
        listening.close()
        shutil.rmtree(directory)
