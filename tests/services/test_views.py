"""Who looked into a session that waits is on record, once, before they have read anything."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest

from db.database import Database, Row, Transaction
from services import deliveries, documentation, views
from services.actor import Actor
from services.handoffs import rating
from services.handoffs import reading as handoffs
from services.handoffs.claiming import claim
from services.handoffs.escalating import Escalated
from services.sessions import reading as sessions
from services.sessions.reading import SessionFilter, StepWindow
from services.sessions.recording import StepDraft, StepKind, record_step
from services.views import Viewing, viewing
from tests.harness.counting import Counting
from tests.harness.people import Account
from tests.harness.story import NOON, claimed, count, escalated, started, waiting

Look = Callable[[Viewing, Actor, Escalated], Awaitable[Any]]


async def a_step(view: Viewing, actor: Actor, raised: Escalated) -> Any:
    step_id = await view.tx.fetchval(
        "SELECT id FROM step WHERE session_id = $1 LIMIT 1", raised.session["id"]
    )
    return await sessions.steps_by_ids(view, actor, [step_id])


WAYS: dict[str, Look] = {
    "session": lambda view, actor, raised: sessions.by_ids(view, actor, [raised.session["id"]]),
    "sessions": lambda view, actor, _: sessions.page(view, actor, SessionFilter(), first=9),
    "steps": lambda view, actor, raised: sessions.steps_pages(
        view, actor, [raised.session["id"]], StepWindow(5)
    ),
    "step": a_step,
    "snapshot": lambda view, actor, raised: handoffs.snapshots(view, actor, [raised.handoff["id"]]),
    "timeline": lambda view, actor, raised: handoffs.timelines(view, actor, [raised.handoff["id"]]),
    "assessment": lambda view, actor, raised: handoffs.assessments(
        view, actor, [raised.handoff["id"]]
    ),
    "ratings": lambda view, actor, raised: rating.by_handoffs(view, actor, [raised.handoff["id"]]),
    "documentation of a handoff": lambda view, actor, raised: documentation.by_handoffs(
        view, actor, [raised.handoff["id"]]
    ),
    "documentation of a session": lambda view, actor, raised: documentation.by_sessions(
        view, actor, [raised.session["id"]]
    ),
    "documentation": lambda view, actor, raised: documentation.by_ids(
        view, actor, [raised.documentation["id"]]
    ),
    "deliveries of a handoff": lambda view, actor, raised: deliveries.by_handoffs(
        view, actor, [raised.handoff["id"]]
    ),
    "delivery": lambda view, actor, raised: deliveries.by_ids(
        view, actor, [raised.deliveries[0]["id"]]
    ),
}


@pytest.fixture(autouse=True)
def a_process_that_knows_nothing() -> Iterator[None]:
    views._recorded.clear()
    yield
    views._recorded.clear()


@pytest.fixture
async def raised(database: Database, account: Account) -> Escalated:
    return await waiting(database, account.tier1)


@pytest.fixture
async def counting(dsn: str) -> AsyncIterator[Counting]:
    database = Counting(dsn)
    await database.open()
    yield database
    await database.close()


async def look(database: Database, actor: Actor, raised: Escalated, way: str = "session") -> Any:
    async with viewing(database, actor) as view:
        return await WAYS[way](view, actor, raised)


async def recorded(database: Database, account: Account) -> list[Row]:
    async with database.transaction(account.id) as tx:
        return list(await tx.fetch("SELECT * FROM session_view ORDER BY viewed_at, engineer_id"))


@pytest.mark.parametrize("way", WAYS)
async def test_whatever_is_read_through_the_open_door_is_a_view(
    database: Database, account: Account, raised: Escalated, way: str
) -> None:
    assert await look(database, account.tier2, raised, way)

    [view] = await recorded(database, account)
    assert view["session_id"] == raised.session["id"]
    assert view["handoff_id"] == raised.handoff["id"]
    assert view["engineer_id"] == account.tier2.id


@pytest.mark.parametrize("way", WAYS)
async def test_owner_and_admins_read_what_is_theirs_anyway_and_viewers_nothing(
    database: Database, account: Account, raised: Escalated, way: str
) -> None:
    assert await look(database, account.tier1, raised, way)
    assert await look(database, account.admin, raised, way)
    assert not await look(database, account.viewer, raised, way)
    assert await recorded(database, account) == []


@pytest.mark.parametrize("way", WAYS)
async def test_behind_a_closed_door_there_is_nothing_to_view(
    database: Database, account: Account, raised: Escalated, way: str
) -> None:
    await claimed(database, account.tier2, raised)

    assert await look(database, account.tier2, raised, way)
    assert not await look(database, account.tier3, raised, way)
    assert await recorded(database, account) == []


async def test_a_document_of_an_earlier_handoff_is_viewed_through_the_one_that_waits(
    database: Database, account: Account, raised: Escalated
) -> None:
    await claimed(database, account.tier2, raised)
    further = await escalated(database, account.tier2, raised.session)
    for way in ("snapshot", "documentation", "delivery"):
        views._recorded.clear()
        assert await look(database, account.tier3, raised, way)

    [view] = await recorded(database, account)
    assert view["handoff_id"] == further.handoff["id"]


async def test_looking_again_changes_nothing_in_this_process_or_another(
    database: Database, account: Account, raised: Escalated
) -> None:
    await look(database, account.tier2, raised)
    first = await recorded(database, account)
    await look(database, account.tier2, raised, "snapshot")
    views._recorded.clear()  # another process
    await look(database, account.tier2, raised)

    assert await recorded(database, account) == first


async def test_the_next_handoff_of_the_session_is_viewed_anew(
    database: Database, account: Account, raised: Escalated
) -> None:
    await look(database, account.tier3, raised)
    await claimed(database, account.tier2, raised)
    further = await escalated(database, account.tier2, raised.session)
    await look(database, account.tier3, further)

    assert {view["handoff_id"] for view in await recorded(database, account)} == {
        raised.handoff["id"],
        further.handoff["id"],
    }


async def test_a_transaction_records_by_one_statement_and_by_none_what_is_known(
    database: Database, counting: Counting, account: Account
) -> None:
    several = [await waiting(database, account.tier1) for _ in range(3)]
    ids = [each.handoff["id"] for each in several]

    async def inserts() -> int:
        counting.start()
        async with viewing(counting, account.tier2) as view:
            await sessions.by_ids(view, account.tier2, [several[0].session["id"]])
            await handoffs.snapshots(view, account.tier2, ids[1:])
            await deliveries.by_handoffs(view, account.tier2, ids)
        return sum("INSERT" in statement for statement in counting.statements)

    assert await inserts() == 1
    assert len(await recorded(database, account)) == 3
    assert await inserts() == 0


async def test_a_claim_between_reading_and_recording_hides_nothing(
    database: Database, account: Account, raised: Escalated
) -> None:
    async with viewing(database, account.tier3) as view:
        await WAYS["session"](view, account.tier3, raised)
        await claimed(database, account.tier2, raised)

    assert len(await recorded(database, account)) == 1


async def test_what_was_rolled_back_is_not_taken_for_recorded(
    database: Database, account: Account, raised: Escalated
) -> None:
    with pytest.raises(ZeroDivisionError):
        async with viewing(database, account.tier2) as view:
            await WAYS["session"](view, account.tier2, raised)
            raise ZeroDivisionError
    with pytest.raises(ConnectionError):
        async with viewing(Losing(database), account.tier2) as view:  # type: ignore[arg-type]
            await WAYS["session"](view, account.tier2, raised)
    assert await recorded(database, account) == []

    await look(database, account.tier2, raised)
    assert len(await recorded(database, account)) == 1


class Losing:
    """A database that is lost at COMMIT."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @asynccontextmanager
    async def transaction(self, account_id: UUID) -> AsyncIterator[Transaction]:
        async with self.database.transaction(account_id) as tx:
            yield tx
            raise ConnectionError("cut")


