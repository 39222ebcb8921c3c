"""A real `baton worker` tells its operator whether it lives and works, and stops telling others to
come when it is about to end."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cryptography.fernet import Fernet
from prometheus_client.parser import text_string_to_metric_families

from app.demo.vendors.base import Fault
from app.demo.vendors.webhook import FakeReceiver
from app.worker.alive import alive
from db.database import Database
from db.models.vocabulary import IntegrationKind
from services.integrations.configuring import Draft, save
from services.integrations.vault import Vault
from tests.app.worker.assessing import assessing
from tests.app.worker.carrying import Recorded, accept, carrying, eventually
from tests.harness.people import Account
from tests.harness.postgres import Cluster
from tests.harness.story import NOON
from tests.harness.web import Web, running
from tests.services.deliveries.parts import raise_one, run

SECRET = "whsec_" + "c2VjcmV0IG9mIHRoaXJ0eS10d28gYnl0ZXMsIHllcyE="
HOOKS = "https://hooks.acme.test"

Run = Callable[..., AbstractContextManager[Web]]


@pytest.fixture
def receiver() -> Iterator[tuple[FakeReceiver, str]]:
    vendor = FakeReceiver(SECRET)
    with vendor.serving() as served:
        yield vendor, served.origin


@pytest.fixture
def worker(dsn: str, receiver: tuple[FakeReceiver, str]) -> Run:
    def start(**changes: str) -> AbstractContextManager[Web]:
        settings = {
            "database_url": dsn,
            "auth_secret": "x" * 32,
            "outgoing_routes": f"{HOOKS}={receiver[1]}",
            "worker_port": "0",
        }
        return running("worker", **settings | changes)

    return start


async def promise_one(database: Database, account: Account, key: str) -> None:
    draft = Draft(IntegrationKind.WEBHOOK, {"url": f"{HOOKS}/"}, {"secret": SECRET})
    await run(database, account, save, account.admin, Vault([key]), draft, now=NOON)
    await raise_one(database, account)


async def get(process: Web, path: str) -> httpx2.Response:
    async with httpx2.AsyncClient(base_url=process.url, timeout=10) as client:
        return await client.get(path)


async def checks(process: Web) -> tuple[int, dict[str, bool]]:
    """The status of /readyz, and what is well."""
    answer = await get(process, "/readyz")
    return answer.status_code, {name: it["ok"] for name, it in answer.json()["checks"].items()}


async def metrics(process: Web) -> dict[str, float]:
    text = (await get(process, "/metrics")).text
    return {
        " ".join([sample.name, *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
async def database_away(
    cluster: Cluster, database_name: str
) -> AsyncIterator[Callable[[bool], Any]]:
    """Lets nobody in, or everybody again."""

    async def away(gone: bool) -> None:
        statements = [f"ALTER DATABASE {database_name} ALLOW_CONNECTIONS {not gone}"]
        if gone:
            statements.append(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                f"WHERE datname = '{database_name}' AND application_name = 'baton'"
            )
        await asyncio.to_thread(cluster.as_superuser, *statements)

    yield away
    await away(False)


async def test_it_is_ready_and_counts_what_it_does(
    database: Database, account: Account, worker: Run
) -> None:
    key = Fernet.generate_key().decode()
    with worker(secret_keys=key) as process:
        assert (await get(process, "/livez")).text == "ok\n"
        assert len(_listening(process.process.pid)) == 1
        readiness = (await get(process, "/readyz")).json()
        assert readiness["checks"] == {
            name: {"ok": True}
            for name in ("draining", "database", "schema", "carrier", "lookout", "assessor")
        }
        assert readiness["doorbell"]["backend"] == "PostgreSQL"
        await promise_one(database, account, key)

        async def has_sent() -> bool:
            return (await metrics(process)).get("baton_delivery_attempts_total WEBHOOK SENT") == 1

        await eventually(has_sent)
        told = await metrics(process)
        assert told["baton_carrier_silence_seconds"] < 10
        assert told["baton_lookout_silence_seconds"] < 10
        assert told["baton_assessor_silence_seconds"] < 10
        assert {
            "baton_doorbell_connected",
            "baton_delivery_oldest_due_seconds",
            "baton_assessment_oldest_due_seconds",
            "baton_database_connections_in_use",
            "process_resident_memory_bytes",
        } <= told.keys()
        assert (await get(process, "/graphql")).status_code == 404
        assert process.stop() == 0


async def test_it_is_alive_and_not_ready_while_its_database_is_away(
    worker: Run, database_away: Callable[[bool], Any]
) -> None:
    with worker(secret_keys=Fernet.generate_key().decode()) as process:

        async def is_away() -> bool:
            status, well = await checks(process)
            return (status, well["database"], well["carrier"]) == (503, False, True)

        async def is_back() -> bool:
            return (await checks(process))[0] == 200

        assert await is_back()
        await database_away(True)
        await eventually(is_away)
        assert (await get(process, "/livez")).status_code == 200
        assert (await get(process, "/metrics")).status_code == 200
        await database_away(False)
        await eventually(is_back)


async def test_it_says_that_it_is_about_to_end_while_it_drains(
    database: Database,
    account: Account,
    worker: Run,
    receiver: tuple[FakeReceiver, str],
) -> None:
    vendor, _ = receiver
    vendor.faults.append(Fault.HANG)
    key = Fernet.generate_key().decode()
    with worker(secret_keys=key, drain_timeout="2") as process:
        await promise_one(database, account, key)
        await eventually(lambda: vendor.asked)
        process.process.terminate()

        async def is_draining() -> bool:
            return await checks(process) == (503, {"draining": False})

        await eventually(is_draining, within=2)
        assert await asyncio.to_thread(process.process.wait, 10) == 0


def test_it_listens_on_nothing_unless_it_is_told_where(worker: Run) -> None:
    with worker(secret_keys=Fernet.generate_key().decode(), worker_port="") as process:
        [ready] = [entry for entry in process.said if entry["event"] == "ready"]
        assert "url" not in ready
        assert _listening(process.process.pid) == set()


def test_a_port_that_is_taken_is_said_by_the_name_of_its_setting(
    dsn: str, receiver: tuple[FakeReceiver, str]
) -> None:
    taken = receiver[1].rpartition(":")[2]
    refused = subprocess.run(
        [sys.executable, "-m", "app", "worker"],
        env={name: value for name, value in os.environ.items() if "BATON" not in name}
        | {"BATON_DATABASE_URL": dsn, "BATON_WORKER_PORT": taken},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert refused.returncode == 1
    assert f"Can't listen on 127.0.0.1:{taken}" in refused.stderr
    assert "BATON_WORKER_HOST and BATON_WORKER_PORT" in refused.stderr


async def test_a_loop_that_does_not_turn_any_more_is_not_well(database: Database) -> None:
    longest = timedelta(seconds=1)
    async with (
        carrying(database, Recorded(accept)) as carrier,
        assessing(database, None) as assessor,
    ):
        await asyncio.sleep(1.2)
        assert alive(carrier, assessor, silent=longest) == dict.fromkeys(
            ("carrier", "lookout", "assessor")
        )
    await asyncio.sleep(1.2)
    wrong = alive(carrier, assessor, silent=longest)
    assert all(why is not None and "has not looked" in why for why in wrong.values())


def _listening(pid: int) -> set[str]:
    """The TCP sockets on which the process listens, as Linux numbers them."""
    place = Path(f"/proc/{pid}")
    mine = {str(file.readlink()) for file in (place / "fd").iterdir()}
    rows = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in (place / "net" / table).read_text().splitlines()[1:]
    ]
    return {row[9] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in mine}
