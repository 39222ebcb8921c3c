"""What was promised is carried out by whichever worker lives, whoever else is in trouble."""

import asyncio
import dataclasses
import logging
import time
from datetime import timedelta

import pytest

from app.worker import Trier
from app.worker.lease import Lease
from db.models.vocabulary import AttemptOutcome, EventType, IntegrationKind
from services.deliveries import follow_up, schedules, taking
from services.deliveries.work import oldest_running
from services.events import Doorbell
from services.integrations.protocol import Refused, Sent, TryAgain
from tests.app.worker.carrying import (
    OPTIONS,
    PATIENCE,
    Recorded,
    accept,
    carrying,
    eventually,
    hang,
    raising,
)
from tests.harness.postgres import Cluster
from tests.harness.story import NOON
from tests.services.deliveries.parts import (
    WITH_MAIL,
    attempts,
    connect,
    counter,
    deliveries,
    flood,
    only,
    raise_one,
    run,
    set_all,
    taken_by,
)

SLACK, TEAMS, WEBHOOK = IntegrationKind.SLACK, IntegrationKind.TEAMS, IntegrationKind.WEBHOOK


@pytest.fixture(autouse=True)
def nothing_is_left(cluster: Cluster, database_name: str) -> None:
    """A carrier carries for all accounts: also what earlier tests of this file have left."""
    cluster.as_superuser(
        "UPDATE delivery SET state = 'SENT', next_attempt_at = NULL, lease_until = NULL",
        "UPDATE event_counter SET due_at = 'infinity'",
        database=database_name,
    )


@pytest.fixture(autouse=True)
async def _nothing_else_is_due(database):
    """Files share a database, and a carrier carries out whatever is due in it."""
    yield
    async with database.system() as connection:
        accounts = await connection.fetch("SELECT id FROM due_accounts(10000) AS id")
    for [account_id] in accounts:
        async with database.transaction(account_id) as tx:
            await tx.execute("UPDATE delivery SET state = 'SKIPPED', next_attempt_at = NULL")
            await tx.execute("UPDATE event_counter SET due_at = 'infinity'")


def states(database, account):
    async def ask():
        return [row["state"] for row in await deliveries(database, account)]

    return ask()


async def all_are(database, account, state):
    return set(await states(database, account)) == {state}


# -- carrying out


async def test_what_was_promised_arrives_and_says_so(database, account):
    await connect(database, account, SLACK)
    channel, observed = Recorded(accept), []
    async with carrying(database, channel, observed=observed):
        handoff_id = await raise_one(database, account)
        await eventually(lambda: all_are(database, account, "SENT"))
    [letter] = channel.letters
    row = await only(database, account)
    assert (row["handoff_id"], row["external_ref"]) == (handoff_id, f"ref-{letter.key}")
    assert observed == [("SLACK", AttemptOutcome.SENT)]


async def test_a_ring_is_answered_long_before_the_poll(database, account):
    await connect(database, account, SLACK)
    channel, doorbell = Recorded(accept), Doorbell("memory://")
    await doorbell.start()
    async with carrying(database, channel, doorbell=doorbell, poll=30):
        await eventually(lambda: doorbell.connected)
        await asyncio.sleep(0.3)
        await raise_one(database, account)
        began = time.monotonic()
        doorbell.ring(account.id, 1)
        await eventually(lambda: channel.letters)
        assert time.monotonic() - began < 1
        await eventually(lambda: all_are(database, account, "SENT"))
    await doorbell.stop()


async def test_what_came_after_is_told_after_the_raise_and_with_its_reference(database, account):
    await connect(database, account, SLACK)
    handoff_id = await raise_one(database, account)
    await run(database, account, follow_up, handoff_id, EventType.HANDOFF_CLAIMED, 2, now=NOON)
    channel = Recorded(accept)
    async with carrying(database, channel):
        await eventually(lambda: all_are(database, account, "SENT"))
    assert [letter.purpose for letter in channel.letters] == ["raised", "claimed"]
    assert channel.earlier == [None, f"ref-{channel.letters[0].key}"]


