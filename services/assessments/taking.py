"""Which assessments wait for a worker, and taking them: each by one worker at a time.

Source: docs/assessment.md, "Asking".
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from db.database import Database, Row, Transaction

HELD: Final = "500ms"  # that an account's lock is waited for: others' assessments wait meanwhile

# Under the counter's lock, and each a statement of its own: what was committed before is seen.
LOCK: Final = "SELECT FROM event_counter WHERE account_id = $1 FOR UPDATE"

TAKE: Final = """
    WITH due AS MATERIALIZED (
        SELECT handoff_id FROM assessment
        WHERE account_id = $1 AND state = 'PENDING' AND due_at <= statement_timestamp()
        ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED
    ), turn AS (
        SELECT handoff_id, row_number() OVER (ORDER BY handoff_id) AS number FROM due
    ), today AS (
        SELECT count(*) AS asked FROM assessment
        WHERE account_id = $1 AND asked_at >= date_trunc('day', statement_timestamp())
    )
    UPDATE assessment a SET tries = tries + 1, lease_token = gen_random_uuid(),
        due_at = statement_timestamp() + $3::interval,
        -- who was asked for before has been counted
        asked_at = coalesce(a.asked_at,
            CASE WHEN today.asked + turn.number <= $4 THEN statement_timestamp() END)
    FROM turn, today
    WHERE a.account_id = $1 AND a.handoff_id = turn.handoff_id
    RETURNING a.account_id, a.handoff_id, a.lease_token, a.tries, a.asked_at IS NULL AS spent
"""

SETTLE: Final = """
    UPDATE event_counter SET assess_at = coalesce(
        (SELECT min(due_at) FROM assessment WHERE account_id = $1 AND state = 'PENDING'),
        'infinity')
    WHERE account_id = $1
"""

WAITED: Final = """
    SELECT statement_timestamp() - min(due_at) FROM assessment
    WHERE account_id = $1 AND state = 'PENDING'
"""

GIVE_BACK: Final = """
    UPDATE assessment SET tries = tries - 1, due_at = statement_timestamp(), lease_token = NULL
    WHERE account_id = $1 AND handoff_id = $2 AND state = 'PENDING' AND lease_token = $3
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """One that is ours until its lease ends. ``tries`` counts this one; ``spent``: the account has
    had all that it may have asked for today."""

    account_id: UUID
    handoff_id: UUID
    lease_token: UUID
    tries: int
    spent: bool


async def accounts_to_assess(database: Database, at_most: int) -> list[UUID]:
    """Accounts with an assessment to be taken, the one that has waited longest first."""
    async with database.system() as connection:
        rows = await connection.fetch("SELECT id FROM accounts_to_assess($1) AS id", at_most)
    return [row["id"] for row in rows]


async def oldest_due(database: Database) -> timedelta:
    """For how long the account that waits longest for a worker has had one to be taken."""
    for account_id in await accounts_to_assess(database, 1):
        async with database.transaction(account_id) as tx:
            waited: timedelta | None = await tx.fetchval(WAITED, account_id)
        return max(waited or timedelta(), timedelta())
    return timedelta()


async def take(tx: Transaction, *, at_most: int, lease: timedelta, daily: int) -> list[Taken]:
    """Those of the account whose time has come, and those whose worker let the lease end.

    No more than ``daily`` are asked for in one day (UTC). Commit at once: the account's log waits.
    Raises asyncpg.LockNotAvailableError when somebody holds it.
    """
    await tx.execute(f"SET LOCAL lock_timeout = '{HELD}'")
    await tx.execute(LOCK, tx.account_id)
    rows = await tx.fetch(TAKE, tx.account_id, at_most, lease, daily)
    await tx.execute(SETTLE, tx.account_id)
    return [Taken(**row) for row in rows]


async def give_back(tx: Transaction, taken: Taken) -> None:
    """Not begun, or cut off by a stop: another worker may take it at once, and it does not count
    as a try."""
    await tx.execute(GIVE_BACK, tx.account_id, taken.handoff_id, taken.lease_token)
    await tx.execute(LOCK, tx.account_id)
    await tx.execute(SETTLE, tx.account_id)


async def frozen(tx: Transaction, handoff_id: UUID) -> Row:
    """The snapshot that is asked about."""
    return await tx.one(
        "SELECT * FROM snapshot WHERE account_id = $1 AND handoff_id = $2",
        tx.account_id,
        handoff_id,
    )
