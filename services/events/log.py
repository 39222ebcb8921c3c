"""Reading the account's log, inside a transaction of that account."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self
from uuid import UUID

from db.database import Row, Transaction
from db.models.vocabulary import EventType
from services.events.problems import CursorExpired, CursorUnknown

READ: Final = """
    SELECT seq, type, handoff_id, actor_id, occurred_at, notified, notifications, data
    FROM event WHERE account_id = $1 AND seq > $2 ORDER BY seq LIMIT $3
"""

# one statement, so that both ends are of the same moment
SPAN: Final = """
    SELECT (SELECT min(seq) FROM event WHERE account_id = $1) AS oldest,
           coalesce((SELECT seq FROM event_counter WHERE account_id = $1), 0) AS head
"""


@dataclass(frozen=True, slots=True)
class Event:
    """One fact. ``notified[i]`` is the engineer whose notification is ``notifications[i]``."""

    seq: int
    type: EventType
    handoff_id: UUID
    actor_id: UUID
    occurred_at: datetime
    notified: tuple[UUID, ...]
    notifications: tuple[UUID, ...]
    data: dict[str, Any]

    @classmethod
    def of(cls, row: Row) -> Self:
        seq, type_, handoff_id, actor_id, occurred_at, notified, notifications, data = row
        return cls(
            seq,
            EventType(type_),
            handoff_id,
            actor_id,
            occurred_at,
            tuple(notified),
            tuple(notifications),
            data,
        )


class GapInLog(Exception):
    """A number is missing between two events that can be seen.

    The way events are written rules that out, so it is a bug, and reading on would lose an event.
    """

    def __init__(self, expected: int, found: int) -> None:
        super().__init__(f"event {expected} is missing, {found} comes next")
        self.expected = expected
        self.found = found


@dataclass(frozen=True, slots=True)
class Span:
    """What the log holds: ``head`` is the last number given out, 0 for none.

    ``oldest`` is the first event still kept, None when none is.
    """

    oldest: int | None
    head: int

    def check(self, after: int) -> None:
        """That everything after ``after`` can be told. Raises CursorExpired or CursorUnknown."""
        if after < 0 or after > self.head:
            raise CursorUnknown(after)
        first = self.head + 1 if self.oldest is None else self.oldest
        if after < first - 1:
            raise CursorExpired(after)


async def read(tx: Transaction, after: int, *, limit: int = 500) -> list[Event]:
    """The first ``limit`` events after ``after``, in order.

    Raises GapInLog unless they are numbered ``after`` + 1, + 2, and so on; of what retention has
    taken away, too (``span`` tells the two apart).
    """
    events = [Event.of(row) for row in await tx.fetch(READ, tx.account_id, after, limit)]
    for expected, event in enumerate(events, start=after + 1):
        if event.seq != expected:
            raise GapInLog(expected, event.seq)
    return events


async def span(tx: Transaction) -> Span:
    row = await tx.one(SPAN, tx.account_id)
    return Span(row["oldest"], row["head"])


async def head(tx: Transaction) -> int:
    """The last committed number, 0 for an account without events."""
    return (await span(tx)).head


async def oldest(tx: Transaction) -> int | None:
    """The first number still kept."""
    return (await span(tx)).oldest
