"""In short what `make chaos-streams` does at length."""

import pytest

from tests.chaos.streams.plan import Bell, Blow, Plan
from tests.chaos.streams.run import streams
from tests.harness.postgres import Cluster


@pytest.mark.parametrize(("bell", "events"), [(Bell.POSTGRES, 150), (Bell.REDIS, 100)])
def test_every_client_has_every_event_once_in_order_whatever_is_killed(
    cluster: Cluster, bell: Bell, events: int
) -> None:
    plan = Plan(1, events, subscribers=30, seconds=events / 20, apart=events // 8, last=20)
    report = streams(cluster, plan, bell)

    assert report.found == []
    assert report.events == events
    assert set(report.blows) == set(Blow), "it was over before everything had been tried"
    assert report.ends["1006"] > 3, "hardly anybody was cut"
    assert report.deliveries > 8 * events, "hardly anybody was there"
