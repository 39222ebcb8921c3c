"""What engineers think of an assessment: right, or wrong."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from db.database import Columns, Row, Transaction
from db.models.vocabulary import AssessmentState, EventType, Verdict
from services import events, idempotency, text
from services.access import door, seen_through
from services.actor import Actor
from services.handoffs.problems import AssessmentNotReady
from services.handoffs.rules import refusal_to_rate
from services.handoffs.transitions import as_it_is, locked
from services.views import Viewing

RATE: Final = """
    INSERT INTO assessment_rating AS r (account_id, handoff_id, engineer_id, verdict, comment,
        rated_at)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (account_id, handoff_id, engineer_id) DO UPDATE
        SET verdict = excluded.verdict, comment = excluded.comment, rated_at = excluded.rated_at
        WHERE (r.verdict, r.comment) IS DISTINCT FROM (excluded.verdict, excluded.comment)
    RETURNING true
"""


@dataclass(frozen=True, slots=True)
class Rated:
    """``rating`` is the actor's; ``seq`` is the event's number, None for a repeat."""

    handoff: Columns
    rating: Row
    seq: int | None = None


async def rate(
    tx: Transaction,
    actor: Actor,
    handoff_id: UUID,
    verdict: Verdict,
    *,
    now: datetime,
    comment: str | None = None,
    idempotency_key: str | None = None,
) -> Rated:
    """Say whether a READY assessment is right, in place of what the actor said of it before.

    What is derived by rule is not rated: it says nothing of a model, and one that is TIMED_OUT may
    become READY under what was said of it. The same again changes nothing. Raises HandoffNotFound,
    NotAllowed, AssessmentNotReady, InvalidInput or IdempotencyConflict.
    Source: docs/assessment.md, "Right or wrong".
    """
    comment = text.optional("comment", comment, text.REASON)
    if idempotency_key is not None:
        request = {"handoffId": handoff_id, "verdict": verdict, "comment": comment}
        earlier = await idempotency.remember(
            tx, actor, "rateAssessment", idempotency_key, request, result_id=handoff_id
        )
        if earlier is not None:
            return await _rated(tx, actor, (await as_it_is(tx, actor, handoff_id)).handoff)
    handoff = await locked(tx, actor, handoff_id)
    problem = refusal_to_rate(handoff)
    if problem is not None:
        raise problem
    state = await tx.fetchval(
        "SELECT state FROM assessment WHERE account_id = $1 AND handoff_id = $2",
        tx.account_id,
        handoff_id,
    )
    if state != AssessmentState.READY:
        raise AssessmentNotReady(AssessmentState(state))
    changed = await tx.fetchval(RATE, tx.account_id, handoff_id, actor.id, verdict, comment, now)
    rated = await _rated(tx, actor, handoff)
    if not changed:
        return rated
    seq = await events.record(
        tx,
        EventType.ASSESSMENT_RATED,
        handoff_id,
        actor,
        now=now,
        data={"verdict": verdict, "comment": comment},
    )
    return replace(rated, seq=seq)


async def _rated(tx: Transaction, actor: Actor, handoff: Columns) -> Rated:
    rating = await tx.one(
        "SELECT * FROM assessment_rating "
        "WHERE account_id = $1 AND handoff_id = $2 AND engineer_id = $3",
        tx.account_id,
        handoff["id"],
        actor.id,
    )
    return Rated(handoff, rating)


async def by_handoffs(view: Viewing, actor: Actor, ids: Sequence[UUID]) -> Sequence[Row]:
    """How many think what of each assessment whose session the actor may see; `verdict`, `comment`
    and `rated_at` are the actor's own, null where they have said nothing."""
    return await view.fetch(
        f"""
        SELECT h.id AS handoff_id, r.*, {seen_through(actor, "$2", handoff="h")} FROM handoff h
        JOIN session s ON s.account_id = h.account_id AND s.id = h.session_id
        CROSS JOIN LATERAL (
            SELECT count(*) FILTER (WHERE t.verdict = 'RIGHT') AS rated_right,
                count(*) FILTER (WHERE t.verdict = 'WRONG') AS rated_wrong,
                max(t.verdict) FILTER (WHERE t.engineer_id = $2) AS verdict,
                max(t.comment) FILTER (WHERE t.engineer_id = $2) AS comment,
                max(t.rated_at) FILTER (WHERE t.engineer_id = $2) AS rated_at
            FROM assessment_rating t
            WHERE t.account_id = h.account_id AND t.handoff_id = h.id
        ) r
        WHERE h.id = ANY ($1) AND {door(actor, "$2")}
        """,
        ids,
        actor.id,
    )
