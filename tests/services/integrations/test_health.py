"""How an integration fares is told by its deliveries, and a hopeless webhook is switched off."""

import asyncio
from datetime import datetime, timedelta

import pytest

from db.database import Database, Row
from db.models.vocabulary import IntegrationKind
from services.integrations.configuring import enable
from services.integrations.health import (
    GIVEN_UP_AFTER,
    LONGEST_ERROR,
    Health,
    health,
    mark_failure,
    mark_success,
)
from tests.harness.people import Account
from tests.services.integrations.connecting import NOON, saved, stored

SECOND = timedelta(seconds=1)


async def failed(
    database: Database,
    account: Account,
    integration: Row,
    now: datetime = NOON,
    *,
    why: str = "It broke.",
    after: timedelta | None = None,
) -> bool:
    async with database.transaction(account.id) as tx:
        return await mark_failure(tx, integration["id"], why, now=now, after=after)


async def succeeded(
    database: Database, account: Account, integration: Row, now: datetime = NOON
) -> None:
    async with database.transaction(account.id) as tx:
        await mark_success(tx, [integration["id"]], now=now)


async def test_health_follows_what_happened_last(database: Database, account: Account) -> None:
    row = await saved(database, account.admin)
    assert health(row) is Health.UNTRIED
    await succeeded(database, account, row)
    row = await stored(database, account.admin, row)
    assert (health(row), row["last_success_at"]) == (Health.HEALTHY, NOON)
    for later in (1, 2):
        await failed(database, account, row, NOON + later * SECOND)
    row = await stored(database, account.admin, row)
    assert health(row) is Health.FAILING
    assert row["failing_since"] == NOON + SECOND
    assert row["last_failure_at"] == NOON + 2 * SECOND
    await succeeded(database, account, row, NOON + 3 * SECOND)
    row = await stored(database, account.admin, row)
    assert (health(row), row["failing_since"]) == (Health.HEALTHY, None)
    assert row["last_error"] == "It broke."  # to be looked at


async def test_what_went_wrong_is_kept_short_and_without_secrets(
    database: Database, account: Account
) -> None:
    row = await saved(database, account.admin)
    await failed(database, account, row, why="password=hunter2-Abc " + "x" * 10_000)
    told = (await stored(database, account.admin, row))["last_error"]
    assert "hunter2" not in told
    assert "[redacted]" in told
    assert len(told) == LONGEST_ERROR


async def test_the_longest_wait_that_a_vendor_asked_for_holds(
    database: Database, account: Account
) -> None:
    row = await saved(database, account.admin)
    for wait in (timedelta(minutes=10), timedelta(minutes=1), None):
        await failed(database, account, row, after=wait)
    not_before = (await stored(database, account.admin, row))["not_before"]
    assert not_before == NOON + timedelta(minutes=10)


async def test_a_webhook_that_fails_for_five_days_is_switched_off_once(
    database: Database, account: Account
) -> None:
    row = await saved(database, account.admin)
    end = NOON + GIVEN_UP_AFTER
    assert not await failed(database, account, row)
    assert not await failed(database, account, row, end - SECOND)
    at_once = await asyncio.gather(*(failed(database, account, row, end) for _ in range(4)))
    assert sorted(at_once) == [False, False, False, True]
    off = await stored(database, account.admin, row)
    assert (health(off), off["version"]) == (Health.DISABLED, 2)
    assert "5 days" in off["disabled_reason"]

    async with database.transaction(account.id) as tx:
        await enable(tx, account.admin, row["id"], now=end)
    assert not await failed(database, account, row, end + SECOND)  # five new days


async def test_one_success_between_failures_keeps_a_webhook(
    database: Database, account: Account
) -> None:
    row = await saved(database, account.admin)
    await failed(database, account, row)
    await succeeded(database, account, row, NOON + timedelta(days=4))
    assert not await failed(database, account, row, NOON + timedelta(days=8))
    assert not await failed(database, account, row, NOON + timedelta(days=12))


@pytest.mark.parametrize("kind", [k for k in IntegrationKind if k is not IntegrationKind.WEBHOOK])
async def test_nothing_else_is_ever_switched_off_by_itself(
    database: Database, account: Account, kind: IntegrationKind
) -> None:
    row = await saved(database, account.admin, kind)
    await failed(database, account, row)
    assert not await failed(database, account, row, NOON + timedelta(days=30))
    assert (await stored(database, account.admin, row))["enabled"]
