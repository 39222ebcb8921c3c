"""Reading the log: in pages, dense or not at all."""

from collections.abc import AsyncIterator

import pytest

from db.database import Database
from services.events import CursorExpired, CursorUnknown, GapInLog, head, read
from services.events.log import Span, span
from tests.harness.retention import age, prune_all


@pytest.fixture
async def owner(owner_dsn: str) -> AsyncIterator[Database]:
    """Who may damage the log."""
    opened = Database(owner_dsn, max_connections=2)
    await opened.open()
    yield opened
    await opened.close()


async def test_pages_follow_each_other(database, writer):
    await writer.write_bulk(12)
    pages = []
    after = 0
    async with database.transaction(writer.account.id) as tx:
        while page := await read(tx, after, limit=5):
            pages.append([event.seq for event in page])
            after = page[-1].seq
    assert pages == [[1, 2, 3, 4, 5], [6, 7, 8, 9, 10], [11, 12]]


async def test_a_missing_event_is_never_read_over(database, owner, writer):
    await writer.write_bulk(5)
    async with owner.transaction(writer.account.id) as tx:
        await tx.execute("DELETE FROM event WHERE seq = 3")
    async with database.transaction(writer.account.id) as tx:
        with pytest.raises(GapInLog) as hole:
            await read(tx, 1)
        assert (hole.value.expected, hole.value.found) == (3, 4)
        with pytest.raises(GapInLog):
            await read(tx, 2)
        assert [event.seq for event in await read(tx, 3)] == [4, 5]


async def test_an_account_without_events_begins_at_zero(database, account):
    async with database.transaction(account.id) as tx:
        assert await head(tx) == 0
        assert await span(tx) == Span(0, 0)
        assert await read(tx, 0) == []


async def test_what_the_log_promises_after_retention(database, owner_dsn, writer):
    """Whether rows have gone or not: these have not, since their handoff still waits."""
    await writer.write_bulk(5)
    await age(owner_dsn, writer.account.id, up_to=2)
    await prune_all(database)
    async with database.transaction(writer.account.id) as tx:
        assert await span(tx) == Span(horizon=2, head=5)
        assert len(await read(tx, 0)) == 5


async def test_another_accounts_log_is_not_there(database, writer, other_account):
    await writer.write_bulk(5)
    async with database.transaction(other_account.id) as tx:
        assert await head(tx) == 0
        assert await read(tx, 0) == []


@pytest.mark.parametrize(
    ("horizon", "head", "after"), [(0, 5, 0), (0, 5, 5), (2, 5, 2), (5, 5, 5), (0, 0, 0)]
)
def test_a_cursor_after_which_all_is_kept_is_good(horizon, head, after):
    Span(horizon, head).check(after)


@pytest.mark.parametrize(("horizon", "head", "after"), [(2, 5, 1), (2, 5, 0), (5, 5, 4)])
def test_a_cursor_before_what_is_kept_has_expired(horizon, head, after):
    with pytest.raises(CursorExpired):
        Span(horizon, head).check(after)


@pytest.mark.parametrize(("horizon", "head", "after"), [(0, 5, 6), (0, 0, 1), (2, 5, -1)])
def test_a_cursor_the_log_has_not_reached_is_unknown(horizon, head, after):
    with pytest.raises(CursorUnknown):
        Span(horizon, head).check(after)
