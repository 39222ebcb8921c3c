"""Engineers follow their tokens."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from db.database import Database
from db.ids import uuid7
from db.models.vocabulary import Role
from services.engineers import (
    Claims,
    InactiveEngineer,
    NoSuchEngineer,
    UnknownAccount,
    UnknownEngineer,
    entitled,
    set_active,
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


async def test_another_role_or_tier_is_told_after_it_was_committed_and_nothing_else_is(
    database: Database, account: Account
) -> None:
    told: list[UUID] = []

    async def come(minute: int, **rights: object) -> None:
        issued_at = NOON + timedelta(minutes=minute)
        await sign_in(database, claims(account, issued_at=issued_at, **rights), changed=told.append)

    await come(0)  # new: nobody was connected as them
    await come(1, name="Renamed")
    assert told == []
    await come(2, role=Role.VIEWER)
    await come(3, role=Role.VIEWER, tier=1)
    assert told == [account.id] * 2
    await come(1, role=Role.ADMIN)  # an older token gives nothing
    assert told == [account.id] * 2
    async with database.transaction(account.id) as tx:
        await tx.execute("UPDATE engineer SET active = false WHERE subject = 'idp|7'")
    with pytest.raises(InactiveEngineer):
        await come(4, role=Role.ADMIN)
    assert told == [account.id] * 3


async def test_who_is_told_of_another_role_can_read_it_already(
    database: Database, account: Account
) -> None:
    await sign_in(database, claims(account))
    reading: list[asyncio.Task[str]] = []

    async def read() -> str:
        async with database.transaction(account.id) as tx:
            role: str = await tx.fetchval("SELECT role FROM engineer WHERE subject = 'idp|7'")
        return role

    newer = claims(account, role=Role.VIEWER, issued_at=NOON + timedelta(minutes=1))
    await sign_in(
        database, newer, changed=lambda account_id: reading.append(asyncio.create_task(read()))
    )
    assert await reading[0] == Role.VIEWER


async def test_somebody_is_kept_out_and_let_in_by_their_e_mail_in_one_account_only(
    database: Database, account: Account, other_account: Account
) -> None:
    for of in (account, other_account):
        await sign_in(database, claims(of))
    async with database.transaction(account.id) as tx:
        [row] = await set_active(tx, " New@ACME.test ", active=False)
        assert (row["name"], row["active"]) == ("New", False)
    with pytest.raises(InactiveEngineer):
        await sign_in(database, claims(account, issued_at=NOON + timedelta(hours=1)))
    await sign_in(database, claims(other_account))

    async with database.transaction(account.id) as tx:
        await set_active(tx, "new@acme.test", active=True)
        with pytest.raises(NoSuchEngineer, match="nobody@"):
            await set_active(tx, "nobody@acme.test", active=False)
    assert (await sign_in(database, claims(account))).email == "new@acme.test"


async def test_entitled_is_who_has_what_they_came_with(
    database: Database, account: Account
) -> None:
    everybody = set(account.everybody)
    async with database.transaction(account.id) as tx:
        assert await entitled(tx, everybody) == everybody
        for who, what in (
            (account.tier1, "role = 'VIEWER'"),
            (account.tier2, "tier = 3"),
            (account.admin, "active = false"),
            (account.viewer, "name = 'Renamed'"),
        ):
            await tx.execute(f"UPDATE engineer SET {what} WHERE id = $1", who.id)
        unknown = replace(account.tier3, id=uuid7())
        assert await entitled(tx, {*everybody, unknown}) == {account.tier3, account.viewer}
