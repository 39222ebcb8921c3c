"""The bell belongs to one engineer."""

from db.database import Database
from services import notifications
from services.actor import Actor
from tests.harness.people import Account
from tests.harness.story import NOON, OPTIONS, claimed, waiting


async def unread(database: Database, actor: Actor) -> int:
    async with database.transaction(actor.account_id) as tx:
        return await notifications.unread_count(tx, actor)


async def test_a_link_leads_to_the_session_and_offers_it_while_that_is_the_news(
    database: Database, account: Account
) -> None:
    raised = await waiting(database, account.tier1)
    await claimed(database, account.tier2, raised)
    async with database.transaction(account.id) as tx:
        [offered] = await notifications.page(tx, account.tier3, first=9)
        [taken] = await notifications.page(tx, account.tier1, first=9)
    assert offered["title"] == "Session escalated by Tier1"
    link = notifications.link(OPTIONS, offered)
    assert link.startswith("https://desk.example/pilot/session_")
    assert link.endswith("?pickup=true")
    assert notifications.link(OPTIONS, taken) == link.removesuffix("?pickup=true")


async def test_marking_concerns_ones_own_items_once(database: Database, account: Account) -> None:
    for _ in range(3):
        await waiting(database, account.tier1)
    async with database.transaction(account.id) as tx:
        mine = await notifications.page(tx, account.tier3, first=9, unread_only=True)
        newest = [mine[0]["id"]]
        assert await notifications.mark_read(tx, account.tier2, newest, now=NOON) == []
        assert len(await notifications.mark_read(tx, account.tier3, newest, now=NOON)) == 1
        assert await notifications.mark_read(tx, account.tier3, newest, now=NOON) == []
    assert (await unread(database, account.tier3), await unread(database, account.tier2)) == (2, 3)
    async with database.transaction(account.id) as tx:
        assert len(await notifications.mark_read(tx, account.tier3, None, now=NOON)) == 2
    assert (await unread(database, account.tier3), await unread(database, account.tier2)) == (0, 3)


async def test_pages_begin_after_the_last_item_of_the_one_before(
    database: Database, account: Account
) -> None:
    for _ in range(5):
        await waiting(database, account.tier1)
    async with database.transaction(account.id) as tx:
        whole = [row["id"] for row in await notifications.page(tx, account.tier3, first=9)]
        first = await notifications.page(tx, account.tier3, first=2)
        rest = await notifications.page(tx, account.tier3, first=9, after=first[-1]["id"])
    assert [row["id"] for row in [*first, *rest]] == whole
    assert whole == sorted(whole, reverse=True)
