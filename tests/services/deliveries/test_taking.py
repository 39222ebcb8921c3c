"""Who takes a delivery has it alone while the lease lasts, and what is due is not forgotten."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from db.database import Database
from db.models.vocabulary import EventType, IntegrationKind
from services.deliveries import change_card, finishing, follow_up, taking
from services.deliveries.schedules import SCHEDULES
from tests.harness.story import NOON
from tests.services.deliveries.parts import (
    LEASE,
    WITH_MAIL,
    attempts,
    connect,
    counter,
    deliveries,
    ended,
    is_due,
    only,
    raise_one,
    run,
    set_all,
    taken_by,
)

SLACK, WEBHOOK = IntegrationKind.SLACK, IntegrationKind.WEBHOOK


# -- taking


async def test_what_was_promised_is_taken_at_once_and_counted_as_an_attempt(database, account):
    await connect(database, account, SLACK)
    handoff_id = await raise_one(database, account)
    assert await is_due(database, account)

    [taken] = await taken_by(database, account, "one")

    row = await only(database, account)
    assert (taken.id, taken.handoff_id, taken.kind) == (row["id"], handoff_id, SLACK)
    assert (row["state"], row["attempts"], row["worker"]) == ("SENDING", 1, "one")
    assert row["lease_token"] == taken.lease_token
    [attempt] = await attempts(database, account, taken.id)
    assert (attempt["number"], attempt["worker"], attempt["outcome"]) == (1, "one", None)


async def test_what_is_taken_is_nobody_elses(database, account):
    await connect(database, account, WEBHOOK)
    await raise_one(database, account)
    assert len(await taken_by(database, account, "one")) == 1
    assert await taken_by(database, account, "two") == []
    # nothing to do until the lease ends
    assert 0 < (await counter(database, account))["in_seconds"] <= LEASE.total_seconds()


async def test_many_takers_at_once_take_each_delivery_once_and_keep_to_the_bound(database, account):
    await connect(database, account, WEBHOOK)
    for _ in range(20):
        await raise_one(database, account)
    found = await asyncio.gather(
        *(taken_by(database, account, f"worker {number}") for number in range(8))
    )
    ids = [taken.id for some in found for taken in some]
    assert len(ids) == len(set(ids)) == SCHEDULES["WEBHOOK", WEBHOOK].at_once


async def test_an_account_without_work_is_not_due(database, account):
    await raise_one(database, account)
    assert await is_due(database, account)  # whoever raised it could not know
    assert await taken_by(database, account) == []
    assert (await counter(database, account))["in_seconds"] is None


async def test_another_accounts_deliveries_are_not_taken(database, account, other_account):
    await connect(database, other_account, SLACK)
    await raise_one(database, other_account)
    assert await taken_by(database, account) == []
    assert len(await taken_by(database, other_account)) == 1


# -- bounds, and turns


async def test_autotask_is_spoken_to_strictly_one_at_a_time(database, account):
    await connect(database, account, IntegrationKind.AUTOTASK)
    for _ in range(3):
        await raise_one(database, account, ticket_system="Autotask", ticket_number="T20261124.0001")
    [first] = await taken_by(database, account, "one")
    assert await taken_by(database, account, "two") == []
    # the place it holds is why, so the account waits for it to end
    assert (await counter(database, account))["in_seconds"] > 1
    assert await ended(database, account, finishing.sent(first, "4711"))
    assert await is_due(database, account)
    assert len(await taken_by(database, account, "two")) == 1


async def test_two_takers_at_once_find_room_for_one(database, account):
    """The second sees an older delivery than the first did, and not yet what the first has."""
    await connect(database, account, IntegrationKind.AUTOTASK)
    ticket = {"ticket_system": "Autotask", "ticket_number": "T20261124.0001"}
    await raise_one(database, account, **ticket)
    first = Slow(database)
    taking_one = asyncio.create_task(first.take(account))
    await first.asked.wait()
    await raise_one(database, account, **ticket)
    async with database.transaction(account.id) as tx:
        await tx.execute(
            "UPDATE delivery SET next_attempt_at = now() - interval '1 minute' WHERE id = "
            "(SELECT max(id::text)::uuid FROM delivery WHERE state = 'PENDING')"
        )
    taking_another = asyncio.create_task(taken_by(database, account, "two"))
    await asyncio.sleep(0.3)
    first.go.set()
    assert [len(await taking_one), len(await taking_another)] == [1, 0]


async def test_integrations_take_turns(database, account):
    await connect(database, account, WEBHOOK)
    await connect(database, account, SLACK)
    for _ in range(6):
        await raise_one(database, account)
    found = await taken_by(database, account, at_most=4)
    assert sorted(taken.kind for taken in found) == [SLACK, SLACK, WEBHOOK, WEBHOOK]
    assert await is_due(database, account)  # there is more


async def test_a_vendor_that_asked_to_wait_is_left_alone_and_others_are_not(database, account):
    slack = await connect(database, account, SLACK)
    await connect(database, account, WEBHOOK)
    await raise_one(database, account)
    await run(
        database,
        account,
        lambda tx: tx.execute(
            "UPDATE integration SET not_before = now() + interval '1 hour' WHERE id = $1", slack
        ),
    )
    [taken] = await taken_by(database, account)
    assert taken.kind is WEBHOOK
    assert await ended(database, account, finishing.sent(taken, None))
    assert await taken_by(database, account) == []
    assert 3_500 < (await counter(database, account))["in_seconds"] <= 3_600


@pytest.mark.parametrize("tried", [0, 2])
async def test_what_waits_for_a_disabled_integration_is_given_up_truthfully(
    database, account, tried
):
    await connect(database, account, SLACK)
    await raise_one(database, account)
    await set_all(database, account, f"attempts = {tried}")
    await run(database, account, lambda tx: tx.execute("UPDATE integration SET enabled = false"))

    assert await taken_by(database, account) == []

    row = await only(database, account)
    if tried:
        assert row["state"] == "DEAD"
        assert row["last_error"].startswith(taking.DISABLED)
    else:
        assert (row["state"], row["skip_reason"]) == ("SKIPPED", "INTEGRATION_DISABLED")
    after = await counter(database, account)
    assert (after["dead"], after["in_seconds"]) == (1 if tried else 0, None)


# -- order


async def test_what_came_after_waits_until_the_raise_was_told_there(database, account):
    await connect(database, account, SLACK)
    handoff_id = await raise_one(database, account)
    [raised] = await taken_by(database, account)
    await follow(database, account, handoff_id)

    assert await taken_by(database, account) == []
    assert await ended(database, account, finishing.sent(raised, "C1/170.1"))

    [claimed] = await taken_by(database, account)
    assert (claimed.purpose, claimed.earlier) == ("claimed", "C1/170.1")


async def test_what_came_after_is_told_even_when_the_raise_never_was(database, account):
    await connect(database, account, SLACK)
    handoff_id = await raise_one(database, account)
    [raised] = await taken_by(database, account)
    await follow(database, account, handoff_id)
    assert await ended(database, account, finishing.refused(raised, "No such channel."))
    [claimed] = await taken_by(database, account)
    assert (claimed.purpose, claimed.earlier) == ("claimed", None)


async def test_news_waits_while_its_card_is_being_changed_and_no_longer(database, account):
    """What is written of it by then does not know the news."""
    await connect(database, account, SLACK, settings={"channel": "#escalations"})
    handoff_id = await raise_one(database, account)
    [raised] = await taken_by(database, account)
    assert await ended(database, account, finishing.sent(raised, "C1/170.1"))
    await run(database, account, change_card, handoff_id, 1, now=NOON)
    [changing] = await taken_by(database, account)
    assert (changing.purpose, changing.earlier) == ("assessed", "C1/170.1")
    await follow(database, account, handoff_id)
    assert await taken_by(database, account) == []

    assert await ended(database, account, finishing.retry(changing, "Slack has trouble."))
    [claimed] = await taken_by(database, account)
    assert claimed.purpose == "claimed"


async def test_one_persons_mail_does_not_wait_for_anothers(database, account):
    handoff_id = await raise_one(database, account, WITH_MAIL)
    first, *others = await taken_by(database, account)
    assert others
    await follow(database, account, handoff_id)
    assert await ended(database, account, finishing.sent(first, "<1@desk.example>"))
    [claimed] = await taken_by(database, account)
    assert (claimed.engineer_id, claimed.earlier) == (first.engineer_id, "<1@desk.example>")


async def follow(database, account, handoff_id):
    await run(database, account, follow_up, handoff_id, EventType.HANDOFF_CLAIMED, 2, now=NOON)


# -- leases


async def test_a_worker_that_dies_costs_an_attempt_and_nothing_else(database, account):
    await connect(database, account, SLACK)
    await raise_one(database, account)
    [lost] = await taken_by(database, account, "dying")
    await set_all(database, account, "lease_until = now() - interval '1 second'")

    [again] = await taken_by(database, account, "living")

    assert (again.id, again.attempt) == (lost.id, 2)
    assert again.lease_token != lost.lease_token
    first, second = await attempts(database, account, again.id)
    assert (first["outcome"], first["worker"], first["error"]) == ("LOST", "dying", taking.LOST)
    assert first["ended_at"] is not None
    assert (second["outcome"], second["worker"]) == (None, "living")


async def test_what_kills_its_workers_is_given_up_after_the_last_attempt(database, account):
    await connect(database, account, SLACK)
    await raise_one(database, account)
    most = SCHEDULES["SLACK", SLACK].attempts
    for number in range(1, most + 1):
        [taken] = await taken_by(database, account, f"victim {number}")
        assert taken.attempt == number
        await set_all(database, account, "lease_until = now() - interval '1 second'")

    assert await taken_by(database, account) == []

    row = await only(database, account)
    assert (row["state"], row["attempts"], row["last_error"]) == ("DEAD", most, taking.LOST)
    assert [a["outcome"] for a in await attempts(database, account, row["id"])] == ["LOST"] * most
    after = await counter(database, account)
    assert (after["dead"], after["in_seconds"]) == (1, None)


async def test_a_renewed_lease_is_kept(database, account):
    await connect(database, account, SLACK)
    await raise_one(database, account)
    [taken] = await taken_by(database, account, lease=timedelta(seconds=0.2))
    held = await run(database, account, finishing.renew, [taken], LEASE)
    assert held == {taken.id}
    await asyncio.sleep(0.3)
    assert await taken_by(database, account, "other") == []


# -- when there is work next


async def test_who_promises_while_somebody_takes_is_not_forgotten(database, dsn, account):
    """Between the take and its last word on when there is work, another handoff is raised."""
    await connect(database, account, WEBHOOK)
    await raise_one(database, account)
    async with database.transaction(account.id) as tx:
        assert len(await take_all(tx)) == 1
    # everything is taken: a taker now finds nothing, and says "not before the lease ends"
    slow = Slow(database)
    looking = asyncio.create_task(slow.take(account))
    await slow.asked.wait()
    raising = asyncio.create_task(raise_one(database, account))
    await asyncio.sleep(0.3)  # it holds the counter's lock, or waits for it
    slow.go.set()
    assert await looking == []
    await raising
    assert await is_due(database, account)


async def test_who_has_written_and_not_committed_is_waited_for(database, account):
    """The counter is locked by somebody who has promised something that nobody can see yet."""
    await connect(database, account, WEBHOOK)
    await raise_one(database, account)
    await taken_by(database, account)
    committing, go = asyncio.Event(), asyncio.Event()
    writing = asyncio.create_task(promise_slowly(database, account, committing, go))
    await committing.wait()
    looking = asyncio.create_task(taken_by(database, account, "two"))
    await asyncio.sleep(0.3)  # now it waits for the counter
    assert not looking.done()
    go.set()
    await writing
    assert await looking == []  # it had looked before
    assert await is_due(database, account)


async def take_all(tx):
    return await taking.take(tx, "one", at_most=100, lease=LEASE)


async def promise_slowly(database, account, committing, go):
    async with database.transaction(account.id) as tx:
        await tx.execute(
            "INSERT INTO delivery (account_id, id, handoff_id, integration_id, channel, purpose, "
            "target, state, attempts, next_attempt_at, idempotency_key, created_at) "
            "SELECT account_id, gen_random_uuid(), handoff_id, integration_id, channel, purpose, "
            "target, 'PENDING', 0, now(), idempotency_key || ':more', now() FROM delivery "
            "WHERE state = 'SENDING'"
        )
        await tx.execute("UPDATE event_counter SET due_at = least(due_at, now())")
        committing.set()
        await go.wait()


class Slow:
    """A taker that is slow between its take and its last word."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.asked, self.go = asyncio.Event(), asyncio.Event()

    async def take(self, account):
        async with self.database.transaction(account.id) as tx:
            return await taking.take(Paused(tx, self), "slow", at_most=100, lease=LEASE)


class Paused:
    """The transaction, held up before the statement that touches the counter first."""

    def __init__(self, tx, slow):
        self._tx, self._slow = tx, slow

    def __getattr__(self, name):
        return getattr(self._tx, name)

    async def execute(self, sql, *args):
        if "event_counter" in sql and not self._slow.asked.is_set():
            self._slow.asked.set()
            await self._slow.go.wait()
        return await self._tx.execute(sql, *args)


async def test_a_taker_that_sleeps_keeps_others_waiting_for_a_moment_only(database, account):
    await connect(database, account, WEBHOOK)
    await raise_one(database, account)
    async with database.transaction(account.id) as tx:
        await take_all(tx)
        with pytest.raises(asyncpg.LockNotAvailableError):
            await taken_by(database, account, "two")
    assert len(await deliveries(database, account)) == 1
