"""Sessions as their readers see them: through the door, or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from db.database import Row, Transaction
from db.models.vocabulary import SessionStatus
from services.access import door
from services.actor import Actor


@dataclass(frozen=True, slots=True)
class SessionFilter:
    """Empty means no condition. ``mine``: owned, or taken over, by the reader."""

    statuses: tuple[SessionStatus, ...] = ()
    owner_id: UUID | None = None
    mine: bool = False
    ticket_number: str | None = None


async def by_ids(tx: Transaction, actor: Actor, ids: Sequence[UUID]) -> Sequence[Row]:
    """Those the actor may see, in no particular order."""
    return await tx.fetch(
        f"SELECT s.* FROM session s WHERE s.id = ANY ($1) AND {door(actor, '$2')}", ids, actor.id
    )


async def page(
    tx: Transaction,
    actor: Actor,
    wanted: SessionFilter,
    *,
    first: int,
    after: UUID | None = None,
) -> Sequence[Row]:
    """Up to ``first`` sessions the actor may see, newest first, older than ``after``."""
    return await tx.fetch(
        f"""
        SELECT s.* FROM session s
        WHERE s.account_id = $1 AND {door(actor, "$2")}
          AND ($3::uuid IS NULL OR s.id < $3)
          AND ($4::text[] = '{{}}' OR s.status = ANY ($4))
          AND ($5::uuid IS NULL OR s.owner_id = $5)
          AND (NOT $6 OR s.owner_id = $2 OR s.escalated_to_id = $2)
          AND ($7::text IS NULL OR s.ticket_number = $7)
        ORDER BY s.id DESC LIMIT $8
        """,
        actor.account_id,
        actor.id,
        after,
        list(wanted.statuses),
        wanted.owner_id,
        wanted.mine,
        wanted.ticket_number,
        first,
    )


async def steps_page(
    tx: Transaction,
    session_id: UUID,
    *,
    limit: int,
    after: int | None = None,
    before: int | None = None,
    from_end: bool = False,
) -> Sequence[Row]:
    """Up to ``limit`` steps between two positions (exclusive), in order.

    ``from_end`` takes the last ones. The reader has been let through the session's door already.
    """
    rows = await tx.fetch(
        f"""
        SELECT * FROM step
        WHERE account_id = $1 AND session_id = $2 AND position > $3 AND position < $4
        ORDER BY position {"DESC" if from_end else "ASC"} LIMIT $5
        """,
        tx.account_id,
        session_id,
        after if after is not None else 0,
        before if before is not None else 2**31 - 1,
        limit,
    )
    return list(reversed(rows)) if from_end else rows


async def steps_by_ids(tx: Transaction, actor: Actor, ids: Sequence[UUID]) -> Sequence[Row]:
    """Steps of sessions the actor may see."""
    return await tx.fetch(
        f"""
        SELECT t.* FROM step t
        JOIN session s ON s.account_id = t.account_id AND s.id = t.session_id
        WHERE t.id = ANY ($1) AND {door(actor, "$2")}
        """,
        ids,
        actor.id,
    )
