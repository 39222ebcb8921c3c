"""Where a run takes place: vendors, a PostgreSQL that may be killed, a door, and workers."""

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeVar

import httpx2
from cryptography.fernet import Fernet

from db.database import Database
from db.embedded import APP_ROLE, DATABASE, EmbeddedServer
from services.events.pages import TRANSIENT
from tests.chaos.asking import Asking
from tests.chaos.deliveries.plan import ACCOUNTS, WORKERS, Blow, Plan
from tests.chaos.deliveries.rows import under_way
from tests.chaos.deliveries.vendors import CONNECT, Vendors
from tests.chaos.replicas import Replica, Replicas, replicas
from tests.harness.people import Account, make_account
from tests.harness.postgres import mortal_server
from tests.harness.web import SECRET, token_of

T = TypeVar("T")

SAVE: Final = """
mutation Save($input: SaveIntegrationInput!) {
  saveIntegration(input: $input) { __typename ... on Problem { message } }
}
"""

ENDS: Final = (signal.SIGKILL, signal.SIGQUIT, signal.SIGINT)  # at once, at once, in order
SLOW: Final = 0.5  # seconds before an answer, so that many attempts are under way
DEEP: Final = 9.0  # seconds of sleep in which nobody can have taken anything over: a lease has 10
TURNS: Final = 30  # workers that are looked at until one has something under way
LONGEST: Final = 60.0  # seconds until somebody has: PostgreSQL may be killed meanwhile


@dataclass
class Stage:
    """``taken_over``: how many attempts others took from whoever slept."""

    server: EmbeddedServer
    database: Database
    accounts: list[Account]
    vendors: Vendors
    web: Replica
    workers: Replicas
    taken_over: int = 0
    sleeping: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def patiently(self, verb: Callable[..., Awaitable[T]], *args: object) -> T:
        """``verb(database, …)``. PostgreSQL is waited for."""
        while True:
            try:
                return await verb(self.database, *args)
            except TRANSIENT:
                await asyncio.sleep(0.1)

    async def strike(self, blow: Blow, which: int, seconds: float) -> None:
        """And let it heal, after so many seconds where it does not by itself."""
        match blow:
            case Blow.KILL:
                await self.workers.one(which).kill(seconds)
            case Blow.DATABASE:
                if (pid := self.server.pid) is not None:
                    os.kill(pid, random.Random(seconds).choice(ENDS))
            case Blow.SLEEP:
                async with self.sleeping:
                    await self._put_to_sleep(which, seconds)

    async def _put_to_sleep(self, which: int, seconds: float) -> None:
        """Whoever is in the middle of something, until others are in the middle of the same."""
        self.vendors.slow(SLOW)
        try:
            for turn in range(TURNS):
                await asyncio.sleep(SLOW / 5)
                before = self.taken_over
                worker = self.workers.one((which + turn) % WORKERS)
                await worker.sleep(partial(self._taken_over, seconds))
                if self.taken_over > before:
                    await asyncio.sleep(SLOW)  # it wakes among those who are at work
                    return
        finally:
            self.vendors.slow(0)

    async def _taken_over(self, seconds: float, pid: int) -> None:
        """At once when this worker has nothing under way."""
        held = await self._held(pid)
        if not held:
            return
        self.vendors.slow(0)
        await asyncio.sleep(DEEP)
        self.vendors.slow(SLOW)
        async with asyncio.timeout(LONGEST):
            while (left := await self._held(pid)) == held:  # noqa: ASYNC110 - of others
                await asyncio.sleep(0.05)
            await asyncio.sleep(seconds)
        self.taken_over += held - left

    async def _held(self, pid: int) -> int:
        counts = [await self.patiently(under_way, account, pid) for account in self.accounts]
        return sum(counts)


@asynccontextmanager
async def stage(plan: Plan) -> AsyncIterator[Stage]:
    vendors = Vendors(plan.seed, plan.escalations)
    with vendors.serving() as reached:
        async with mortal_server() as server:
            dsn = server.dsn(APP_ROLE, DATABASE)
            settings = {
                **reached,
                "database_url": dsn,
                "auth_secret": SECRET,
                "secret_keys": Fernet.generate_key().decode(),
                "link_base": "https://desk.example",
                "drain_timeout": "3",
            }
            database = Database(dsn, max_connections=4)
            await database.open()
            try:
                accounts = [await _an_account(database, n) for n in range(ACCOUNTS)]
                async with (
                    replicas("web", **settings) as webs,
                    replicas(*["worker"] * WORKERS, **settings) as workers,
                ):
                    [web] = webs.each
                    await _connect(accounts, web.url)
                    yield Stage(server, database, accounts, vendors, web, workers)
            finally:
                await database.close()


async def _an_account(database: Database, number: int) -> Account:
    """Of which one engineer wants mail: every effect of a call for help is one."""
    account = await make_account(database, f"account{number}")
    async with database.transaction(account.id) as tx:
        await tx.execute("UPDATE engineer SET mail = (id = $1)", account.tier2.id)
    return account


async def _connect(accounts: list[Account], url: str) -> None:
    async with httpx2.AsyncClient(timeout=15) as http:
        for account in accounts:
            asking = Asking(http, lambda: url, account.slug)
            for vendor in CONNECT:
                token = token_of(account.admin, account)
                saved = await asking.ask(token, SAVE, input=vendor)
                assert saved["__typename"] == "SaveIntegrationSuccess", saved
