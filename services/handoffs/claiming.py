"""Taking a waiting handoff: the first engineer to ask gets it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from db.database import Columns, Row, Transaction
from db.ids import uuid7
from db.models.vocabulary import Approach, EventType, HandoffStatus, Role
from services import deliveries, events, idempotency
from services.actor import Actor
from services.handoffs.problems import (
    HandoffAlreadyClaimed,
    HandoffChanged,
    HandoffNotFound,
    HandoffNotOpen,
    OwnHandoff,
)
from services.handoffs.rules import HandoffAction
from services.handoffs.transitions import UNGUARDED, Guard
from services.problems import NotAllowed


@dataclass(frozen=True, slots=True)
class Claimed:
    """``seq`` is the event's number, None when the winner asked again."""

    handoff: Row
    session: Columns
    seq: int | None


FOLLOWED: Final = deliveries.following(
    "won.account_id", "won.id", "'claimed'", "won.version::text", "$4", of="won"
)

# The condition in ``won`` decides; what follows happens only to who satisfied it. ``held`` locks
# the session first, as all do who change a handoff. A session under its legacy status is taken
# like any other that waits.
CLAIM: Final = f"""
    WITH held AS MATERIALIZED (
        SELECT s.id FROM handoff h
        JOIN session s ON s.account_id = h.account_id AND s.id = h.session_id
        WHERE h.account_id = $1 AND h.id = $2 AND h.status = 'OPEN' FOR NO KEY UPDATE OF s
    ), won AS (
        UPDATE handoff h SET status = 'CLAIMED', claimed_by_id = $3, claimed_at = $4,
            approach = $8, release_reason = NULL, version = version + 1
        FROM held
        WHERE h.account_id = $1 AND h.id = $2 AND h.session_id = held.id
          AND h.status = 'OPEN' AND h.raised_by_id <> $3
          AND ($7::int IS NULL OR h.version = $7)
        RETURNING h.*
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
    ), followed AS ({FOLLOWED})
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


async def claim(
    tx: Transaction,
    actor: Actor,
    handoff_id: UUID,
    *,
    now: datetime,
    approach: Approach | None = None,
    guard: Guard = UNGUARDED,
) -> Claimed:
    """Give a waiting handoff to the engineer who asks first, and the session with it.

    One conditional UPDATE decides, so engineers who click at the same moment, on any number of
    replicas, have exactly one winner. The winner asking again gets the same answer and no second
    event, and keeps the ``approach`` they won with. ``now`` is UTC. A repeat with its key never
    claims anew what was given back since: that is another epoch, and HandoffChanged tells so.

    Raises NotAllowed, HandoffNotFound, OwnHandoff, HandoffNotOpen, HandoffChanged, or
    HandoffAlreadyClaimed (by whom, since when). Source: docs/handoffs.md, "Claiming".
    """
    if actor.role == Role.VIEWER:
        raise NotAllowed("Viewers can't take sessions over.")
    # left out where nothing is said: keys of requests from before there was any stay good
    told = {} if approach is None else {"approach": approach.value}
    if guard.key is not None:
        earlier = await idempotency.remember(
            tx,
            actor,
            HandoffAction.CLAIM.value,
            guard.key,
            {"handoffId": handoff_id} | told,
            result_id=handoff_id,
        )
        if earlier is not None:
            return await _already_mine_or_refusal(tx, actor, handoff_id)
    item = uuid7()
    won = await tx.fetchrow(
        CLAIM,
        actor.account_id,
        handoff_id,
        actor.id,
        now,
        item,
        f"{actor.name} took over: ",
        guard.expected_version,
        approach,
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
        data=told,
    )
    return Claimed(won, won["session"], seq)


async def _already_mine_or_refusal(tx: Transaction, actor: Actor, handoff_id: UUID) -> Claimed:
    standing = await tx.fetchrow(STANDING, actor.account_id, handoff_id)
    if standing is None:
        raise HandoffNotFound
    if standing["raised_by_id"] == actor.id:
        raise OwnHandoff
    if standing["status"] == HandoffStatus.OPEN:
        # a repeat of a claim that was given back since, or a version that was not seen
        raise HandoffChanged(standing)
    if standing["status"] != HandoffStatus.CLAIMED:
        raise HandoffNotOpen(HandoffStatus(standing["status"]))
    if standing["claimed_by_id"] != actor.id:
        raise HandoffAlreadyClaimed(standing["claimer"], standing["claimed_at"])
    return Claimed(standing, standing["session"], None)
