"""Where a session goes when its handoff moves."""

from datetime import datetime

from db.database import Row, Transaction


async def back_to_raiser(tx: Transaction, handoff: Row, *, now: datetime) -> Row:
    """ACTIVE again, with whoever raised the handoff: its owner, or who held it at the time."""
    return await tx.one(
        """
        UPDATE session SET status = 'ACTIVE', updated_at = $3,
            escalated_to_id = CASE WHEN owner_id <> $2 THEN $2 END
        WHERE id = $1 RETURNING *
        """,
        handoff["session_id"],
        handoff["raised_by_id"],
        now,
    )


async def back_to_queue(tx: Transaction, handoff: Row, *, now: datetime) -> Row:
    """ESCALATED again: it waits for somebody."""
    return await tx.one(
        """
        UPDATE session SET status = 'ESCALATED', escalated_to_id = NULL, updated_at = $2
        WHERE id = $1 RETURNING *
        """,
        handoff["session_id"],
        now,
    )
