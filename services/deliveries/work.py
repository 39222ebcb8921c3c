"""Which accounts have work now: all that a worker may know of all accounts at once.

Asks doors of the database (migration 0004) that tell nothing of what is in an account.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from db.database import Database


@dataclass(frozen=True, slots=True)
class Backlog:
    """Accounts that have work due, for how long the oldest, and deliveries that were given up."""

    accounts: int
    oldest: timedelta
    dead: int


async def due_accounts(database: Database, at_most: int) -> list[UUID]:
    """Who has waited longest comes first. An account may turn out to have nothing to do."""
    async with database.system() as connection:
        rows = await connection.fetch("SELECT id FROM due_accounts($1) AS id", at_most)
    return [row["id"] for row in rows]


async def backlog(database: Database) -> Backlog:
    async with database.system() as connection:
        [row] = await connection.fetch("SELECT accounts, oldest, dead FROM work_backlog()")
    return Backlog(row["accounts"], row["oldest"] or timedelta(), row["dead"])
