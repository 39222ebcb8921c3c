"""Help is not needed any more."""

from datetime import datetime
from uuid import UUID

from db.database import Transaction
from services.actor import Actor
from services.handoffs.rules import HandoffAction
from services.handoffs.sessions import back_to_raiser
from services.handoffs.transitions import UNGUARDED, Guard, Moved, as_it_is, finish, take_up


async def cancel(
    tx: Transaction,
    actor: Actor,
    handoff_id: UUID,
    *,
    now: datetime,
    guard: Guard = UNGUARDED,
) -> Moved:
    """It waits no more, and the session is its raiser's again. Told are raiser and target.

    By the raiser or an ADMIN. Raises what ``take_up`` raises.
    """
    action = HandoffAction.CANCEL
    handoff = await take_up(tx, actor, action, handoff_id, guard=guard, request={})
    if handoff is None:
        return await as_it_is(tx, actor, handoff_id)
    await tx.execute(
        "UPDATE handoff SET status = 'CANCELLED', closed_at = $2, version = version + 1 "
        "WHERE id = $1",
        handoff_id,
        now,
    )
    await back_to_raiser(tx, handoff, now=now)
    target = handoff["target_id"]
    return await finish(
        tx,
        actor,
        action,
        handoff_id,
        now=now,
        tell=[handoff["raised_by_id"], *([target] if target else [])],
        title=f"{actor.name} cancelled: {handoff['problem_summary']}",
    )
