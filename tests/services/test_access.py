"""A session's door: for its owner, its holder and ADMINs; while it waits for every ENGINEER."""

from db.database import Database
from services.handoffs import reading as handoffs
from services.handoffs.resolving import resolve
from services.sessions import reading as sessions
from services.sessions.reading import SessionFilter
from services.views import Viewing
from tests.harness.people import Account
from tests.harness.story import NOON, claimed, escalated, started


async def who_may_see(database: Database, account: Account, session_id: object) -> set[str]:
    """By reading it by id, by listing, and by the flag on its handoff: the three must agree."""
    seeing: list[set[str]] = [set(), set(), set()]
    async with database.transaction(account.id) as tx:
        handoff_ids = [
            row["id"]
            for row in await tx.fetch("SELECT id FROM handoff WHERE session_id = $1", session_id)
        ]
        for actor in account.everybody:
            if await sessions.by_ids(Viewing(tx), actor, [session_id]):  # type: ignore[list-item]
                seeing[0].add(actor.name)
            if await sessions.page(Viewing(tx), actor, SessionFilter(), first=9):
                seeing[1].add(actor.name)
            rows = await handoffs.by_ids(tx, actor, handoff_ids)
            assert len(rows) == len(handoff_ids), "the record is there for everybody"
            if not rows or rows[0]["door"]:
                seeing[2].add(actor.name)
    assert seeing[0] == seeing[1]
    if handoff_ids:
        assert seeing[0] == seeing[2]
    return {name.lower() for name in seeing[0]}


async def test_the_door_opens_at_the_raise_and_closes_at_the_claim(
    database: Database, account: Account
) -> None:
    session = await started(database, account.tier1)
    assert await who_may_see(database, account, session["id"]) == {"tier1", "admin"}

    raised = await escalated(database, account.tier1, session)
    assert await who_may_see(database, account, session["id"]) == {
        "tier1", "tier2", "tier3", "admin",
    }  # fmt: skip

    await claimed(database, account.tier2, raised)
    assert await who_may_see(database, account, session["id"]) == {"tier1", "tier2", "admin"}

    async with database.transaction(account.id) as tx:
        await resolve(tx, account.tier2, session["id"], "Fixed", now=NOON)
    assert await who_may_see(database, account, session["id"]) == {"tier1", "tier2", "admin"}


async def test_the_legacy_status_opens_the_door_too(database: Database, account: Account) -> None:
    session = await started(database, account.tier1)
    await escalated(database, account.tier1, session)
    async with database.transaction(account.id) as tx:
        await tx.execute("UPDATE session SET status = 'REQUESTING_ESCALATION'")
    assert "tier3" in await who_may_see(database, account, session["id"])


async def test_another_accounts_admin_sees_nothing(
    database: Database, account: Account, other_account: Account
) -> None:
    session = await started(database, account.tier1)
    raised = await escalated(database, account.tier1, session)
    async with database.transaction(other_account.id) as tx:
        assert not await sessions.by_ids(Viewing(tx), other_account.admin, [session["id"]])
        assert not await handoffs.by_ids(tx, other_account.admin, [raised.handoff["id"]])
        waiting = await handoffs.queue(tx, other_account.admin, first=9)
    assert (waiting.count, waiting.seq, list(waiting.rows)) == (0, 0, [])
