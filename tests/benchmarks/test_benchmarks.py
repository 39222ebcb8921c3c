"""The benchmarks run: a tiny run through the front door, with real servers."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import psutil
import pytest

from benchmarks.paths import WrongAnswer, one_winner

ROOT = Path(__file__).parents[2]
SECONDS = 0.05
SUBSCRIBERS = 25
TINY = {"rounds": 1, "seconds": SECONDS, "handoffs": 120, "racers": 8, "subscribers": SUBSCRIBERS}
MARK = "BENCHMARK_RUN"
CONTESTANTS = ["Baton", "floor", "plain Strawberry"]
LISTS = [(name, clients) for name in ("queue", "handoffs", "sessions") for clients in ("16", "1")]
REQUESTS = [("escalate", "16"), ("escalate", "1"), ("claim", "8"), *LISTS]
FANOUT = [("fanout burst", str(SUBSCRIBERS)), ("fanout paced", str(SUBSCRIBERS))]
ARRIVALS = [("connect", str(SUBSCRIBERS)), ("reconnect", str(SUBSCRIBERS))]
WON = {"__typename": "ClaimHandoffSuccess"}


@dataclass(frozen=True)
class Run:
    mark: str
    out: str

    @property
    def rows(self) -> list[list[str]]:
        lines = [line for line in self.out.splitlines() if line.startswith("|")]
        return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]

    def measured(self) -> set[tuple[str, str, str]]:
        return {(row[0], row[1], row[2]) for row in self.rows}


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    mark = uuid4().hex
    options = [word for name, value in TINY.items() for word in (f"--{name}", str(value))]
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks", *options],
        cwd=ROOT,
        env=os.environ | {MARK: mark},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    yield Run(mark, ran.stdout)


def lost_to(winner: str) -> dict[str, Any]:
    return {"__typename": "HandoffAlreadyClaimed", "claimedBy": {"id": winner}}


def test_one_table_holds_every_path_for_all_contestants_and_nothing_is_left_running(run: Run):
    paths = [*REQUESTS, *FANOUT, *ARRIVALS]
    expected = {(*path, contestant) for path in paths for contestant in CONTESTANTS}
    limits = {(*path, "ready frames") for path in FANOUT} | {("hostile", "16", "Baton")}
    assert expected | limits <= run.measured()
    assert all(float(row[3].replace(",", "")) > 0 for row in run.rows)
    assert "exactly one winner in each" in run.out
    assert servers_of(run.mark) == []


def test_every_path_says_whether_its_goal_is_met(run: Run):
    goals = {row[0]: row[-1] for row in run.rows if row[2] == "Baton" and row[-1]}
    # fan-out's are about a thousand subscribers
    peace = goals.pop("hostile")
    assert re.fullmatch(r"p99 ≤ 2\.0 × the queue in peace: (met|NOT met \([\d.]+\))", peace)
    named = {"escalate", "claim", "queue", "handoffs", "sessions", "connect", "reconnect"}
    assert set(goals) == named
    assert all(re.search(r"≤ [\d.]+ × floor: (met|NOT met)", goal) for goal in goals.values())


def test_the_dearest_hostile_request_is_named(run: Run):
    assert re.search(
        r"^hostile: \d{2} kinds of requests .* dearest takes \d+ ms .*: met$", run.out, re.M
    )


def test_every_delivery_is_counted_and_none_is_missing(run: Run):
    burst, paced = 20 * SUBSCRIBERS, 3 * SUBSCRIBERS  # 10,000 and 1,500 a second of a window
    deliveries = 3 * burst + paced + 4 * paced  # plain Strawberry's bursts are no faster
    assert f"fanout: {deliveries:,} deliveries, every event to every subscriber" in run.out


def test_an_idle_subscription_is_weighed_for_all_contestants(run: Run):
    [told] = re.findall(r"^idle: .*", run.out, re.MULTILINE)
    assert f"each of {SUBSCRIBERS} subscriptions" in told
    assert [name for name in CONTESTANTS if re.search(rf"{name} -?[\d.]+ KiB", told)] == CONTESTANTS
    assert re.search(r"Baton ≤ 35 KiB: (met|NOT met)", told)


def servers_of(run: str) -> list[psutil.Process]:
    """Every process that has inherited the run's mark."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get(MARK) == run:
                found.append(process)
    return found


@pytest.mark.parametrize(
    ("answers", "wrong"),
    [
        ([WON, lost_to("a"), lost_to("a")], False),
        ([WON, WON, lost_to("a")], True),
        ([WON, lost_to("a"), lost_to("b")], True),
        ([lost_to("a"), lost_to("a"), lost_to("a")], True),
        ([WON, lost_to("a"), {"__typename": "HandoffNotOpen"}], True),
    ],
)
def test_a_race_without_exactly_one_winner_known_to_all_is_no_measurement(
    answers: list[dict[str, Any]], wrong: bool
) -> None:
    told = [(0.0, 200, orjson.dumps({"data": {"claimHandoff": each}})) for each in answers]
    with pytest.raises(WrongAnswer) if wrong else nullcontext():
        one_winner(told, ["a", "b", "c"])
