"""What carries the doorbell, and how it is hurt."""

import asyncio
from abc import ABC, abstractmethod
from typing import Final

import asyncpg

from db.embedded.cluster import SUPERUSER
from tests.harness.postgres import Cluster
from tests.harness.valkey import Valkey

CUT: Final = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1"


class Doorbell(ABC):
    """``url`` is the setting of the replicas. One thing is done to it at a time."""

    url: str

    def __init__(self) -> None:
        self._busy = asyncio.Lock()

    async def start(self) -> None:
        async with self._busy:
            await self._open()

    async def cut(self) -> None:
        """Every connection, once."""
        async with self._busy:
            await self._cut()

    async def away(self, seconds: float) -> None:
        async with self._busy:
            await self._close()
            await asyncio.sleep(seconds)
            await self._open()

    async def close(self) -> None:
        """For good. Safe to repeat."""
        async with self._busy:
            await self._close()

    @abstractmethod
    async def _open(self) -> None: ...

    @abstractmethod
    async def _cut(self) -> None: ...

    @abstractmethod
    async def _close(self) -> None: ...


class PostgresDoorbell(Doorbell):
    """A database of its own, so that it can go away alone."""

    def __init__(self, cluster: Cluster, database: str) -> None:
        super().__init__()
        self.url = cluster.dsn(database)
        self._cluster = cluster
        self._database = database

    async def _open(self) -> None:
        await self._run(f"ALTER DATABASE {self._database} ALLOW_CONNECTIONS true")

    async def _cut(self) -> None:
        await cut_connections(self._cluster, self._database)

    async def _close(self) -> None:
        await self._run(f"ALTER DATABASE {self._database} ALLOW_CONNECTIONS false")
        await self._cut()

    async def _run(self, statement: str) -> None:
        connection = await asyncpg.connect(self._cluster.dsn("postgres", SUPERUSER))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


class RedisDoorbell(Doorbell):
    """A process that is killed: its connections are not cut otherwise."""

    def __init__(self) -> None:
        super().__init__()
        self._valkey = Valkey()
        self.url = self._valkey.url

    async def _open(self) -> None:
        await self._valkey.start()

    async def _cut(self) -> None:
        await self._valkey.kill()
        await self._valkey.start()

    async def _close(self) -> None:
        await self._valkey.kill()


async def cut_connections(cluster: Cluster, database: str) -> None:
    """Of everybody to that database, whatever they are doing."""
    connection = await asyncpg.connect(cluster.dsn("postgres", SUPERUSER))
    try:
        await connection.fetch(CUT, database)
    finally:
        await connection.close()
