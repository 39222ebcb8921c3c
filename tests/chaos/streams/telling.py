"""The proof at length, and what it tells whoever runs it."""

import argparse
from typing import Final

from tests.chaos.saying import say
from tests.chaos.streams.plan import Bell, Plan
from tests.chaos.streams.run import Report, streams
from tests.harness.postgres import running_cluster

SHOWN: Final = 30  # violations; the first tell enough


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--events", type=int, default=Plan.events)
    parser.add_argument("--subscribers", type=int, default=Plan.subscribers)
    parser.add_argument("--seconds", type=float, default=Plan.seconds)
    parser.add_argument("--doorbell", type=Bell, choices=tuple(Bell), action="append")


def prove(asked: argparse.Namespace, seed: int) -> int:
    """Returns how many violations there were."""
    plan = Plan(seed, asked.events, asked.subscribers, asked.seconds)
    broken = 0
    with running_cluster() as cluster:
        for bell in asked.doorbell or Bell:
            say(f"seed {plan.seed}: {plan.events:,} events, the doorbell by {bell}")
            report = streams(cluster, plan, bell)
            _tell(report)
            broken += len(report.found)
            say(f"{len(report.found)} violations")
    return broken


def _tell(report: Report) -> None:
    for what, many in sorted((report.blows + report.ends).items(), key=lambda item: -item[1]):
        say(f"{many:9,} {what}")
    say(f"{report.retries:9,} requests of writers sent again")
    say(f"{report.beginnings:9,} times StreamReady")
    say(f"{report.damaged:9,} results that could not be used")
    say(f"{report.deliveries:9,} deliveries of {report.events:,} events in {report.seconds:.0f} s")
    say(f"{report.catching_up:9.1f} s until everybody had caught up")
    say(f"{report.without_doorbell:9.1f} s until everybody had the last, without a doorbell")
    for problem in report.found[:SHOWN]:
        say(problem)
