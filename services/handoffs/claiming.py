"""Taking a waiting handoff: the first engineer to ask gets it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from db.database import Columns, Row, Transaction
from db.ids import uuid7
from db.models.vocabulary import EventType, HandoffStatus, Role
from services import events
from services.actor import Actor
from services.handoffs.problems import (
    HandoffAlreadyClaimed,
    HandoffNotFound,
    HandoffNotOpen,
    OwnHandoff,
)
from services.problems import NotAllowed


@dataclass(frozen=True, slots=True)
class Claimed:
    """``seq`` is the event's number, None when the winner asked again."""

    handoff: Row
    session: Columns
    seq: int | None


# The condition in ``won`` decides; what follows happens only to who satisfied it. A session under
# its legacy status is taken like any other that waits.
CLAIM: Final = """
    WITH won AS (
        UPDATE handoff SET status = 'CLAIMED', claimed_by_id = $3, claimed_at = $4
        WHERE account_id = $1 AND id = $2 AND status = 'OPEN' AND raised_by_id <> $3
        RETURNING *
    ), moved AS (
        UPDATE session s SET status = 'ACTIVE', escalated_to_id = $3, updated_at = $4
        FROM won
        WHERE s.account_id = won.account_id AND s.id = won.session_id
          AND s.status IN ('ESCALATED', 'REQUESTING_ESCALATION')
        RETURNING s.*
    ), told AS (
        INSERT INTO notification (account_id, id, engineer_id, handoff_id, about, title,
            created_at)
        SELECT account_id, $5, raised_by_id, id, 'handoff.claimed', $6 || problem_summary, $4
        FROM won
    )
    SELECT won.*, true AS door, ROW(moved.*)::session AS session
    FROM won LEFT JOIN moved ON moved.id = won.session_id
"""

STANDING: Final = """
    SELECT h.*, true AS door, ROW(s.*)::session AS session,
           CASE WHEN e.id IS NOT NULL THEN ROW(e.*)::engineer END AS claimer
    FROM handoff h
    JOIN session s ON s.account_id = h.account_id AND s.id = h.session_id
    LEFT JOIN engineer e ON e.account_id = h.account_id AND e.id = h.claimed_by_id
    WHERE h.account_id = $1 AND h.id = $2
"""


async def claim(tx: Transaction, actor: Actor, handoff_id: UUID, *, now: datetime) -> Claimed:
    """Give a waiting handoff to the engineer who asks first, and the session with it.

    One conditional UPDATE decides, so engineers who click at the same moment, on any number of
    replicas, have exactly one winner. The winner asking again gets the same answer and no second
    event. ``now`` is UTC.

    Raises NotAllowed, HandoffNotFound, OwnHandoff, HandoffNotOpen, or HandoffAlreadyClaimed (by
    whom, since when). Source: DESIGN section 2, "Claiming".
    """
    if actor.role == Role.VIEWER:
        raise NotAllowed("Viewers can't take sessions over.")
    item = uuid7()
    won = await tx.fetchrow(
        CLAIM,
        actor.account_id,
        handoff_id,
        actor.id,
        now,
        item,
        f"{actor.name} took over: ",
    )
    if won is None:
        return await _already_mine_or_refusal(tx, actor, handoff_id)
    if won["session"]["id"] is None:
        raise RuntimeError(f"handoff {handoff_id} is open, but its session does not wait")
    seq = await events.record(
        tx,
        EventType.HANDOFF_CLAIMED,
        handoff_id,
        actor,
        now=now,
        notified=[won["raised_by_id"]],
        notifications=[item],
    )
    return Claimed(won, won["session"], seq)


async def _already_mine_or_refusal(tx: Transaction, actor: Actor, handoff_id: UUID) -> Claimed:
    standing = await tx.fetchrow(STANDING, actor.account_id, handoff_id)
    if standing is None:
        raise HandoffNotFound
    if standing["raised_by_id"] == actor.id:
        raise OwnHandoff
    if standing["status"] != HandoffStatus.CLAIMED:
        raise HandoffNotOpen(HandoffStatus(standing["status"]))
    if standing["claimed_by_id"] != actor.id:
        raise HandoffAlreadyClaimed(standing["claimer"], standing["claimed_at"])
    return Claimed(standing, standing["session"], None)
