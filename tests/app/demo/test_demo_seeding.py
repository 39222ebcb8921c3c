"""The demo world is created once, whole and in order, whoever asks for it and however often."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.demo.seeding import seed
from app.demo.shapes import Case, State, Tenant
from app.demo.world import ACME, TENANTS
from db.database import Database
from db.models import TENANT_TABLES
from services import accounts
from services.engineers import Claims, sign_in
from services.options import Options

NOW = datetime(2026, 3, 11, 14, 30, tzinfo=UTC)
OPTIONS = Options(link_base="https://desk.acme.test", mail=True, assessment=False)


@pytest.fixture
def dsn(cluster):
    """A database for each test: the demo accounts exist once per database."""
    name = cluster.new_database()
    yield cluster.dsn(name)
    cluster.drop_database(name)


async def everything(database: Database) -> Mapping[str, list[Any]]:
    """Every row of the demo accounts, by account and table."""
    rows = {}
    for tenant in TENANTS:
        account_id = await accounts.by_slug(database, tenant.slug)
        assert account_id is not None
        async with database.transaction(account_id) as tx:
            for table in TENANT_TABLES:
                found = await tx.fetch(f"SELECT * FROM {table}")
                rows[f"{tenant.slug}.{table}"] = sorted(map(str, found))
    return rows


async def ask(database: Database, tenant: Tenant, sql: str, *args: Any) -> Any:
    account_id = await accounts.by_slug(database, tenant.slug)
    assert account_id is not None
    async with database.transaction(account_id) as tx:
        return await tx.fetch(sql, *args)


async def test_seeding_twice_is_seeding_once(database):
    await seed(database, OPTIONS, now=NOW)
    once = await everything(database)

    await seed(database, OPTIONS, now=NOW + timedelta(hours=5))

    assert await everything(database) == once
    assert once["acme.session"] and once["globex.session"]


async def test_processes_that_seed_at_the_same_time_make_one_world(dsn):
    databases = [Database(dsn, max_connections=3) for _ in range(4)]
    await asyncio.gather(*(database.open() for database in databases))
    try:
        await asyncio.gather(*(seed(database, OPTIONS, now=NOW) for database in databases))
        for tenant in TENANTS:
            rows = await ask(databases[0], tenant, "SELECT problem_summary FROM session")
            assert sorted(row.problem_summary for row in rows) == sorted(
                case.summary for case in tenant.cases
            )
    finally:
        await asyncio.gather(*(database.close() for database in databases))


@pytest.mark.parametrize("tenant", TENANTS, ids=lambda tenant: tenant.slug)
async def test_every_session_stands_where_its_case_says(database, tenant):
    await seed(database, OPTIONS, now=NOW)
    rows = await ask(
        database,
        tenant,
        """
        SELECT s.*, o.email AS owner, t.email AS holder, h.status AS handoff, h.priority, h.intent,
               c.email AS claimer, g.email AS target,
               (SELECT count(*) FROM step p WHERE p.session_id = s.id) AS steps
        FROM session s JOIN engineer o ON o.id = s.owner_id
        LEFT JOIN engineer t ON t.id = s.escalated_to_id
        LEFT JOIN handoff h ON h.session_id = s.id
        LEFT JOIN engineer c ON c.id = h.claimed_by_id LEFT JOIN engineer g ON g.id = h.target_id
        """,
    )
    standing = {row.problem_summary: row for row in rows}
    assert len(standing) == len(rows) == len(tenant.cases)
    for case in tenant.cases:
        row = standing[case.summary]
        assert (row.status, row.handoff) == STANDS[case.state], case.summary
        assert row.owner == tenant.email_of(case.owner)
        assert row.steps == len(case.steps)
        assert row.created_at == NOW - case.age
        assert row.holder == row.claimer == (tenant.email_of(case.claim.by) if case.claim else None)
        assert row.resolution == (case.resolution.text if case.resolution else None)
        _same_escalation(tenant, case, row)


STANDS = {
    State.ACTIVE: ("ACTIVE", None),
    State.WAITING: ("ESCALATED", "OPEN"),
    State.WAITING_LEGACY: ("REQUESTING_ESCALATION", "OPEN"),
    State.CLAIMED: ("ACTIVE", "CLAIMED"),
    State.RESOLVED: ("RESOLVED", None),
    State.RESOLVED_AFTER_CLAIM: ("RESOLVED", "RESOLVED"),
}


def _same_escalation(tenant: Tenant, case: Case, row: Any) -> None:
    escalation = case.escalation
    if escalation is None:
        return
    assert (row.priority, row.intent) == (escalation.priority, escalation.intent)
    assert row.target == (tenant.email_of(escalation.target) if escalation.target else None)


async def test_lists_and_log_are_in_the_order_of_time(database):
    await seed(database, OPTIONS, now=NOW)
    for table, moment in (("session", "created_at"), ("handoff", "created_at")):
        rows = await ask(database, ACME, f"SELECT {moment} AS at FROM {table} ORDER BY id")
        assert [row.at for row in rows] == sorted(row.at for row in rows)
    events = await ask(database, ACME, "SELECT seq, occurred_at FROM event ORDER BY seq")
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert [event.occurred_at for event in events] == sorted(e.occurred_at for e in events)
    assert all(event.occurred_at < NOW for event in events)


async def test_steps_are_their_authors_and_the_claimers_come_after_the_claim(database):
    await seed(database, OPTIONS, now=NOW)
    rows = await ask(
        database,
        ACME,
        "SELECT s.problem_summary AS summary, p.title, p.recorded_at, e.email FROM step p "
        "JOIN session s ON s.id = p.session_id JOIN engineer e ON e.id = p.author_id",
    )
    authors = {(row.summary, row.title): (row.email, row.recorded_at) for row in rows}
    for case in ACME.cases:
        for step in case.steps:
            email, recorded_at = authors[case.summary, step.title]
            assert email == ACME.email_of(case.author_of(step))
            assert recorded_at == NOW - case.age + timedelta(minutes=step.at)


async def test_nobody_outside_is_told_of_the_demos_past(database):
    await seed(database, OPTIONS, now=NOW)
    for tenant in TENANTS:
        states = await ask(database, tenant, "SELECT DISTINCT state FROM delivery")
        assert [row.state for row in states] == ["SKIPPED"]


async def test_old_news_has_been_read_and_recent_news_has_not(database):
    await seed(database, OPTIONS, now=NOW)
    items = await ask(database, ACME, "SELECT created_at, read_at FROM notification")
    yesterday = NOW - timedelta(days=1)
    assert {item.read_at is not None for item in items if item.created_at < yesterday} == {True}
    assert {item.read_at is None for item in items if item.created_at >= yesterday} == {True}


async def test_what_people_have_changed_since_stays(database):
    await seed(database, OPTIONS, now=NOW)
    hired = Claims(
        subject="tier1@acme.test",
        account="acme",
        email="tier1@acme.test",
        name="Maya Lindqvist-Berg",
        role=ACME.person("tier1").role,
        tier=2,
        issued_at=NOW,
        expires_at=NOW + timedelta(hours=1),
    )
    await sign_in(database, hired)
    await ask(
        database,
        ACME,
        "UPDATE engineer SET skills = '{Networks}' WHERE subject = $1 RETURNING 1",
        "tier1@acme.test",
    )
    await ask(
        database,
        ACME,
        "UPDATE engineer SET active = false WHERE subject = $1 RETURNING 1",
        "tier3@acme.test",
    )
    before = await everything(database)

    await seed(database, OPTIONS, now=NOW + timedelta(days=2))

    assert await everything(database) == before


async def test_a_case_that_is_missing_is_added_and_the_others_are_left_alone(database):
    await seed(database, OPTIONS, now=NOW)
    summary = ACME.cases[0].summary
    await ask(
        database,
        ACME,
        "UPDATE session SET problem_summary = 'Renamed' WHERE problem_summary = $1 RETURNING id",
        summary,
    )
    before = await everything(database)

    await seed(database, OPTIONS, now=NOW)

    after = await everything(database)
    added = [row for row in after["acme.session"] if row not in before["acme.session"]]
    assert len(added) == 1
    assert summary in added[0]
    assert len(after["acme.session"]) == len(before["acme.session"]) + 1
