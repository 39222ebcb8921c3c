"""Assessments: rated by engineers."""

from db.database import Transaction
from db.models.vocabulary import Verdict
from resolvers.changing import announced
from resolvers.context import Context
from resolvers.ids import known
from services.handoffs import rating
from services.handoffs.rating import Rated
from services.ids import Kind
from services.problems import Problem


async def rate_assessment(
    context: Context,
    handoff: str,
    verdict: Verdict,
    *,
    comment: str | None,
    idempotency_key: str | None,
) -> Rated | Problem:
    async def change(tx: Transaction) -> Rated:
        return await rating.rate(
            tx,
            context.actor,
            known(handoff, Kind.HANDOFF),
            verdict,
            now=context.clock(),
            comment=comment,
            idempotency_key=idempotency_key,
        )

    return await announced(context, change)
