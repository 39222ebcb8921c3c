"""Taking an account's deliveries that are due, so that nobody else does.

An attempt is counted and written down before it is made: a crash costs one, and what kills its
worker is given up in the end. All times are the database's.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from db.database import Row, Transaction
from db.models.vocabulary import DeliveryChannel, IntegrationKind
from services.deliveries.promising import SkipReason
from services.deliveries.schedules import SCHEDULES, Schedule
from services.integrations.protocol import Person

PATIENCE: Final = timedelta(seconds=1)
LOST: Final = "The worker stopped in the middle of it: nobody knows whether it arrived."
DISABLED: Final = "The integration was disabled before it could be delivered."
AT_ONCE: Final = 1_000  # given up in one take: others wait for the account's lock meanwhile


@dataclass(frozen=True, slots=True)
class Taken:
    """A delivery that is ours until the lease ends. ``lease_token`` is the proof, ``attempt`` the
    number of this try, and ``earlier`` the reference under which its handoff's raise was sent. What
    tells of a notice has no handoff. ``recipient`` is the engineer it is for. It
    tells what was written by ``told_at``: a note what was when it was first tried, since some of
    several notes may be on the ticket already."""

    account_id: UUID
    id: UUID
    handoff_id: UUID | None
    notice_id: UUID | None
    engineer_id: UUID | None
    integration_id: UUID | None
    channel: DeliveryChannel
    kind: IntegrationKind | None
    purpose: str
    idempotency_key: str
    nonce: int
    attempt: int
    lease_token: UUID
    promised_at: datetime
    told_at: datetime
    recipient: Person | None
    earlier: str | None

    @property
    def schedule(self) -> Schedule:
        return SCHEDULES[self.channel, self.kind]


async def take(tx: Transaction, worker: str, *, at_most: int, lease: timedelta) -> list[Taken]:
    """What is due in this account and may be tried now, each counted as an attempt.

    Integrations take turns, each within its schedule's ``at_once`` and not before it wants to be
    asked again. What tells how a handoff went on waits until the same place was told of the raise,
    or never will be; that nobody was told of it yet does not wait. Raises
    asyncpg.LockNotAvailableError when others keep the account for longer than PATIENCE.
    """
    # one taker of an account at a time: two could each find room for the same one attempt
    await tx.execute(LOCK, f"{PATIENCE / timedelta(milliseconds=1):.0f}", f"{tx.account_id}")
    dead = await _give_up_lost(tx) + await _give_up_disabled(tx)
    rows = await tx.fetch(TAKE, tx.account_id, *_WAYS, worker, lease, at_most)
    await settle(tx, dead)
    return [_taken(row) for row in rows]


def _taken(row: Row) -> Taken:
    known = dict(row)
    name, email = known.pop("name"), known.pop("email")
    known["recipient"] = Person(name, email) if email else None
    known["channel"] = DeliveryChannel(row["channel"])
    known["kind"] = row["kind"] and IntegrationKind(row["kind"])
    return Taken(**known)


async def settle(tx: Transaction, dead: int = 0) -> None:
    """Say anew when the account has work next. ``dead`` deliveries more were given up."""
    # The lock first, and the question in a statement after it: with one statement for both, what
    # was committed while the lock was waited for would be overlooked.
    await tx.execute("SELECT FROM event_counter WHERE account_id = $1 FOR UPDATE", tx.account_id)
    await tx.execute(SETTLE, tx.account_id, *_WAYS, dead)


async def _give_up_lost(tx: Transaction) -> int:
    """Attempts whose lease has ended: due again, or DEAD. Returns how many are DEAD."""
    dead: int = await tx.fetchval(GIVE_UP_LOST, tx.account_id, *_WAYS, LOST)
    return dead


async def _give_up_disabled(tx: Transaction) -> int:
    """What is due over an integration that is off: SKIPPED if it was never tried, else DEAD.

    AT_ONCE of them; the account stays due while there are more.
    """
    dead: int = await tx.fetchval(
        GIVE_UP_DISABLED, tx.account_id, DISABLED, SkipReason.INTEGRATION_DISABLED, AT_ONCE
    )
    return dead


_WAYS: Final = (
    [channel.value for channel, _ in SCHEDULES],
    [kind and kind.value for _, kind in SCHEDULES],
    [schedule.at_once for schedule in SCHEDULES.values()],
    [schedule.attempts for schedule in SCHEDULES.values()],
)

# not now(): the transaction may have waited since it began
NOW: Final = "statement_timestamp()"

# the first before the second: so a list is evaluated
LOCK: Final = """
    SELECT set_config('lock_timeout', $1, true), pg_advisory_xact_lock(hashtextextended($2, 0))
