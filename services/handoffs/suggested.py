"""What the assessment of a handoff suggests, begun by who took the session over."""

from datetime import datetime
from uuid import UUID

from db.database import Transaction
from db.ids import uuid7
from services import idempotency, text
from services.actor import Actor
from services.assessments import suggesting
from services.handoffs.problems import SuggestionNotFound
from services.handoffs.rules import refusal_to_start
from services.handoffs.transitions import locked
from services.sessions.recording import Origin, Recorded, StepDraft, add_step, recorded


async def start_suggested(
    tx: Transaction,
    actor: Actor,
    handoff_id: UUID,
    suggestion: str,
    *,
    now: datetime,
    idempotency_key: str | None = None,
) -> Recorded:
    """Make it a PENDING step at the end of the session, once: asked again, the same step is given.

    With the key also when the handoff has moved on. Raises HandoffNotFound, HandoffNotClaimed,
    NotAllowed, SuggestionNotFound, InvalidInput or IdempotencyConflict.
    """
    suggestion = text.required("suggestionId", suggestion, text.TITLE)
    if idempotency_key is not None:
        request = {"handoffId": handoff_id, "suggestionId": suggestion}
        earlier = await idempotency.remember(
            tx, actor, "startSuggestedStep", idempotency_key, request, result_id=handoff_id
        )
        if earlier is not None:
            step_id = await _started(tx, earlier, suggestion)
            assert step_id is not None  # noqa: S101  # committed with the key, and never deleted
            return await recorded(tx, actor, step_id)
    handoff = await locked(tx, actor, handoff_id)
    problem = refusal_to_start(actor, handoff)
    if problem is not None:
        raise problem
    step_id = await _started(tx, handoff_id, suggestion)
    if step_id is not None:
        return await recorded(tx, actor, step_id)
    draft = await _draft(tx, handoff_id, suggestion)
    origin = Origin(handoff_id, suggestion)
    return await add_step(tx, actor, handoff["session_id"], uuid7(), draft, now=now, origin=origin)


async def _started(tx: Transaction, handoff_id: UUID, suggestion: str) -> UUID | None:
    found: UUID | None = await tx.fetchval(
        "SELECT id FROM step WHERE account_id = $1 AND suggested_in_id = $2 AND suggestion = $3",
        tx.account_id,
        handoff_id,
        suggestion,
    )
    return found


async def _draft(tx: Transaction, handoff_id: UUID, suggestion: str) -> StepDraft:
    found = await tx.one(
        """
        SELECT c.timeline, c.hypotheses_open, a.state, a.content FROM snapshot c
        JOIN assessment a ON a.account_id = c.account_id AND a.handoff_id = c.handoff_id
        WHERE c.account_id = $1 AND c.handoff_id = $2
        """,
        tx.account_id,
        handoff_id,
    )
    draft = suggesting.steps(found, found).get(suggestion)
    if draft is None:
        raise SuggestionNotFound
    return StepDraft(draft.kind, draft.title, draft.detail, draft.hypothesis)