async def test_two_workers_never_send_the_same_at_the_same_time(database, account):
    await connect(database, account, WEBHOOK)
    for _ in range(12):
        await raise_one(database, account)

    async def slowly(letter):
        await asyncio.sleep(0.05)
        return await accept(letter)

    one, two = Recorded(slowly), Recorded(slowly)
    async with carrying(database, one, worker="one"), carrying(database, two, worker="two"):
        await eventually(lambda: all_are(database, account, "SENT"))
    keys = [letter.key for letter in (*one.letters, *two.letters)]
    assert len(keys) == len(set(keys)) == 12


# -- what goes wrong


async def test_a_failure_is_tried_again_and_a_refusal_is_not(database, account):
    await connect(database, account, SLACK)
    await connect(database, account, TEAMS)
    await raise_one(database, account)
    channels = {
        SLACK: Recorded(raising(TryAgain("Slack is busy.", status=503))),
        TEAMS: Recorded(raising(Refused("Teams has no such address.", status=404))),
    }
    async with carrying(database, lambda taken: channels[taken.kind]) as carrier:
        await eventually(lambda: all(channel.letters for channel in channels.values()))
        await eventually(lambda: carrier.running == 0)
    rows = {row["channel"]: row for row in await deliveries(database, account)}
    assert (rows["SLACK"]["state"], rows["SLACK"]["last_error"]) == ("FAILED", "Slack is busy.")
    assert (rows["TEAMS"]["state"], rows["TEAMS"]["attempts"]) == ("DEAD", 1)
    assert (await counter(database, account))["dead"] == 1


async def test_a_fault_of_ours_is_tried_again_and_shows_nothing_of_itself(
    database, account, caplog
):
    await connect(database, account, SLACK)
    await raise_one(database, account)
    channel = Recorded(raising(KeyError("xoxb-canary-1234567890")))
    with caplog.at_level(logging.ERROR):
        async with carrying(database, channel):
            await eventually(lambda: all_are(database, account, "FAILED"))
    error = (await only(database, account))["last_error"]
    assert "canary" not in error
    error_id = error.rpartition(" ")[2].rstrip(").")
    assert any(error_id in record.getMessage() for record in caplog.records)


async def test_what_can_not_be_prepared_takes_nothing_along(database, account):
    """The effects of one raise are prepared together, and one of them is our fault."""
    await connect(database, account, SLACK)
    await connect(database, account, TEAMS)
    await raise_one(database, account)
    slack = Recorded(accept)

    def find(taken):
        if taken.kind == TEAMS:
            raise KeyError(taken.kind)
        return slack

    async with carrying(database, find):
        await eventually(lambda: ended_as(database, account, {"SLACK": "SENT", "TEAMS": "FAILED"}))
    rows = {row["channel"]: row for row in await deliveries(database, account)}
    assert "An error of the service's own (KeyError" in rows["TEAMS"]["last_error"]
    assert rows["SLACK"]["attempts"] == 1


async def test_what_can_not_be_written_down_takes_nothing_along(database, account):
    """They end together, and what one receiver calls it is nothing that a table holds."""
    await connect(database, account, SLACK)
    await connect(database, account, TEAMS)
    await raise_one(database, account)
    both = asyncio.Barrier(2)

    def answering(reference):
        async def answer(letter):
            async with asyncio.timeout(PATIENCE):
                await both.wait()
            return Sent(reference, "Accepted.")

        return Recorded(answer)

    channels = {SLACK: answering("one"), TEAMS: answering("an\0other")}
    async with carrying(database, lambda taken: channels[taken.kind]) as carrier:
        await eventually(lambda: ended_as(database, account, {"SLACK": "SENT", "TEAMS": "SENDING"}))
        await eventually(lambda: carrier.running == 0)


async def ended_as(database, account, expected):
    return {row["channel"]: row["state"] for row in await deliveries(database, account)} == expected


async def test_who_does_not_answer_is_given_up_on_after_the_attempts_time(
    database, account, monkeypatch
):
    quick = {
        way: dataclasses.replace(schedule, timeout=timedelta(seconds=0.2))
        for way, schedule in schedules.SCHEDULES.items()
    }
    for way, schedule in quick.items():
        monkeypatch.setitem(schedules.SCHEDULES, way, schedule)
    await connect(database, account, SLACK)
    await raise_one(database, account)
    async with carrying(database, Recorded(hang)):
        await eventually(lambda: all_are(database, account, "FAILED"))
    assert "no answer within 0.2 s" in (await only(database, account))["last_error"]


