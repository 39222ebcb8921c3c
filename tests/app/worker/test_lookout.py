"""A call that nobody might have heard is looked after in time, also when every attempt is taken."""

import asyncio
from datetime import timedelta

import asyncpg

from db.database import Database
from db.embedded import APP_ROLE
from db.embedded.cluster import SUPERUSER
from db.models.vocabulary import EventType, IntegrationKind
from services import events
from services.events import Doorbell
from services.options import Options
from tests.app.worker.carrying import Recorded, accept, carrying, eventually, hang
from tests.harness.people import Account
from tests.harness.postgres import Cluster
from tests.services.deliveries.parts import connect, raise_one

SOON = Options("https://desk.example", mail=True, reach_after=timedelta(seconds=1))


async def unreached(database: Database, account: Account) -> bool:
    async with database.transaction(account.id) as tx:
        found = await events.read(tx, 0)
    return EventType.HANDOFF_UNREACHED in [event.type for event in found]


async def test_it_is_said_in_time_although_every_attempt_hangs_and_others_are_rung(
    database: Database, account: Account
) -> None:
    await connect(database, account, IntegrationKind.SLACK)
    doorbell = Doorbell("memory://")
    rung: list[int] = []
    doorbell.listen(lambda account_id, seq: rung.append(seq), lambda: None)
    await doorbell.start()
    channel = Recorded(hang)
    async with carrying(database, channel, slots=1, options=SOON, doorbell=doorbell) as carrier:
        await raise_one(database, account, SOON)
        await eventually(lambda: carrier.running == 1)
        await eventually(lambda: unreached(database, account), within=3)
        await eventually(lambda: 2 in rung)
    await doorbell.stop()


async def test_it_is_not_said_of_what_arrived(database: Database, account: Account) -> None:
    await connect(database, account, IntegrationKind.SLACK)
    async with carrying(database, Recorded(accept), options=SOON):
        await raise_one(database, account, SOON)
        await asyncio.sleep(1.3)
        assert not await unreached(database, account)
        async with database.transaction(account.id) as tx:
            due = "SELECT count(*) FROM handoff WHERE reach_due_at IS NOT NULL"
            assert await tx.fetchval(due) == 0


async def test_admins_have_it_in_their_mailbox(database: Database, account: Account) -> None:
    async def lost(letter):  # the raise reaches nobody
        return await (accept(letter) if letter.purpose == "unreached" else hang(letter))

    channel = Recorded(lost)
    async with carrying(database, channel, options=SOON):
        await raise_one(database, account, SOON)
        await eventually(lambda: "unreached" in [each.purpose for each in channel.letters])
    [letter] = [each for each in channel.letters if each.purpose == "unreached"]
    assert letter.recipient is not None
    assert letter.recipient.email == account.admin.email


async def test_it_goes_on_after_what_nobody_has_thought_of(
    database: Database, account: Account, cluster: Cluster, database_name: str
) -> None:
    keeper = await asyncpg.connect(cluster.dsn(database_name, SUPERUSER))
    try:
        await keeper.execute(f"REVOKE EXECUTE ON FUNCTION due_accounts FROM {APP_ROLE}")
        async with carrying(database, Recorded(hang), options=SOON):
            await raise_one(database, account, SOON)
            await asyncio.sleep(0.3)
            await keeper.execute(f"GRANT EXECUTE ON FUNCTION due_accounts TO {APP_ROLE}")
            await eventually(lambda: unreached(database, account), within=5)
    finally:
        await keeper.execute(f"GRANT EXECUTE ON FUNCTION due_accounts TO {APP_ROLE}")
        await keeper.close()
