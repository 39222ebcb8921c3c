"""The answer is "do this next, it's yours again"."""

from datetime import datetime
from uuid import UUID

from db.database import Transaction
from db.ids import uuid7
from services import text
from services.actor import Actor
from services.handoffs.rules import HandoffAction
from services.handoffs.sessions import back_to_raiser
from services.handoffs.transitions import UNGUARDED, Guard, Moved, as_it_is, finish, take_up

# A step's title is one line; the whole guidance is its detail.
TITLE = "What to do next"


async def return_(
    tx: Transaction,
    actor: Actor,
    handoff_id: UUID,
    guidance: str,
    *,
    now: datetime,
    guard: Guard = UNGUARDED,
) -> Moved:
    """The session is its raiser's again, with the guidance as its next step, and they are told.

    By the claimer. Raises what ``take_up`` raises.
    """
    guidance = text.required("guidance", guidance, text.LONG)
    action = HandoffAction.RETURN
    handoff = await take_up(
        tx, actor, action, handoff_id, guard=guard, request={"guidance": guidance}
    )
    if handoff is None:
        return await as_it_is(tx, actor, handoff_id)
    await tx.execute(
        "UPDATE handoff SET status = 'RETURNED', closed_at = $2, version = version + 1 "
        "WHERE id = $1",
        handoff_id,
        now,
    )
    await back_to_raiser(tx, handoff, now=now)
    await _record_guidance(tx, actor, handoff["session_id"], guidance, now=now)
    return await finish(
        tx,
        actor,
        action,
        handoff_id,
        now=now,
        tell=[handoff["raised_by_id"]],
        title=f"{actor.name} returned with guidance: {handoff['problem_summary']}",
        data={"guidance": guidance},
    )


async def _record_guidance(
    tx: Transaction, actor: Actor, session_id: UUID, guidance: str, *, now: datetime
) -> None:
    await tx.execute(
        """
        WITH counted AS (
            UPDATE session SET step_count = step_count + 1 WHERE id = $2 RETURNING step_count
        )
        INSERT INTO step (account_id, id, session_id, position, kind, title, detail, outcome,
                          author_id, recorded_at)
        SELECT $1, $3, $2, step_count, 'GUIDANCE', $4, $5, 'PENDING', $6, $7 FROM counted
        """,
        actor.account_id,
        session_id,
        uuid7(),
        TITLE,
        guidance,
        actor.id,
        now,
    )
