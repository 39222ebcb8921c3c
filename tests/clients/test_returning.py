"""What the page's followers do when coming back is not all that is to be done."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import pytest

from db.database import Database
from resolvers import cursors
from tests.clients.consumer import FOLLOWERS, Begin, Consumer
from tests.clients.desk import desk
from tests.clients.line import line
from tests.clients.raiser import Raiser
from tests.harness.people import Account
from tests.harness.retention import age, prune_all
from tests.harness.web import Client, Web, running, token_of

Follow = Callable[..., AbstractAsyncContextManager[Consumer]]


@pytest.fixture(scope="module")
def web(settings: dict[str, str]) -> Iterator[Web]:
    with running(**settings) as process:
        yield process


@pytest.fixture(params=FOLLOWERS)
def follower(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
async def tokens(account: Account) -> AsyncIterator[str]:
    async with desk(account.tier2, account) as made:
        yield made.url


@pytest.fixture
def follow(web: Web, begin: Begin, follower: str, tokens: str) -> Follow:
    return partial(begin, follower, web.url, tokens)


@pytest.fixture
async def raiser(web: Web, account: Account) -> AsyncIterator[Raiser]:
    async with Client(web, token_of(account.tier1, account)) as client:
        yield Raiser(client)


async def test_an_event_that_could_not_be_handled_comes_again_before_the_next(
    follow: Follow, raiser: Raiser
) -> None:
    async with follow(stumbles=2) as following:
        await following.until(lambda it: bool(it.queues))
        for _ in range(3):
            await raiser.raise_one()
        await following.until(lambda it: len(it.events) == 3)
        assert [event["handoff"]["id"] for event in following.events] == raiser.raised
        assert len(following.troubles) >= 2


async def test_a_cursor_that_was_kept_is_where_it_goes_on(
    follow: Follow, raiser: Raiser, account: Account
) -> None:
    for _ in range(3):
        await raiser.raise_one()
    async with follow(after=cursors.write(account.id, 1)) as following:
        await following.until(lambda it: len(it.events) == 2)
        assert [event["handoff"]["id"] for event in following.events] == raiser.raised[1:]
        assert following.queues == []


async def test_with_a_cursor_that_is_not_good_it_begins_again_with_the_list(
    follow: Follow, raiser: Raiser, other_account: Account
) -> None:
    await raiser.raise_one()
    async with follow(after=cursors.write(other_account.id, 1)) as following:
        await following.until(lambda it: bool(it.queues))
        await raiser.raise_one()
        await following.until(lambda it: bool(it.events))
        [queue], [event] = following.queues, following.events
        assert following.troubles == ["CURSOR_INVALID"]
        assert [handoff["id"] for handoff in queue["handoffs"]] == raiser.raised[:1]
        assert event["handoff"]["id"] == raiser.raised[1]


async def test_with_a_cursor_that_has_expired_it_begins_again_with_the_list(
    follow: Follow, raiser: Raiser, account: Account, database: Database, owner_dsn: str
) -> None:
    for _ in range(3):
        await raiser.raise_one()
    await age(owner_dsn, account.id, up_to=2)
    await prune_all(database)
    async with follow(after=cursors.write(account.id, 1)) as following:
        await following.until(lambda it: bool(it.queues))
        await raiser.raise_one()
        await following.until(lambda it: bool(it.events))
        [queue], [event] = following.queues, following.events
        assert following.troubles == ["CURSOR_EXPIRED"]
        assert {handoff["id"] for handoff in queue["handoffs"]} == set(raiser.raised[:3])
        assert event["handoff"]["id"] == raiser.raised[3]


async def test_a_request_that_is_wrong_is_not_made_again_and_again(
    follow: Follow, workshop: Path, tmp_path: Path
) -> None:
    altered = shutil.copytree(workshop, tmp_path / "altered", symlinks=True)
    for name in ("follower.ts", "follow.py"):
        text = (altered / name).read_text()
        (altered / name).write_text(text.replace("occurredAt", "happenedAt"))
    async with follow(folder=altered) as following:
        await following.until(lambda it: bool(it.of("failed")))
        assert following.of("failed") == ["VALIDATION_FAILED"]
        assert following.troubles == []


async def test_it_waits_longer_after_each_failure_until_a_stream_stands_again(
    begin: Begin, web: Web, follower: str, tokens: str, raiser: Raiser
) -> None:
    first, last, failures = 0.02, 2.0, 7  # seconds, seconds, times
    async with (
        line() as way,
        begin(follower, way.url, tokens, firstDelay=first * 1000, lastDelay=last * 1000) as it,
    ):
        await way.until_called(failures)
        least = sum(first * 2**number / 2 for number in range(failures - 1))
        assert way.came[-1] - way.came[0] > 0.8 * least
        way.lead(web)
        await it.until(lambda it: bool(it.queues))
        await raiser.raise_one()
        await it.until(lambda it: bool(it.events))
        calls, cut_at = len(way.came), asyncio.get_running_loop().time()
        way.cut()
        await way.until_called(calls + 1)
        assert way.came[calls] - cut_at < last / 2  # that it would wait at least


@pytest.mark.parametrize("follower", ["sockets", "sse"], indirect=True)
async def test_a_follower_that_is_told_to_stop_leaves_nothing_behind_that_goes_on(
    follow: Follow, raiser: Raiser
) -> None:
    async with follow(silence=60_000) as following:  # or that alone would end it
        await following.until(lambda it: bool(it.queues))
        await raiser.raise_one()
        await following.until(lambda it: bool(it.events))
        assert await following.stop() == 0
