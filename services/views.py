"""Views: who looked into a session that is not theirs, only because it waited for somebody.

A view is content served (the session, its steps, snapshot, assessment, documentation, deliveries)
to an ENGINEER who is neither its owner nor its holder. What a handoff says of itself is no view:
its record, its reason and notes, which are the call for help and stand in every queue, its history.
Source: docs/handoffs.md, "Who may see what".
"""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from db.database import Columns, Database, Row, Transaction
from services.access import SEEN_THROUGH, audit
from services.actor import Actor

REMEMBERED: Final = 20_000
"""Views that this process knows to be recorded; about 250 bytes each."""

# (handoff, engineer), the oldest first. Views are never taken back, so what is known stays true.
_recorded: dict[tuple[UUID, UUID], None] = {}

# In one order, or two requests of one engineer could each wait for a row of the other's.
RECORD: Final = """
    INSERT INTO session_view (account_id, session_id, handoff_id, engineer_id)
    SELECT h.account_id, h.session_id, h.id, seer.id
    FROM handoff h CROSS JOIN unnest($2::uuid[]) AS seer (id)
    WHERE h.account_id = $1 AND h.id = ANY ($3) ORDER BY h.id, seer.id
    ON CONFLICT DO NOTHING
"""


class Viewing:
    """Reads content, and notes what of it is seen through an open door.

    ``tx`` is the transaction, for what is no content.
    """

    __slots__ = ("seen", "tx")

    def __init__(self, tx: Transaction) -> None:
        self.tx = tx
        self.seen: set[UUID] = set()

    async def fetch(self, sql: str, *args: Any, shown: int | None = None) -> Sequence[Row]:
        """Rows of content, each with the column ``access.seen_through``.

        Only the first ``shown`` are for the reader; None for all.
        """
        rows = await self.tx.fetch(sql, *args)
        self.note(rows[:shown])
        return rows

    def note(self, rows: Sequence[Columns]) -> None:
        """Rows of content for the reader, read from ``tx``; each with that column."""
        self.seen.update(row[SEEN_THROUGH] for row in rows)


@asynccontextmanager
async def viewing(database: Database, actor: Actor) -> AsyncIterator[Viewing]:
    """A transaction in which the actor reads content. What is a view is recorded before COMMIT.

    Once for each handoff and engineer; by one statement at most, and by none for what this process
    knows to be recorded. Answer with what was read only after the block: then the record is there.
    """
    async with database.transaction(actor.account_id) as tx:
        view = Viewing(tx)
        yield view
        seen = _through_doors(view)
        new = [each for each in seen if (each, actor.id) not in _recorded]
        if new:
            await record(tx, [actor.id], new)
    for handoff_id in new:
        _remember(handoff_id, actor.id)


@asynccontextmanager
async def previewing(database: Database, actor: Actor, seen: set[UUID]) -> AsyncIterator[Viewing]:
    """As ``viewing``, by somebody who is nobody in particular, for others: nothing is recorded.

    Handoffs whose open door let them in are added to ``seen``: whoever hands on what was read
    first tells ``witnessed`` to whom.
    """
    async with database.transaction(actor.account_id) as tx:
        view = Viewing(tx)
        yield view
        seen |= _through_doors(view)


async def witnessed(
    database: Database,
    account_id: UUID,
    handoff_ids: Collection[UUID],
    engineer_ids: Collection[UUID],
) -> None:
    """Record that each of the engineers looked through the door of each of the handoffs."""
    new = [
        (handoff_id, engineer_id)
        for handoff_id in handoff_ids
        for engineer_id in engineer_ids
        if (handoff_id, engineer_id) not in _recorded
    ]
    if not new:
        return
    async with database.transaction(account_id) as tx:
        await record(tx, sorted({each for _, each in new}), {each for each, _ in new})
    for handoff_id, engineer_id in new:
        _remember(handoff_id, engineer_id)


def _through_doors(view: Viewing) -> set[UUID]:
    return {handoff_id for handoff_id in view.seen if handoff_id is not None}


async def record(
    tx: Transaction, engineer_ids: Collection[UUID], handoff_ids: Collection[UUID]
) -> None:
    """They looked into the sessions of these handoffs, by whose door alone they could."""
    await tx.execute(RECORD, tx.account_id, engineer_ids, handoff_ids)


async def record_row(tx: Transaction, actor: Actor, row: Row) -> None:
    """As ``record``, of one row of content that is read outside a Viewing."""
    if row[SEEN_THROUGH] is not None:
        await record(tx, [actor.id], [row[SEEN_THROUGH]])


def _remember(handoff_id: UUID, engineer_id: UUID) -> None:
    while len(_recorded) >= REMEMBERED:
        del _recorded[next(iter(_recorded))]
    _recorded[handoff_id, engineer_id] = None


@dataclass(frozen=True, slots=True)
class Place:
    """Of a view in its session's log."""

    viewed_at: datetime
    handoff_id: UUID
    engineer_id: UUID


async def pages_of_sessions(
    tx: Transaction,
    actor: Actor,
    session_ids: Sequence[UUID],
    *,
    first: int,
    after: Place | None = None,
) -> dict[UUID, list[Row]]:
    """Up to ``first`` views of each session, newest first, behind ``after``.

    A session whose log the actor may not read is not there; one that nobody looked into has none.
    """
    rows = await tx.fetch(
        f"""
        SELECT s.id AS of_session, v.* FROM session s LEFT JOIN LATERAL (
            SELECT handoff_id, engineer_id, viewed_at FROM session_view
            WHERE account_id = s.account_id AND session_id = s.id
              AND ($4::timestamptz IS NULL
                   OR (viewed_at, handoff_id, engineer_id) < ($4, $5::uuid, $6::uuid))
            ORDER BY viewed_at DESC, handoff_id DESC, engineer_id DESC LIMIT $7
        ) v ON true
        WHERE s.account_id = $1 AND s.id = ANY ($3) AND {audit(actor, "$2")}
        ORDER BY s.id, v.viewed_at DESC, v.handoff_id DESC, v.engineer_id DESC
        """,
        actor.account_id,
        actor.id,
        session_ids,
        after and after.viewed_at,
        after and after.handoff_id,
        after and after.engineer_id,
        first,
    )
    pages: dict[UUID, list[Row]] = {}
    for row in rows:
        page = pages.setdefault(row["of_session"], [])
        if row["handoff_id"] is not None:
            page.append(row)
    return pages