async def test_the_row_that_only_tells_of_more_pages_is_not_viewed(
    database: Database, account: Account
) -> None:
    for _ in range(3):
        await waiting(database, account.tier1)
    async with viewing(database, account.tier2) as view:
        rows = await sessions.page(view, account.tier2, SessionFilter(), first=2)

    assert len(rows) == 3
    viewed = {view["session_id"] for view in await recorded(database, account)}
    assert viewed == {row["id"] for row in rows[:2]}


async def test_the_answer_to_an_old_request_is_a_view_when_the_session_waits_again(
    database: Database, account: Account, raised: Escalated
) -> None:
    await claimed(database, account.tier2, raised)
    session_id = raised.session["id"]

    async def record() -> Any:
        draft = StepDraft(StepKind.NOTE, "Called them")
        async with database.transaction(account.id) as tx:
            return await record_step(
                tx, account.tier2, session_id, draft, now=NOON, idempotency_key="once"
            )

    await record()
    async with database.transaction(account.id) as tx:  # given back to the queue
        await tx.execute(
            "UPDATE handoff SET status = 'OPEN', claimed_by_id = NULL, claimed_at = NULL"
        )
        await tx.execute("UPDATE session SET status = 'ESCALATED', escalated_to_id = NULL")
    assert await recorded(database, account) == []

    assert (await record()).session["id"] == session_id
    assert [view["engineer_id"] for view in await recorded(database, account)] == [account.tier2.id]


