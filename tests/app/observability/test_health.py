"""Alive and ready: what probes are told, with a real database in every state."""

import asyncio
import io
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx2
import orjson
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from app.observability import Health, configure, schema_revision
from db.database import Database
from db.migrate import head
from services.events import Doorbell
from tests.harness.valkey import Valkey


@asynccontextmanager
async def probed(health: Health) -> AsyncIterator[httpx2.AsyncClient]:
    app = Starlette(
        routes=[Route("/livez", health.livez), Route("/readyz", health.readyz)],
    )
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://baton") as client:
        yield client


async def ready(health: Health) -> tuple[int, dict[str, Any]]:
    async with probed(health) as client:
        answer = await client.get("/readyz")
    assert answer.headers["cache-control"] == "no-store"
    return answer.status_code, answer.json()


@pytest.fixture
def health_of(database: Database) -> Callable[..., Health]:
    def make(**changes: Any) -> Health:
        parts = {"revision": lambda: schema_revision(database), "expected": head()}
        return Health(**parts | changes)

    return make


@pytest.fixture
async def owner(owner_dsn: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(owner_dsn)
    yield connection
    await connection.close()


async def test_a_process_is_alive_whatever_its_database_does(health_of, database):
    await database.close()

    async with probed(health_of()) as client:
        answer = await client.get("/livez")

    assert (answer.status_code, answer.text) == (200, "ok\n")


async def test_a_migrated_database_that_answers_means_ready(health_of):
    assert await ready(health_of()) == (
        200,
        {
            "ready": True,
            "checks": {"draining": {"ok": True}, "database": {"ok": True}, "schema": {"ok": True}},
        },
    )


async def test_another_schema_means_unready_and_says_which(health_of, owner):
    try:
        await owner.execute("UPDATE alembic_version SET version_num = 'older'")
        status, body = await ready(health_of())
    finally:
        await owner.execute("UPDATE alembic_version SET version_num = $1", head())

    assert status == 503
    assert body["checks"]["database"] == {"ok": True}
    assert body["checks"]["schema"] == {
        "ok": False,
        "reason": f"The database is at older; this release needs {head()}.",
    }


async def test_a_database_without_tables_means_unready(health_of, owner):
    await owner.execute("ALTER TABLE alembic_version RENAME TO elsewhere")
    try:
        status, body = await ready(health_of())
    finally:
        await owner.execute("ALTER TABLE elsewhere RENAME TO alembic_version")

    assert status == 503
    assert "The database is at none" in body["checks"]["schema"]["reason"]


async def test_a_database_that_is_away_means_unready_without_its_secrets(health_of):
    async def unreachable() -> str:
        raise OSError("no way to postgresql://app:canary@db/baton")

    status, body = await ready(health_of(revision=unreachable))

    assert status == 503
    assert body["ready"] is False
    assert body["checks"]["database"] == {
        "ok": False,
        "reason": "The database doesn't answer (OSError).",
    }
    assert body["checks"]["schema"]["ok"] is False
    assert "canary" not in str(body)


async def test_a_closed_pool_means_unready(health_of, database):
    await database.close()

    status, body = await ready(health_of())

    assert (status, body["checks"]["database"]["ok"]) == (503, False)


async def test_a_database_that_hangs_means_unready_within_the_bound(health_of, owner):
    async with owner.transaction():
        await owner.execute("LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE")
        started = time.monotonic()
        status, body = await ready(health_of(bound=timedelta(seconds=0.3)))

    assert time.monotonic() - started < 10
    assert status == 503
    assert "TimeoutError" in body["checks"]["database"]["reason"]


async def test_a_process_that_is_about_to_end_is_unready_without_asking_the_database(health_of):
    asked = 0

    async def revision() -> str:
        nonlocal asked
        asked += 1
        return head()

    draining = False
    health = health_of(revision=revision, draining=lambda: draining)
    assert (await ready(health))[0] == 200

    draining = True
    status, body = await ready(health)

    assert status == 503
    assert body["checks"] == {"draining": {"ok": False, "reason": "This process is about to end."}}
    assert asked == 1


@asynccontextmanager
async def rung(url: str) -> AsyncIterator[Doorbell]:
    bell = Doorbell(url)
    await bell.start()
    try:
        yield bell
    finally:
        await bell.stop()


async def told(health: Health, state: str) -> dict[str, Any]:
    """What is said of the doorbell once it is in that state, by a process that is ready."""
    async with asyncio.timeout(10), probed(health) as client:
        while True:
            answer = await client.get("/readyz")
            assert (answer.status_code, answer.json()["ready"]) == (200, True)
            said: dict[str, Any] = answer.json()["doorbell"]
            if said["state"] == state:
                return said
            await asyncio.sleep(0.02)


async def test_a_doorbell_is_described_and_its_loss_does_not_take_out_of_service(health_of):
    valkey = Valkey()
    await valkey.start()
    try:
        async with rung(valkey.url) as bell:
            up = await told(health_of(doorbell=bell), "connected")
            await valkey.kill()
            down = await told(health_of(doorbell=bell), "down")
            await asyncio.sleep(0.2)
            still = await told(health_of(doorbell=bell), "down")
            await valkey.start()
            healed = await told(health_of(doorbell=bell), "connected")
    finally:
        await valkey.kill()

    assert (up["backend"], up["rebuilds"]) == ("Redis", 0)
    assert up["meaning"] == "News of other processes arrives at once."
    assert "late by a second at most" in down["meaning"]
    assert still["seconds"] > down["seconds"]
    assert datetime.fromisoformat(still["since"]) <= datetime.now(UTC)
    assert healed["rebuilds"] >= 1


@pytest.mark.parametrize(
    ("url", "backend"),
    [
        ("postgresql://app:canary@127.0.0.1:1/baton", "PostgreSQL"),
        ("redis://app:canary@127.0.0.1:1/0", "Redis"),
    ],
)
async def test_a_doorbell_is_described_without_its_address_and_secrets(health_of, url, backend):
    async with rung(url) as bell:
        body = await told(health_of(doorbell=bell), "down")

    assert body["backend"] == backend
    for secret in ("canary", "127.0.0.1", "app"):
        assert secret not in str(body)


async def test_a_doorbell_in_memory_is_said_to_carry_nothing_to_others(health_of):
    async with rung("memory://") as bell:
        body = await told(health_of(doorbell=bell), "connected")

    assert "Nothing carries news between processes" in body["meaning"]


async def test_probes_at_once_ask_the_database_once(health_of):
    asked = 0

    async def revision() -> str:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0.1)
        return head()

    async with probed(health_of(revision=revision)) as client:
        answers = await asyncio.gather(*(client.get("/readyz") for _ in range(30)))

    assert {answer.status_code for answer in answers} == {200}
    assert asked == 1


async def test_a_change_of_state_is_logged_once(health_of, restored):
    stream = io.BytesIO()
    draining = iter((False, False, True, True, False))
    health = health_of(draining=lambda: next(draining))
    configure("json", stream=stream)
    for _ in range(5):
        await ready(health)

    said = [orjson.loads(line)["event"] for line in stream.getvalue().splitlines()]
    assert [event for event in said if event.startswith("health.")] == [
        "health.ready",
        "health.unready",
        "health.ready",
    ]
