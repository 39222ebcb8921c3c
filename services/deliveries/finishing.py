"""What became of attempts: written down by whoever still holds the lease, and by nobody else.

A worker that slept through its lease finds another token on the row, or another state, and changes
nothing. With the endings it is said when the account has work next: something may have waited for
one of them.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from db.database import Transaction
from db.models.vocabulary import AttemptOutcome, DeliveryState
from services.deliveries.taking import Taken, settle
from services.integrations import health
from services.redaction import redact

LONGEST_ERROR: Final = 500
LONGEST_REFERENCE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Ending:
    """What became of an attempt, and what that makes of its delivery. ``why`` it did not work has
    no secret in it; without it, it was sent. ``delay`` is the time until the next attempt, and
    ``pause`` for how long the vendor asked to be left alone."""

    taken: Taken
    outcome: AttemptOutcome
    state: DeliveryState
    reference: str | None = None
    why: str | None = None
    status: int | None = None
    delay: timedelta | None = None
    pause: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """``ours`` are the deliveries whose endings were written down, at ``at``. The account is to be
    told of the integrations that are ``given_up`` now, in the same transaction."""

    at: datetime
    ours: Collection[UUID]
    given_up: Sequence[UUID]


def sent(taken: Taken, reference: str | None) -> Ending:
    """It was accepted, and is called ``reference`` there."""
    reference = reference and reference[:LONGEST_REFERENCE]
    return Ending(taken, AttemptOutcome.SENT, DeliveryState.SENT, reference=reference)


def retry(
    taken: Taken, why: str, *, status: int | None = None, after: timedelta | None = None
) -> Ending:
    """It may work later: as its schedule says, not before ``after``; DEAD after the last attempt.

    With ``after``, which the vendor asked for, the whole integration waits.
    """
    schedule = taken.schedule
    if taken.attempt >= schedule.attempts:
        state, delay = DeliveryState.DEAD, None
    else:
        state = DeliveryState.FAILED
        delay = max(schedule.delay(taken.attempt), after or timedelta())
    return Ending(
        taken,
        AttemptOutcome.FAILED,
        state,
        why=presentable(why),
        status=status,
        delay=delay,
        pause=after,
    )


def refused(taken: Taken, why: str, *, status: int | None = None) -> Ending:
    """It will not work until somebody changes something."""
    return Ending(
        taken, AttemptOutcome.REFUSED, DeliveryState.DEAD, why=presentable(why), status=status
    )


async def finish(tx: Transaction, endings: Sequence[Ending]) -> Finished:
    """Write down those whose deliveries are still ours, in the order in which they came."""
    held = sorted(endings, key=_delivery)
    rows = await tx.fetch(
        END,
        tx.account_id,
        [each.taken.id for each in held],
        [each.taken.lease_token for each in held],
        [each.state for each in held],
        [each.outcome for each in held],
        [each.reference for each in held],
        [each.why for each in held],
        [each.status for each in held],
        [each.delay for each in held],
    )
    at, ours = max((row["at"] for row in rows), default=NEVER), {row["id"] for row in rows}
    written = [each for each in endings if each.taken.id in ours]
    if not written:
        return Finished(at, ours, ())
    given_up = await _mark(tx, written, now=at)
    # last, as every writer of the account waits for it: see services.events.record
    await settle(tx, sum(each.state is DeliveryState.DEAD for each in written))
    return Finished(at, ours, given_up)


async def renew(tx: Transaction, taken: Sequence[Taken], lease: timedelta) -> Collection[UUID]:
    """Hold on to what is still being worked on. Returns the ids that are still ours."""
    held = sorted(taken, key=lambda each: each.id)
    rows = await tx.fetch(
        RENEW,
        tx.account_id,
        [each.id for each in held],
        [each.lease_token for each in held],
        lease,
    )
    return {row["id"] for row in rows}


def presentable(why: str) -> str:
    """An error as it may be kept and shown: without secrets, in one bounded line."""
    text = " ".join(redact(why).text.split())
    return text if len(text) <= LONGEST_ERROR else f"{text[: LONGEST_ERROR - 1]}…"


async def _mark(tx: Transaction, endings: Sequence[Ending], *, now: datetime) -> list[UUID]:
    """Say of each integration how it fares, in the order of ``endings``. Returns those that are
    given up."""
    over = [(each.taken.integration_id, each) for each in endings]
    if any(each.why for _, each in over):
        await health.hold(tx, {integration_id for integration_id, _ in over if integration_id})
    given_up = []
    worked: set[UUID] = set()
    for integration_id, each in over:
        if integration_id is None:
            continue
        if each.why is None:
            worked.add(integration_id)
            continue
        if integration_id in worked:
            await health.mark_success(tx, [integration_id], now=now)
            worked.remove(integration_id)
        if await health.mark_failure(tx, integration_id, each.why, now=now, after=each.pause):
            given_up.append(integration_id)
    if worked:
        await health.mark_success(tx, worked, now=now)
    return given_up


def _delivery(ending: Ending) -> UUID:
    return ending.taken.id


NEVER: Final = datetime.min.replace(tzinfo=UTC)

# Rows are locked in one order, that of the ids, whoever locks several: two who hold some of the
# same would wait for each other. One by one, so that it is always the key that is looked up.
HELD: Final = """
    held AS MATERIALIZED (
        SELECT own.account_id, own.id FROM unnest($2::uuid[], $3::uuid[]) AS known (id, token)
        CROSS JOIN LATERAL (
            SELECT d.account_id, d.id FROM delivery d
            WHERE d.account_id = $1 AND d.id = known.id AND d.lease_token = known.token
              AND d.state = 'SENDING'
            FOR NO KEY UPDATE
        ) own
    )
"""

END: Final = f"""
    WITH {HELD}, ended AS (
        SELECT * FROM unnest($2::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::int[],
            $9::interval[]) AS ended (id, state, outcome, reference, why, status, delay)
    ), mine AS (
        UPDATE delivery d SET state = e.state, worker = NULL, lease_token = NULL,
            lease_until = NULL, external_ref = coalesce(e.reference, d.external_ref),
            last_error = e.why,
            sent_at = CASE WHEN e.state = 'SENT' THEN statement_timestamp() ELSE d.sent_at END,
            next_attempt_at = statement_timestamp() + e.delay
        FROM held JOIN ended e ON e.id = held.id
        WHERE d.account_id = held.account_id AND d.id = held.id
        RETURNING d.account_id, d.id, d.nonce, d.attempts, e.outcome, e.status, e.why
    ), told AS (
        UPDATE delivery_attempt a SET ended_at = statement_timestamp(), outcome = mine.outcome,
            status = mine.status, error = mine.why
        FROM mine
        WHERE a.account_id = mine.account_id AND a.delivery_id = mine.id AND a.nonce = mine.nonce
          AND a.number = mine.attempts
    )
    SELECT id, statement_timestamp() AS at FROM mine
"""

RENEW: Final = f"""
    WITH {HELD}
    UPDATE delivery d SET lease_until = statement_timestamp() + $4 FROM held
    WHERE d.account_id = held.account_id AND d.id = held.id
    RETURNING d.id
"""
