"""What became of an attempt: written down by whoever still holds the lease, and by nobody else.

A worker that slept through its lease finds another token on the row, or another state, and changes
nothing. Every ending says that the account may have work: something may have waited for it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from db.database import Transaction
from db.models.vocabulary import AttemptOutcome, DeliveryState
from services.deliveries.taking import Taken
from services.integrations import health
from services.redaction import redact

LONGEST_ERROR: Final = 500
LONGEST_REFERENCE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Ended:
    """An ending that was written down, at ``at``. When it was its integration's last, since that
    is ``given_up`` now, the account is to be told in the same transaction."""

    at: datetime
    given_up: bool = False


async def sent(tx: Transaction, taken: Taken, reference: str | None) -> Ended | None:
    """It was accepted, and is called ``reference`` there. Returns None if it wasn't ours any
    more."""
    reference = reference and reference[:LONGEST_REFERENCE]
    return await _end(tx, taken, AttemptOutcome.SENT, DeliveryState.SENT, reference=reference)


async def retry(
    tx: Transaction,
    taken: Taken,
    why: str,
    *,
    status: int | None = None,
    after: timedelta | None = None,
) -> Ended | None:
    """It may work later: as its schedule says, not before ``after``; DEAD after the last attempt.

    With ``after``, which the vendor asked for, the whole integration waits. Returns None if it
    wasn't ours any more.
    """
    schedule = taken.schedule
    if taken.attempt >= schedule.attempts:
        state, delay = DeliveryState.DEAD, None
    else:
        state = DeliveryState.FAILED
        delay = max(schedule.delay(taken.attempt), after or timedelta())
    return await _end(
        tx,
        taken,
        AttemptOutcome.FAILED,
        state,
        why=why,
        status=status,
        delay=delay,
        pause=after,
    )


async def refused(
    tx: Transaction, taken: Taken, why: str, *, status: int | None = None
) -> Ended | None:
    """It will not work until somebody changes something. Returns None if it wasn't ours any
    more."""
    return await _end(tx, taken, AttemptOutcome.REFUSED, DeliveryState.DEAD, why=why, status=status)


async def renew(tx: Transaction, taken: Sequence[Taken], lease: timedelta) -> Collection[UUID]:
    """Hold on to what is still being worked on. Returns the ids that are still ours."""
    rows = await tx.fetch(
        """
        UPDATE delivery d SET lease_until = statement_timestamp() + $4
        FROM unnest($2::uuid[], $3::uuid[]) AS held (id, token)
        WHERE d.account_id = $1 AND d.id = held.id AND d.lease_token = held.token
          AND d.state = 'SENDING'
        RETURNING d.id
        """,
        tx.account_id,
        [each.id for each in taken],
        [each.lease_token for each in taken],
        lease,
    )
    return {row["id"] for row in rows}


def presentable(why: str) -> str:
    """An error as it may be kept and shown: without secrets, in one bounded line."""
    text = " ".join(redact(why).text.split())
    return text if len(text) <= LONGEST_ERROR else f"{text[: LONGEST_ERROR - 1]}…"


async def _end(
    tx: Transaction,
    taken: Taken,
    outcome: AttemptOutcome,
    state: DeliveryState,
    *,
    reference: str | None = None,
    why: str | None = None,
    status: int | None = None,
    delay: timedelta | None = None,
    pause: timedelta | None = None,
) -> Ended | None:
    why = why and presentable(why)
    now: datetime | None = await tx.fetchval(
        END,
        tx.account_id,
        taken.id,
        taken.lease_token,
        state,
        outcome,
        reference,
        why,
        status,
        delay,
    )
    if now is None:
        return None
    given_up = False
    if taken.integration_id is not None:
        if why is None:
            await health.mark_success(tx, taken.integration_id, now=now)
        else:
            given_up = await health.mark_failure(
                tx, taken.integration_id, why, now=now, after=pause
            )
    # last, as every writer of the account waits for it: see services.events.record
    await tx.execute(COUNT, tx.account_id, int(state is DeliveryState.DEAD))
    return Ended(now, given_up)


END: Final = """
    WITH mine AS (
        UPDATE delivery SET state = $4, worker = NULL, lease_token = NULL, lease_until = NULL,
            external_ref = coalesce($6, external_ref), last_error = $7,
            sent_at = CASE WHEN $4 = 'SENT' THEN statement_timestamp() ELSE sent_at END,
            next_attempt_at = statement_timestamp() + $9::interval
        WHERE account_id = $1 AND id = $2 AND lease_token = $3 AND state = 'SENDING'
        RETURNING account_id, id, nonce, attempts
    ), told AS (
        UPDATE delivery_attempt a SET ended_at = statement_timestamp(), outcome = $5, status = $8,
            error = $7
        FROM mine
        WHERE a.account_id = mine.account_id AND a.delivery_id = mine.id AND a.nonce = mine.nonce
          AND a.number = mine.attempts
    )
    SELECT statement_timestamp() FROM mine
"""

COUNT: Final = """
    UPDATE event_counter SET due_at = least(due_at, statement_timestamp()), dead = dead + $2
    WHERE account_id = $1
"""
