"""Handoffs claimed, one or several."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

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


async def claim_handoff(context: Context, handoff: str, guard: Guard) -> Claimed | Problem:
    """Claim as the caller, in one transaction. A refusal rolls it back and is returned."""
    context.forget()
    return await _claim(context, handoff, guard)


async def claim_handoffs(
    context: Context, wanted: Sequence[str], *, idempotency_key: str | None
) -> Sequence[Tried] | InvalidInput:
    """Claim each in a transaction of its own, in this order: what is won stays won."""
    context.forget()
    if not 1 <= len(wanted) <= MOST:
        return InvalidInput("handoffIds", f"Give 1 to {MOST} handoffs; these are {len(wanted)}.")
    try:
        guards = [_guard(handoff, idempotency_key) for handoff in wanted]
    except InvalidInput as problem:
        return problem
    return [
        Tried(handoff, await _claim(context, handoff, guard))
        for handoff, guard in zip(wanted, guards, strict=True)
    ]


def _guard(handoff: str, key: str | None) -> Guard:
    if key is None:
        return UNGUARDED
    return Guard(idempotency.of_item(key, known(handoff, Kind.HANDOFF)))


async def _claim(context: Context, handoff: str, guard: Guard) -> Claimed | Problem:
    actor = context.actor
    handoff_id = known(handoff, Kind.HANDOFF)
    try:
        async with context.database.transaction(actor.account_id) as tx:
            claimed = await claiming.claim(tx, actor, handoff_id, now=context.clock(), guard=guard)
    except Problem as problem:
        return problem
    if claimed.seq is not None:
        context.hub.ring(actor.account_id, claimed.seq)
    context.loaders.sessions.prime(claimed.session["id"], claimed.session)
    return claimed
