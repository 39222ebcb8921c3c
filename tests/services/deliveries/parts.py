"""Accounts with integrations, handoffs raised in them, and what a worker does with both."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from db.database import Database, Row
from db.ids import uuid7
from db.models.vocabulary import IntegrationKind
from services.deliveries.finishing import Ending, finish
from services.deliveries.taking import Taken, take
from services.deliveries.work import due_accounts
from services.options import Options
from tests.harness.people import Account
from tests.harness.rows import insert
from tests.harness.story import escalated, started

LEASE = timedelta(seconds=30)
WITH_MAIL = Options(link_base="https://desk.example", mail=True)
ALONE = Options(link_base="https://desk.example")


async def connect(database: Database, account: Account, kind: IntegrationKind, **more: Any) -> UUID:
    """An integration that is on. Its secrets are not looked at here."""
    integration_id = uuid7()
    row = {
        "account_id": account.id,
        "id": integration_id,
        "kind": kind,
        "name": f"Our {kind.capitalize()}",
        "secrets": b"sealed",
    }
    async with database.transaction(account.id) as tx:
        await insert(tx, "integration", row | more)
    return integration_id


async def raise_one(
    database: Database, account: Account, options: Options = ALONE, **draft: Any
) -> UUID:
    """A handoff by tier1, to be told of wherever the account has connected something."""
    session = await started(database, account.tier1, **draft)
    raised = await escalated(database, account.tier1, session, options=options)
    return raised.handoff["id"]


async def flood(
    database: Database,
    account: Account,
    handoff_id: UUID,
    integration_id: UUID,
    count: int,
) -> None:
    """So many raises more, due for an hour, as if somebody's program had gone mad."""
    async with database.transaction(account.id) as tx:
        await tx.execute(
            """
            INSERT INTO delivery (account_id, id, handoff_id, integration_id, channel, purpose,
                target, state, attempts, next_attempt_at, idempotency_key, created_at)
            SELECT account_id, gen_random_uuid(), $2, id, kind, 'raised', name, 'PENDING', 0,
                now() - interval '1 hour', concat_ws(':', 'flood', id, n), now()
            FROM integration CROSS JOIN generate_series(1, $4) n
            WHERE account_id = $1 AND id = $3
            """,
            account.id,
            handoff_id,
            integration_id,
            count,
        )
        await tx.execute("UPDATE event_counter SET due_at = least(due_at, now())")


async def taken_by(
    database: Database,
    account: Account,
    worker: str = "one",
    *,
    at_most: int = 100,
    lease: timedelta = LEASE,
) -> list[Taken]:
    async with database.transaction(account.id) as tx:
        return await take(tx, worker, at_most=at_most, lease=lease)


async def run(database: Database, account: Account, verb: Any, *args: Any, **kwargs: Any) -> Any:
    """``verb`` in a transaction of its own."""
    async with database.transaction(account.id) as tx:
        return await verb(tx, *args, **kwargs)


async def ended(database: Database, account: Account, *endings: Ending) -> bool:
    """Whether all of them were written down."""
    async with database.transaction(account.id) as tx:
        return len((await finish(tx, endings)).ours) == len(endings)


async def deliveries(database: Database, account: Account) -> Sequence[Row]:
    """Those that there was something to do for, in the order of their promises."""
    async with database.transaction(account.id) as tx:
        return await tx.fetch(
            "SELECT * FROM delivery WHERE skip_reason IS DISTINCT FROM 'NO_TICKET_LINKED' "
            "AND skip_reason IS DISTINCT FROM 'INTEGRATION_NOT_CONFIGURED' "
            "AND skip_reason IS DISTINCT FROM 'MAIL_NOT_CONFIGURED' ORDER BY created_at, id"
        )


async def only(database: Database, account: Account) -> Row:
    [row] = await deliveries(database, account)
    return row


async def attempts(database: Database, account: Account, delivery_id: UUID) -> Sequence[Row]:
    async with database.transaction(account.id) as tx:
        return await tx.fetch(
            "SELECT * FROM delivery_attempt WHERE delivery_id = $1 ORDER BY nonce, number",
            delivery_id,
        )


async def set_all(database: Database, account: Account, changes: str) -> None:
    """Change every delivery that is not skipped: time passes this way."""
    async with database.transaction(account.id) as tx:
        await tx.execute(f"UPDATE delivery SET {changes} WHERE state <> 'SKIPPED'")
        await tx.execute("UPDATE event_counter SET due_at = least(due_at, now())")


async def is_due(database: Database, account: Account) -> bool:
    return account.id in await due_accounts(database, 10_000)


async def counter(database: Database, account: Account) -> Row:
    """The account's counter; ``in_seconds`` is when it has work, None for never."""
    async with database.transaction(account.id) as tx:
        return await tx.one(
            "SELECT dead, CASE WHEN isfinite(due_at) "
            "THEN extract(epoch FROM due_at - now())::float END AS in_seconds FROM event_counter"
        )