"""

WAY: Final = """
    way AS (
        SELECT * FROM unnest($2::text[], $3::text[], $4::int[], $5::int[])
            AS way (channel, kind, at_once, attempts)
    )
"""

PLACE: Final = f"""
    {WAY}, place AS MATERIALIZED (
        SELECT w.channel, w.kind, coalesce(i.id, $1) AS id, i.not_before, greatest(0, w.at_once - (
                SELECT count(*) FROM delivery d
                WHERE d.account_id = $1 AND d.state = 'SENDING' AND d.channel = w.channel
                  AND d.integration_id IS NOT DISTINCT FROM i.id)) AS room
        FROM way w LEFT JOIN integration i
            ON i.account_id = $1 AND i.kind = w.kind AND i.enabled
        WHERE w.kind IS NULL OR i.id IS NOT NULL
    )
"""
"""Where the account's deliveries may go now, and how many more at a time."""

# In the very words of the index delivery_due: in others, all that waits is read and sorted. Under
# row-level security PostgreSQL looks a CASE up in an index, and no coalesce().
WAITING: Final = """
    d.account_id = $1 AND d.state IN ('PENDING', 'FAILED')
    AND CASE WHEN d.integration_id IS NULL THEN d.account_id ELSE d.integration_id END
"""

READY: Final = f"""
    {WAITING} = place.id AND d.channel = place.channel
    AND (d.purpose IN ('raised', 'unreached') OR NOT EXISTS (
        SELECT FROM delivery r
        WHERE r.account_id = d.account_id AND r.handoff_id = d.handoff_id
          AND r.channel = d.channel AND r.integration_id IS NOT DISTINCT FROM d.integration_id
          AND r.engineer_id IS NOT DISTINCT FROM d.engineer_id
          AND (r.purpose = 'raised' AND r.state IN ('PENDING', 'FAILED', 'SENDING')
               -- it may have been written before the news, and must not come after it
               OR r.purpose = 'assessed' AND r.state = 'SENDING')))
"""
"""What waits for nothing but its time, at a place."""

GIVE_UP_LOST: Final = f"""
    WITH {WAY}, lost AS (
        SELECT d.account_id, d.id, d.nonce, d.attempts, d.attempts >= w.attempts AS dead
        FROM delivery d
        LEFT JOIN integration i ON i.account_id = d.account_id AND i.id = d.integration_id
        JOIN way w ON w.channel = d.channel AND w.kind IS NOT DISTINCT FROM i.kind
        WHERE d.account_id = $1 AND d.state = 'SENDING' AND d.lease_until < {NOW}
        FOR UPDATE OF d SKIP LOCKED
    ), told AS (
        UPDATE delivery_attempt a SET ended_at = {NOW}, outcome = 'LOST', error = $6 FROM lost
        WHERE a.account_id = lost.account_id AND a.delivery_id = lost.id AND a.nonce = lost.nonce
          AND a.number = lost.attempts
    ), given_up AS (
        UPDATE delivery d SET state = CASE WHEN lost.dead THEN 'DEAD' ELSE 'FAILED' END,
            next_attempt_at = CASE WHEN NOT lost.dead THEN {NOW} END,
            worker = NULL, lease_token = NULL, lease_until = NULL, last_error = $6
        FROM lost WHERE d.account_id = lost.account_id AND d.id = lost.id
        RETURNING d.state
    )
    SELECT count(*) FILTER (WHERE state = 'DEAD') FROM given_up
"""

GIVE_UP_DISABLED: Final = f"""
    WITH off AS (
        SELECT due.account_id, due.id FROM integration i CROSS JOIN LATERAL (
            SELECT d.account_id, d.id FROM delivery d
            WHERE {WAITING} = i.id AND d.next_attempt_at <= {NOW}
            ORDER BY d.next_attempt_at, d.id LIMIT $4 FOR UPDATE SKIP LOCKED
        ) due
        WHERE i.account_id = $1 AND NOT i.enabled
        LIMIT $4
    ), given_up AS (
        UPDATE delivery d SET state = CASE WHEN attempts = 0 THEN 'SKIPPED' ELSE 'DEAD' END,
            skip_reason = CASE WHEN attempts = 0 THEN $3 END, next_attempt_at = NULL,
            last_error = CASE WHEN attempts > 0 THEN concat_ws(' ', $2::text, last_error) END
        FROM off WHERE d.account_id = off.account_id AND d.id = off.id
        RETURNING d.state
    )
    SELECT count(*) FILTER (WHERE state = 'DEAD') FROM given_up
"""

