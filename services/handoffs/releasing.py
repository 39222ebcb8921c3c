"""Whoever took it can't go on."""

from datetime import datetime
from uuid import UUID

from db.database import Transaction
from services import notifications, text
from services.actor import Actor
from services.handoffs.rules import HandoffAction
from services.handoffs.sessions import back_to_queue
from services.handoffs.transitions import UNGUARDED, Guard, Moved, as_it_is, finish, take_up


async def release(
    tx: Transaction,
    actor: Actor,
    handoff_id: UUID,
    reason: str,
    *,
    now: datetime,
    guard: Guard = UNGUARDED,
) -> Moved:
    """It waits again, its reason shown, and everybody eligible is told anew; so is the raiser,
    and the claimer when an ADMIN does it.

    By the claimer or an ADMIN. Raises what ``take_up`` raises.
    """
    reason = text.required("reason", reason, text.REASON)
    action = HandoffAction.RELEASE
    handoff = await take_up(tx, actor, action, handoff_id, guard=guard, request={"reason": reason})
    if handoff is None:
        return await as_it_is(tx, actor, handoff_id)
    raiser_id, claimer_id = handoff["raised_by_id"], handoff["claimed_by_id"]
    # a target who gives it back is asked no more: now it is for everybody eligible
    target_id = None if handoff["target_id"] == claimer_id else handoff["target_id"]
    await tx.execute(
        """
        UPDATE handoff SET status = 'OPEN', claimed_by_id = NULL, claimed_at = NULL,
            approach = NULL, release_reason = $2, version = version + 1, target_id = $3
        WHERE id = $1
        """,
        handoff_id,
        reason,
        target_id,
    )
    await back_to_queue(tx, handoff, now=now)
    return await finish(
        tx,
        actor,
        action,
        handoff_id,
        now=now,
        tell=[
            raiser_id,
            claimer_id,
            *await notifications.eligible(tx, actor, raiser_id, target_id),
        ],
        title=f"{actor.name} gave back: {handoff['problem_summary']}",
        data={"reason": reason},
    )
