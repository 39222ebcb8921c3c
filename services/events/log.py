"""Reading the account's log, inside a transaction of that account."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self
from uuid import UUID

from db.database import Columns, Row, Transaction
from db.models.vocabulary import EventType
from services.access import door
from services.actor import Actor
from services.events.problems import CursorExpired, CursorUnknown

READ: Final = """
    SELECT seq, type, handoff_id, actor_id, occurred_at, notified, notifications, data
    FROM event WHERE account_id = $1 AND seq > $2 ORDER BY seq LIMIT $3
"""

# one row, so that both ends are of the same moment
SPAN: Final = "SELECT horizon, seq AS head FROM event_counter WHERE account_id = $1"


KNOWN: Final[Mapping[str, EventType]] = {each.value: each for each in EventType}


@dataclass(frozen=True, slots=True)
class Event:
    """One fact, which the service noticed by itself when there is no ``actor_id``, and which
    concerns bells alone when there is no ``handoff_id``. ``notified[i]`` is the engineer whose
    notification is ``notifications[i]``.

    While a release is rolled out the log has words that this one does not know: ``type`` is then
    the word as it stands, and readers pass over what they can't name.
    """

    seq: int
    type: EventType | str
    handoff_id: UUID | None
    actor_id: UUID | None
    occurred_at: datetime
    notified: tuple[UUID, ...]
    notifications: tuple[UUID, ...]
    data: dict[str, Any]

    @classmethod
    def of(cls, row: Columns) -> Self:
        word = row["type"]
        return cls(
            row["seq"],
            KNOWN.get(word, word),
            row["handoff_id"],
            row["actor_id"],
            row["occurred_at"],
            tuple(row["notified"]),
            tuple(row["notifications"]),
            row["data"],
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
    """What the log promises: every event after ``horizon``, up to ``head``. 0 and 0 for none.

    ``horizon`` is the last event that retention has let go. Rows of some may be there still.
    """

    horizon: int
    head: int

    def check(self, after: int) -> None:
        """That everything after ``after`` can be told. Raises CursorExpired or CursorUnknown."""
        if after < 0 or after > self.head:
            raise CursorUnknown(after)
        if after < self.horizon:
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


async def of_handoffs(
    tx: Transaction, actor: Actor, handoff_ids: Sequence[UUID], *, first: int, after: int = 0
) -> Sequence[Row]:
    """Up to ``first`` events of each handoff behind number ``after``, the oldest first.

    Whole, or empty when retention has taken it: that happens at once, some time after the
    handoff's end. Those of a type that this release does not know are left out. Each row is an
    Event's, and has ``door``, read in the same statement: may the actor see the event's texts?
    """
    return await tx.fetch(
        f"""
        SELECT history.* FROM unnest($3::uuid[]) AS wanted (id) CROSS JOIN LATERAL (
            SELECT e.seq, e.type, e.handoff_id, e.actor_id, e.occurred_at, e.notified,
                   e.notifications, e.data, {door(actor, "$2")} AS door
            FROM event e
            JOIN handoff h ON h.account_id = e.account_id AND h.id = e.handoff_id
            JOIN session s ON s.account_id = h.account_id AND s.id = h.session_id
            WHERE e.account_id = $1 AND e.handoff_id = wanted.id AND e.seq > $4
              AND e.type = ANY ($5)
            ORDER BY e.seq LIMIT $6
        ) history
        ORDER BY history.handoff_id, history.seq
        """,
        actor.account_id,
        actor.id,
        handoff_ids,
        after,
        list(KNOWN),
        first,
    )


async def span(tx: Transaction) -> Span:
    row = await tx.fetchrow(SPAN, tx.account_id)
    return Span(0, 0) if row is None else Span(row["horizon"], row["head"])


async def head(tx: Transaction) -> int:
    """The last committed number, 0 for an account without events."""
    return (await span(tx)).head
