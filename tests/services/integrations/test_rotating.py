"""Every secret of every account comes under the newest key, whatever happens on the way."""

import asyncio

import pytest
from cryptography.fernet import Fernet

from db.database import Database, Row
from db.models.vocabulary import IntegrationKind
from services import accounts as accounts_
from services.integrations.rotating import Rotated, rotate
from services.integrations.vault import Vault
from tests.harness.people import Account, make_account
from tests.services.integrations.connecting import SECRETS, saved, stored

OLD, NEW, LATEST, LOST = (Fernet.generate_key().decode() for _ in range(4))
HALO, SLACK = IntegrationKind.HALOPSA, IntegrationKind.SLACK


async def halo(database: Database, account: Account) -> Row:
    async with database.transaction(account.id) as tx:
        return await tx.one("SELECT * FROM integration WHERE kind = 'HALOPSA'")


@pytest.fixture
async def accounts(database: Database, monkeypatch: pytest.MonkeyPatch) -> list[Account]:
    """More of them than are asked for at once."""
    monkeypatch.setattr(accounts_, "AT_ONCE", 2)
    made = [await make_account(database) for _ in range(5)]
    for account in made:
        await saved(database, account.admin, HALO, vault=Vault([OLD]))
    return sorted(made, key=lambda account: account.id)


async def test_all_are_put_under_the_newest_key_once(
    database: Database, accounts: list[Account]
) -> None:
    first = accounts[0]
    other = await saved(database, first.admin, SLACK, vault=Vault([NEW]))
    lost = await saved(database, first.admin, vault=Vault([LOST]))
    before = await stored(database, first.admin, lost)
    both = Vault([NEW, OLD])

    assert await rotate(database, both) == Rotated(resealed=5, current=1, locked=1)
    for account in accounts:
        row = await halo(database, account)
        assert Vault([NEW]).open(row["secrets"]) == SECRETS[HALO]
        assert row["version"] == 1  # who has seen it may change it still
    assert await stored(database, first.admin, lost) == before
    assert Vault([NEW]).open((await stored(database, first.admin, other))["secrets"])

    settled = [await halo(database, account) for account in accounts]
    assert await rotate(database, both) == Rotated(resealed=0, current=6, locked=1)
    assert [await halo(database, account) for account in accounts] == settled


async def test_who_was_interrupted_goes_on_where_it_was(
    database: Database, accounts: list[Account]
) -> None:
    third = accounts[2]
    both = Vault([LATEST, OLD])
    async with database.transaction(third.id) as tx:
        await tx.execute("SELECT FROM integration FOR UPDATE")  # it comes as far as this
        interrupted = asyncio.create_task(rotate(database, both))
        async with asyncio.timeout(20):
            while both.resealed((await halo(database, accounts[1]))["secrets"]) is not None:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        interrupted.cancel()
        await asyncio.wait({interrupted})
    done = [both.resealed((await halo(database, each))["secrets"]) is None for each in accounts]
    assert done == [True, True, False, False, False]

    rotated = await rotate(database, both)
    assert (rotated.resealed, rotated.current) == (3, 2)
