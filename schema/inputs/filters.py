"""What lists can be narrowed to, and their order."""

from enum import StrEnum

import strawberry

from resolvers.deliveries import WantedDeliveries
from resolvers.handoffs import WantedHandoffs
from resolvers.sessions import WantedSessions
from schema.enums import (
    DeliveryChannel,
    DeliveryState,
    HandoffIntent,
    HandoffStatus,
    Priority,
    SessionStatus,
    words,
)


class HandoffOrderField(StrEnum):
    CREATED_AT = "CREATED_AT"
    PRIORITY = "PRIORITY"


class OrderDirection(StrEnum):
    ASC = "ASC"
    DESC = "DESC"


words(
    HandoffOrderField,
    "What handoffs can be ordered by.",
    {
        HandoffOrderField.CREATED_AT: "When they were raised.",
        HandoffOrderField.PRIORITY: "How urgent they are; among equals, when they were raised.",
    },
)
words(
    OrderDirection,
    "Which way a list runs.",
    {
        OrderDirection.ASC: "The earliest, or the least urgent, first.",
        OrderDirection.DESC: "The latest, or the most urgent, first.",
    },
)


@strawberry.input(description="What sessions must have, all of it. Without a field: anything.")
class SessionFilter:
    status: list[SessionStatus] | None = strawberry.field(
        description="One of these; an empty list is as good as none."
    )
    mine: bool | None = strawberry.field(description="`true`: the viewer owns it, or took it over.")
    owner_id: strawberry.ID | None = strawberry.field(description="This engineer owns it.")
    ticket_number: str | None = strawberry.field(
        description="It is linked to the ticket of exactly this number."
    )

    def wanted(self) -> WantedSessions:
        return WantedSessions(self.status or (), self.owner_id, bool(self.mine), self.ticket_number)


@strawberry.input(description="What deliveries must have, all of it. Without a field: anything.")
class DeliveryFilter:
    state: list[DeliveryState] | None = strawberry.field(
        description="One of these; an empty list is as good as none."
    )
    channel: list[DeliveryChannel] | None = strawberry.field(
        description="One of these; an empty list is as good as none."
    )
    handoff_id: strawberry.ID | None = strawberry.field(description="It tells of this handoff.")

    def wanted(self) -> WantedDeliveries:
        return WantedDeliveries(self.state or (), self.channel or (), self.handoff_id)


@strawberry.input(description="What handoffs must have, all of it. Without a field: anything.")
class HandoffFilter:
    status: list[HandoffStatus] | None = strawberry.field(
        description="One of these; an empty list is as good as none."
    )
    priority: list[Priority] | None = strawberry.field(
        description="One of these; an empty list is as good as none."
    )
    intent: HandoffIntent | None = strawberry.field(description="It was raised for this reason.")
    session_id: strawberry.ID | None = strawberry.field(description="It hands this session over.")
    raised_by_me: bool | None = strawberry.field(description="`true`: the viewer raised it.")
    claimed_by_me: bool | None = strawberry.field(description="`true`: the viewer claimed it.")
    for_me: bool | None = strawberry.field(description="`true`: the viewer is its target.")


@strawberry.input(description="The order of a list of handoffs.")
class HandoffOrder:
    field: HandoffOrderField = strawberry.field(description="What they are ordered by.")
    direction: OrderDirection = strawberry.field(
        default=OrderDirection.DESC, description="Which way the list runs."
    )


def wanted_handoffs(filter: HandoffFilter | None, order: HandoffOrder | None) -> WantedHandoffs:
    """Newest first unless another order is asked for."""
    by_priority = order is not None and order.field is HandoffOrderField.PRIORITY
    descending = order is None or order.direction is OrderDirection.DESC
    if filter is None:
        return WantedHandoffs(by_priority=by_priority, descending=descending)
    return WantedHandoffs(
        statuses=filter.status or (),
        priorities=filter.priority or (),
        intent=filter.intent,
        session=filter.session_id,
        raised_by_me=bool(filter.raised_by_me),
        claimed_by_me=bool(filter.claimed_by_me),
        for_me=bool(filter.for_me),
        by_priority=by_priority,
        descending=descending,
    )
