"""How much was given up over each integration, and how much waits."""

from db.database import Database
from db.models.vocabulary import IntegrationKind
from services.deliveries import of_integrations
from services.events import Hub
from services.ids import Kind, public
from tests.harness.counting import Counting
from tests.harness.people import Account
from tests.schema.asking import Client
from tests.services.deliveries.parts import connect, raise_one, set_all

COUNTS = "{ integrations { id deadCount waitingCount } }"


async def test_what_was_given_up_and_what_waits_is_counted_for_each(
    database: Database, hub: Hub, account: Account
) -> None:
    slack = await connect(database, account, IntegrationKind.SLACK)
    for state in ("DEAD", "SENT", "SENDING", "FAILED", "DEAD", "SKIPPED"):
        await raise_one(database, account)
        turned = f"CASE WHEN state = 'PENDING' AND channel = 'SLACK' THEN '{state}' ELSE state END"
        await set_all(database, account, f"state = {turned}")
    await raise_one(database, account)
    idle = await connect(database, account, IntegrationKind.TEAMS)

    listed = await Client(database, hub).ask(account.admin, COUNTS)

    assert listed["integrations"] == [
        {"id": public(Kind.INTEGRATION, slack), "deadCount": 2, "waitingCount": 3},
        {"id": public(Kind.INTEGRATION, idle), "deadCount": 0, "waitingCount": 0},
    ]


async def test_nobody_but_admins_of_the_account_learns_the_counts(
    database: Database, account: Account, other_account: Account
) -> None:
    slack = await connect(database, account, IntegrationKind.SLACK)
    await raise_one(database, account)
    for actor in (*account.everybody, other_account.admin):
        async with database.transaction(actor.account_id) as tx:
            found = await of_integrations(tx, actor, [slack])
        assert len(found) == (actor is account.admin)


async def test_they_are_counted_with_one_statement_however_many_are_connected(
    dsn: str, database: Database, hub: Hub, account: Account
) -> None:
    counting = Counting(dsn)
    await counting.open()
    try:
        client = Client(counting, hub)
        taken = []
        for kind in (IntegrationKind.SLACK, IntegrationKind.TEAMS, IntegrationKind.WEBHOOK):
            await connect(database, account, kind)
            await raise_one(database, account)
            counting.start()
            await client.ask(account.admin, COUNTS)
            taken.append(len(counting.statements))
        assert len(set(taken)) == 1
    finally:
        await counting.close()
