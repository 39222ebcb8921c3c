"""Concurrent clients whose answers are cut away: whatever they are told adds up."""

import asyncio
from collections import Counter

from tests.harness.postgres import Cluster
from tests.model.checker import Result, lost_but_done, overtaken, violations
from tests.model.racing import race

SECONDS = 8


def test_claims_and_releases_by_many_clients_with_lost_answers_add_up(
    cluster: Cluster, database_name: str
) -> None:
    history = asyncio.run(race(cluster, database_name, seconds=SECONDS, seed=1))

    assert violations(history) == []
    results = Counter(attempt.result for attempt in history.attempts)
    assert results[Result.OK] > 100
    assert results[Result.TAKEN] > 50, "hardly anybody met anybody"
    assert lost_but_done(history) > 20, "hardly an answer was lost after COMMIT"
    assert overtaken(history) > 5, "the world hardly moved on before a request was repeated"
