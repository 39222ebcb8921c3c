"""Hubs, as many as processes would have, and all ended with the test."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Protocol
from uuid import UUID

import pytest

from db.database import Database
from services.events import Doorbell, Hub
from tests.harness.people import Account
from tests.harness.valkey import Valkey
from tests.services.events.parts import Writer, make_handoff


class NewHub(Protocol):
    async def __call__(self, doorbell: Doorbell | str = ..., *, poll: float = ...) -> Hub: ...


@pytest.fixture
async def handoff(database: Database, account: Account) -> UUID:
    return await make_handoff(database, account)


@pytest.fixture
async def writer(database: Database, account: Account, handoff: UUID) -> Writer:
    """Rings nobody, unless told to."""
    return Writer(database, account, handoff)


@pytest.fixture
async def new_hub(database: Database) -> AsyncIterator[NewHub]:
    """A started hub. ``poll`` is in seconds; 30 means that only a ring can explain what comes."""
    async with AsyncExitStack() as started:

        async def make(doorbell: Doorbell | str = "memory://", *, poll: float = 1) -> Hub:
            bell = Doorbell(doorbell) if isinstance(doorbell, str) else doorbell
            hub = Hub(database, bell, poll=timedelta(seconds=poll))
            await hub.start()
            started.push_async_callback(hub.stop)
            return hub

        yield make


@pytest.fixture
def quick_bell() -> Callable[[str], Doorbell]:
    """A doorbell that notices silence in a fraction of a second, to keep the tests short."""

    def make(url: str) -> Doorbell:
        return Doorbell(url, beat=timedelta(seconds=0.2), patience=timedelta(seconds=0.5))

    return make


@pytest.fixture
async def valkey() -> AsyncIterator[Valkey]:
    server = Valkey()
    await server.start()
    yield server
    await server.kill()
