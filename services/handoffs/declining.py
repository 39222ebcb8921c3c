"""The engineer who was asked says no."""

from datetime import datetime
from uuid import UUID

from db.database import Transaction
from services import notifications, text
from services.actor import Actor
from services.handoffs.rules import HandoffAction
from services.handoffs.transitions import UNGUARDED, Guard, Moved, as_it_is, finish, take_up


async def decline(
    tx: Transaction,
    actor: Actor,
    handoff_id: UUID,
    reason: str,
    *,
    now: datetime,
    guard: Guard = UNGUARDED,
) -> Moved:
    """It goes on waiting, for anybody now: everybody eligible is told, and the raiser.

    By its target. Raises what ``take_up`` raises.
    """
    reason = text.required("reason", reason, text.REASON)
    action = HandoffAction.DECLINE
    handoff = await take_up(tx, actor, action, handoff_id, guard=guard, request={"reason": reason})
    if handoff is None:
        return await as_it_is(tx, actor, handoff_id)
    await tx.execute(
        "UPDATE handoff SET target_id = NULL, version = version + 1 WHERE id = $1", handoff_id
    )
    raiser_id = handoff["raised_by_id"]
    return await finish(
        tx,
        actor,
        action,
        handoff_id,
        now=now,
        tell=[raiser_id, *await notifications.eligible(tx, actor, raiser_id, None)],
        title=f"{actor.name} declined: {handoff['problem_summary']}",
        data={"reason": reason},
    )
