"""The proofs at length, for `make model` and `make claims`."""

import argparse
import asyncio
import sys
import time
from collections import Counter

from tests.harness.postgres import Cluster, running_cluster
from tests.model import life
from tests.model.checker import lost_but_done, overtaken, violations
from tests.model.racing import race

RACE = 30  # seconds; then the history is judged


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def tell_stories(cluster: Cluster, requests: int, seed: int) -> None:
    """Rounds from ``seed`` on until so many requests were asked."""
    began, asked = time.monotonic(), 0
    while asked < requests:
        say(f"seed {seed}: {asked:,} of {requests:,} requests, {time.monotonic() - began:.0f} s")
        database = cluster.new_database()
        with life.stage(cluster.dsn(database)) as on:
            asked += life.a_round(on, seed)
        cluster.drop_database(database)
        seed += 1
    say(f"{asked:,} requests in {time.monotonic() - began:.0f} s: no difference from the model")


def run_races(cluster: Cluster, seconds: float, seed: int) -> None:
    """Races of RACE seconds from ``seed`` on, until so many seconds are over."""
    total: Counter[str] = Counter()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        database = cluster.new_database()
        history = asyncio.run(race(cluster, database, seconds=min(RACE, seconds), seed=seed))
        cluster.drop_database(database)
        found = violations(history)
        for problem in found:
            say(problem)
        if found:
            raise SystemExit(f"seed {seed}: {len(found)} violations")
        total.update(f"{attempt.result} answers" for attempt in history.attempts)
        total["changes"] += len(history.effects)
        total["changes whose answer was lost"] += lost_but_done(history)
        total["of these, overtaken before they were asked again"] += overtaken(history)
        say(f"seed {seed}: {len(history.attempts):,} answers, 0 violations")
        seed += 1
    for what, many in sorted(total.items()):
        say(f"{many:9,} {what}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.model", description=__doc__)
    parser.add_argument("proof", choices=("life", "claims"))
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=180)
    parser.add_argument("--seed", type=int)
    asked = parser.parse_args()
    seed = life.a_seed() if asked.seed is None else asked.seed
    with running_cluster() as cluster:
        if asked.proof == "life":
            tell_stories(cluster, asked.requests, seed)
        else:
            run_races(cluster, asked.seconds, seed)


if __name__ == "__main__":
    main()
