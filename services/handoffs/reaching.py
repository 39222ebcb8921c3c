"""Whether anybody was told of a handoff, and saying so to its raiser when nobody was.

Somebody was told when a person could have known: a card or a mail was accepted by its service,
somebody asked had it on a live screen, somebody else opened, took or declined it. A webhook's
answer is a program's, and a ticket's note waits for somebody to look. Source: docs/deliveries.md,
"Reach".
"""

from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

from db.database import Row, Transaction
from db.models.vocabulary import DeliveryChannel, EventType
from services import deliveries, events, notifications
from services.access import door, seen_through
from services.actor import Actor
from services.options import Options
from services.views import Viewing

CONFIRMING: Final = (DeliveryChannel.SLACK, DeliveryChannel.TEAMS, DeliveryChannel.EMAIL)
"""Channels that people look at by themselves."""

TITLE: Final = "Nobody could be told of your escalation yet"
AT_ONCE: Final = 100

PEOPLE: Final = ", ".join(f"'{channel.value}'" for channel in CONFIRMING)

ANSWERS: Final = ", ".join(
    f"'{event.value}'" for event in (EventType.HANDOFF_CLAIMED, EventType.HANDOFF_DECLINED)
)

# Of a handoff h. Its raiser may see a session of somebody else's through the same open door.
TOLD: Final = f"""(
    h.claimed_at IS NOT NULL OR h.release_reason IS NOT NULL
    OR EXISTS (SELECT FROM delivery t WHERE t.account_id = h.account_id AND t.handoff_id = h.id
        AND t.purpose = 'raised' AND t.sent_at IS NOT NULL AND t.channel IN ({PEOPLE}))
    OR EXISTS (SELECT FROM handoff_heard t
        WHERE t.account_id = h.account_id AND t.handoff_id = h.id)
    OR EXISTS (SELECT FROM session_view t WHERE t.account_id = h.account_id
        AND t.session_id = h.session_id AND t.handoff_id = h.id
        AND t.engineer_id <> h.raised_by_id)
    OR EXISTS (SELECT FROM event t WHERE t.account_id = h.account_id AND t.handoff_id = h.id
        AND t.type IN ({ANSWERS}))
)"""

SORT: Final = f"""
    WITH due AS (
        SELECT h.account_id, h.id, h.status <> 'OPEN' OR {TOLD} AS well FROM handoff h
        WHERE h.account_id = $1 AND h.reach_due_at <= statement_timestamp()
        ORDER BY h.reach_due_at LIMIT {AT_ONCE} FOR NO KEY UPDATE OF h SKIP LOCKED
    ), done AS (
        UPDATE handoff h SET reach_due_at = NULL FROM due
        WHERE due.well AND h.account_id = due.account_id AND h.id = due.id
    )
    SELECT id FROM due WHERE NOT well
"""

# The condition again: between the two statements somebody may have been told.
DECLARE: Final = f"""
    UPDATE handoff h SET reach_due_at = NULL, unreached_at = statement_timestamp()
    WHERE h.account_id = $1 AND h.id = $2 AND h.reach_due_at <= statement_timestamp()
      AND h.status = 'OPEN' AND NOT {TOLD}
    RETURNING h.raised_by_id, h.unreached_at
"""

HEARD: Final = """
    INSERT INTO handoff_heard (account_id, handoff_id, engineer_id)
    SELECT $1, h.id, heard.engineer
    FROM unnest($2::uuid[], $3::uuid[]) AS heard (handoff, engineer)
    JOIN handoff h ON h.account_id = $1 AND h.id = heard.handoff
    ORDER BY h.id, heard.engineer
    ON CONFLICT DO NOTHING
"""


async def sort_out(tx: Transaction) -> list[UUID]:
    """Look after the account's handoffs whose time has come: those that somebody was told of, or
    that wait no more, are looked after no more. Returns the others, for ``declare``."""
    return [row["id"] for row in await tx.fetch(SORT, tx.account_id)]


async def declare(tx: Transaction, handoff_id: UUID, options: Options) -> int | None:
    """Nobody was told: the raiser hears it at once, and every ADMIN by mail. Once for a handoff.

    Returns the event's number, to ring with after COMMIT; None if it is not so (any more).
    """
    row = await tx.fetchrow(DECLARE, tx.account_id, handoff_id)
    if row is None:
        return None
    now = row["unreached_at"]
    about = EventType.HANDOFF_UNREACHED
    if options.mail:
        await deliveries.mail_admins(tx, handoff_id, "unreached", now=now)
    bell = await notifications.tell(
        tx, [row["raised_by_id"]], handoff_id, actor=None, about=about, title=TITLE, now=now
    )
    return await events.record(
        tx,
        about,
        handoff_id,
        None,
        now=now,
        notified=bell.engineers,
        notifications=bell.items,
    )


async def hear(tx: Transaction, heard: Collection[tuple[UUID, UUID]]) -> None:
    """(handoff, engineer): it was written to their screen, and they are among those asked."""
    handoffs, engineers = zip(*heard, strict=True)
    await tx.execute(HEARD, tx.account_id, handoffs, engineers)


async def by_handoffs(view: Viewing, actor: Actor, ids: Sequence[UUID]) -> Sequence[Row]:
    """How far the call has come, of handoffs whose session the actor may see."""
    return await view.fetch(
        f"""
        SELECT h.id AS handoff_id, h.unreached_at, asked.notified, sent.confirmed,
            live.watching, seen.viewed, {TOLD} AS told,
            least(sent.at, live.at, seen.at, answered.at, h.claimed_at) AS told_at,
            {seen_through(actor, "$2", handoff="h")}
        FROM handoff h
        JOIN session s ON s.account_id = h.account_id AND s.id = h.session_id
        CROSS JOIN LATERAL (
            SELECT count(DISTINCT n.engineer_id) AS notified FROM notification n
            WHERE n.account_id = h.account_id AND n.handoff_id = h.id
              AND n.about = ANY ($3)) asked
        CROSS JOIN LATERAL (
            SELECT count(*) AS confirmed, min(d.sent_at) AS at FROM delivery d
            WHERE d.account_id = h.account_id AND d.handoff_id = h.id AND d.purpose = 'raised'
              AND d.sent_at IS NOT NULL AND d.channel IN ({PEOPLE})) sent
        CROSS JOIN LATERAL (
            SELECT count(*) AS watching, min(t.heard_at) AS at FROM handoff_heard t
            WHERE t.account_id = h.account_id AND t.handoff_id = h.id) live
        CROSS JOIN LATERAL (
            SELECT count(*) AS viewed, min(t.viewed_at) AS at FROM session_view t
            WHERE t.account_id = h.account_id AND t.session_id = h.session_id
              AND t.handoff_id = h.id AND t.engineer_id <> h.raised_by_id) seen
        CROSS JOIN LATERAL (
            SELECT min(t.occurred_at) AS at FROM event t
            WHERE t.account_id = h.account_id AND t.handoff_id = h.id
              AND t.type IN ({ANSWERS})) answered
        WHERE h.id = ANY ($1) AND {door(actor, "$2")}
        """,
        ids,
        actor.id,
        sorted(notifications.OFFERS),
    )
