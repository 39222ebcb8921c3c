"""Lists of handoffs."""

from typing import Any
from uuid import UUID

import pytest

from db.database import Database
from services.handoffs import reading
from services.handoffs.reading import HandoffFilter
from tests.harness.people import Account
from tests.harness.story import claimed, waiting


async def raise_several(database: Database, account: Account) -> dict[str, UUID]:
    ids = {}
    for name, priority in (("a", "LOW"), ("b", "URGENT"), ("c", "NORMAL"), ("d", "URGENT")):
        raised = await waiting(database, account.tier1, priority=priority)
        ids[name] = raised.handoff["id"]
    return ids


async def test_the_queue_is_urgent_first_then_longest_waiting_and_leaves_out_ones_own(
    database: Database, account: Account
) -> None:
    ids = await raise_several(database, account)
    async with database.transaction(account.id) as tx:
        theirs = await reading.queue(tx, account.tier2, first=9)
        mine = await reading.queue(tx, account.tier1, first=9)
        seen = await reading.queue(tx, account.viewer, first=9)
    assert [row["id"] for row in theirs.rows] == [ids[name] for name in "bdca"]
    assert (theirs.count, theirs.seq) == (4, 4)
    assert (mine.count, mine.seq, list(mine.rows)) == (0, 4, [])
    assert (seen.count, [row["door"] for row in seen.rows]) == (4, [False] * 4)


async def test_the_queue_goes_on_after_any_row(database: Database, account: Account) -> None:
    await raise_several(database, account)
    async with database.transaction(account.id) as tx:
        whole = (await reading.queue(tx, account.tier2, first=9)).rows
        for index, row in enumerate(whole):
            place = (row["priority_rank"], row["id"])
            rest = await reading.queue(tx, account.tier2, first=9, after=place)
            assert list(rest.rows) == list(whole[index + 1 :])
            assert rest.count == 4


@pytest.mark.parametrize("by_priority", [True, False])
@pytest.mark.parametrize("descending", [True, False])
async def test_every_order_can_be_read_page_by_page(
    database: Database, account: Account, by_priority: bool, descending: bool
) -> None:
    await raise_several(database, account)
    order: dict[str, Any] = {"by_priority": by_priority, "descending": descending}
    async with database.transaction(account.id) as tx:
        whole = list(await reading.page(tx, account.tier2, HandoffFilter(), first=9, **order))
        pages = []
        after = None
        while page := await reading.page(
            tx, account.tier2, HandoffFilter(), first=1, after=after, **order
        ):
            pages += page
            after = (page[-1]["priority_rank"], page[-1]["id"])
    assert pages == whole
    keys = [(row["priority_rank"], row["id"]) if by_priority else row["id"] for row in whole]
    assert keys == sorted(keys, reverse=descending)


async def test_filters_narrow_the_list(database: Database, account: Account) -> None:
    ids = await raise_several(database, account)
    raised = await waiting(database, account.tier2, target_id=account.tier3.id)
    await claimed(database, account.tier3, raised)

    async def listed(**conditions: Any) -> set[UUID]:
        async with database.transaction(account.id) as tx:
            rows = await reading.page(tx, account.tier3, HandoffFilter(**conditions), first=9)
        return {row["id"] for row in rows}

    assert await listed(statuses=("CLAIMED",)) == {raised.handoff["id"]}
    assert await listed(priorities=("URGENT", "LOW")) == {ids["a"], ids["b"], ids["d"]}
    assert await listed(session_id=raised.session["id"]) == {raised.handoff["id"]}
    assert await listed(claimed_by_me=True) == {raised.handoff["id"]}
    assert await listed(for_me=True) == {raised.handoff["id"]}
    assert await listed(raised_by_me=True) == set()
    assert len(await listed()) == 5
