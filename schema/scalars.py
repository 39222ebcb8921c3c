"""Values that are written as one text."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, NewType

import orjson
import strawberry

Cursor = NewType("Cursor", str)

RFC_3339: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})?"
)


def read_time(value: Any) -> datetime:
    """In UTC. Raises ValueError for all but an RFC 3339 time that says its offset."""
    match = RFC_3339.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("Write a time as in RFC 3339, for example 2026-03-01T09:30:00Z.")
    if match[2] is None:
        raise ValueError(
            "A time needs its offset: add Z for UTC or, for example, +02:00 for a local time."
        )
    try:
        return datetime.fromisoformat(match[0].upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("There is no such time. Is a field of the date out of range?") from None


def write_time(value: datetime) -> str:
    """With microseconds always, so that texts sort like times."""
    if value.tzinfo is UTC and value.microsecond:  # then orjson writes the same, four times as fast
        return orjson.dumps(value, option=orjson.OPT_UTC_Z)[1:-1].decode()
    return f"{value.astimezone(UTC).isoformat(timespec='microseconds')[:-6]}Z"


def read_cursor(value: Any) -> Cursor:
    if not isinstance(value, str):
        raise ValueError("A cursor is a text. Hand one back as it was given to you.")  # noqa: TRY004 - GraphQL's own convention
    return Cursor(value)


SCALARS: Final[Mapping[object, Any]] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description=(
            "A point in time as in RFC 3339, for example `2026-03-01T09:30:00.000000Z`. Answers "
            "are in UTC with six digits of a second. Input may have any offset but must have one: "
            "a time without is refused."
        ),
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
        serialize=write_time,
        parse_value=read_time,
    ),
    Cursor: strawberry.scalar(
        name="Cursor",
        description=(
            "A place in your account's log of events. Opaque: keep it as it is, and give it as "
            "`after` to a subscription to get everything that came after it, in order, without "
            "gap or repeat. One from another account is refused with the code CURSOR_INVALID, one "
            "older than the events that are kept with CURSOR_EXPIRED."
        ),
        # not of a list, but opaque and written as a text in the same way
        specified_by_url="https://relay.dev/graphql/connections.htm#sec-Cursor",
        serialize=str,
        parse_value=read_cursor,
    ),
}
