"""In short what `make chaos-deliveries` does at length."""

from tests.chaos.deliveries.plan import Blow, Plan
from tests.chaos.deliveries.run import deliveries


def test_every_promise_is_kept_and_told_truthfully_whatever_is_killed() -> None:
    # of so few a repeat more is much: here each only has to have its reason
    report = deliveries(Plan(1, 40, seconds=5, apart=1.2, most_repeated=0.2, most_blows=10))

    assert report.found == []
    assert set(report.blows) == set(Blow), "it was over before everything had been tried"
    assert report.taken_over, "nothing was under way when a worker fell asleep"
    assert report.restarts > 1
    assert len(report.channels) == 5
    for channel in report.channels.values():
        assert channel.states == {"SENT": 40}
