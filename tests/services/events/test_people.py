"""Rights taken away are noticed by every process, whoever took them away and however."""

import asyncio
from uuid import UUID

import asyncpg
import pytest

from db.database import Database
from db.embedded.cluster import SUPERUSER
from services.events import Hub
from tests.harness.people import Account
from tests.harness.postgres import Cluster
from tests.services.events.parts import eventually, nothing

QUICK = 0.05  # seconds between two polls


async def change(database: Database, account: Account, change: str) -> None:
    async with database.transaction(account.id) as tx:
        await tx.execute(f"UPDATE engineer SET {change} WHERE id = $1", account.tier2.id)


def told(hub: Hub) -> list[UUID]:
    heard: list[UUID] = []
    hub.people.listen(heard.append)
    return heard


async def watching(hub: Hub, *accounts: Account) -> list[UUID]:
    """What is told from now on, that of the first sight left out."""
    heard = told(hub)
    for account in accounts:
        hub.people.watch(account.id)
    await eventually(lambda: len(heard) >= len(accounts))
    heard.clear()
    return heard


@pytest.mark.parametrize("what", ["role = 'VIEWER'", "tier = 3", "active = false"])
async def test_a_change_of_rights_is_told_once_to_who_watches_the_account(
    new_hub, database, account, other_account, what
):
    hub = await new_hub(poll=QUICK)
    heard = await watching(hub, account, other_account)

    await change(database, account, what)

    await eventually(lambda: heard == [account.id])
    await asyncio.sleep(4 * QUICK)
    assert heard == [account.id]


async def test_nothing_else_of_a_person_is_a_change_of_rights(new_hub, database, account):
    hub = await new_hub(poll=QUICK)
    heard = await watching(hub, account)
    await change(database, account, "name = 'New', email = 'new@acme.test', tier = tier")
    await asyncio.sleep(4 * QUICK)
    assert heard == []


async def test_a_superuser_s_hand_is_noticed_too(
    new_hub, account, cluster: Cluster, database_name: str
):
    hub = await new_hub(poll=QUICK)
    heard = await watching(hub, account)
    connection = await asyncpg.connect(cluster.dsn(database_name, SUPERUSER))
    await connection.execute("UPDATE engineer SET active = false WHERE id = $1", account.tier1.id)
    await connection.close()
    await eventually(lambda: heard == [account.id])


async def test_what_changed_before_it_was_watched_can_not_be_missed(new_hub, database, account):
    """Whoever signed in just before does not know: so the first sight is told."""
    hub = await new_hub(poll=QUICK)
    heard = told(hub)
    await change(database, account, "role = 'VIEWER'")
    await asyncio.sleep(2 * QUICK)
    assert heard == []  # nobody watches

    for _ in range(2):
        hub.people.watch(account.id)
        await eventually(lambda: heard == [account.id])
        hub.people.unwatch(account.id)
        heard.clear()


async def test_an_account_is_watched_as_long_as_anybody_wants_it(new_hub, database, account):
    hub = await new_hub(poll=QUICK)
    heard = await watching(hub, account)
    hub.people.watch(account.id)
    hub.people.unwatch(account.id)
    await change(database, account, "tier = 3")
    await eventually(lambda: heard == [account.id])

    hub.people.unwatch(account.id)
    await change(database, account, "tier = 1")
    await asyncio.sleep(4 * QUICK)
    assert heard == [account.id]
    assert not hub.people.watched


async def test_a_ring_tells_other_processes_at_once(new_hub, account, dsn):
    here, there = [await new_hub(dsn, poll=30) for _ in range(2)]
    await eventually(lambda: here.doorbell.connected and there.doorbell.connected)
    heard_here, heard_there = told(here), told(there)

    here.ring_people(account.id)

    assert heard_here == [account.id]
    await eventually(lambda: heard_there == [account.id], within=1)


async def test_a_change_of_rights_is_no_event(new_hub, database, account, writer):
    hub = await new_hub(poll=QUICK)
    async with await hub.follow(account.id, None) as follower:
        await change(database, account, "tier = 3")
        assert await nothing(follower, 4 * QUICK)
        seq = await writer.write()
        assert (await anext(follower)).seq == seq == 1
