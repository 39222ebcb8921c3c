"""Creating the demo world in a database: what is missing, once, by the services' own rules."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from app.demo.replay import replay
from app.demo.shapes import Case, Tenant
from app.demo.world import TENANTS
from db.database import Database, Transaction
from services import accounts, notifications
from services.actor import Actor
from services.engineers import Claims, InactiveEngineer, sign_in
from services.options import Options

LOCK: Final = 0x62_61_74_6F_6E_64  # "batond"; one seeding at a time per database
# Older than any token: role, tier and name follow the tokens from the first sign-in on.
CLAIMED_AT: Final = datetime(2020, 1, 1, tzinfo=UTC)
READ_AFTER: Final = timedelta(days=1)


async def seed(database: Database, options: Options, *, now: datetime) -> None:
    """Create the demo accounts, their engineers and their sessions as far as they are missing.

    Safe to repeat and to run from several processes at once: one works, the others wait for it and
    find nothing left to do. What people have changed since stays as it is. ``now`` is UTC; the
    world's past is counted back from it.
    """
    # Nobody outside is told of a past that never happened: the addresses are of the .test domain.
    # And nobody waits for it to have been heard.
    quiet = replace(options, mail=False, reach_after=None)
    async with database.system() as connection, connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
        for tenant in TENANTS:
            await _seed(database, tenant, quiet, now=now)


async def _seed(database: Database, tenant: Tenant, options: Options, *, now: datetime) -> None:
    account_id = await accounts.by_slug(database, tenant.slug)
    if account_id is None:
        account_id = await accounts.create(database, tenant.slug, tenant.name)
    people = await _people(database, tenant)
    async with database.transaction(account_id) as tx:
        await _skills(tx, tenant, people)
        missing = await _missing(tx, tenant, people)
        if missing:
            # one transaction, in the order of time: the account's log reads as it would have been
            await replay(tx, missing, people, options, now=now)
            await _read_old_news(tx, people, now=now)


async def _people(database: Database, tenant: Tenant) -> Mapping[str, Actor]:
    """By login. Somebody an administrator has removed stays removed, and is left out."""
    people = {}
    for person in tenant.people:
        email = tenant.email_of(person.login)
        claims = Claims(
            subject=email,
            account=tenant.slug,
            email=email,
            name=person.name,
            role=person.role,
            tier=person.tier,
            issued_at=CLAIMED_AT,
            expires_at=CLAIMED_AT,
        )
        try:
            people[person.login] = await sign_in(database, claims)
        except InactiveEngineer:
            continue
    return people


async def _skills(tx: Transaction, tenant: Tenant, people: Mapping[str, Actor]) -> None:
    for person in tenant.people:
        if person.login in people:
            await tx.execute(
                "UPDATE engineer SET skills = $2 WHERE id = $1 AND skills = '{}'",
                people[person.login].id,
                person.skills,
            )


async def _missing(tx: Transaction, tenant: Tenant, people: Mapping[str, Actor]) -> list[Case]:
    """Cases that aren't there yet and whose people all are."""
    rows = await tx.fetch(
        "SELECT problem_summary FROM session WHERE problem_summary = ANY ($1)",
        [case.summary for case in tenant.cases],
    )
    known = {row["problem_summary"] for row in rows}
    return [
        case
        for case in tenant.cases
        if case.summary not in known and case.involves() <= people.keys()
    ]


async def _read_old_news(tx: Transaction, people: Mapping[str, Actor], *, now: datetime) -> None:
    """Nobody leaves the bell of three days ago unread."""
    for person in people.values():
        items = await notifications.page(tx, person, first=100, unread_only=True)
        old = [item["id"] for item in items if item["created_at"] < now - READ_AFTER]
        await notifications.mark_read(tx, person, old, now=now)
