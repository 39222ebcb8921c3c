"""The benchmarks run: a tiny run through the front door, with real servers."""

import os
import re
import subprocess
import sys
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import psutil
import pytest

from benchmarks.paths import WrongAnswer, one_winner

ROOT = Path(__file__).parents[2]
TINY = ["--rounds", "1", "--seconds", "0.05", "--handoffs", "120", "--racers", "8"]
PATHS = [("escalate", "16"), ("escalate", "1"), ("claim", "8"), ("queue", "16"), ("queue", "1")]
MARK = "BENCHMARK_RUN"
CONTESTANTS = ["Baton", "floor", "plain Strawberry"]
WON = {"__typename": "ClaimHandoffSuccess"}


def lost_to(winner: str) -> dict[str, Any]:
    return {"__typename": "HandoffAlreadyClaimed", "claimedBy": {"id": winner}}


def test_one_table_holds_every_path_for_all_three_and_nothing_is_left_running():
    mark = uuid4().hex
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks", *TINY],
        cwd=ROOT,
        env=os.environ | {MARK: mark},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )

    assert run.returncode == 0, run.stderr
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in run.stdout.splitlines()
        if line.startswith("|")
    ]
    measured = {(row[0], row[1], row[2]) for row in rows[2:]}
    expected = {(*path, contestant) for path in PATHS for contestant in CONTESTANTS}
    assert expected <= measured
    assert all(float(row[3].replace(",", "")) > 0 for row in rows[2:])
    assert "exactly one winner in each" in run.stdout
    goals = {row[0]: row[-1] for row in rows if row[2] == "Baton" and row[-1]}
    assert set(goals) == {"escalate", "claim", "queue"}
    assert all(re.search(r"≤ [\d.]+ × floor: (met|NOT met)", goal) for goal in goals.values())
    assert servers_of(mark) == []


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
