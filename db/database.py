"""Transactions of one account, over one pool of connections.

Statements go to asyncpg as they are written: no ORM session lies between a rule and its SQL. Why:
docs/decisions/0002-sql-at-run-time.md.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from functools import lru_cache
from types import TracebackType
from typing import Any, Protocol, TypeVar
from uuid import UUID

import asyncpg
import orjson
from asyncpg.pool import PoolConnectionProxy

T = TypeVar("T")

CONNECTION_LOST = (
    ConnectionError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    # what asyncpg raises when the connection is cut right after COMMIT was sent
    asyncpg.InternalClientError,
)
"""Errors that say nothing about the statement: the connection is gone, or the server restarts."""

ROLLBACK_PATIENCE = 5.0  # seconds; then the connection is cut, which rolls back too


class NotCommitted(RuntimeError):
    """A statement failed and its error was swallowed, so PostgreSQL rolled back at the end."""

    def __init__(self) -> None:
        super().__init__("A statement of this transaction failed: nothing of it was written.")


class Row(asyncpg.Record):
    """A result row whose columns are attributes as well."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class Columns(Protocol):
    """What is read by column name: a row, a composite value in one, or a JSON document."""

    def __getitem__(self, name: str, /) -> Any: ...


class Transaction:
    """Statements inside one transaction of one account. Committed by whoever opened it."""

    __slots__ = ("_connection", "account_id")

    def __init__(self, connection: "PoolConnectionProxy[Row]", account_id: UUID) -> None:
        self._connection = connection
        self.account_id = account_id

    async def fetch(self, sql: str, *args: Any) -> Sequence[Row]:
        return await self._connection.fetch(sql, *args)

    async def fetchrow(self, sql: str, *args: Any) -> Row | None:
        return await self._connection.fetchrow(sql, *args)

    async def one(self, sql: str, *args: Any) -> Row:
        """The row a statement must give. Raises RuntimeError when it gives none."""
        row = await self._connection.fetchrow(sql, *args)
        if row is None:
            raise RuntimeError(f"no row from: {' '.join(sql.split())[:200]}")
        return row

    async def fetchval(self, sql: str, *args: Any) -> Any:
        return await self._connection.fetchval(sql, *args)

    async def execute(self, sql: str, *args: Any) -> str:
        return await self._connection.execute(sql, *args)


class Database:
    """The service's one way to PostgreSQL, as its least-privileged role."""

    def __init__(self, dsn: str, *, max_connections: int = 10, command_timeout: float = 30) -> None:
        self._dsn = dsn
        self._max_connections = max_connections
        self._command_timeout = command_timeout
        self._pool: asyncpg.Pool[Row] | None = None

    async def open(self) -> None:
        """Connect. Raises OSError or asyncpg.PostgresError when the server can't be used."""
        self._pool = await asyncpg.create_pool(
            self._dsn,
            min_size=min(2, self._max_connections),
            max_size=self._max_connections,
            command_timeout=self._command_timeout,
            timeout=10,
            record_class=Row,
            init=_speak_json,
            reset=_end_transaction,
            server_settings={
                "application_name": "baton",
                "timezone": "UTC",
                # a process that vanished or stopped in the middle of a transaction must not hold
                # its locks for long: the whole account waits for them
                "idle_in_transaction_session_timeout": "10s",
                "jit": "off",
            },
        )

    async def close(self, *, timeout: float = 5) -> None:
        """Give connections back to the server; cut those still busy after ``timeout`` seconds."""
        if self._pool is None:
            return
        try:
            await asyncio.wait_for(self._pool.close(), timeout)
        except TimeoutError:
            self._pool.terminate()

    @property
    def connections_in_use(self) -> int:
        return self._pool.get_size() - self._pool.get_idle_size() if self._pool else 0

    def transaction(self, account_id: UUID) -> "AbstractAsyncContextManager[Transaction]":
        """One READ COMMITTED transaction that sees and writes rows of one account only.

        Commits at the end of the block; an exception rolls back. The account is set in the same
        round trip as BEGIN and ends with the transaction, so a pooled connection carries nothing
        over. Source: facts on row-level security in docs/decisions/0001-isolation.md.

        Raises NotCommitted, and one of CONNECTION_LOST: at the COMMIT that leaves open whether the
        server still carried it out.
        """
        return _Block(self, account_id)

    @asynccontextmanager
    async def system(self) -> AsyncIterator["PoolConnectionProxy[Row]"]:
        """A connection with no account: it sees no tenant's row, and is for narrow doors only."""
        connection = await self._acquire()
        try:
            yield connection
        finally:
            await self._give_back(connection)

    async def _begin(self, account_id: UUID) -> "PoolConnectionProxy[Row]":
        begin = _begin(account_id)
        try:
            return await self._begun(begin)
        except CONNECTION_LOST:
            # nothing has happened yet, so one other connection may be tried
            return await self._begun(begin)

    async def _begun(self, begin: str) -> "PoolConnectionProxy[Row]":
        connection = await self._acquire()
        try:
            await connection.execute(begin)
        except BaseException:
            _cut(connection)
            await self._give_back(connection)
            raise
        return connection

    async def _roll_back(self, connection: "PoolConnectionProxy[Row]") -> None:
        """Never in the way of the error that led here, unless it is cancelled itself."""
        try:
            await connection.execute("ROLLBACK", timeout=ROLLBACK_PATIENCE)
        except Exception:
            _cut(connection)
        except BaseException:
            _cut(connection)
            raise
        finally:
            await self._give_back(connection)

    async def _acquire(self) -> "PoolConnectionProxy[Row]":
        if self._pool is None:
            raise RuntimeError("Database.open() comes first")
        return await self._pool.acquire()

    async def _give_back(self, connection: "PoolConnectionProxy[Row]") -> None:
        assert self._pool is not None  # noqa: S101 - acquired from it
        await self._pool.release(connection)


class _Block:
    """The block of one transaction. A class, because a generator costs twice as much."""

    __slots__ = ("_account_id", "_connection", "_database")

    _connection: "PoolConnectionProxy[Row]"

    def __init__(self, database: Database, account_id: UUID) -> None:
        self._database = database
        self._account_id = account_id

    async def __aenter__(self) -> Transaction:
        self._connection = await self._database._begin(self._account_id)
        return Transaction(self._connection, self._account_id)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        connection = self._connection
        if kind is not None:
            await self._database._roll_back(connection)
            return
        try:
            ended = await connection.execute("COMMIT")
        finally:
            await self._database._give_back(connection)
        if ended != "COMMIT":  # the answer to COMMIT in a failed transaction is a mild "ROLLBACK"
            raise NotCommitted


@lru_cache(maxsize=1024)
def _begin(account_id: UUID) -> str:
    # str() of a UUID holds hexadecimal digits and dashes only: safe as a literal, and without
    # parameters the two statements travel together
    return f"BEGIN; SET LOCAL app.account_id = '{UUID(int=account_id.int)}'"


def _cut(connection: "PoolConnectionProxy[Row]") -> None:
    # one that was lost has left its proxy already, and says so
    with suppress(asyncpg.InterfaceError):
        connection.terminate()


async def _speak_json(connection: Any) -> None:
    for name in ("json", "jsonb"):
        await connection.set_type_codec(
            name,
            schema="pg_catalog",
            encoder=lambda value: orjson.dumps(value).decode(),
            decoder=orjson.loads,
            format="text",
        )


async def _end_transaction(connection: Any) -> None:
    # Every setting of ours is transaction-local, so a finished connection is a clean one and the
    # stock reset's round trip buys nothing.
    if connection.is_in_transaction():
        connection.terminate()
