"""The benchmark of deliveries runs: a tiny run with a real worker and vendors."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.deliveries.__main__ import table
from benchmarks.deliveries.delays import Delays
from benchmarks.deliveries.run import CALM, FAILING, FLOODED, PHASES

ROOT = Path(__file__).parents[2]


def test_every_phase_is_measured_and_nothing_that_was_promised_is_missing() -> None:
    tiny = ["--rounds", "1", "--seconds", "0.4", "--flood", "60"]
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.deliveries", *tiny],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    rows = [line.split("|")[1].strip() for line in ran.stdout.splitlines() if line[:1] == "|"]
    assert rows == ["beside", "---", *PHASES]


@pytest.mark.parametrize(("p99", "told"), [(0.999, "999 (met)"), (1.001, "1001 (NOT met)")])
def test_the_table_says_whether_the_goal_is_met_and_how_much_trouble_costs(
    p99: float, told: str
) -> None:
    def delays(longest: float) -> Delays:
        return Delays(50, [0.01] * 98 + [longest, longest], 100, 100, 2, 0.4, 0.2)

    calm, flooded, failing = delays(0.5), delays(p99), delays(1.0)
    lines = table({CALM: [calm], FLOODED: [flooded], FAILING: [failing]})
    assert lines[3] == f"| flooded | 50 | 10.0 | {told} | 2.00 | 2.00 | 1.00 | 100 |"
    assert "| 1.00 |" in lines[2]
