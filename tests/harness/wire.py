"""A connection that goes dead without a word, as behind a firewall that forgot it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(eq=False)
class Connection:
    """``alive`` is cleared for good when it goes dead."""

    alive: asyncio.Event = field(default_factory=asyncio.Event)
    said: bytes = b""  # by the client


class Wire:
    """A TCP port of ours that leads to another place, until it goes dead.

    ``refusing``: new connections are closed at once. ``swallowing``: they are dead from the start.
    """

    def __init__(self) -> None:
        self.port = 0
        self.refusing = False
        self.swallowing = False
        self.alter: Callable[[bytes], bytes] = bytes
        self._connections: list[Connection] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def go_dead(self, whose: bytes = b"") -> None:
        """Connections stay open and carry nothing any more, not even their end.

        All that are open now, or those whose client has said ``whose``. New ones work.
        """
        for connection in self._connections:
            if whose in connection.said:
                connection.alive.clear()

    async def _carry(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        connection: Connection,
        *,
        from_client: bool,
    ) -> None:
        try:
            while True:
                data = await reader.read(65536)
                await connection.alive.wait()
                if not data:
                    break
                if from_client:
                    connection.said += data
                writer.write(self.alter(data))
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    @asynccontextmanager
    async def leading_to(self, place: Path | int) -> AsyncIterator["Wire"]:
        """A unix socket, or a port of this machine."""

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if self.refusing:
                writer.close()
                return
            if isinstance(place, int):
                far_reader, far_writer = await asyncio.open_connection("127.0.0.1", place)
            else:
                far_reader, far_writer = await asyncio.open_unix_connection(str(place))
            connection = Connection()
            if not self.swallowing:
                connection.alive.set()
            self._connections.append(connection)
            for carrying in (
                self._carry(reader, far_writer, connection, from_client=True),
                self._carry(far_reader, writer, connection, from_client=False),
            ):
                self._tasks.add(asyncio.create_task(carrying))

        listening = await asyncio.start_server(connected, "127.0.0.1", 0)
        self.port = listening.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            listening.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
