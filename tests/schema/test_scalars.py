"""Times: exact, with their offset, in UTC on the way out."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.scalars import read_time, write_time
from tests.harness.people import Account
from tests.schema.asking import Client

START = """mutation ($until: DateTime) {
  startSession(input: { problemSummary: "No mail", customer: { reachableUntil: $until } }) {
    ... on StartSessionSuccess { session { customer { name reachableUntil } } }
  }
}"""


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-01T09:30:00Z", datetime(2026, 3, 1, 9, 30, tzinfo=UTC)),
        ("2026-03-01t09:30:00.5z", datetime(2026, 3, 1, 9, 30, 0, 500_000, tzinfo=UTC)),
        ("2026-03-01T09:30:00+02:00", datetime(2026, 3, 1, 7, 30, tzinfo=UTC)),
        ("2026-03-01T09:30:00.123456789-00:30", datetime(2026, 3, 1, 10, 0, 0, 123_456, UTC)),
    ],
)
def test_any_offset_is_understood(text: str, moment: datetime) -> None:
    assert read_time(text) == moment
    assert read_time(text).tzinfo is UTC


@pytest.mark.parametrize(
    "value",
    [
        "2026-03-01", "2026-03-01 09:30:00Z", "20260301T093000Z", "2026-W09-7T09:30:00Z",
        "2026-02-30T09:30:00Z", "2026-03-01T24:00:00Z", "0001-01-01T00:00:00+14:00",
        "2026-03-01T09:30:00+25:00", "٢٠٢٦-03-01T09:30:00Z", "", "now", 1772357400, None, True,
    ],
)  # fmt: skip
def test_what_is_no_time_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="time"):
        read_time(value)


def test_times_are_written_in_utc_and_sort_as_texts() -> None:
    east = timezone(timedelta(hours=2))
    assert write_time(datetime(2026, 3, 1, 9, 30, tzinfo=east)) == "2026-03-01T07:30:00.000000Z"
    assert write_time(datetime(2026, 3, 1, 9, 30, 0, 5, UTC)) == "2026-03-01T09:30:00.000005Z"


@given(st.datetimes(timezones=st.just(UTC)))
def test_every_time_is_written_alike(moment: datetime) -> None:
    assert write_time(moment) == f"{moment.isoformat(timespec='microseconds')[:-6]}Z"


async def test_a_time_goes_in_with_any_offset_and_comes_out_in_utc(
    client: Client, account: Account
) -> None:
    data = await client.ask(account.tier1, START, until="2026-03-01T17:00:00+02:00")
    customer = data["startSession"]["session"]["customer"]
    assert customer == {"name": None, "reachableUntil": "2026-03-01T15:00:00.000000Z"}


async def test_a_time_without_offset_is_refused_with_the_way_out(
    client: Client, account: Account
) -> None:
    code, message = await client.error(account.tier1, START, until="2026-03-01T17:00:00")
    assert code == "BAD_REQUEST"
    assert "add Z for UTC" in message
