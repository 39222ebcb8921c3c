"""Handoffs claimed, one or several."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from db.database import Transaction
from db.models.vocabulary import Approach
from resolvers.changing import announced
from resolvers.context import Context
from resolvers.ids import known
from services import idempotency
from services.handoffs import claiming
from services.handoffs.claiming import Claimed
from services.handoffs.transitions import UNGUARDED, Guard
from services.ids import Kind
from services.problems import InvalidInput, Problem

MOST: Final = 50
"""Handoffs of one request: each is a transaction of its own."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One of several: ``handoff`` is its id as it was given."""

    handoff: str
    outcome: Claimed | Problem


async def claim_handoff(
    context: Context, handoff: str, approach: Approach | None, guard: Guard
) -> Claimed | Problem:
    """Claim as the caller, in one transaction. A refusal rolls it back and is returned."""
    outcome = await _claim(context, handoff, approach, guard)
    _keep(context, outcome)
    return outcome


async def claim_handoffs(
    context: Context,
    wanted: Sequence[str],
    *,
    approach: Approach | None,
    idempotency_key: str | None,
) -> Sequence[Tried] | InvalidInput:
    """Claim each in a transaction of its own, in this order: what is won stays won."""
    if not 1 <= len(wanted) <= MOST:
        return InvalidInput("handoffIds", f"Give 1 to {MOST} handoffs; these are {len(wanted)}.")
    try:
        guards = [_guard(handoff, idempotency_key) for handoff in wanted]
    except InvalidInput as problem:
        return problem
    tried = [
        Tried(handoff, await _claim(context, handoff, approach, guard))
        for handoff, guard in zip(wanted, guards, strict=True)
    ]
    for each in tried:
        _keep(context, each.outcome)
    return tried


def _guard(handoff: str, key: str | None) -> Guard:
    if key is None:
        return UNGUARDED
    return Guard(idempotency.of_item(key, known(handoff, Kind.HANDOFF)))


async def _claim(
    context: Context, handoff: str, approach: Approach | None, guard: Guard
) -> Claimed | Problem:
    async def change(tx: Transaction) -> Claimed:
        return await claiming.claim(
            tx,
            context.actor,
            known(handoff, Kind.HANDOFF),
            now=context.clock(),
            approach=approach,
            guard=guard,
        )

    return await announced(context, change)


def _keep(context: Context, outcome: Claimed | Problem) -> None:
    """What was just read need not be loaded."""
    if isinstance(outcome, Claimed):
        context.loaders.sessions.prime(outcome.session["id"], outcome.session)
