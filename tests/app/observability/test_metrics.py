"""Metrics: what a scrape shows."""

from datetime import timedelta

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.observability import Metrics, MetricsEndpoint, watch
from app.signin import SharedSecret, SignIn, SignInRefused, TokenVerifier
from db.embedded import EmbeddedServer
from services.events import Doorbell, Hub


async def scrape(metrics: Metrics, method: str = "GET", **headers: str) -> httpx2.Response:
    transport = httpx2.ASGITransport(app=MetricsEndpoint(metrics))
    async with httpx2.AsyncClient(transport=transport, base_url="http://baton") as client:
        return await client.request(method, "/metrics", headers=headers)


async def values(metrics: Metrics) -> dict[str, float]:
    """By name, with the labels' values behind it."""
    text = (await scrape(metrics)).text
    return {
        " ".join((sample.name, *sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_a_scrape_is_text_that_prometheus_reads():
    answer = await scrape(Metrics())

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert "process_resident_memory_bytes" in answer.text


async def test_a_scrape_may_ask_for_open_metrics():
    answer = await scrape(Metrics(), accept="application/openmetrics-text; version=1.0.0")

    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


async def test_a_scrape_changes_nothing_so_only_reading_is_allowed():
    assert (await scrape(Metrics(), "HEAD")).status_code == 200
    refused = await scrape(Metrics(), "POST")

    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")


async def test_processes_of_one_interpreter_do_not_share_their_numbers():
    one, other = Metrics(), Metrics()
    one.sign_in_refused("TokenExpired")

    assert (await values(one))["baton_sign_ins_refused_total TokenExpired"] == 1
    assert "baton_sign_ins_refused_total TokenExpired" not in await values(other)


async def test_refusals_and_key_fetches_are_counted(database):
    metrics = Metrics()
    verifier = TokenVerifier(SharedSecret("s" * 32))
    sign_in = SignIn(verifier, database, refused=metrics.sign_in_refused)
    for _ in range(2):
        with pytest.raises(SignInRefused):
            await sign_in("nonsense")
    metrics.keys_fetched(True)
    metrics.keys_fetched(False)

    shown = await values(metrics)
    assert shown["baton_sign_ins_refused_total TokenRefused"] == 2
    assert shown["baton_key_fetches_total OK"] == shown["baton_key_fetches_total FAILED"] == 1


async def test_what_is_watched_is_read_at_the_moment_of_the_scrape():
    metrics = Metrics()
    now: list[float | None] = [1]
    metrics.watch("baton_thing", "A thing.", lambda: now[0])
    metrics.watch_count("baton_happenings", "Happenings.", lambda: 7)
    assert (await values(metrics))["baton_thing"] == 1

    now[0] = 2.5
    shown = await values(metrics)
    assert shown["baton_thing"] == 2.5
    assert shown["baton_happenings_total"] == 7

    now[0] = None
    assert "baton_thing" not in await values(metrics)


async def test_counts_that_are_watched_may_have_a_label():
    metrics = Metrics()
    metrics.watch_counts("baton_calls", "Calls.", "by", lambda: {"phone": 2, "letter": 0})

    shown = await values(metrics)
    assert (shown["baton_calls_total phone"], shown["baton_calls_total letter"]) == (2, 0)


async def test_a_part_that_can_not_answer_does_not_hide_the_others():
    metrics = Metrics()
    metrics.watch("baton_broken", "Broken.", lambda: 1 / 0)
    metrics.watch("baton_thing", "A thing.", lambda: 1)

    shown = await values(metrics)
    assert shown["baton_thing"] == 1
    assert "baton_broken" not in shown


async def test_the_parts_of_a_running_process_are_shown(database, account, tmp_path):
    metrics, hub = Metrics(), Hub(database, Doorbell("memory://"), poll=timedelta(seconds=60))
    server = EmbeddedServer(tmp_path)
    server.restarts = 3
    watch(metrics, database=database, hub=hub, server=server)
    before = await values(metrics)
    assert before["baton_doorbell_connected"] == 0
    assert "baton_doorbell_silence_seconds" not in before

    await hub.start()
    try:
        follower = await hub.follow(account.id, None)
        async with database.transaction(account.id):
            shown = await values(metrics)
        await follower.aclose()
    finally:
        await hub.stop()

    assert shown["baton_database_connections_in_use"] == 1
    assert shown["baton_event_followers"] == shown["baton_event_accounts"] == 1
    assert shown["baton_event_lag_seconds"] >= 0
    assert shown["baton_event_gaps_total"] == shown["baton_event_replays_total"] == 0
    assert "baton_event_reads_total" in shown
    assert shown["baton_doorbell_rebuilds_total"] == 0
    assert shown["baton_embedded_restarts_total"] == 3
