"""A database that notes what is asked of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from db.database import Database, Transaction


class Counted(Transaction):
    """Notes every statement."""

    __slots__ = ("statements",)
    statements: list[str]

    async def fetch(self, sql: str, *args: Any) -> Any:
        self.statements.append(sql)
        return await super().fetch(sql, *args)

    async def fetchrow(self, sql: str, *args: Any) -> Any:
        self.statements.append(sql)
        return await super().fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: Any) -> Any:
        self.statements.append(sql)
        return await super().fetchval(sql, *args)

    async def execute(self, sql: str, *args: Any) -> str:
        self.statements.append(sql)
        return await super().execute(sql, *args)


class Counting(Database):
    """``statements`` and ``transactions`` since the last ``start``."""

    def __init__(self, dsn: str) -> None:
        super().__init__(dsn, max_connections=8)
        self.start()

    def start(self) -> None:
        self.transactions = 0
        self.statements: list[str] = []

    @asynccontextmanager
    async def transaction(self, account_id: UUID) -> AsyncIterator[Transaction]:
        self.transactions += 1
        async with super().transaction(account_id) as tx:
            counted = Counted(tx._connection, account_id)
            counted.statements = self.statements
            yield counted
