"""Whoever watches sees what waits, what runs and what was given up."""

import os
import subprocess
import sys

import pytest

from app.observability import Metrics, watch
from db.models.vocabulary import IntegrationKind
from services.deliveries import finishing
from tests.app.observability.test_metrics import values
from tests.app.worker.carrying import Recorded, accept, carrying, eventually, hang
from tests.services.deliveries.parts import connect, ended, raise_one, run, taken_by


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


async def test_doctor_says_when_nobody_carries_out_what_is_due(database, account, doctor):
    await raise_one(database, account)
    assert "deliveries: ok" in doctor().stdout

    await run(
        database,
        account,
        lambda tx: tx.execute("UPDATE event_counter SET due_at = now() - interval '5 minutes'"),
    )
    told = doctor()
    assert told.returncode == 1
    assert "deliveries: not ok" in told.stdout
    assert "`baton worker`" in " ".join(told.stdout.split())
