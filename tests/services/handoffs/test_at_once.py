"""Two change the same at the same time: exactly one does, and nobody waits for ever."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest

from db.database import Database
from db.ids import uuid7
from db.models.vocabulary import StepKind
from services import views
from services.actor import Actor
from services.handoffs.claiming import claim
from services.handoffs.escalating import Escalated, Escalation, escalate
from services.handoffs.escalating_many import escalate_many
from services.handoffs.problems import HandoffChanged
from services.handoffs.releasing import release
from services.handoffs.resolving import resolve
from services.problems import Problem
from services.sessions.problems import SessionNotResolvable
from services.sessions.recording import StepDraft, record_step
from tests.harness.people import Account
from tests.harness.story import NOON, OPTIONS, claimed, count, escalated, started, waiting
from tests.services.handoffs.verbs import Desk, Interrupted

ROUNDS = 15
PATIENCE = 5  # seconds; PostgreSQL breaks a circle of waiting after one

Move = Callable[[Desk, Account], Awaitable[Any]]


async def all_at_once(moves: list[Awaitable[Any]]) -> list[Any]:
    """What succeeded. Everything else was refused in so many words."""
    async with asyncio.timeout(PATIENCE):
        outcomes = await asyncio.gather(*moves, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException) and not isinstance(outcome, Problem):
            raise outcome
    return [outcome for outcome in outcomes if not isinstance(outcome, Problem)]


async def adds_up(database: Database, account: Account, desk: Desk, changes: int) -> None:
    """As many events and versions as changes, beyond the raise."""
    assert (await desk.handoff(account.tier1))["version"] == 1 + changes
    of_it = f"handoff_id = '{desk.handoff_id}'"
    assert await count(database, account.tier1, "event", of_it) == 1 + changes


# ------------------------------------------------------------------ exactly one

WAITING: list[list[Move]] = [
    [
        lambda desk, who: desk.cancel(who.tier1),
        lambda desk, who: desk.claim(who.tier3),
    ],
    [
        lambda desk, who: desk.cancel(who.tier1),
        lambda desk, who: desk.cancel(who.admin),
        lambda desk, who: desk.claim(who.tier2),
        lambda desk, who: desk.claim(who.tier3),
    ],
    [
        lambda desk, who: desk.decline(who.tier2, version=1),
        lambda desk, who: desk.claim(who.tier3, version=1),
        lambda desk, who: desk.reassign(who.tier1, who.tier3, version=1),
        lambda desk, who: desk.cancel(who.admin, version=1),
    ],
]
CLAIMED: list[list[Move]] = [
    [
        lambda desk, who: desk.release(who.tier2),
        lambda desk, who: desk.resolve(who.tier2),
        lambda desk, who: desk.return_(who.tier2),
    ],
    [
        lambda desk, who: desk.release(who.tier2),
        lambda desk, who: desk.release(who.admin),
        lambda desk, who: desk.resolve(who.admin),
    ],
]


@pytest.mark.parametrize("moves", WAITING, ids=["two", "four", "versions"])
async def test_of_changes_that_exclude_each_other_one_happens_while_it_waits(
    database: Database, account: Account, moves: list[Move]
) -> None:
    for round_ in range(ROUNDS):
        raised = await waiting(database, account.tier1, target_id=account.tier2.id)
        desk = Desk(database, raised)
        order = moves[round_ % len(moves) :] + moves[: round_ % len(moves)]
        assert len(await all_at_once([move(desk, account) for move in order])) == 1
        await adds_up(database, account, desk, 1)


@pytest.mark.parametrize("moves", CLAIMED, ids=["claimer", "admin"])
async def test_of_changes_that_exclude_each_other_one_happens_after_a_claim(
    database: Database, account: Account, moves: list[Move]
) -> None:
    for round_ in range(ROUNDS):
        desk = Desk(database, await waiting(database, account.tier1))
        await desk.claim(account.tier2)
        order = moves[round_ % len(moves) :] + moves[: round_ % len(moves)]
        assert len(await all_at_once([move(desk, account) for move in order])) == 1
        await adds_up(database, account, desk, 2)


async def test_a_decline_a_reassignment_and_a_claim_happen_one_after_the_other(
    database: Database, account: Account
) -> None:
    for _ in range(ROUNDS):
        raised = await waiting(database, account.tier1, target_id=account.tier2.id)
        desk = Desk(database, raised)
        done = await all_at_once(
            [
                desk.decline(account.tier2),
                desk.claim(account.tier3),
                desk.reassign(account.tier1, account.admin),
            ]
        )
        assert done
        await adds_up(database, account, desk, len(done))
        assert (await desk.handoff(account.tier1))["status"] == "CLAIMED"


async def test_one_key_sent_many_times_at_once_is_carried_out_once(
    database: Database, account: Account
) -> None:
    desk = Desk(database, await waiting(database, account.tier1))
    await desk.claim(account.tier2)
    done = await all_at_once([desk.release(account.tier2, key="k") for _ in range(8)])
    assert sorted(moved.seq is None for moved in done) == [False] + [True] * 7
    await adds_up(database, account, desk, 2)


# ------------------------------------------------------------------ nobody waits for ever


async def test_escalating_further_releasing_returning_and_recording_never_wait_in_a_circle(
    database: Database, account: Account
) -> None:
    for round_ in range(ROUNDS):
        desk = Desk(database, await waiting(database, account.tier1))
        await desk.claim(account.tier2)
        session = await desk.session(account.tier1)
        moves: list[Callable[[], Awaitable[Any]]] = [
            partial(escalated, database, account.tier2, session),
            partial(desk.release, account.tier2),
            partial(desk.return_, account.tier2),
            partial(recorded, database, account.tier1, desk),
            partial(recorded, database, account.tier2, desk),
            partial(escalated, database, account.tier1, session),
        ]
        moves = moves[round_ % len(moves) :] + moves[: round_ % len(moves)]
        assert await all_at_once([move() for move in moves])
        live = f"session_id = '{desk.session_id}' AND status IN ('OPEN', 'CLAIMED')"
        assert await count(database, account.tier1, "handoff", live) <= 1
    steps = await count(database, account.tier1, "step")
    async with database.transaction(account.id) as tx:
        assert await tx.fetchval("SELECT sum(step_count) FROM session") == steps


async def recorded(database: Database, actor: Actor, desk: Desk) -> None:
    async with database.transaction(actor.account_id) as tx:
        await record_step(
            tx, actor, desk.session_id, StepDraft(StepKind.NOTE, "Looked again"), now=NOON
        )


async def test_overlapping_changes_of_shift_never_wait_in_a_circle_and_one_gets_each_session(
    database: Database, account: Account
) -> None:
    for _ in range(ROUNDS):
        ids = [(await started(database, account.tier1, steps=0))["id"] for _ in range(4)]
        done = await all_at_once(
            [
                handed_over(database, account.tier1, ids[:3]),
                handed_over(database, account.tier1, ids[::-1]),
                handed_over(database, account.admin, [ids[2], ids[0]]),
                handed_over(database, account.admin, [ids[3]]),
            ]
        )
        assert done
        async with database.transaction(account.id) as tx:
            each = await tx.fetch(
                "SELECT session_id, count(*) AS n FROM handoff WHERE session_id = ANY ($1) "
                "GROUP BY session_id",
                ids,
            )
        assert {row["n"] for row in each} == {1}
        assert sum(done) == len(each)


async def handed_over(database: Database, actor: Actor, session_ids: list[Any]) -> int:
    async with database.transaction(actor.account_id) as tx:
        wanted = [Escalation(session_id, "End of my shift") for session_id in session_ids]
        rows, _ = await escalate_many(tx, actor, wanted, now=NOON, options=OPTIONS)
    return len(rows)


async def test_an_owner_who_escalates_behind_a_claim_does_not_get_in_a_releases_way(
    database: Database, account: Account
) -> None:
    """Locks taken in another order by either of them made a circle here."""
    raised = await waiting(database, account.tier1)
    desk = Desk(database, raised)
    releasing: list[asyncio.Task[Any]] = []

    async def begin_to_release() -> None:
        releasing.append(asyncio.create_task(all_at_once([desk.release(account.tier2)])))
        await asyncio.sleep(0.1)  # for it to take what locks it can

    async def escalate_slowly() -> Escalated:
        async with database.transaction(account.id) as tx:
            return await escalate(
                Interrupted(tx, 2, begin_to_release),  # type: ignore[arg-type]
                account.tier1,
                Escalation(desk.session_id, "I need it done today"),
                now=NOON,
                options=OPTIONS,
            )

    async with database.transaction(account.id) as tx:
        await claim(tx, account.tier2, desk.handoff_id, now=NOON)
        escalating = asyncio.create_task(escalate_slowly())
        await asyncio.sleep(0.1)  # it now waits for the claim
        assert not escalating.done()
    again = await escalating
    assert again.handoff["supersedes_id"] == desk.handoff_id
    assert await releasing[0] == []


# ------------------------------------------------------------------ what was read stays true


async def test_resolving_while_it_is_being_claimed_never_leaves_a_claimed_handoff_behind(
    database: Database, account: Account
) -> None:
    for _ in range(ROUNDS):
        desk = Desk(database, await waiting(database, account.tier1))
        await all_at_once([desk.claim(account.tier2), desk.resolve(account.admin)])
        pair = (await desk.handoff(account.tier1))["status"], (await desk.session(account.tier1))
        assert (pair[0], pair[1]["status"]) in {("RESOLVED", "RESOLVED"), ("CLAIMED", "ACTIVE")}


async def test_a_claim_in_between_two_statements_of_a_resolution_has_to_wait(
    database: Database, account: Account
) -> None:
    desk = Desk(database, await waiting(database, account.tier1))
    claiming: list[asyncio.Task[Any]] = []

    async def begin_to_claim() -> None:
        claiming.append(asyncio.create_task(desk.claim(account.tier2)))
        await asyncio.sleep(0.1)

    with pytest.raises(SessionNotResolvable):
        async with database.transaction(account.id) as tx:
            await resolve(
                Interrupted(tx, 2, begin_to_claim),  # type: ignore[arg-type]
                account.admin,
                desk.session_id,
                "Done",
                now=NOON,
            )
    await claiming[0]
    assert (await desk.session(account.tier1))["status"] == "ACTIVE"


async def test_who_waited_behind_a_claim_is_told_of_it_through_the_door_it_closed(
    database: Database, account: Account
) -> None:
    desk = Desk(database, await waiting(database, account.tier1))
    async with database.transaction(account.id) as tx:
        await claim(tx, account.tier2, desk.handoff_id, now=NOON)
        cancelling = asyncio.create_task(desk.cancel(account.tier3, version=1))
        await asyncio.sleep(0.1)
        assert not cancelling.done()
    with pytest.raises(HandoffChanged) as refusal:
        await cancelling
    assert (refusal.value.handoff["version"], refusal.value.handoff["door"]) == (2, False)


async def test_what_only_refers_to_a_handoff_is_written_while_it_is_being_changed(
    database: Database, account: Account
) -> None:
    """A view, a delivery: their foreign keys do not wait for a transition, nor it for them."""
    raised = await waiting(database, account.tier1)
    await claimed(database, account.tier2, raised)
    desk = Desk(database, raised)
    async with database.transaction(account.id) as tx:
        await release(tx, account.tier2, desk.handoff_id, "Pulled away", now=NOON)
        async with asyncio.timeout(PATIENCE), database.transaction(account.id) as other:
            await views.record(other, [account.tier3.id], [desk.handoff_id])
            await other.execute(
                "INSERT INTO step (account_id, id, session_id, position, kind, title, outcome, "
                "author_id) VALUES ($1, $2, $3, 99, 'NOTE', 'x', 'PENDING', $4)",
                account.id,
                uuid7(),
                desk.session_id,
                account.tier1.id,
            )
