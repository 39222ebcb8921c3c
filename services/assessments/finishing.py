"""What became of an assessment: written by who holds it, once, and announced with the event.

Source: docs/assessment.md, "How it ends".
"""

from dataclasses import dataclass, field
from typing import Any, Final

from db.database import Transaction
from db.models.vocabulary import AssessmentReason, AssessmentState, Confidence, EventType
from services import events
from services.assessments.attaching import attach, lock
from services.assessments.taking import Taken

FINISH: Final = """
    UPDATE assessment SET state = $4, reason = $5, content = $6, confidence = $7, model = $8,
        prompt_version = $9, latency_ms = $10, tokens_in = $11, tokens_out = $12, dropped = $13,
        redactions = $14, finished_at = statement_timestamp()
    WHERE account_id = $1 AND handoff_id = $2 AND lease_token = $3 AND state = $15
    RETURNING finished_at
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """``dropped`` statements did not stand, ``redactions`` secrets were taken out of the question.
    What is not known of an answer is None."""

    state: AssessmentState
    reason: AssessmentReason | None = None
    content: dict[str, Any] = field(default_factory=dict)
    confidence: Confidence | None = None
    model: str | None = None
    prompt_version: str | None = None
    latency_ms: int | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    dropped: int = 0
    redactions: int = 0


async def finish(
    tx: Transaction, taken: Taken, outcome: Outcome, *, late: bool = False
) -> int | None:
    """Write the outcome, what follows from it, and announce it. ``late``: it had been given up as
    TIMED_OUT by us.

    Must end the transaction. Returns the event's number, to ring with after COMMIT; None if it is
    not ours any more.
    """
    ready = outcome.state is AssessmentState.READY
    if ready:
        await lock(tx, taken.handoff_id)
    expected = AssessmentState.TIMED_OUT if late else AssessmentState.PENDING
    now = await tx.fetchval(
        FINISH,
        tx.account_id,
        taken.handoff_id,
        taken.lease_token,
        outcome.state,
        outcome.reason,
        outcome.content,
        outcome.confidence,
        outcome.model,
        outcome.prompt_version,
        outcome.latency_ms,
        outcome.tokens_in,
        outcome.tokens_out,
        outcome.dropped,
        outcome.redactions,
        expected,
    )
    if now is None:
        return None
    if ready:
        await attach(tx, taken.handoff_id, now=now)
    return await events.record(
        tx,
        EventType.ASSESSMENT_FINISHED,
        taken.handoff_id,
        None,
        now=now,
        data={"state": outcome.state},
    )
