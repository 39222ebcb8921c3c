"""However much waits in an account, a look at it reads what it takes and little more."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest

from db.database import Database
from db.models.vocabulary import IntegrationKind
from services.deliveries import taking
from services.deliveries.promising import SkipReason
from services.deliveries.schedules import SCHEDULES
from tests.harness.people import Account
from tests.harness.postgres import Cluster
from tests.services.deliveries.parts import (
    connect,
    counter,
    deliveries,
    flood,
    is_due,
    raise_one,
    run,
    taken_by,
)

SLACK, TEAMS, WEBHOOK = IntegrationKind.SLACK, IntegrationKind.TEAMS, IntegrationKind.WEBHOOK
FLOOD = 2_000
FEW = 100  # rows of deliveries that a statement may look at
ROOM = SCHEDULES["WEBHOOK", WEBHOOK].at_once

STATEMENTS = {
    "TAKE": (*taking._WAYS, "worker", timedelta(seconds=15), 100),
    "SETTLE": (*taking._WAYS, 0),
    "GIVE_UP_LOST": (*taking._WAYS, taking.LOST),
    "GIVE_UP_DISABLED": (taking.DISABLED, SkipReason.INTEGRATION_DISABLED, 10),
}


def nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for each in plan.get("Plans", ()):
        yield from nodes(each)


def looked_at(node: Mapping[str, Any]) -> float:
    """Rows that a scan of deliveries has fetched, whether or not it then passed them on."""
    if node.get("Relation Name") != "delivery" or "Scan" not in node["Node Type"]:
        return 0
    removed = ("Rows Removed by Filter", "Rows Removed by Index Recheck")
    rows = node["Actual Rows"] + sum(node.get(each, 0) for each in removed)
    return float(rows * node["Actual Loops"])


async def plan_of(database: Database, account: Account, name: str) -> list[Mapping[str, Any]]:
    async with database.transaction(account.id) as tx:
        [row] = await tx.fetch(
            f"EXPLAIN (ANALYZE, FORMAT JSON) {getattr(taking, name)}", account.id, *STATEMENTS[name]
        )
    [explained] = row["QUERY PLAN"]
    return list(nodes(explained["Plan"]))


@pytest.fixture(scope="module", autouse=True)
def statistics_are_the_tests(cluster: Cluster, database_name: str) -> None:
    """PostgreSQL's own ANALYZE comes whenever it likes: of a table with three rows, say, and then
    those here are of no size that was meant."""
    cluster.as_superuser(
        "ALTER TABLE delivery SET (autovacuum_enabled = false)", database=database_name
    )


@pytest.fixture
async def flooded(database: Database, account: Account) -> Account:
    """2,000 are due over a webhook, as many over Teams, which is off, and one card behind them."""
    slack, teams, webhook = [await connect(database, account, k) for k in (SLACK, TEAMS, WEBHOOK)]
    handoff_id = await raise_one(database, account)
    await flood(database, account, handoff_id, webhook, FLOOD)
    await flood(database, account, handoff_id, teams, FLOOD)
    await flood(database, account, handoff_id, slack, 1)
    async with database.transaction(account.id) as tx:
        await tx.execute("UPDATE integration SET enabled = false WHERE id = $1", teams)
    return account


@pytest.fixture
def analyze(cluster: Cluster, database_name: str) -> Callable[[], Awaitable[None]]:
    return lambda: asyncio.to_thread(
        cluster.as_superuser, "ANALYZE delivery", database=database_name
    )


@pytest.mark.parametrize("name", STATEMENTS)
@pytest.mark.parametrize("analyzed", [False, True])
async def test_a_statement_looks_at_few_rows_however_many_are_due(
    database, flooded, analyze, name, analyzed
):
    """Whether or not the planner knows of them: a flood comes faster than its statistics."""
    if analyzed:
        await analyze()
    plan = await plan_of(database, flooded, name)
    assert any(node.get("Relation Name") == "delivery" for node in plan)
    assert sum(map(looked_at, plan)) <= FEW


async def test_what_waits_elsewhere_is_taken_beside_the_flood(database, flooded):
    """The flood's rows are older, and keep to their integration's bound."""
    taken = await taken_by(database, flooded, at_most=100)
    kinds = [each.kind for each in taken]
    assert kinds.count(WEBHOOK) == ROOM
    assert SLACK in kinds


async def test_a_switched_off_backlog_is_given_up_in_parts_and_the_account_stays_due(
    database, flooded, monkeypatch
):
    """One take that gave up all of it would hold the account's lock for as long."""
    monkeypatch.setattr(taking, "AT_ONCE", 800)

    async def skipped() -> int:
        rows = await deliveries(database, flooded)
        return sum(row["skip_reason"] == SkipReason.INTEGRATION_DISABLED for row in rows)

    found = []
    for _ in range(3):
        assert await is_due(database, flooded)
        await taken_by(database, flooded, at_most=1)
        found.append(await skipped())
    # raise_one has promised one more
    assert found == [800, 1_600, FLOOD + 1]


async def test_who_gives_up_a_part_says_that_there_is_more(database, flooded, monkeypatch):
    monkeypatch.setattr(taking, "AT_ONCE", 10)
    async with database.transaction(flooded.id) as tx:
        await tx.execute("UPDATE delivery SET state = 'SENT' WHERE channel <> 'TEAMS'")
    await run(database, flooded, taking.take, "one", at_most=1, lease=timedelta(seconds=15))
    assert (await counter(database, flooded))["in_seconds"] <= 0
