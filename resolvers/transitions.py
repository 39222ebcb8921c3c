"""Handoffs moved on: declined, reassigned, cancelled, released, returned."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from db.database import Transaction
from resolvers.changing import announced
from resolvers.context import Context
from resolvers.ids import known
from services.handoffs import cancelling, declining, reassigning, releasing, returning
from services.handoffs.transitions import Guard, Moved
from services.ids import Kind
from services.problems import Problem


async def decline(context: Context, handoff: str, reason: str, guard: Guard) -> Moved | Problem:
    async def change(tx: Transaction, handoff_id: UUID) -> Moved:
        return await declining.decline(
            tx, context.actor, handoff_id, reason, now=context.clock(), guard=guard
        )

    return await _move(context, handoff, change)


async def reassign(context: Context, handoff: str, target: str, guard: Guard) -> Moved | Problem:
    target_id = known(target, Kind.ENGINEER)

    async def change(tx: Transaction, handoff_id: UUID) -> Moved:
        return await reassigning.reassign(
            tx, context.actor, handoff_id, target_id, now=context.clock(), guard=guard
        )

    return await _move(context, handoff, change)


async def cancel(context: Context, handoff: str, guard: Guard) -> Moved | Problem:
    async def change(tx: Transaction, handoff_id: UUID) -> Moved:
        return await cancelling.cancel(
            tx, context.actor, handoff_id, now=context.clock(), guard=guard
        )

    return await _move(context, handoff, change)


async def release(context: Context, handoff: str, reason: str, guard: Guard) -> Moved | Problem:
    async def change(tx: Transaction, handoff_id: UUID) -> Moved:
        return await releasing.release(
            tx, context.actor, handoff_id, reason, now=context.clock(), guard=guard
        )

    return await _move(context, handoff, change)


async def return_(context: Context, handoff: str, guidance: str, guard: Guard) -> Moved | Problem:
    async def change(tx: Transaction, handoff_id: UUID) -> Moved:
        return await returning.return_(
            tx, context.actor, handoff_id, guidance, now=context.clock(), guard=guard
        )

    return await _move(context, handoff, change)


async def _move(
    context: Context, handoff: str, change: Callable[[Transaction, UUID], Awaitable[Moved]]
) -> Moved | Problem:
    moved = await announced(context, lambda tx: change(tx, known(handoff, Kind.HANDOFF)))
    if not isinstance(moved, Problem):
        context.loaders.handoffs.prime(moved.handoff["id"], moved.handoff)
    return moved
