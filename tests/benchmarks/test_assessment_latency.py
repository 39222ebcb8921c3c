"""The benchmark of calls beside a model in trouble runs, with real services and a real socket."""

import asyncio
from pathlib import Path

import pytest

from benchmarks.assessment.beside import BUDGET, SLACK, Found, ends, measure
from benchmarks.assessment.latency import table
from benchmarks.assessment.troubles import CALM, TROUBLES
from benchmarks.paths import WrongAnswer
from db.database import Database
from db.ids import uuid7
from tests.harness.people import Account
from tests.harness.postgres import Cluster
from tests.harness.story import waiting

GOOD, OVERLOADED = (
    next(each for each in TROUBLES if each.name == name) for name in ("good answer", "529")
)


def dsns(cluster: Cluster) -> tuple[str, str]:
    calm, asked = (cluster.dsn(cluster.new_database()) for _ in range(2))
    return calm, asked


async def test_each_trouble_is_measured_and_its_assessments_end_as_they_should(
    cluster: Cluster, tmp_path: Path
) -> None:
    two = await asyncio.to_thread(dsns, cluster)
    found = await measure(two, tmp_path, None, rounds=1, seconds=0.3, troubles=(GOOD, OVERLOADED))
    assert {name: (len(each.calls), len(each.calm)) for name, each in found.items()} == {
        GOOD.name: (2, 2), OVERLOADED.name: (2, 2),
    }  # fmt: skip
    assert all(0 < end <= BUDGET + SLACK for end in found[OVERLOADED.name].ends)
    assert len(table(found)) == 2 + len(found)


async def test_an_assessment_that_becomes_something_else_is_no_measurement(
    database: Database, account: Account
) -> None:
    raised = await waiting(database, account.tier1)  # at a service without a model
    sessions = [raised.session["id"]]
    assert await ends(database, account.id, CALM, sessions) == [0]
    for trouble, wanted in ((GOOD, sessions), (CALM, [*sessions, uuid7()])):
        with pytest.raises(WrongAnswer, match="assessments became"):
            await ends(database, account.id, trouble, wanted)


def test_the_table_says_whether_the_state_is_right_in_time_and_what_trouble_costs() -> None:
    calm = [0.004] * 19 + [0.008]
    late = Found([0.005] * 18 + [0.016] * 2, calm, [0.1, BUDGET + SLACK + 0.01])
    lines = table({"hang": late, "429": Found(calm, calm, [BUDGET + SLACK])})
    assert lines[2] == (
        "| hang | 5.0 | 16.0 | 4.0 | 4.0 | 1.25 | 4.00 | TIMED_OUT OUT_OF_TIME | 1.51 (NOT met) |"
    )
    assert lines[3].endswith("| 1.00 | 1.00 | FAILED RATE_LIMITED | 1.50 (met) |")
