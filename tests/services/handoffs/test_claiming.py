"""Claiming: exactly one gets it, and everybody else is told who."""

import asyncio

import asyncpg
import pytest

from db.database import Database
from services.actor import Actor
from services.handoffs.claiming import Claimed
from services.handoffs.problems import (
    HandoffAlreadyClaimed,
    HandoffNotFound,
    HandoffNotOpen,
    OwnHandoff,
)
from services.handoffs.resolving import resolve
from services.problems import NotAllowed
from tests.harness.people import Account, make_engineer
from tests.harness.story import NOON, claimed, count, started, waiting


async def test_engineers_claiming_at_once_have_exactly_one_winner_and_all_others_name_it(
    database: Database, account: Account
) -> None:
    raised = await waiting(database, account.tier1)
    racers = [account.tier2, account.tier3, account.admin] + [
        await make_engineer(database, account.id, f"racer{number}@acme.test") for number in range(9)
    ]

    outcomes = await asyncio.gather(
        *(claimed(database, racer, raised) for racer in racers), return_exceptions=True
    )

    winners = [outcome for outcome in outcomes if isinstance(outcome, Claimed)]
    losers = [outcome for outcome in outcomes if isinstance(outcome, HandoffAlreadyClaimed)]
    assert len(winners) == 1
    assert len(losers) == len(racers) - 1
    assert {loser.claimed_by["id"] for loser in losers} == {winners[0].handoff["claimed_by_id"]}
    assert {loser.claimed_at for loser in losers} == {winners[0].handoff["claimed_at"]}
    assert await count(database, account.tier1, "event", "type = 'handoff.claimed'") == 1


async def test_the_winner_asking_again_gets_the_same_answer_and_no_second_event(
    database: Database, account: Account
) -> None:
    raised = await waiting(database, account.tier1)
    first = await claimed(database, account.tier2, raised)

    again = await claimed(database, account.tier2, raised)

    assert dict(again.handoff) | {"claimer": None} == dict(first.handoff) | {"claimer": None}
    assert again.seq is None
    assert await count(database, account.tier1, "event", "type = 'handoff.claimed'") == 1
    assert await count(database, account.tier1, "notification", "about = 'handoff.claimed'") == 1


@pytest.mark.parametrize("status", ["ESCALATED", "REQUESTING_ESCALATION"])
async def test_the_session_goes_to_the_claimer_under_its_present_and_its_legacy_status(
    database: Database, account: Account, status: str
) -> None:
    raised = await waiting(database, account.tier1)
    async with database.transaction(account.id) as tx:
        await tx.execute("UPDATE session SET status = $1", status)

    won = await claimed(database, account.tier3, raised)

    assert won.session["status"] == "ACTIVE"
    assert won.session["escalated_to_id"] == account.tier3.id
    assert won.session["owner_id"] == account.tier1.id


async def test_the_raiser_is_told_who_took_it(database: Database, account: Account) -> None:
    raised = await waiting(database, account.tier1)
    won = await claimed(database, account.tier2, raised)

    async with database.transaction(account.id) as tx:
        item = await tx.one("SELECT * FROM notification WHERE about = 'handoff.claimed'")
        event = await tx.one("SELECT * FROM event WHERE seq = $1", won.seq)

    assert item["engineer_id"] == account.tier1.id
    assert item["title"] == "Tier2 took over: Outlook can't connect"
    assert (event["notified"], event["notifications"]) == ([account.tier1.id], [item["id"]])


@pytest.mark.parametrize(
    ("who", "refusal"),
    [("tier1", OwnHandoff), ("viewer", NotAllowed)],
)
async def test_raisers_and_viewers_cannot_claim(
    database: Database, account: Account, who: str, refusal: type[Exception]
) -> None:
    raised = await waiting(database, account.tier1)

    with pytest.raises(refusal):
        await claimed(database, getattr(account, who), raised)

    assert await count(database, account.tier1, "handoff", "status = 'OPEN'") == 1


async def test_another_accounts_handoff_does_not_exist(
    database: Database, account: Account, other_account: Account
) -> None:
    raised = await waiting(database, account.tier1)

    with pytest.raises(HandoffNotFound):
        await claimed(database, other_account.admin, raised)


async def test_a_resolved_handoff_is_not_open_to_anybody(
    database: Database, account: Account
) -> None:
    raised = await waiting(database, account.tier1)
    won = await claimed(database, account.tier2, raised)
    async with database.transaction(account.id) as tx:
        await resolve(tx, account.tier2, won.session["id"], "A new certificate", now=NOON)

    async def ask(actor: Actor) -> None:
        with pytest.raises(HandoffNotOpen) as refusal:
            await claimed(database, actor, raised)
        assert refusal.value.status == "RESOLVED"

    await ask(account.tier3)
    await ask(account.tier2)


async def test_a_claim_whose_session_does_not_wait_is_a_bug_and_changes_nothing(
    database: Database, account: Account
) -> None:
    raised = await waiting(database, account.tier1)
    async with database.transaction(account.id) as tx:
        await tx.execute("UPDATE session SET status = 'ACTIVE'")

    with pytest.raises(RuntimeError, match="does not wait"):
        await claimed(database, account.tier2, raised)

    assert await count(database, account.tier1, "handoff", "status = 'OPEN'") == 1


async def test_a_session_has_at_most_one_live_handoff_whoever_writes_it(
    database: Database, account: Account
) -> None:
    session = await started(database, account.tier1)
    insert = (
        "INSERT INTO handoff (account_id, id, session_id, intent, status, priority, "
        "problem_summary, reason, raised_by_id) "
        "VALUES ($1, gen_random_uuid(), $2, 'ESCALATE', 'OPEN', 'LOW', 'x', 'y', $3)"
    )
    with pytest.raises(asyncpg.UniqueViolationError, match="handoff_one_live_per_session"):
        async with database.transaction(account.id) as tx:
            for _ in range(2):
                await tx.execute(insert, account.id, session["id"], account.tier1.id)
