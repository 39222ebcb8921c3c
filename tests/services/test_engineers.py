"""Engineers follow their tokens."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from db.database import Database
from db.models.vocabulary import Role
from services.engineers import (
    Claims,
    InactiveEngineer,
    UnknownAccount,
    UnknownEngineer,
    sign_in,
)
from tests.harness.people import Account
from tests.harness.story import NOON, count


def claims(account: Account, **changes: object) -> Claims:
    known = Claims(
        subject="idp|7",
        account=account.slug,
        email="new@acme.test",
        name="New",
        role=Role.ENGINEER,
        tier=2,
        issued_at=NOON,
        expires_at=NOON + timedelta(hours=1),
    )
    return replace(known, **changes)  # type: ignore[arg-type]


async def test_a_new_engineer_is_made_once_however_many_ask_at_once(
    database: Database, account: Account
) -> None:
    actors = await asyncio.gather(*(sign_in(database, claims(account)) for _ in range(8)))
    assert len({actor.id for actor in actors}) == 1
    assert (actors[0].role, actors[0].tier, actors[0].account_id) == (Role.ENGINEER, 2, account.id)
    assert await count(database, account.tier1, "engineer", "subject = 'idp|7'") == 1


async def test_role_and_tier_follow_the_newest_token_and_no_older_one(
    database: Database, account: Account
) -> None:
    await sign_in(database, claims(account, role=Role.ADMIN))
    demoted = await sign_in(
        database, claims(account, role=Role.VIEWER, tier=1, issued_at=NOON + timedelta(minutes=1))
    )
    assert (demoted.role, demoted.tier) == (Role.VIEWER, 1)
    old_token = await sign_in(database, claims(account, role=Role.ADMIN))
    assert old_token == demoted


async def test_unknown_accounts_and_people_who_left_are_refused(
    database: Database, account: Account
) -> None:
    with pytest.raises(UnknownAccount, match="nowhere"):
        await sign_in(database, replace(claims(account), account="nowhere"))
    with pytest.raises(UnknownEngineer):
        await sign_in(database, claims(account), provision=False)
    await sign_in(database, claims(account))
    async with database.transaction(account.id) as tx:
        await tx.execute("UPDATE engineer SET active = false WHERE subject = 'idp|7'")
    with pytest.raises(InactiveEngineer):
        await sign_in(database, claims(account, issued_at=NOON + timedelta(hours=1)))


async def test_the_same_subject_in_two_accounts_is_two_people(
    database: Database, account: Account, other_account: Account
) -> None:
    here = await sign_in(database, claims(account))
    there = await sign_in(database, claims(other_account))
    assert here.id != there.id
    assert there.account_id == other_account.id


async def test_an_older_token_that_comes_while_a_newer_one_is_written_changes_nothing(
    database: Database, account: Account
) -> None:
    await sign_in(database, claims(account, issued_at=NOON - timedelta(hours=1)))
    async with database.transaction(account.id) as tx:
        await tx.execute(
            "UPDATE engineer SET role = 'VIEWER', claims_issued_at = $1 WHERE subject = 'idp|7'",
            NOON + timedelta(minutes=1),
        )
        older = asyncio.create_task(sign_in(database, claims(account, role=Role.ADMIN)))
        await asyncio.sleep(0.1)  # it has read the row as it was, and waits to write it
        assert not older.done()
    assert (await older).role == Role.VIEWER
