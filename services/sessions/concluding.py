"""What came of a step that was begun."""

from datetime import datetime
from uuid import UUID

from db.database import Row, Transaction
from db.models.vocabulary import StepOutcome
from services import idempotency, text
from services.actor import Actor
from services.problems import InvalidInput
from services.sessions.problems import SessionNotFound, StepNotFound, StepNotPending
from services.sessions.recording import Recorded, may_record, recorded


async def record_outcome(
    tx: Transaction,
    actor: Actor,
    step_id: UUID,
    outcome: StepOutcome,
    *,
    now: datetime,
    detail: str | None = None,
    idempotency_key: str | None = None,
) -> Recorded:
    """Say once what came of a PENDING step; ``detail`` is added below the one it has.

    By whoever may record steps in its session. Repeating it is harmless: with the key whatever has
    happened since, without for as long as the step stands as the actor left it.
    Raises StepNotFound, StepNotPending, NotAllowed, SessionClosed, InvalidInput or
    IdempotencyConflict.
    """
    if outcome is StepOutcome.PENDING:
        raise InvalidInput("outcome", "A step is PENDING until its outcome is known. Say which.")
    detail = text.optional("detail", detail, text.LONG)
    if idempotency_key is not None:
        request = {"stepId": step_id, "outcome": outcome, "detail": detail}
        earlier = await idempotency.remember(
            tx, actor, "recordOutcome", idempotency_key, request, result_id=step_id
        )
        if earlier is not None:
            return await recorded(tx, actor, earlier)
    session_id = await tx.fetchval("SELECT session_id FROM step WHERE id = $1", step_id)
    if session_id is None:
        raise StepNotFound
    try:
        await may_record(tx, actor, session_id)
    except SessionNotFound as problem:
        raise StepNotFound from problem
    # read behind the session's lock: of two who say it at once, the second sees what the first said
    step = await tx.one("SELECT * FROM step WHERE id = $1", step_id)
    if step["outcome"] != StepOutcome.PENDING:
        if _said_before(step, actor, outcome, detail):
            return await recorded(tx, actor, step_id)
        raise StepNotPending(step)
    await tx.execute(
        """
        WITH touched AS (UPDATE session SET updated_at = $4 WHERE id = $6)
        UPDATE step SET outcome = $2, outcome_by_id = $3, outcome_at = $4, detail = $5
        WHERE id = $1
        """,
        step_id,
        outcome,
        actor.id,
        now,
        _together(step["detail"], detail),
        session_id,
    )
    return await recorded(tx, actor, step_id)


def _said_before(step: Row, actor: Actor, outcome: StepOutcome, detail: str | None) -> bool:
    same = step["outcome"] == outcome and step["outcome_by_id"] == actor.id
    return same and (detail is None or (step["detail"] or "").endswith(detail))


def _together(there: str | None, added: str | None) -> str | None:
    if there is None or added is None:
        return there or added
    both = f"{there}\n\n{added}"
    if len(both) > text.LONG:
        raise InvalidInput(
            "detail",
            f"With what stands there it has {len(both):,} characters; at most {text.LONG:,} are "
            "kept. Shorten it, or record a step of its own.",
        )
    return both