async def test_one_vendors_trouble_is_not_anothers(database, account):
    """Every place that the silent vendor may take is taken, and the other is told all the same."""
    await connect(database, account, SLACK)
    await connect(database, account, TEAMS)
    for _ in range(10):
        await raise_one(database, account)
    channels = {SLACK: Recorded(hang), TEAMS: Recorded(accept)}
    async with carrying(database, lambda taken: channels[taken.kind], slots=8):
        await eventually(lambda: len(channels[TEAMS].letters) == 10)
        assert channels[SLACK].most_at_once == 2


async def test_a_flooding_account_does_not_keep_another_waiting(database, account, other_account):
    """All the flooder's attempts hang, and half of the places are left for others."""
    webhook = await connect(database, account, WEBHOOK)
    await connect(database, other_account, WEBHOOK)
    handoff_id = await raise_one(database, account)
    await flood(database, account, handoff_id, webhook, 5_000)
    channels = {account.id: Recorded(hang), other_account.id: Recorded(accept)}
    async with carrying(database, lambda taken: channels[taken.account_id], slots=8):
        await eventually(lambda: channels[account.id].at_once == 4)
        began = time.monotonic()
        await raise_one(database, other_account)
        await eventually(lambda: channels[other_account.id].letters)
        assert time.monotonic() - began < 2
        assert channels[account.id].most_at_once == 4


async def test_an_account_that_somebody_holds_keeps_no_other_waiting(
    database, account, other_account, monkeypatch
):
    monkeypatch.setattr(taking, "PATIENCE", timedelta(seconds=20))
    for each in (account, other_account):
        await connect(database, each, WEBHOOK)
    channel = Recorded(accept)
    async with database.transaction(account.id) as holding:
        await holding.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"{account.id}"
        )
        async with carrying(database, channel):
            await raise_one(database, account)
            await asyncio.sleep(0.3)  # for it to be waited for
            began = time.monotonic()
            await raise_one(database, other_account)
            await eventually(lambda: all_are(database, other_account, "SENT"))
            assert time.monotonic() - began < 5
            assert await states(database, account) == ["PENDING"]


# -- leases


async def test_what_takes_longer_than_a_lease_is_held_on_to(database, account):
    await connect(database, account, SLACK)
    await raise_one(database, account)

    async def slowly(letter):
        await asyncio.sleep(3)
        return await accept(letter)

    one, two, others = Recorded(slowly), Recorded(accept), Recorded(accept)

    def by(channel):
        """What earlier tests have left is none of this one's."""
        return lambda taken: channel if taken.account_id == account.id else others

    lease = timedelta(seconds=2)
    async with carrying(database, by(one), lease=lease):
        await eventually(lambda: one.letters)
        async with carrying(database, by(two), lease=lease):
            await eventually(lambda: all_are(database, account, "SENT"))
    assert (len(one.letters), len(two.letters)) == (1, 0)


async def test_what_a_dead_worker_had_is_carried_out_by_another_after_its_lease(database, account):
    await connect(database, account, SLACK)
    await raise_one(database, account)
    [lost] = await taken_by(database, account, "dead", lease=timedelta(seconds=0.5))
    channel = Recorded(accept)
    async with carrying(database, channel):
        began = time.monotonic()
        await eventually(lambda: all_are(database, account, "SENT"))
        assert 0.2 < time.monotonic() - began < 2.5
    outcomes = [attempt["outcome"] for attempt in await attempts(database, account, lost.id)]
    assert outcomes == ["LOST", "SENT"]


async def test_a_worker_that_wakes_after_its_lease_changes_nothing_and_lets_go(database, account):
    await connect(database, account, SLACK)
    await raise_one(database, account)
    asleep = Recorded(hang)
    async with carrying(database, asleep, lease=timedelta(seconds=1)) as carrier:
        await eventually(lambda: asleep.letters)
        # as if it had slept: somebody else has it now
        await set_all(database, account, "lease_until = now() - interval '1 second'")
        [successor] = await taken_by(database, account, "successor")
        await eventually(lambda: carrier.running == 0)
    row = await only(database, account)
    assert (row["state"], row["lease_token"]) == ("SENDING", successor.lease_token)


