"""Somebody else is asked, while nobody has taken it."""

from datetime import datetime
from uuid import UUID

from db.database import Transaction
from services.actor import Actor
from services.handoffs.rules import HandoffAction
from services.handoffs.targets import refuse_ineligible
from services.handoffs.transitions import UNGUARDED, Guard, Moved, as_it_is, finish, take_up


async def reassign(
    tx: Transaction,
    actor: Actor,
    handoff_id: UUID,
    target_id: UUID,
    *,
    now: datetime,
    guard: Guard = UNGUARDED,
) -> Moved:
    """It waits for another target. Told are the new one, the one before, and the raiser.

    By the raiser or an ADMIN. Asking for the target it has changes nothing. Raises
    TargetNotEligible, or what ``take_up`` raises.
    """
    action = HandoffAction.REASSIGN
    handoff = await take_up(tx, actor, action, handoff_id, guard=guard, request={"to": target_id})
    if handoff is None or handoff["target_id"] == target_id:
        return await as_it_is(tx, actor, handoff_id)
    target = await tx.fetchrow("SELECT role, active FROM engineer WHERE id = $1", target_id)
    refuse_ineligible(target_id, target, handoff["raised_by_id"])
    await tx.execute(
        "UPDATE handoff SET target_id = $2, version = version + 1 WHERE id = $1",
        handoff_id,
        target_id,
    )
    before = handoff["target_id"]
    return await finish(
        tx,
        actor,
        action,
        handoff_id,
        now=now,
        tell=[target_id, handoff["raised_by_id"], *([before] if before else [])],
        title=f"{actor.name} asked for somebody else: {handoff['problem_summary']}",
        data={"from": str(before) if before else None, "to": str(target_id)},
    )
