"""Writing to the account's log."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from db.database import Transaction
from db.models.vocabulary import EventType
from services.actor import Actor

# The counter is a row, not a sequence: its lock is held until the transaction ends, so numbers
# become visible in their order, and a number that is rolled back is given out again.
RECORD: Final = """
    WITH numbered AS (
        INSERT INTO event_counter (account_id, seq, due_at, assess_at)
        VALUES ($1, 1, now(), CASE WHEN $9 THEN now() ELSE 'infinity' END)
        ON CONFLICT (account_id) DO UPDATE SET
            seq = event_counter.seq + 1,
            -- what was promised with it is due: a worker is to look at this account
            due_at = least(event_counter.due_at, now()),
            assess_at = least(event_counter.assess_at, excluded.assess_at)
        RETURNING seq
    )
    INSERT INTO event
        (account_id, seq, type, handoff_id, actor_id, occurred_at, notified, notifications, data)
    SELECT $1, seq, $2, $3, $4, $5, $6, $7, $8 FROM numbered
    RETURNING seq
"""


async def record(
    tx: Transaction,
    type: EventType,
    handoff_id: UUID | None,
    actor: Actor | None,
    *,
    now: datetime,
    notified: Sequence[UUID] = (),
    notifications: Sequence[UUID] = (),
    data: Mapping[str, Any] | None = None,
    assess: bool = False,
) -> int:
    """Append one event and return its number, which is the last one plus one.

    Must be the transaction's last statement: from here to COMMIT it holds a lock that every other
    writer of the account waits for. With work after it, the account writes one transaction at a
    time instead of one COMMIT at a time.

    Without ``actor`` it is the service that noticed something, and without ``handoff_id`` it is
    about none: then it is news for the bells of those ``notified``. ``notified[i]`` is the engineer
    whose notification is ``notifications[i]``. ``assess``: an assessment waits to be written. Ring
    the hub with the number once the transaction has committed. Source:
    docs/decisions/0003-event-log.md.
    """
    seq: int = await tx.fetchval(
        RECORD,
        tx.account_id,
        type,
        handoff_id,
        actor and actor.id,
        now,
        notified,
        notifications,
        data if data is not None else {},
        assess,
    )
    return seq
