"""The table of docs/deliveries.md is what the code does."""

import re
from datetime import timedelta
from pathlib import Path

from services.deliveries.schedules import SCHEDULES

DOCUMENT = Path(__file__).parents[3] / "docs" / "deliveries.md"
UNITS = {"s": 1, "m": 60, "h": 3_600}


def documented() -> dict[tuple[str, str], tuple[list[float], float, int]]:
    """By channel and vendor, as the table's first two columns name them."""
    rows = re.findall(
        r"^\| (\w+) \| (\w*) *\| (\d+): ([^|]+?) \| ([^|]+?) \| (\d+) \|$",
        DOCUMENT.read_text(),
        re.MULTILINE,
    )
    table = {}
    for channel, vendor, attempts, delays, timeout, at_once in rows:
        waits = [seconds(delay) for delay in delays.split(", ")]
        assert int(attempts) == len(waits)
        assert waits[0] == 0
        table[channel, vendor] = (waits[1:], seconds(timeout), int(at_once))
    return table


def seconds(text: str) -> float:
    if text == "0":
        return 0
    number, unit = text.split()
    return float(number) * UNITS[unit]


def test_every_channels_schedule_is_documented_as_it_is():
    assert documented() == {
        (channel.value, kind.value if kind and kind.value != channel.value else ""): (
            [delay.total_seconds() for delay in schedule.delays],
            schedule.timeout.total_seconds(),
            schedule.at_once,
        )
        for (channel, kind), schedule in SCHEDULES.items()
    }


def test_delays_are_drawn_from_nothing_up_to_the_delay():
    for schedule in SCHEDULES.values():
        for number, longest in enumerate(schedule.delays, start=1):
            drawn = [schedule.delay(number) for _ in range(200)]
            assert timedelta() <= min(drawn) < longest / 10
            assert longest * 9 / 10 < max(drawn) <= longest
