"""Whether anybody was told of a handoff: said to its raiser in time, once, and only if nobody was.

Time passes by ``reach_after``: a negative one has passed already.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest

from db.database import Database, Row
from db.models.vocabulary import EventType, IntegrationKind
from services import events, notifications, views
from services.handoffs import reaching
from services.handoffs.cancelling import cancel
from services.handoffs.declining import decline
from services.handoffs.escalating import Escalation, escalate
from services.handoffs.releasing import release
from services.options import Options
from tests.harness.people import Account
from tests.harness.story import NOON, claimed, waiting
from tests.services.deliveries.parts import connect, counter, deliveries, run, set_all, taken_by

PAST = Options("https://desk.example", reach_after=timedelta(seconds=-1))
MAILING = Options("https://desk.example", mail=True, reach_after=timedelta(seconds=-1))
LATER = Options("https://desk.example", reach_after=timedelta(seconds=30))


async def look(
    database: Database, account: Account, options: Options = PAST
) -> list[tuple[UUID, int]]:
    """As a worker does. Returns (handoff, event) of those that nobody was told of."""
    found = []
    for handoff_id in await run(database, account, reaching.sort_out):
        seq = await run(database, account, reaching.declare, handoff_id, options)
        if seq is not None:
            found.append((handoff_id, seq))
    return found


async def handoff(database: Database, account: Account, handoff_id: UUID) -> Row:
    async with database.transaction(account.id) as tx:
        return await tx.one("SELECT * FROM handoff WHERE id = $1", handoff_id)


async def mails(database: Database, account: Account) -> Sequence[Row]:
    return [row for row in await deliveries(database, account) if row["purpose"] == "unreached"]


async def test_a_raiser_whom_nobody_heard_is_told_so_by_an_event_and_the_bell(
    database: Database, account: Account
) -> None:
    raised = (await waiting(database, account.tier1, options=PAST)).handoff

    [(handoff_id, seq)] = await look(database, account)

    assert handoff_id == raised["id"]
    assert (await handoff(database, account, handoff_id))["unreached_at"] is not None
    async with database.transaction(account.id) as tx:
        [event] = await events.read(tx, seq - 1)
        [item] = await notifications.page(tx, account.tier1, first=10)
    assert (event.type, event.handoff_id, event.actor_id) == (
        EventType.HANDOFF_UNREACHED, handoff_id, None,
    )  # fmt: skip
    assert (event.notified, event.notifications) == ((account.tier1.id,), (item["id"],))
    assert item["title"] == reaching.TITLE
    assert not notifications.link(PAST, item).endswith("?pickup=true")


async def test_it_is_said_once_however_many_look(database: Database, account: Account) -> None:
    raised = (await waiting(database, account.tier1, options=PAST)).handoff
    found = await asyncio.gather(
        *(run(database, account, reaching.declare, raised["id"], PAST) for _ in range(8))
    )
    assert len([seq for seq in found if seq is not None]) == 1
    assert await look(database, account) == []


async def test_before_its_time_nobody_looks(database: Database, account: Account) -> None:
    raised = (await waiting(database, account.tier1, options=LATER)).handoff
    assert await look(database, account) == []
    assert await run(database, account, reaching.declare, raised["id"], LATER) is None
    assert (await handoff(database, account, raised["id"]))["reach_due_at"] is not None


async def test_an_account_is_due_when_its_call_is_to_be_looked_after(
    database: Database, account: Account
) -> None:
    await waiting(database, account.tier1, options=LATER)
    await taken_by(database, account)
    due = (await counter(database, account))["in_seconds"]
    assert due is not None
    assert 20 < due <= 30
    async with database.transaction(account.id) as tx:
        await tx.execute("UPDATE handoff SET reach_due_at = now()")
    await look(database, account)
    await taken_by(database, account)
    assert (await counter(database, account))["in_seconds"] is None


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (IntegrationKind.SLACK, True),
        (IntegrationKind.TEAMS, True),
        (IntegrationKind.WEBHOOK, False),
    ],
)
async def test_a_card_that_arrived_is_heard_and_what_only_a_program_has_is_not(
    database: Database, account: Account, kind: IntegrationKind, told: bool
) -> None:
    await connect(database, account, kind)
    await waiting(database, account.tier1, options=PAST)
    await set_all(database, account, "state = 'SENT', sent_at = now(), next_attempt_at = NULL")
    assert bool(await look(database, account)) is not told


async def test_a_card_that_is_still_tried_was_heard_by_nobody(
    database: Database, account: Account
) -> None:
    await connect(database, account, IntegrationKind.SLACK)
    await waiting(database, account.tier1, options=PAST)
    await set_all(database, account, "state = 'FAILED', attempts = 1")
    assert len(await look(database, account)) == 1


async def test_who_had_it_on_a_live_screen_or_opened_it_has_heard(
    database: Database, account: Account
) -> None:
    seen = (await waiting(database, account.tier1, options=PAST)).handoff
    live = (await waiting(database, account.tier1, options=PAST)).handoff
    deaf = (await waiting(database, account.tier1, options=PAST)).handoff
    await run(database, account, reaching.hear, {(live["id"], account.tier2.id)})
    await run(database, account, reaching.hear, {(live["id"], account.tier2.id)})
    await run(database, account, views.record, [account.tier2.id], [seen["id"]])
    assert [handoff_id for handoff_id, _ in await look(database, account)] == [deaf["id"]]


async def test_somebody_who_hears_it_between_the_two_looks_is_heard(
    database: Database, account: Account
) -> None:
    raised = (await waiting(database, account.tier1, options=PAST)).handoff
    assert await run(database, account, reaching.sort_out) == [raised["id"]]
    await run(database, account, reaching.hear, {(raised["id"], account.tier2.id)})
    assert await run(database, account, reaching.declare, raised["id"], PAST) is None
    assert (await handoff(database, account, raised["id"]))["unreached_at"] is None


async def test_what_was_declined_has_been_heard(database: Database, account: Account) -> None:
    target = account.tier2
    raised = (await waiting(database, account.tier1, options=PAST, target_id=target.id)).handoff
    await run(database, account, decline, target, raised["id"], "I am busy", now=NOON)
    assert await look(database, account) == []
    async with views.viewing(database, account.tier1) as view:
        [reach] = await reaching.by_handoffs(view, account.tier1, [raised["id"]])
    assert (reach["told"], reach["told_at"]) == (True, NOON)


async def test_a_raiser_who_looks_at_what_was_not_theirs_has_told_nobody(
    database: Database, account: Account
) -> None:
    """Who had taken a session over and asks for more help sees it by the same door as others."""
    first = await waiting(database, account.tier1, options=PAST)
    await claimed(database, account.tier2, first)
    higher = Escalation(first.handoff["session_id"], reason="Out of ideas, too")
    again = await run(database, account, escalate, account.tier2, higher, now=NOON, options=PAST)
    handoff_id = again.handoff["id"]
    for _ in range(2):  # the first look is the view that the second could find
        async with views.viewing(database, account.tier2) as view:
            [reach] = await reaching.by_handoffs(view, account.tier2, [handoff_id])
        assert (reach["told"], reach["told_at"], reach["viewed"]) == (False, None, 0)
    assert [found for found, _ in await look(database, account)] == [handoff_id]


async def test_what_was_taken_or_withdrawn_waits_for_nobody(
    database: Database, account: Account
) -> None:
    taken = await waiting(database, account.tier1, options=PAST)
    released = await waiting(database, account.tier1, options=PAST)
    withdrawn = (await waiting(database, account.tier1, options=PAST)).handoff
    await claimed(database, account.tier2, taken)
    await claimed(database, account.tier2, released)
    async with database.transaction(account.id) as tx:
        released_id = released.handoff["id"]
        await release(tx, account.tier2, released_id, reason="Called away", now=NOON)
        await cancel(tx, account.tier1, withdrawn["id"], now=NOON)
    for handoff_id in (taken.handoff["id"], released_id, withdrawn["id"]):
        assert await run(database, account, reaching.declare, handoff_id, PAST) is None
    assert await look(database, account) == []
    assert await run(database, account, reaching.sort_out) == []
    async with database.transaction(account.id) as tx:
        assert await tx.fetchval("SELECT count(*) FROM handoff WHERE reach_due_at < now()") == 0


async def test_admins_get_mail_of_it_where_mail_is_configured_and_they_want_it(
    database: Database, account: Account
) -> None:
    await waiting(database, account.tier1, options=PAST)
    await look(database, account, PAST)
    assert await mails(database, account) == []

    raised = (await waiting(database, account.tier1, options=MAILING)).handoff
    await look(database, account, MAILING)
    [mail] = await mails(database, account)
    assert (mail["handoff_id"], mail["engineer_id"]) == (raised["id"], account.admin.id)
    assert (mail["target"], mail["state"]) == (account.admin.email, "PENDING")

    async with database.transaction(account.id) as tx:
        await tx.execute("UPDATE engineer SET mail = false WHERE id = $1", account.admin.id)
    await waiting(database, account.tier1, options=MAILING)
    await look(database, account, MAILING)
    assert len(await mails(database, account)) == 1


async def test_nobody_looks_where_no_time_is_set(database: Database, account: Account) -> None:
    options = Options("https://desk.example", reach_after=None)
    raised = (await waiting(database, account.tier1, options=options)).handoff
    assert raised["reach_due_at"] is None
