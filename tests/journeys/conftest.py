"""Journeys are told through the front door: real processes, real sockets, real tokens."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack

import pytest

from services.actor import Actor
from tests.harness.people import Account
from tests.harness.web import SECRET, Client, Web, running, token_of


@pytest.fixture(scope="module")
def settings(dsn: str) -> dict[str, str]:
    """Of a web process on this file's database."""
    return {"database_url": dsn, "auth_secret": SECRET, "link_base": "https://desk.example"}


@pytest.fixture(scope="module")
def web(settings: dict[str, str]) -> Iterator[Web]:
    with running(**settings) as process:
        yield process


@pytest.fixture(scope="module")
def two_webs(settings: dict[str, str]) -> Iterator[tuple[Web, Web]]:
    """Two processes on one database, each told of the other's news by PostgreSQL."""
    with ExitStack() as stack:
        yield (
            stack.enter_context(running(**settings)),
            stack.enter_context(running(**settings)),
        )


@pytest.fixture
async def sign_in(account: Account) -> AsyncIterator[Callable[..., Client]]:
    """``sign_in(web, actor)``: a client of that process with that engineer's token."""
    async with AsyncExitStack() as stack:

        def client(web: Web, actor: Actor, of: Account = account) -> Client:
            made = Client(web, token_of(actor, of))
            stack.push_async_callback(made.close)
            return made

        yield client
