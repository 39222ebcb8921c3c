"""Deliveries as their readers see them: with the session they belong to, or not at all.

What belongs to no session passes the door of ADMINs, and no other: nobody owns it or has it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from db.database import Row, Transaction
from db.models.vocabulary import DeliveryChannel, DeliveryState, Role
from services.access import door, seen_through
from services.actor import Actor
from services.views import Viewing


async def by_handoffs(view: Viewing, actor: Actor, ids: Sequence[UUID]) -> Sequence[Row]:
    """In the order they were promised, of handoffs whose session the actor may see."""
    return await view.fetch(
        f"""
        SELECT d.*, {seen_through(actor, "$2", handoff="h")} FROM delivery d
        JOIN handoff h ON h.account_id = d.account_id AND h.id = d.handoff_id
        JOIN session s ON s.account_id = h.account_id AND s.id = h.session_id
        WHERE d.handoff_id = ANY ($1) AND {door(actor, "$2")}
        ORDER BY d.handoff_id, d.created_at, d.id
        """,
        ids,
        actor.id,
    )


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """Empty means no condition."""

    states: tuple[DeliveryState, ...] = ()
    channels: tuple[DeliveryChannel, ...] = ()
    handoff_id: UUID | None = None


async def page(
    tx: Transaction, wanted: DeliveryFilter, *, first: int, after: UUID | None = None
) -> Sequence[Row]:
    """Up to ``first`` deliveries of the account, the newest first, behind ``after``. For ADMINs,
    who may see every session: that is for the caller to know."""
    return await tx.fetch(
        """
        SELECT * FROM delivery
        WHERE account_id = $1
          AND ($2::text[] = '{}' OR state = ANY ($2))
          AND ($3::text[] = '{}' OR channel = ANY ($3))
          AND ($4::uuid IS NULL OR handoff_id = $4)
          AND ($5::uuid IS NULL OR id < $5)
        ORDER BY id DESC LIMIT $6
        """,
        tx.account_id,
        list(wanted.states),
        list(wanted.channels),
        wanted.handoff_id,
        after,
        first,
    )


async def attempts(view: Viewing, actor: Actor, delivery_ids: Sequence[UUID]) -> Sequence[Row]:
    """Every try to carry them out, the first first, of those whose session the actor may see."""
    return await view.fetch(
        f"""
        SELECT a.*, {seen_through(actor, "$2", handoff="h")} FROM delivery_attempt a
        JOIN delivery d ON d.account_id = a.account_id AND d.id = a.delivery_id
        LEFT JOIN handoff h ON h.account_id = d.account_id AND h.id = d.handoff_id
        LEFT JOIN session s ON s.account_id = h.account_id AND s.id = h.session_id
        WHERE a.delivery_id = ANY ($1) AND {door(actor, "$2")}
        ORDER BY a.delivery_id, a.nonce, a.number
        """,
        delivery_ids,
        actor.id,
    )


async def by_ids(view: Viewing, actor: Actor, ids: Sequence[UUID]) -> Sequence[Row]:
    return await view.fetch(
        f"""
        SELECT d.*, {seen_through(actor, "$2", handoff="h")} FROM delivery d
        LEFT JOIN handoff h ON h.account_id = d.account_id AND h.id = d.handoff_id
        LEFT JOIN session s ON s.account_id = h.account_id AND s.id = h.session_id
        WHERE d.id = ANY ($1) AND {door(actor, "$2")}
        """,
        ids,
        actor.id,
    )


async def of_integrations(tx: Transaction, actor: Actor, ids: Sequence[UUID]) -> Sequence[Row]:
    """How many were given up over each and how many wait, by ``integration_id``; nothing for
    whoever is no ADMIN."""
    if actor.role is not Role.ADMIN:
        return ()
    return await tx.fetch(
        """
        SELECT integration_id, count(*) FILTER (WHERE dead) AS dead,
            count(*) FILTER (WHERE NOT dead) AS waiting
        FROM (
            -- one arm for each partial index: what was sent, which is nearly all, is not looked at
            SELECT integration_id, true AS dead FROM delivery
            WHERE account_id = $1 AND state = 'DEAD'
            UNION ALL SELECT integration_id, false FROM delivery
            WHERE account_id = $1 AND state IN ('PENDING', 'FAILED')
            UNION ALL SELECT integration_id, false FROM delivery
            WHERE account_id = $1 AND state = 'SENDING'
        ) AS known
        WHERE integration_id = ANY ($2)
        GROUP BY integration_id
        """,
        tx.account_id,
        ids,
    )
