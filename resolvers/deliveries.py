"""Promised messages: all of an account's, and one sent again."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from db.database import Row, Transaction
from db.models.vocabulary import DeliveryChannel, DeliveryState, Role
from resolvers.changing import changed
from resolvers.context import Context
from resolvers.errors import ClientError, ErrorCode
from resolvers.ids import known
from resolvers.pages import Page
from services import deliveries
from services.deliveries import DeliveryFilter, redelivering
from services.ids import Kind
from services.problems import Problem


@dataclass(frozen=True, slots=True)
class WantedDeliveries:
    """As clients ask for them."""

    states: Sequence[DeliveryState] = ()
    channels: Sequence[DeliveryChannel] = ()
    handoff: str | None = None

    def filter(self) -> DeliveryFilter:
        return DeliveryFilter(
            tuple(self.states),
            tuple(self.channels),
            None if self.handoff is None else known(self.handoff, Kind.HANDOFF),
        )


async def page(
    context: Context, wanted: WantedDeliveries, *, first: int, after: UUID | None
) -> Page:
    """Raises ClientError (FORBIDDEN) for whoever is no ADMIN."""
    if context.actor.role != Role.ADMIN:
        raise ClientError("Only ADMINs may see all deliveries.", ErrorCode.FORBIDDEN)
    async with context.database.transaction(context.actor.account_id) as tx:
        rows = await deliveries.page(tx, wanted.filter(), first=first + 1, after=after)
    return Page.forward(rows, first, begun=after is not None)


async def redeliver(context: Context, delivery: str) -> Row | Problem:
    """Send it again, as the caller. A refusal is returned."""

    async def change(tx: Transaction) -> Row:
        return await redelivering.redeliver(tx, context.actor, known(delivery, Kind.DELIVERY))

    return await changed(context, change)