async def test_an_old_escalation_asked_again_is_a_view_of_what_waits_by_now(
    database: Database, account: Account, raised: Escalated
) -> None:
    await claimed(database, account.tier2, raised)
    further = await escalated(database, account.tier2, raised.session, key="once")
    assert await recorded(database, account) == []  # they wrote it themselves

    again = await escalated(database, account.tier2, raised.session, key="once")
    assert again.seq is None
    [view] = await recorded(database, account)
    assert view["handoff_id"] == further.handoff["id"]


async def test_looking_does_not_wait_for_a_claim_under_way(
    database: Database, account: Account, raised: Escalated
) -> None:
    async with database.transaction(account.id) as tx:
        await claim(tx, account.tier2, raised.handoff["id"], now=NOON)
        async with asyncio.timeout(2):
            assert await look(database, account.tier3, raised)

    assert await count(database, account.tier1, "session_view") == 1


async def test_many_who_look_at_the_same_at_once_are_recorded_once_each(
    database: Database, account: Account
) -> None:
    for _ in range(5):
        await waiting(database, account.tier1)
    engineers = [account.tier2, account.tier3]

    async def one(number: int) -> None:
        actor = engineers[number % 2]
        async with viewing(database, actor) as view:
            await sessions.page(view, actor, SessionFilter(), first=9)

    await asyncio.gather(*(one(number) for number in range(12)))
    assert len(await recorded(database, account)) == 10


async def test_the_memory_is_bounded_and_what_was_forgotten_is_recorded_no_second_time(
    database: Database, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "REMEMBERED", 2)
    for _ in range(4):
        await look(database, account.tier2, await waiting(database, account.tier1))
    assert len(views._recorded) == 2
    async with viewing(database, account.tier2) as view:
        await sessions.page(view, account.tier2, SessionFilter(), first=9)
    assert len(await recorded(database, account)) == 4


async def test_the_log_is_for_the_owner_and_admins(
    database: Database, account: Account, raised: Escalated
) -> None:
    untouched = await started(database, account.tier1)
    await look(database, account.tier2, raised)
    await look(database, account.tier3, raised)
    await claimed(database, account.tier2, raised)
    ids = [raised.session["id"], untouched["id"]]

    async with database.transaction(account.id) as tx:
        for actor in (account.tier1, account.admin):
            pages = await views.pages_of_sessions(tx, actor, ids, first=9)
            assert [row["engineer_id"] for row in pages[ids[0]]] == [
                account.tier3.id,
                account.tier2.id,
            ]
            assert pages[ids[1]] == []
        for actor in (account.tier2, account.tier3, account.viewer):
            assert await views.pages_of_sessions(tx, actor, ids, first=9) == {}
