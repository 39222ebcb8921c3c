"""Whoever watches sees what waits, what runs and what was given up."""

import os
import subprocess
import sys
from datetime import timedelta

import pytest

from app.observability import Metrics, watch
from db.models.vocabulary import IntegrationKind
from services.assessments.taking import oldest_due
from services.deliveries import finishing
from tests.app.observability.test_metrics import values
from tests.app.worker.assessing import SHORT, assessing
from tests.app.worker.carrying import Recorded, accept, carrying, eventually, hang
from tests.app.worker.test_assessor import answer, row_of
from tests.app.worker.test_assessor import raise_one as assess_one
from tests.harness.messages import Reply, refused, said, speaking
from tests.services.deliveries.parts import connect, ended, raise_one, run, taken_by

WAITED_LONG = """
    WITH waited AS (
        UPDATE assessment SET due_at = now() - interval '5 minutes' RETURNING account_id
    )
    UPDATE event_counter SET assess_at = now() - interval '5 minutes'
    WHERE account_id IN (SELECT account_id FROM waited)
"""


@pytest.fixture
def doctor(dsn, tmp_path):
    def run_it() -> "subprocess.CompletedProcess[str]":
        environment = {name: value for name, value in os.environ.items() if "BATON" not in name}
        environment |= {"BATON_DATABASE_URL": dsn, "BATON_DATA_DIR": str(tmp_path)}
        environment |= {"BATON_AUTH_SECRET": "x" * 32}
        return subprocess.run(
            [sys.executable, "-m", "app", "doctor"],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return run_it


async def test_metrics_tell_what_the_carrier_does(database, account):
    await connect(database, account, IntegrationKind.SLACK)
    await raise_one(database, account)
    [given_up] = await taken_by(database, account)
    assert await ended(database, account, finishing.refused(given_up, "No."))
    await raise_one(database, account)
    metrics = Metrics()
    channel = Recorded(hang)
    async with carrying(database, channel) as carrier:
        watch(metrics, database=database, carrier=carrier)
        await eventually(lambda: channel.letters and carrier.backlog)
        seen = await values(metrics)
    assert seen["baton_deliveries_running"] == 1
    assert seen["baton_delivery_oldest_running_seconds"] > 0
    assert seen["baton_deliveries_dead"] >= 1
    assert seen["baton_delivery_oldest_due_seconds"] >= 0


async def test_attempts_are_counted_by_channel_and_outcome(database, account):
    await connect(database, account, IntegrationKind.SLACK)
    await raise_one(database, account)
    metrics = Metrics()
    observed = []
    async with carrying(database, Recorded(accept), observed=observed):
        await eventually(lambda: observed)
    metrics.delivery_attempted(*observed[0])
    assert (await values(metrics))["baton_delivery_attempts_total SLACK SENT"] == 1


async def test_metrics_tell_what_the_assessor_does_and_what_waits_for_one(database, account):
    await assess_one(database, account)
    await run(database, account, lambda tx: tx.execute(WAITED_LONG))
    metrics = Metrics()
    async with speaking(Reply(hang=True)) as server, assessing(database, server) as assessor:
        watch(metrics, database=database, assessor=assessor)
        await eventually(lambda: server.asked and assessor.oldest_due is not None)
        seen = await values(metrics)
    assert seen["baton_assessments_asking"] == 1
    assert seen["baton_assessments_late"] == 0
    assert seen["baton_assessor_silence_seconds"] < 10
    assert seen["baton_assessment_oldest_due_seconds"] >= 0


async def test_how_assessments_end_and_what_they_cost_is_counted(database, account):
    metrics = Metrics()

    async def counted(name):
        return (await values(metrics)).get(name, 0)

    async def ended(state, reason):
        name = f"baton_assessments_ended_total {reason} {state}"

        async def there():
            return await counted(name) == 1

        await eventually(there)

    replies = said(answer()), said(answer(), delay=SHORT + 0.3), refused(401)
    how = {"budget": timedelta(seconds=SHORT), "observe": metrics.assessment_ended}
    async with speaking(*replies) as server, assessing(database, server, **how):
        await assess_one(database, account)
        await ended("READY", "NONE")
        await assess_one(database, account)
        await ended("TIMED_OUT", "OUT_OF_TIME")
        await ended("READY", "LATE")
        await assess_one(database, account)
        await ended("FAILED", "REJECTED")
    seen = await values(metrics)
    assert seen["baton_assessment_tokens_total IN"] == 2 * 812
    assert seen["baton_assessment_tokens_total OUT"] == 2 * 97
    assert seen["baton_assessment_seconds_count READY"] == 2
    assert seen["baton_assessment_seconds_sum READY"] >= SHORT + 0.3
    assert seen["baton_assessment_seconds_count FAILED"] == 1


async def test_an_assessment_that_another_worker_has_taken_over_is_counted_as_lost(
    database, account
):
    metrics = Metrics()
    slow = said(answer(), delay=1)
    async with (
        speaking(slow) as server,
        assessing(database, server, observe=metrics.assessment_ended),
    ):
        handoff_id = await assess_one(database, account)

        async def is_taken():
            return (await row_of(database, account, handoff_id))["lease_token"] is not None

        await eventually(is_taken)
        await run(
            database,
            account,
            lambda tx: tx.execute("UPDATE assessment SET lease_token = gen_random_uuid()"),
        )

        async def lost():
            return "baton_assessments_ended_total NONE LOST" in await values(metrics)

        await eventually(lost)


async def test_what_waits_longest_to_be_assessed_is_known_of_all_accounts(
    database, account, other_account
):
    await nothing_waits(database)
    await assess_one(database, other_account)
    assert timedelta() < await oldest_due(database) < timedelta(minutes=1)
    await assess_one(database, account)
    await run(database, account, lambda tx: tx.execute(WAITED_LONG))
    assert timedelta(minutes=5) <= await oldest_due(database) < timedelta(minutes=6)


async def nothing_waits(database):
    """What other tests have left is ended."""

    async def is_so():
        return await oldest_due(database) == timedelta()

    async with assessing(database, None):
        await eventually(is_so)


async def test_doctor_says_when_nobody_carries_out_what_is_due(database, account, doctor):
    await nothing_waits(database)
    await raise_one(database, account)
    await assess_one(database, account)
    well = doctor().stdout
    assert "deliveries: ok" in well
    assert "assessments: ok" in well

    await run(
        database,
        account,
        lambda tx: tx.execute("UPDATE event_counter SET due_at = now() - interval '5 minutes'"),
    )
    await run(database, account, lambda tx: tx.execute(WAITED_LONG))
    told = doctor()
    assert told.returncode == 1
    words = " ".join(told.stdout.split())
    assert "deliveries: not ok" in words
    assert "`baton worker`" in words
    assert "assessments: not ok one has waited for 30" in words
