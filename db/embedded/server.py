"""PostgreSQL as our child, started again whenever it dies."""

import asyncio
import contextlib
import itertools
import logging
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from db.embedded import binaries as installed
from db.embedded import cluster
from db.embedded.account import Account, account_for
from db.embedded.binaries import Binaries
from db.embedded.errors import DataDirectoryInUse, ServerDidNotStart
from db.embedded.layout import PORT, Layout, make_root, make_sockets, open_way
from db.embedded.lock import DirectoryLock
from db.embedded.process import POLL, Child
from db.embedded.serverlog import ServerLog

logger = logging.getLogger(__name__)

DEFAULTS: Mapping[str, str] = {
    "shared_buffers": "128MB",
    "max_connections": "100",
    # durable whatever ALTER SYSTEM says; `settings` has the last word
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    # what people wrote stays in its tables: DETAIL quotes rows, and parameters are their values
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}

RETRY = 0.2  # seconds between attempts to start again
HASTE = 50  # attempts before it looks like more than an echo of the crash
SLOW_RETRY = 2.0  # seconds between attempts from then on
LEFTOVERS = 30.0  # seconds that an earlier server may take to be gone
STOPPING = 60.0  # seconds for the checkpoint of a fast shutdown
TRIM = 5.0  # seconds between looks at the log's size

# what PostgreSQL says while processes of a killed predecessor are still there
PREDECESSOR = ("pre-existing shared memory block", "lock file")


