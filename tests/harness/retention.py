"""Time that passes for an account's events, and what retention does then."""

from datetime import timedelta
from uuid import UUID

import asyncpg

from db.database import Database
from services.events.pruning import prune

RETENTION = timedelta(days=30)

# Who ended a handoff said so in its last event, or raised the handoff that took its place.
AGE = """
    UPDATE event SET occurred_at = now() - CASE WHEN seq <= {0} THEN interval '40 days'
                                                ELSE interval '{1} days' END;
    UPDATE handoff h SET closed_at = coalesce((
        SELECT max(e.occurred_at) FROM event e JOIN handoff s ON s.id = e.handoff_id
        WHERE s.id = h.id OR s.supersedes_id = h.id AND e.type = 'handoff.created'
    ), closed_at) WHERE closed_at IS NOT NULL;
    UPDATE event_counter SET kept_since = '-infinity';
"""


async def age(owner_dsn: str, account_id: UUID, up_to: int, *, days_since: int = 0) -> None:
    """Events up to that number are 40 days old from now on, and those after it ``days_since``.

    So are the ends of the handoffs that they tell of.
    """
    owner = await asyncpg.connect(owner_dsn)
    try:
        async with owner.transaction():
            await owner.execute(f"SET LOCAL app.account_id = '{account_id}'")
            await owner.execute(AGE.format(int(up_to), int(days_since)))
    finally:
        await owner.close()


async def prune_all(database: Database, *, at_most: int = 1000) -> list[int]:
    """Let everything go that is old, of all accounts. Returns how many rows each turn took."""
    turns = []
    while (gone := await prune(database, RETENTION, at_most=at_most)) is not None:
        turns.append(gone)
    return turns
