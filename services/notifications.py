"""The bell: who is told inside the application, and what they read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from db.database import Columns, Row, Transaction
from db.ids import uuid7
from db.models.vocabulary import EventType
from services.actor import Actor
from services.ids import Kind, public
from services.options import Options


@dataclass(frozen=True, slots=True)
class Bell:
    """The items of one event: ``items[i]`` is the notification of ``engineers[i]``."""

    engineers: tuple[UUID, ...] = ()
    items: tuple[UUID, ...] = ()

    @classmethod
    def of(cls, engineers: Sequence[UUID]) -> "Bell":
        return cls(tuple(engineers), tuple(uuid7() for _ in engineers))


SILENT: Final = Bell()

RECIPIENTS: Final = """
    SELECT e.id, e.email, e.name, e.mail FROM engineer e
    WHERE e.account_id = raiser.account_id AND e.active AND e.id NOT IN (raiser.id, $me)
      AND (e.role = 'ADMIN' OR (e.role = 'ENGINEER' AND CASE
            WHEN $target IS NOT NULL THEN e.id = $target
            ELSE e.tier > raiser.tier OR NOT EXISTS (
                SELECT 1 FROM engineer h
                WHERE h.account_id = raiser.account_id AND h.active AND h.role = 'ENGINEER'
                  AND h.tier > raiser.tier AND h.id <> raiser.id)
            END))
"""
"""Who hears of a new handoff, given a row ``raiser``; ``$me`` and ``$target`` are to be replaced.

The target if there is one, otherwise every active ENGINEER of a higher tier than the raiser (of any
tier where none is higher); ADMINs always; the raiser, and who acts for them, never.
Source: docs/handoffs.md, "Escalating".
"""


OFFERS: Final = frozenset(
    {
        EventType.HANDOFF_CREATED,
        EventType.HANDOFF_DECLINED,
        EventType.HANDOFF_REASSIGNED,
        EventType.HANDOFF_RELEASED,
    }
)
"""News of a handoff that waits: whoever reads it may take it."""

# The session is where an item leads; what is about no handoff has none.
ITEMS: Final = """
    SELECT n.*, h.session_id FROM notification n
    LEFT JOIN handoff h ON h.account_id = n.account_id AND h.id = n.handoff_id
"""


def raised_title(raiser_name: str) -> str:
    return f"Session escalated by {raiser_name}"


def link(options: Options, row: Columns) -> str:
    """Where the item leads: to the session, with an offer to take it when that is its news; to what
    the account has connected, when it is about no session."""
    base = options.link_base.rstrip("/")
    if row["session_id"] is None:
        return f"{base}/settings/integrations"
    session = f"{base}/pilot/{public(Kind.SESSION, row['session_id'])}"
    return f"{session}?pickup=true" if row["about"] in OFFERS else session


async def eligible(
    tx: Transaction, actor: Actor, raiser_id: UUID, target_id: UUID | None
) -> list[UUID]:
    """Who is to be told, by RECIPIENTS, of a handoff that waits again."""
    recipients = RECIPIENTS.replace("$me", "$3::uuid").replace("$target", "$4::uuid")
    rows = await tx.fetch(
        f"""
        SELECT r.id FROM engineer raiser CROSS JOIN LATERAL ({recipients}) r
        WHERE raiser.account_id = $1 AND raiser.id = $2
        """,
        actor.account_id,
        raiser_id,
        actor.id,
        target_id,
    )
    return [row["id"] for row in rows]


async def tell(
    tx: Transaction,
    engineers: Sequence[UUID],
    handoff_id: UUID | None,
    *,
    actor: Actor | None,
    about: EventType,
    title: str,
    now: datetime,
    notice_id: UUID | None = None,
) -> Bell:
    """One item for each engineer but the actor, who knows. Record the bell with the event.

    It is about the handoff, or about the notice.
    """
    bell = Bell.of([each for each in engineers if actor is None or each != actor.id])
    if bell.engineers:
        await tx.execute(
            """
            INSERT INTO notification (account_id, id, engineer_id, handoff_id, notice_id, about,
                                      title, created_at)
            SELECT $1, told.id, told.engineer, $4, $8, $5, $6, $7
            FROM unnest($2::uuid[], $3::uuid[]) AS told (id, engineer)
            """,
            tx.account_id,
            bell.items,
            bell.engineers,
            handoff_id,
            about,
            title,
            now,
            notice_id,
        )
    return bell


async def page(
    tx: Transaction,
    actor: Actor,
    *,
    first: int,
    after: UUID | None = None,
    unread_only: bool = False,
) -> Sequence[Row]:
    """The actor's own, newest first."""
    return await tx.fetch(
        f"""
        {ITEMS}
        WHERE n.account_id = $1 AND n.engineer_id = $2 AND ($3::uuid IS NULL OR n.id < $3)
          {"AND n.read_at IS NULL" if unread_only else ""}
        ORDER BY n.id DESC LIMIT $4
        """,
        actor.account_id,
        actor.id,
        after,
        first,
    )


async def by_ids(tx: Transaction, actor: Actor, ids: Sequence[UUID]) -> Sequence[Row]:
    """The actor's own among them."""
    return await tx.fetch(f"{ITEMS} WHERE n.id = ANY ($1) AND n.engineer_id = $2", ids, actor.id)


async def unread_count(tx: Transaction, actor: Actor) -> int:
    count: int = await tx.fetchval(
        "SELECT count(*) FROM notification "
        "WHERE account_id = $1 AND engineer_id = $2 AND read_at IS NULL",
        actor.account_id,
        actor.id,
    )
    return count


async def mark_read(
    tx: Transaction, actor: Actor, ids: Sequence[UUID] | None, *, now: datetime
) -> Sequence[Row]:
    """Mark the actor's own items as read: those with ``ids``, or all when None.

    Others' and unknown ids change nothing; an item keeps the time it was first read. Returns the
    items that were marked by this call.
    """
    arguments: list[Any] = [actor.account_id, actor.id, now]
    if ids is not None:
        arguments.append(ids)
    return await tx.fetch(
        f"""
        WITH marked AS (
            UPDATE notification n SET read_at = $3
            WHERE n.account_id = $1 AND n.engineer_id = $2 AND n.read_at IS NULL
              {"AND n.id = ANY ($4)" if ids is not None else ""}
            RETURNING n.*
        )
        SELECT n.*, h.session_id FROM marked n
        LEFT JOIN handoff h ON h.account_id = n.account_id AND h.id = n.handoff_id
        """,
        *arguments,
    )
