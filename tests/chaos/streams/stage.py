"""Where a run takes place: a database, a doorbell, replicas, and the people of two accounts."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from app.signin.claims import LEEWAY
from db.database import Database
from services.actor import Actor
from tests.chaos.replicas import Replicas, replicas
from tests.chaos.streams.doorbells import Doorbell, cut_connections
from tests.chaos.streams.logs import AccountLog, read_log
from tests.chaos.streams.plan import ACCOUNTS, REPLICAS, Blow, Habits
from tests.harness.people import Account, make_account, make_engineer
from tests.harness.postgres import Cluster
from tests.harness.web import SECRET, token_of

News = Callable[[], Awaitable[None]]  # waits for the next event

CUTS: Final = 4  # in a row
READERS: Final = 8  # of each account, beside its ADMIN and its VIEWER
TOKENS: Final = (5, 60)
"""Seconds that one is good for: whoever stays longer has to come back with another."""


@dataclass
class Stage:
    cluster: Cluster
    database_name: str
    doorbell: Doorbell
    replicas: Replicas
    accounts: list[Account]
    readers: list[list[Actor]]

    def reader(self, habits: Habits) -> tuple[Account, Actor]:
        """Whose subscription it is: everybody has some."""
        people = self.readers[habits.account]
        return self.accounts[habits.account], people[habits.number // ACCOUNTS % len(people)]

    async def logs(self) -> list[AccountLog]:
        async with opened(self.cluster.dsn(self.database_name)) as database:
            return [await read_log(database, account) for account in self.accounts]

    async def strike(self, blow: Blow, which: int, seconds: float, news: News) -> None:
        """And let it heal, after so many seconds where it does not by itself."""
        match blow:
            case Blow.KILL:
                await self.replicas.one(which).kill(seconds)
            case Blow.DEPLOY:
                await self.replicas.one(which).deploy()
            case Blow.DATABASE:
                for _ in range(CUTS):
                    # what is new is being read and told just now
                    await news()
                    await asyncio.sleep(seconds / 100)
                    await cut_connections(self.cluster, self.database_name)
            case Blow.DOORBELL:
                await self.doorbell.cut()
            case Blow.OUTAGE:
                await self.doorbell.away(seconds)


def short_tokens(account: Account, reader: Actor, chance: random.Random) -> Callable[[], str]:
    """Gives a fresh one each time, which does not last."""

    def fresh() -> str:
        left = timedelta(seconds=chance.uniform(*TOKENS))
        return token_of(reader, account, lifetime=left - LEEWAY)

    return fresh


@asynccontextmanager
async def opened(dsn: str) -> AsyncIterator[Database]:
    """For a moment: connections that are kept are cut with the others."""
    database = Database(dsn, max_connections=2)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def stage(cluster: Cluster, database_name: str, doorbell: Doorbell) -> AsyncIterator[Stage]:
    async with opened(cluster.dsn(database_name)) as database:
        accounts = [await make_account(database, name) for name in ("acme", "globex")]
        readers = [await _readers(database, account) for account in accounts]
    settings = {
        "database_url": cluster.dsn(database_name),
        "broadcast_url": doorbell.url,
        "auth_secret": SECRET,
        "drain_timeout": "3",
    }
    await doorbell.start()
    try:
        async with replicas(*["web"] * REPLICAS, **settings) as processes:
            yield Stage(cluster, database_name, doorbell, processes, accounts, readers)
    finally:
        await doorbell.close()


async def _readers(database: Database, account: Account) -> list[Actor]:
    """None of them raises anything, so that the same handoffs wait for all of them."""
    made = [
        await make_engineer(
            database,
            account.id,
            f"reader{number}@{account.slug}.test",
            tier=number % 3 + 1,
        )
        for number in range(READERS)
    ]
    return [*made, account.admin, account.viewer]
