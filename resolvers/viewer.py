"""The engineer who asks."""

from db.database import Transaction
from resolvers.changing import changed
from resolvers.context import Context
from services import engineers, notifications
from services.handoffs import reading
from services.problems import Problem


async def unread_notification_count(context: Context) -> int:
    async with context.database.transaction(context.actor.account_id) as tx:
        return await notifications.unread_count(tx, context.actor)


async def prefer(context: Context, *, mail: bool) -> Problem | None:
    """A refusal is returned."""

    async def change(tx: Transaction) -> None:
        await engineers.prefer(tx, context.actor, mail=mail)

    return await changed(context, change)


async def open_handoff_count(context: Context) -> int:
    async with context.database.transaction(context.actor.account_id) as tx:
        return await reading.waiting_count(tx, context.actor)