TAKE: Final = f"""
    WITH {PLACE}, chosen AS (
        SELECT due.id, place.kind FROM place CROSS JOIN LATERAL (
            SELECT ready.id, row_number() OVER (ORDER BY ready.next_attempt_at, ready.id) AS turn
            FROM (
                SELECT d.id, d.next_attempt_at FROM delivery d
                WHERE {READY} AND d.next_attempt_at <= {NOW}
                ORDER BY d.next_attempt_at, d.id LIMIT place.room
            ) ready
        ) due
        WHERE coalesce(place.not_before <= {NOW}, true)
        ORDER BY due.turn LIMIT $8
    ), free AS (
        -- without the state, which would offer an index of all that waits beside the key
        SELECT d.account_id, d.id, chosen.kind FROM chosen CROSS JOIN LATERAL (
            SELECT account_id, id FROM delivery
            WHERE account_id = $1 AND id = chosen.id AND next_attempt_at <= {NOW}
            FOR UPDATE SKIP LOCKED
        ) d
    ), taken AS (
        UPDATE delivery d SET state = 'SENDING', attempts = attempts + 1, worker = $6,
            next_attempt_at = NULL, lease_token = gen_random_uuid(), lease_until = {NOW} + $7
        FROM free WHERE d.account_id = free.account_id AND d.id = free.id
        RETURNING d.*, free.kind
    ), begun AS (
        INSERT INTO delivery_attempt (account_id, delivery_id, nonce, number, worker, started_at)
        SELECT account_id, id, nonce, attempts, worker, {NOW} FROM taken
    )
    SELECT t.account_id, t.id, t.handoff_id, t.notice_id, t.engineer_id, t.integration_id,
        t.channel, t.kind, t.purpose, t.idempotency_key, t.nonce, t.attempts AS attempt,
        t.lease_token, t.created_at AS promised_at, e.name, e.email,
        coalesce(CASE WHEN t.channel = 'PSA_NOTE' THEN (
            SELECT min(a.started_at) FROM delivery_attempt a
            WHERE a.account_id = t.account_id AND a.delivery_id = t.id) END, {NOW}) AS told_at,
        CASE WHEN t.purpose <> 'raised' THEN (
            SELECT r.external_ref FROM delivery r
            WHERE r.account_id = t.account_id AND r.handoff_id = t.handoff_id
              AND r.purpose = 'raised' AND r.channel = t.channel
              AND r.integration_id IS NOT DISTINCT FROM t.integration_id
              AND r.engineer_id IS NOT DISTINCT FROM t.engineer_id
            ORDER BY r.sent_at DESC NULLS LAST LIMIT 1) END AS earlier
    FROM taken t
    LEFT JOIN engineer e ON e.account_id = t.account_id AND e.id = t.engineer_id
"""

# What waits for a place to have room, or for its handoff's raise, is not asked for: whoever
# finishes that says that there is work.
SETTLE: Final = f"""
    WITH {PLACE}
    UPDATE event_counter SET dead = dead + $6, due_at = least(
        coalesce(least(
            (SELECT min(lease_until) FROM delivery WHERE account_id = $1 AND state = 'SENDING'),
            (SELECT min(greatest(due.next_attempt_at, place.not_before))
             FROM place CROSS JOIN LATERAL (
                 SELECT d.next_attempt_at FROM delivery d WHERE {READY}
                 ORDER BY d.next_attempt_at LIMIT 1
             ) due
             WHERE place.room > 0),
            (SELECT min(due.next_attempt_at) FROM integration i CROSS JOIN LATERAL (
                 SELECT d.next_attempt_at FROM delivery d WHERE {WAITING} = i.id
                 ORDER BY d.next_attempt_at LIMIT 1
             ) due
             WHERE i.account_id = $1 AND NOT i.enabled),
            (SELECT min(reach_due_at) FROM handoff
             WHERE account_id = $1 AND reach_due_at IS NOT NULL)
        ), 'infinity'))
    WHERE account_id = $1
"""