class EmbeddedServer:
    """One PostgreSQL on ``data_dir``, reachable through a unix socket only.

    ``settings`` are options of postgres (``-c name=value``) over DEFAULTS. Start it from the main
    thread: on Linux the server is stopped when the thread that started it ends. ``restarts``
    counts how often it died and was ready again.
    """

    def __init__(
        self,
        data_dir: Path,
        settings: Mapping[str, str] | None = None,
        *,
        binaries: Binaries | None = None,
    ) -> None:
        self.restarts = 0
        self._layout = Layout(data_dir.expanduser().resolve())
        self._settings = {**DEFAULTS, **(settings or {})}
        self._binaries = binaries
        self._log = ServerLog(self._layout.log)
        self._lock: DirectoryLock | None = None
        self._child: Child | None = None
        self._watch: asyncio.Task[None] | None = None

    @property
    def data_dir(self) -> Path:
        return self._layout.root

    @property
    def log_file(self) -> Path:
        return self._layout.log

    @property
    def socket_dir(self) -> Path:
        return self._layout.sockets

    @property
    def pid(self) -> int | None:
        """The postmaster's, or None while there is none."""
        return None if self._child is None or self._child.exited else self._child.pid

    @property
    def ready(self) -> bool:
        """Whether connections are accepted right now."""
        return self.pid is not None and cluster.is_ready(self._layout, self.pid)

    def dsn(self, user: str, database: str) -> str:
        """A URL for asyncpg, SQLAlchemy and broadcaster; the same across restarts.

        The port is given because PGPORT in the environment would be taken otherwise.
        """
        host = quote(str(self.socket_dir), safe="/")
        return f"postgresql://{quote(user)}@/{quote(database)}?host={host}&port={PORT}"

    async def start(self) -> None:
        """Make the cluster when there is none, start it, and return once it accepts connections.

        Waits as long as crash recovery takes, and up to LEFTOVERS for an earlier server that is
        still stopping. When it raises or is cancelled, nothing is left running.

        Raises DataDirectoryInUse, DataDirectoryVersion, DataDirectoryUnusable, BinariesMissing or
        ServerDidNotStart.
        """
        if self._lock is not None:
            raise RuntimeError("The server is started already.")
        make_root(self._layout.root)
        self._lock = DirectoryLock.take(self._layout.lock)
        try:
            account, programs = await self._prepare()
            await self._start_first(account, programs)
        except BaseException:
            await self._clean_up()
            raise
        self._watch = asyncio.create_task(self._supervise(account, programs), name="postgres")

    async def stop(self) -> None:
        """Fast shutdown: open transactions are rolled back, connections closed. Safe to repeat."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
            self._watch = None
        await self._clean_up()

    async def _clean_up(self) -> None:
        try:
            if self._child is not None:
                await self._child.stop(patience=STOPPING)
                self._child = None
        finally:
            if self._lock is not None:
                self._lock.release()
                self._lock = None

    async def _prepare(self) -> tuple[Account, Binaries]:
        layout = self._layout
        account = account_for(layout.cluster)
        open_way(layout.root, account)
        binaries = self._binaries or installed.from_wheel()
        binaries = installed.within_reach(binaries, account, layout.root)
        make_sockets(layout, account)
        cluster.remove_unfinished(layout)
        if layout.cluster.exists():
            cluster.check(layout, account, binaries)
        else:
            await cluster.create(layout, account, binaries, self._log)
        return account, binaries

    async def _start_first(self, account: Account, binaries: Binaries) -> None:
        deadline = time.monotonic() + LEFTOVERS
        await self._predecessor_gone(deadline)
        while True:
            offset = self._log.size()
            if await self._attempt(account, binaries):
                return
            said = self._log.since(offset)
            if not any(sign in said for sign in PREDECESSOR) or time.monotonic() > deadline:
                raise ServerDidNotStart("PostgreSQL did not start.", said, self._log.path)
            await asyncio.sleep(RETRY)

    async def _predecessor_gone(self, deadline: float) -> None:
        """We hold the lock, so a postmaster here has lost its parent and should be stopping."""
        while (pid := cluster.running_postmaster(self._layout)) is not None:
            if time.monotonic() > deadline:
                raise DataDirectoryInUse(
                    self._layout.root,
                    pid,
                    f"A PostgreSQL that Baton does not run (process {pid}) serves "
                    f"{self._layout.cluster} and did not stop within {LEFTOVERS:.0f} seconds. "
                    f"Stop it with: kill -INT {pid}",
                )
            await asyncio.sleep(POLL)

    async def _attempt(self, account: Account, binaries: Binaries) -> bool:
        """One start. True when it accepts connections, False when it exited instead."""
        cluster.forget_stranger(self._layout)
        with self._log.open() as output:
            child = self._child = Child(self._command(binaries), account, output)
        while not child.exited:
            if cluster.is_ready(self._layout, child.pid):
                return True
            await asyncio.sleep(POLL)
        return False

    def _command(self, binaries: Binaries) -> list[str]:
        fixed = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.socket_dir),
            "unix_socket_permissions": "0700",
            "port": str(PORT),
        }
        command = [str(binaries.postgres), "-D", str(self._layout.cluster)]
        for name, value in (self._settings | fixed).items():
            command += ["-c", f"{name}={value}"]
        return command

    async def _supervise(self, account: Account, binaries: Binaries) -> None:
        while True:
            await self._until_it_dies()
            code = self._child.exit_code if self._child else None
            logger.error("PostgreSQL died (exit code %s), starting it again", code)
            await self._until_ready_again(account, binaries)
            self.restarts += 1
            logger.warning("PostgreSQL is ready again")

    async def _until_it_dies(self) -> None:
        assert self._child is not None  # noqa: S101 - supervised after a start only
        while True:
            with contextlib.suppress(TimeoutError):
                return await asyncio.wait_for(self._child.wait(), TRIM)
            with contextlib.suppress(OSError):  # no disk left: nothing to be done here
                self._log.trim()

    async def _until_ready_again(self, account: Account, binaries: Binaries) -> None:
        """The first attempts may fail while processes of the dead server hold its memory."""
        for attempt in itertools.count(1):
            if await self._attempt_again(account, binaries):
                return
            if attempt % HASTE == 0:
                logger.error("PostgreSQL did not start %s times, see %s", attempt, self._log.path)
            await asyncio.sleep(RETRY if attempt < HASTE else SLOW_RETRY)

    async def _attempt_again(self, account: Account, binaries: Binaries) -> bool:
        try:
            self._log.trim()
            return await self._attempt(account, binaries)
        except OSError as error:  # out of processes, descriptors or disk: may pass
            logger.warning("PostgreSQL can't be started: %s", error)
            return False
