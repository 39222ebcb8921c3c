"""Starting, stopping and watching a process, as operators do."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import psutil
import pytest

from db.embedded import APP_ROLE, OWNER_ROLE
from db.embedded.cluster import SUPERUSER
from tests.harness.people import Account
from tests.harness.postgres import Cluster, short_place
from tests.harness.web import PATIENCE, SECRET, Client, Web, baton, running
from tests.journeys import documents as ask

SignIn = Callable[..., Client]


@pytest.fixture
def data_dir() -> Iterator[Path]:
    with short_place() as place:
        yield place / "data"


def postgres_of(data_dir: Path) -> list[psutil.Process]:
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if str(data_dir) in " ".join(process.info["cmdline"] or [])
        and "postgres" in " ".join(process.info["cmdline"] or [])
    ]


def until(condition: Callable[[], bool], within: float = PATIENCE) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


# ------------------------------------------------------------------ one command


def test_serve_makes_everything_and_ctrl_c_stops_everything(data_dir: Path) -> None:
    with running("serve", data_dir=str(data_dir), demo="true") as first:
        token = baton("token", "tier2@acme.test", data_dir=str(data_dir)).stdout.strip()
        answer = httpx2.post(
            f"{first.url}/graphql",
            json={"query": "{ viewer { engineer { tier } account { name } openHandoffCount } }"},
            headers={"authorization": f"Bearer {token}"},
        ).json()
        assert answer["data"]["viewer"]["engineer"] == {"tier": 2}
        assert answer["data"]["viewer"]["openHandoffCount"] > 0
        assert first.stop(signal.SIGINT) == 0
    assert postgres_of(data_dir) == []

    began = time.monotonic()
    with running("serve", data_dir=str(data_dir), demo="true") as second:
        assert time.monotonic() - began < 8, "a second start takes seconds"
        again = httpx2.post(
            f"{second.url}/graphql",
            json={"query": "{ viewer { openHandoffCount } }"},
            headers={"authorization": f"Bearer {token}"},
        ).json()
        assert (
            again["data"]["viewer"]["openHandoffCount"]
            == (answer["data"]["viewer"]["openHandoffCount"])
        ), "seeding twice is seeding once"
        explored = [
            httpx2.post(
                f"{second.url}/graphql",
                json={"query": query},
                headers={"authorization": f"Bearer {token}"},
            ).json()
            for query in ("{ __schema { queryType { name } } }", "{ viewr { openHandoffCount } }")
        ]
        assert explored[0]["data"], "the demo may be explored"
        assert "Did you mean 'viewer'?" in explored[1]["errors"][0]["message"]
        assert second.stop(signal.SIGTERM) == 0
    assert postgres_of(data_dir) == []


def test_postgres_stops_cleanly_when_the_service_is_killed(data_dir: Path) -> None:
    with running("serve", data_dir=str(data_dir)) as web:
        web.kill()
    until(lambda: postgres_of(data_dir) == [])
    with running("serve", data_dir=str(data_dir)) as web:
        assert web.stop() == 0
    log = (data_dir / "postgres.log").read_text()
    assert "database system was not properly shut down" not in log


def test_a_signal_while_it_starts_leaves_nothing(data_dir: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "app", "serve"],
        env=os.environ | {"BATON_DATA_DIR": str(data_dir), "BATON_PORT": "0"},
        stderr=subprocess.DEVNULL,
    )
    until(lambda: bool(postgres_of(data_dir)))
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0
    assert postgres_of(data_dir) == []


def test_more_web_processes_join_the_embedded_database_of_a_running_service(
    data_dir: Path,
) -> None:
    alone = baton("web", data_dir=str(data_dir))
    assert (alone.returncode, "baton serve" in alone.stderr) == (1, True)
    with (
        running("serve", data_dir=str(data_dir), demo="true"),
        running("web", data_dir=str(data_dir)) as more,
    ):
        told = baton("demo", "--url", more.url, data_dir=str(data_dir))
        assert told.returncode == 0, told.stdout + told.stderr
        assert "Suggested next, by rule from the steps: Test: LOB and Win32 apps" in told.stdout
        healthy = baton("doctor", data_dir=str(data_dir))
        assert healthy.returncode == 0, healthy.stdout
        assert "doorbell (PostgreSQL): ok" in healthy.stdout
        made = baton("account", "initech", "Initech", data_dir=str(data_dir))
        assert made.returncode == 0, made.stderr
        twice = baton("account", "initech", "Initech", data_dir=str(data_dir))
        assert (twice.returncode, "already" in twice.stderr) == (1, True)
        asked = baton("account", "initech", "--minimum-readiness", "60", data_dir=str(data_dir))
        assert (asked.returncode, "60 of 100" in asked.stdout) == (0, True), asked.stderr
        nobody = baton("account", "nobody", "--minimum-readiness", "60", data_dir=str(data_dir))
        assert (nobody.returncode, "no account" in nobody.stderr) == (1, True)


# ------------------------------------------------------------------ an operator's database


def test_an_external_database_is_migrated_by_its_owner_and_served_by_a_lesser_role(
    cluster: Cluster,
) -> None:
    name = "external"
    cluster.as_superuser(f"CREATE DATABASE {name} OWNER {OWNER_ROLE}")
    cluster.as_superuser(f"ALTER SCHEMA public OWNER TO {OWNER_ROLE}", database=name)
    urls = {"database_url": cluster.dsn(name), "database_owner_url": cluster.dsn(name, OWNER_ROLE)}
    try:
        early = baton("web", auth_secret=SECRET, **urls)
        assert (early.returncode, "baton migrate" in early.stderr) == (1, True)
        for _ in range(2):  # safe to repeat
            migrated = baton("migrate", **urls)
            assert migrated.returncode == 0, migrated.stderr
        with running(auth_secret=SECRET, **urls) as web:
            assert httpx2.get(f"{web.url}/readyz").status_code == 200
    finally:
        cluster.drop_database(name)


@pytest.mark.parametrize(("role", "reason"), [(SUPERUSER, "superuser"), (OWNER_ROLE, "owns")])
def test_too_much_power_is_refused_at_start_with_the_reason(
    cluster: Cluster, database_name: str, role: str, reason: str
) -> None:
    refused = baton(
        "web", database_url=cluster.dsn(database_name, role), auth_secret=SECRET, port="0"
    )
    assert refused.returncode == 1
    assert reason in refused.stderr
    assert "BATON_DATABASE_URL" in refused.stderr


def test_bad_settings_are_told_together_and_no_value_is_repeated() -> None:
    refused = baton("serve", port="no-such", broadcast_url="carrier-pigeon://coop", demoo="1")
    assert refused.returncode == 1
    for name in ("BATON_PORT", "BATON_BROADCAST_URL", "BATON_DEMOO"):
        assert name in refused.stderr
    assert "pigeon" not in refused.stderr


def test_doctor_tells_of_a_doorbell_that_is_away_and_what_that_means(
    settings: dict[str, str],
) -> None:
    told = baton("doctor", **settings, broadcast_url="redis://app:canary@127.0.0.1:1/0")
    assert told.returncode == 1
    assert "database: ok" in told.stdout
    said = " ".join(told.stdout.split())  # lines break anywhere
    assert "doorbell (Redis): not ok ConnectionError: " in said
    assert "late by a second at most" in said
    assert "canary" not in said


def test_doctor_warns_of_a_database_that_logs_what_people_write(
    cluster: Cluster, database_name: str, settings: dict[str, str]
) -> None:
    ours = f"ALTER ROLE {APP_ROLE} IN DATABASE {database_name}"
    cluster.as_superuser(f"{ours} SET log_parameter_max_length = -1")  # PostgreSQL's default
    try:
        quiet = baton("doctor", **settings)
        cluster.as_superuser(f"{ours} SET log_statement = 'mod'")
        cluster.as_superuser(f"{ours} SET log_parameter_max_length_on_error = 64")
        told = baton("doctor", **settings)
    finally:
        cluster.as_superuser(f"{ours} RESET ALL")
    assert "database's log: ok" in quiet.stdout
    assert told.returncode == 0
    named = "log_parameter_max_length_on_error and log_parameter_max_length"
    assert f"warning what people write gets into it: set {named} to 0" in told.stdout


def test_a_taken_port_is_told_with_what_to_do(web: Web, settings: dict[str, str]) -> None:
    port = web.url.rpartition(":")[2]
    refused = baton("web", port=port, **settings)
    assert (refused.returncode, "BATON_PORT" in refused.stderr) == (1, True)


# ------------------------------------------------------------------ health, metrics, logs


async def test_health_metrics_and_logs_tell_what_is_going_on(
    web: Web, account: Account, sign_in: SignIn
) -> None:
    client = sign_in(web, account.tier1)
    async with client.stream(ask.EVENTS) as events:
        await events.next()
        metrics = (await client.http.get("/metrics")).text
    assert 'baton_subscriptions_live{transport="websocket"} 1.0' in metrics
    assert "baton_doorbell_connected 1.0" in metrics
    assert (await client.http.get("/livez")).status_code == 200
    ready = await client.http.get("/readyz")
    assert (ready.status_code, ready.json()["ready"]) == (200, True)
    response = await client.http.post(
        "/graphql", json={"query": "{ __typename }"}, headers={"x-request-id": "journey-7"}
    )
    assert response.headers["x-request-id"] == "journey-7"
    until(lambda: any(line.get("request_id") == "journey-7" for line in web.said))
    [line] = [line for line in web.said if line.get("request_id") == "journey-7"]
    assert line["account"] == account.slug
    said = json.dumps(web.said)
    assert SECRET not in said
    assert client.token is not None
    assert client.token not in said


async def test_sigterm_drains_within_its_bound_and_clients_resume_elsewhere(
    settings: dict[str, str], account: Account, sign_in: SignIn
) -> None:
    with running(**settings) as old, running(**settings) as new:
        raiser, reader = sign_in(new, account.tier1), sign_in(old, account.tier2)
        cursor = (await reader.ask(ask.QUEUE))["cursor"]
        async with reader.stream(ask.CREATED, after=cursor) as stream:
            began = time.monotonic()
            old.process.send_signal(signal.SIGTERM)
            with pytest.raises(Exception, match="1012"):
                await stream.next()
            started = await raiser.ask(ask.START, input={"problemSummary": "x"})
            raised = await raiser.ask(
                ask.ESCALATE, input={"sessionId": started["session"]["id"], "reason": "Stuck"}
            )
        code = await asyncio.to_thread(old.process.wait, PATIENCE)
        assert code == 0
        assert time.monotonic() - began < 10
        elsewhere = sign_in(new, account.tier2)
        async with elsewhere.stream(ask.CREATED, after=cursor) as stream:
            assert (await stream.next())["handoff"]["id"] == raised["handoff"]["id"]
