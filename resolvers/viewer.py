"""The engineer who asks."""

from resolvers.context import Context
from services import notifications
from services.handoffs import reading


async def unread_notification_count(context: Context) -> int:
    async with context.database.transaction(context.actor.account_id) as tx:
        return await notifications.unread_count(tx, context.actor)


async def open_handoff_count(context: Context) -> int:
    async with context.database.transaction(context.actor.account_id) as tx:
        return await reading.waiting_count(tx, context.actor)
