"""Recording steps."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from db.database import Database
from db.models.vocabulary import StepKind, StepOutcome
from services.actor import Actor
from services.handoffs.resolving import resolve
from services.problems import InvalidInput, NotAllowed
from services.sessions.problems import SessionClosed, SessionNotFound
from services.sessions.recording import Recorded, StepDraft, record_step
from tests.harness.people import Account
from tests.harness.story import NOON, claimed, count, escalated, started, waiting


async def record(
    database: Database, actor: Actor, session_id: UUID, title: str = "Looked", **options: Any
) -> Recorded:
    async with database.transaction(actor.account_id) as tx:
        draft = StepDraft(StepKind.CHECK, title, outcome=StepOutcome.WORKED)
        return await record_step(tx, actor, session_id, draft, now=NOON, **options)


async def test_steps_recorded_at_once_get_every_position_exactly_once(
    database: Database, account: Account
) -> None:
    session = await started(database, account.tier1, steps=0)

    recorded = await asyncio.gather(
        *(record(database, account.tier1, session["id"]) for _ in range(12))
    )

    assert sorted(one.step["position"] for one in recorded) == list(range(1, 13))
    assert max(one.session["step_count"] for one in recorded) == 12


async def test_the_owner_goes_on_recording_while_the_session_waits(
    database: Database, account: Account
) -> None:
    session = await started(database, account.tier1)
    await escalated(database, account.tier1, session)
    assert (await record(database, account.tier1, session["id"])).step["position"] == 3


async def test_owner_holder_and_admin_record_and_nobody_else(
    database: Database, account: Account
) -> None:
    session = await started(database, account.tier1, steps=0)
    with pytest.raises(SessionNotFound):
        await record(database, account.tier2, session["id"])
    raised = await escalated(database, account.tier1, session)
    with pytest.raises(NotAllowed):
        await record(database, account.tier2, session["id"])
    await claimed(database, account.tier2, raised)
    for actor in (account.tier1, account.tier2, account.admin):
        await record(database, actor, session["id"])
    for stranger in (account.tier3, account.viewer):
        with pytest.raises(SessionNotFound):
            await record(database, stranger, session["id"])
    assert await count(database, account.tier1, "step") == 3


async def test_nothing_is_added_to_a_resolved_session(database: Database, account: Account) -> None:
    session = await started(database, account.tier1, steps=0)
    async with database.transaction(account.id) as tx:
        await resolve(tx, account.tier1, session["id"], "Rebooted", now=NOON)
    with pytest.raises(SessionClosed):
        await record(database, account.tier1, session["id"])


async def test_the_same_key_gives_the_same_step(database: Database, account: Account) -> None:
    session = await started(database, account.tier1, steps=0)
    first, second = [
        await record(database, account.tier1, session["id"], idempotency_key="k") for _ in range(2)
    ]
    assert first.step["id"] == second.step["id"]
    assert await count(database, account.tier1, "step") == 1


async def test_an_empty_title_is_refused(database: Database, account: Account) -> None:
    session = await started(database, account.tier1, steps=0)
    with pytest.raises(InvalidInput, match="title"):
        await record(database, account.tier1, session["id"], title=" ")


async def test_a_repeat_shows_nothing_of_a_session_that_others_work_on_since(
    database: Database, account: Account
) -> None:
    raised = await waiting(database, account.tier1)
    won = await claimed(database, account.tier2, raised)
    await record(database, account.tier2, won.session["id"], idempotency_key="k")
    further = await escalated(database, account.tier2, raised.session)
    await record(database, account.tier2, won.session["id"], idempotency_key="k")
    await claimed(database, account.tier3, further)
    with pytest.raises(NotAllowed, match="done before"):
        await record(database, account.tier2, won.session["id"], idempotency_key="k")


async def test_a_step_that_comes_while_the_session_is_being_resolved_is_refused(
    database: Database, account: Account
) -> None:
    session = await started(database, account.tier1, steps=0)
    async with database.transaction(account.id) as tx:
        await resolve(tx, account.tier1, session["id"], "Rebooted", now=NOON)
        recording = asyncio.create_task(record(database, account.tier1, session["id"]))
        await asyncio.sleep(0.1)
        assert not recording.done()
    with pytest.raises(SessionClosed):
        await recording
    assert await count(database, account.tier1, "step") == 0
