"""The proof at length, and what it tells whoever runs it."""

import argparse
from typing import Final

from tests.chaos.deliveries.plan import Plan
from tests.chaos.deliveries.run import Report, deliveries
from tests.chaos.saying import say

SHOWN: Final = 30  # violations; the first tell enough


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--escalations", type=int, default=Plan.escalations)
    parser.add_argument("--seconds", type=float, default=Plan.seconds)


def prove(asked: argparse.Namespace, seed: int) -> int:
    """Returns how many violations there were."""
    say(f"seed {seed}: {asked.escalations:,} calls for help, each by five ways")
    report = deliveries(Plan(seed, asked.escalations, asked.seconds))
    _tell(report)
    say(f"{len(report.found)} violations")
    return len(report.found)


def _tell(report: Report) -> None:
    for what, many in sorted((report.blows + report.faults).items(), key=lambda item: -item[1]):
        say(f"{many:9,} {what}")
    say(f"{report.restarts:9,} times PostgreSQL was ready again")
    say(f"{report.taken_over:9,} attempts taken over from whoever slept")
    say(f"{report.retries:9,} requests of raisers sent again")
    say(f"{report.seconds:9.0f} s")
    titles = ("channel", "promised", "SENT", "DEAD", "other", "attempts", "lost", "repeats")
    say("".join(f"{title:>10}" for title in titles))
    for name, channel in report.channels.items():
        sent, dead = channel.states["SENT"], channel.states["DEAD"]
        other = channel.promised - sent - dead
        counts = (channel.promised, sent, dead, other, channel.attempts, channel.lost)
        say(f"{name:>10}" + "".join(f"{count:10,}" for count in (*counts, channel.repeats)))
    for problem in report.found[:SHOWN]:
        say(problem)
