"""What became of an attempt is written once, by who holds the lease, without a secret in it."""

import asyncio
import dataclasses
from datetime import timedelta
from uuid import uuid4

import pytest

from db.models.vocabulary import IntegrationKind
from services.deliveries import finishing
from services.deliveries.finishing import LONGEST_ERROR
from services.deliveries.schedules import SCHEDULES
from tests.app.worker.carrying import eventually
from tests.services.deliveries.parts import (
    LEASE,
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

SLACK = IntegrationKind.SLACK
LEASE_ENDS = "lease_until = now() - interval '1 second'"


@pytest.fixture
async def taken(database, account):
    await connect(database, account, SLACK)
    await raise_one(database, account)
    [taken] = await taken_by(database, account)
    return taken


async def integration(database, account):
    return await run(database, account, lambda tx: tx.one("SELECT * FROM integration"))


# -- the three endings


async def test_what_was_sent_is_done(database, account, taken):
    assert await ended(database, account, finishing.sent(taken, "C1/170.1"))

    row = await only(database, account)
    assert (row["state"], row["external_ref"], row["last_error"]) == ("SENT", "C1/170.1", None)
    assert row["sent_at"] is not None
    assert (row["worker"], row["lease_token"], row["lease_until"]) == (None, None, None)
    assert row["next_attempt_at"] is None
    [attempt] = await attempts(database, account, taken.id)
    assert attempt["outcome"] == "SENT"
    assert attempt["ended_at"] >= attempt["started_at"]
    assert (await integration(database, account))["last_success_at"] is not None
    # nobody need look: there is nothing that waited for it
    assert (await counter(database, account))["in_seconds"] is None
    assert await taken_by(database, account) == []


async def test_what_failed_is_tried_again_within_its_delay(database, account, taken):
    longest = SCHEDULES["SLACK", SLACK].delays[0].total_seconds()
    assert await ended(database, account, finishing.retry(taken, "Slack is down.", status=503))

    row = await only(database, account)
    assert (row["state"], row["attempts"], row["last_error"]) == ("FAILED", 1, "Slack is down.")
    [attempt] = await attempts(database, account, taken.id)
    assert (attempt["outcome"], attempt["status"]) == ("FAILED", 503)
    assert await taken_by(database, account) == []
    assert 0 <= (await counter(database, account))["in_seconds"] <= longest
    health = await integration(database, account)
    assert health["failing_since"] is not None
    assert health["last_error"] == "Slack is down."


async def test_a_vendor_that_says_when_to_come_back_is_believed(database, account, taken):
    hour = timedelta(hours=1)
    assert await ended(database, account, finishing.retry(taken, "Too many.", after=hour))
    assert await taken_by(database, account) == []
    assert 3_590 < (await counter(database, account))["in_seconds"] <= 3_600
    assert (await integration(database, account))["not_before"] is not None


async def test_after_the_last_attempt_it_is_dead(database, account, taken):
    most = SCHEDULES["SLACK", SLACK].attempts
    for number in range(1, most + 1):
        assert taken.attempt == number
        assert await ended(database, account, finishing.retry(taken, "Slack is down."))
        if number < most:
            await set_all(database, account, "next_attempt_at = now()")
            [taken] = await taken_by(database, account)
    row = await only(database, account)
    assert (row["state"], row["attempts"], row["next_attempt_at"]) == ("DEAD", most, None)
    assert row["last_error"] == "Slack is down."
    assert (await counter(database, account))["dead"] == 1


async def test_what_is_refused_is_dead_at_once(database, account, taken):
    assert await ended(database, account, finishing.refused(taken, "No such channel.", status=404))
    row = await only(database, account)
    assert (row["state"], row["attempts"], row["last_error"]) == ("DEAD", 1, "No such channel.")
    [attempt] = await attempts(database, account, taken.id)
    assert (attempt["outcome"], attempt["status"]) == ("REFUSED", 404)
    assert (await counter(database, account))["dead"] == 1


async def test_a_success_ends_the_trouble_of_an_integration(database, account, taken):
    assert await ended(database, account, finishing.retry(taken, "Slack is down."))
    await set_all(database, account, "next_attempt_at = now()")
    [again] = await taken_by(database, account)
    assert await ended(database, account, finishing.sent(again, None))
    health = await integration(database, account)
    assert health["failing_since"] is None
    assert health["last_failure_at"] is not None
    assert (await only(database, account))["last_error"] is None


# -- the fence


@pytest.mark.parametrize("verb", [finishing.sent, finishing.retry, finishing.refused])
async def test_who_slept_through_the_lease_changes_nothing(database, account, taken, verb):
    await set_all(database, account, LEASE_ENDS)
    [successor] = await taken_by(database, account, "successor")

    assert not await ended(database, account, verb(taken, "too late"))

    row = await only(database, account)
    assert (row["state"], row["worker"], row["external_ref"]) == ("SENDING", "successor", None)
    assert row["lease_token"] == successor.lease_token
    lost, running = await attempts(database, account, taken.id)
    assert (lost["outcome"], running["outcome"]) == ("LOST", None)
    assert (await counter(database, account))["dead"] == 0
    assert await ended(database, account, finishing.sent(successor, "C1/170.1"))
    assert not await ended(database, account, verb(taken, "too late"))
    assert (await only(database, account))["external_ref"] == "C1/170.1"


async def test_what_was_lost_is_not_renewed(database, account, taken):
    await set_all(database, account, LEASE_ENDS)
    [successor] = await taken_by(database, account, "successor")
    held = await run(database, account, finishing.renew, [taken, successor], LEASE)
    assert held == {successor.id}
    assert await run(database, account, finishing.renew, [taken], LEASE) == set()


async def test_an_ending_is_written_once(database, account, taken):
    assert await ended(database, account, finishing.refused(taken, "No."))
    assert not await ended(database, account, finishing.refused(taken, "No."))
    assert (await counter(database, account))["dead"] == 1


async def test_another_account_can_end_nothing_of_ours(database, account, other_account, taken):
    assert not await ended(database, other_account, finishing.sent(taken, "theirs"))
    assert (await only(database, account))["state"] == "SENDING"


# -- several together


@pytest.fixture
async def four(database, account):
    """What the four places of an account were told of one raise, and nobody has ended yet."""
    kinds = (SLACK, IntegrationKind.TEAMS, IntegrationKind.WEBHOOK, IntegrationKind.AUTOTASK)
    for kind in kinds:
        await connect(database, account, kind)
    await raise_one(database, account, ticket_system="Autotask", ticket_number="T20261124.0001")
    taken = {each.kind: each for each in await taken_by(database, account)}
    return [taken[kind] for kind in kinds]


async def test_what_ends_together_ends_each_in_its_own_way(database, account, four):
    slack, teams, webhook, note = four
    stranger = dataclasses.replace(note, lease_token=uuid4())
    endings = (
        finishing.sent(slack, "C1/170.1"),
        finishing.retry(teams, "Teams is down.", status=503),
        finishing.refused(webhook, "No such address.", status=404),
        finishing.sent(stranger, "theirs"),
    )
    async with database.transaction(account.id) as tx:
        finished = await finishing.finish(tx, endings)
    assert finished.ours == {slack.id, teams.id, webhook.id}

    rows = {row["id"]: row for row in await deliveries(database, account)}
    shown = ("state", "external_ref", "last_error")
    seen = {each.kind: tuple(rows[each.id][name] for name in shown) for each in four}
    assert seen == {
        SLACK: ("SENT", "C1/170.1", None),
        IntegrationKind.TEAMS: ("FAILED", None, "Teams is down."),
        IntegrationKind.WEBHOOK: ("DEAD", None, "No such address."),
        IntegrationKind.AUTOTASK: ("SENDING", None, None),
    }
    told = [(await attempts(database, account, each.id))[0] for each in four]
    assert [(each["outcome"], each["status"], each["error"]) for each in told] == [
        ("SENT", None, None),
        ("FAILED", 503, "Teams is down."),
        ("REFUSED", 404, "No such address."),
        (None, None, None),
    ]
    assert (await counter(database, account))["dead"] == 1


@pytest.mark.parametrize("last_works", [True, False])
async def test_how_an_integration_fares_is_what_came_last(database, account, last_works):
    await connect(database, account, IntegrationKind.WEBHOOK)
    for _ in range(3):
        await raise_one(database, account)
    first, second, third = await taken_by(database, account)
    long = "UPDATE integration SET failing_since = now() - interval '1 day'"
    await run(database, account, lambda tx: tx.execute(long))
    works, fails = finishing.sent(second, None), finishing.retry(third, "It is down.")
    rest = (fails, works) if last_works else (works, fails)
    assert await ended(database, account, finishing.retry(first, "It is down."), *rest)
    found = await integration(database, account)
    assert found["last_success_at"] is not None
    assert found["last_error"] == "It is down."
    if last_works:
        assert found["failing_since"] is None
    else:  # it worked in between: it is not a day that it has failed
        assert found["failing_since"] == found["last_success_at"]


@pytest.mark.parametrize("ends", [True, False])
async def test_who_ends_or_renews_several_and_waits_holds_none_that_others_get_first(
    database, account, four, ends
):
    """All take them in one order, so that no two wait for each other."""
    first, *_, last = sorted(four, key=lambda each: each.id)
    both = (last, first)
    if ends:
        verb = ended(database, account, *(finishing.sent(each, None) for each in both))
    else:
        verb = run(database, account, finishing.renew, both, LEASE)
    async with database.transaction(account.id) as tx:
        await tx.execute("SELECT FROM delivery WHERE id = $1 FOR UPDATE", first.id)
        waiting = asyncio.create_task(verb)
        await waits(database, account)
        async with asyncio.timeout(5):
            assert await run(database, account, finishing.renew, [last], LEASE) == {last.id}
    async with asyncio.timeout(5):
        assert await waiting


async def test_who_marks_several_integrations_and_waits_holds_none_that_others_get_first(
    database, account, four
):
    first, *_, last = sorted(four, key=lambda each: each.integration_id)
    held = "SELECT FROM integration WHERE id = $1 FOR NO KEY UPDATE"
    async with database.transaction(account.id) as tx:
        await tx.execute(held, first.integration_id)
        endings = [finishing.retry(each, "It is down.") for each in (last, first)]
        ending = asyncio.create_task(ended(database, account, *endings))
        await waits(database, account)
        async with asyncio.timeout(5):
            await run(
                database, account, lambda tx: tx.execute(f"{held} NOWAIT", last.integration_id)
            )
    async with asyncio.timeout(5):
        assert await ending


async def waits(database, account):
    """Until a statement waits for a row that another transaction has."""

    async def seen(tx):
        return await tx.fetchval(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )

    await eventually(lambda: run(database, account, seen))


# -- what is kept of an error


async def test_an_error_is_kept_without_its_secrets_and_within_bounds(database, account, taken):
    why = "Refused:\n password=Tr0ub4dor-3-horse " + "x" * 2_000
    assert await ended(database, account, finishing.retry(taken, why))
    [attempt] = await attempts(database, account, taken.id)
    row = await only(database, account)
    health = await integration(database, account)
    for kept in (row["last_error"], attempt["error"], health["last_error"]):
        assert kept.startswith("Refused: password=[redacted] xxx")
        assert len(kept) == LONGEST_ERROR
        assert "\n" not in kept


# -- and then


async def test_every_ending_says_that_something_may_have_waited_for_it(database, account, taken):
    await raise_one(database, account)
    await raise_one(database, account)
    [second] = await taken_by(database, account)  # two at a time
    assert await taken_by(database, account) == []
    assert not await is_due(database, account)
    assert await ended(database, account, finishing.refused(second, "No."))
    assert await is_due(database, account)
    assert len(await taken_by(database, account)) == 1
