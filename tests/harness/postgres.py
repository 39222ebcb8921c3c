"""A real PostgreSQL for the tests: one server per test process, one database per test file.

Run as a program it serves ``sys.argv[1]`` until its standard input closes, so that it ends with the
tests however they end.
"""

import asyncio
import itertools
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from db.embedded import APP_ROLE, DATABASE, OWNER_ROLE, EmbeddedServer, bootstrap
from db.embedded.cluster import SUPERUSER
from db.migrate import migrate

# Data of tests may be lost in a crash of the machine; crash tests bring a durable server.
QUICK = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "max_connections": "200",
}
# What is committed is in the operating system's hands: enough for a killed process.
MORTAL = {"fsync": "off", "shared_buffers": "32MB", "max_connections": "100"}
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Cluster:
    """A running server whose database DATABASE is migrated and serves as the template."""

    server: EmbeddedServer

    def dsn(self, database: str, role: str = APP_ROLE) -> str:
        return self.server.dsn(role, database)

    def new_database(self) -> str:
        """Clone the template. Returns the database's name."""
        name = f"test_{next(_numbers)}"
        self.as_superuser(
            f"CREATE DATABASE {name} TEMPLATE {DATABASE} STRATEGY file_copy OWNER {OWNER_ROLE}",
            f"REVOKE ALL ON DATABASE {name} FROM PUBLIC",
            f"GRANT CONNECT ON DATABASE {name} TO {APP_ROLE}",
        )
        return name

    def drop_database(self, name: str) -> None:
        self.as_superuser(f"DROP DATABASE {name} WITH (FORCE)")

    def as_superuser(self, *statements: str, database: str = "postgres") -> None:
        async def run() -> None:
            connection = await asyncpg.connect(self.dsn(database, SUPERUSER))
            try:
                for statement in statements:
                    await connection.execute(statement)
            finally:
                await connection.close()

        asyncio.run(run())


async def terminate(cluster: Cluster, database: str, application: str) -> int:
    """Kill the connections of that application name. Returns how many there were."""
    connection = await asyncpg.connect(cluster.dsn(database, SUPERUSER))
    try:
        count: int = await connection.fetchval(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE datname = $1 AND application_name = $2",
            database,
            application,
        )
        return count
    finally:
        await connection.close()


@asynccontextmanager
async def mortal_server() -> AsyncIterator[EmbeddedServer]:
    """A server that may be killed and starts again; its database DATABASE is migrated."""
    with short_place() as place:
        server = EmbeddedServer(place / "data", MORTAL)
        await server.start()
        try:
            await bootstrap(server)
            await migrate(server.dsn(OWNER_ROLE, DATABASE), app_role=APP_ROLE)
            yield server
        finally:
            await server.stop()


@contextmanager
def short_place() -> Iterator[Path]:
    """A directory with a short name, in memory where there is room, that anybody may enter.

    Socket paths are short, a cluster is 1,300 files, and PostgreSQL may run as another account.
    """
    memory = Path("/dev/shm")  # noqa: S108 - a directory of our own is made inside
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 2**30
    place = Path(tempfile.mkdtemp(prefix="bt-", dir=memory if roomy else None)).resolve()
    place.chmod(0o755)
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    with short_place() as place, _serving(place / "data") as cluster:
        yield cluster


@contextmanager
def _serving(data_dir: Path) -> Iterator[Cluster]:
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.harness.postgres", str(data_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert child.stdout is not None
        said = child.stdout.readline()
        assert said == "ready\n", f"the test server did not start: {said!r}"
        yield Cluster(EmbeddedServer(data_dir))
    finally:
        child.communicate()


async def serve(data_dir: Path) -> None:
    server = EmbeddedServer(data_dir, QUICK)
    await server.start()
    try:
        await bootstrap(server)
        await migrate(server.dsn(OWNER_ROLE, DATABASE), app_role=APP_ROLE)
        print("ready", flush=True)  # noqa: T201 - the test process waits for this line
        await asyncio.to_thread(sys.stdin.read)
    finally:
        await server.stop()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