async def test_nothing_is_sent_after_a_lease_that_could_not_be_renewed(
    database, account, other_account
):
    """Whoever takes over looks whether it is there, and must not be overtaken after that. The other
    account's leases are renewed meanwhile."""
    for each in (account, other_account):
        await connect(database, each, SLACK)
        await raise_one(database, each)
    sent = []

    async def slowly(letter):
        await asyncio.sleep(2.5)
        sent.append(letter.delivery_id)
        return await accept(letter)

    channel = Recorded(slowly)
    async with carrying(database, channel, lease=timedelta(seconds=1), poll=30):
        await eventually(lambda: channel.at_once == 2)
        async with database.transaction(account.id) as tx:
            await tx.execute("SELECT FROM delivery FOR UPDATE")
            await eventually(lambda: all_are(database, other_account, "SENT"))
    assert sent == [(await only(database, other_account))["id"]]


async def test_nothing_is_sent_by_whoever_has_slept_through_the_lease_before(database, account):
    await connect(database, account, SLACK)
    await raise_one(database, account)
    [taken] = await taken_by(database, account, "sleeper")
    channel = Recorded(accept)

    async def find(tx, taken):
        return {each.id: channel for each in taken}

    trier = Trier(database, find, OPTIONS, lambda *what: None, Doorbell("memory://").ring)
    lease = Lease(asyncio.get_running_loop().time())
    await trier.attempt(taken, lease, trier.prepare([taken]))
    assert channel.letters == []
    row = await only(database, account)
    assert row["state"] == "FAILED"
    assert "nobody knows" in row["last_error"]


async def test_what_is_not_ours_any_more_is_not_written(database, account):
    await connect(database, account, SLACK)
    await raise_one(database, account)
    [taken] = await taken_by(database, account, "sleeper")
    await set_all(database, account, "lease_until = now() - interval '1 second'")
    [successor] = await taken_by(database, account, "successor")
    observed = []

    async def find(tx, taken):
        return {each.id: Recorded(accept) for each in taken}

    ring = Doorbell("memory://").ring
    trier = Trier(database, find, OPTIONS, lambda *what: observed.append(what), ring)
    lease = Lease(asyncio.get_running_loop().time() + 60)
    await trier.attempt(taken, lease, trier.prepare([taken]))
    assert observed == [("SLACK", AttemptOutcome.LOST)]
    assert (await only(database, account))["lease_token"] == successor.lease_token


# -- stopping


async def test_stopping_lets_what_is_under_way_end_and_takes_nothing_more(database, account):
    await connect(database, account, SLACK)
    await raise_one(database, account)

    async def slowly(letter):
        await asyncio.sleep(0.5)
        return await accept(letter)

    channel = Recorded(slowly)
    async with carrying(database, channel, drain=timedelta(seconds=5)) as carrier:
        await eventually(lambda: channel.letters)
        stopping = asyncio.create_task(carrier.stop())
        await asyncio.sleep(0.1)
        await raise_one(database, account)
        await stopping
    assert sorted(await states(database, account)) == ["PENDING", "SENT"]


async def test_stopping_is_bounded_and_what_is_cut_off_is_tried_by_others(database, account):
    await connect(database, account, SLACK)
    await raise_one(database, account)
    channel = Recorded(hang)
    async with carrying(
        database, channel, drain=timedelta(seconds=0.3), lease=timedelta(seconds=1)
    ) as carrier:
        await eventually(lambda: channel.letters)
        began = time.monotonic()
        await carrier.stop()
        assert time.monotonic() - began < 3
    async with carrying(database, Recorded(accept)):
        await eventually(lambda: all_are(database, account, "SENT"))


# -- for whoever watches


async def test_the_backlog_is_counted(database, account):
    await connect(database, account, SLACK)
    await raise_one(database, account, WITH_MAIL)
    async with carrying(database, Recorded(accept)) as carrier:
        await eventually(lambda: carrier.backlog is not None)
        await eventually(lambda: all_are(database, account, "SENT"))
        assert carrier.running == 0
        assert carrier.oldest_running == 0


async def test_the_oldest_attempt_of_all_workers_is_known(database, account, other_account):
    assert await oldest_running(database) == timedelta()
    for each in (account, other_account):
        await connect(database, each, SLACK)
        await raise_one(database, each)
        await taken_by(database, each, "worker")
    async with database.transaction(other_account.id) as tx:
        await tx.execute("UPDATE delivery_attempt SET started_at = now() - interval '40 seconds'")
    assert timedelta(seconds=40) <= await oldest_running(database) < timedelta(seconds=60)
