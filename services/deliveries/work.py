"""Which accounts have work now: all that a worker may know of all accounts at once.

Asks doors of the database (migration 0004) that tell nothing of what is in an account.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from db.database import Database
from services import accounts


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


async def oldest_running(database: Database) -> timedelta:
    """For how long the oldest attempt has been under way, of all workers. Asks every account."""
    longest = timedelta()
    async for account_id in accounts.every(database):
        async with database.transaction(account_id) as tx:
            found: timedelta | None = await tx.fetchval(RUNNING, account_id)
        longest = max(longest, found or timedelta())
    return longest


RUNNING: Final = """
    SELECT statement_timestamp() - min(a.started_at) FROM delivery d
    JOIN delivery_attempt a ON a.account_id = d.account_id AND a.delivery_id = d.id
        AND a.nonce = d.nonce AND a.number = d.attempts
    WHERE d.account_id = $1 AND d.state = 'SENDING'
"""
