"""What can be listened to.

A source yields what happened and no more: the rows are loaded for each event anew, in that event's
own context, so that its content is what this viewer may see at that moment.
"""

from collections.abc import AsyncGenerator
from typing import Annotated

import strawberry
from strawberry import UNSET

from db.models.vocabulary import EventType
from resolvers import streams
from schema.fields import subscription
from schema.nodes import Info
from schema.pagination import given
from schema.scalars import Cursor
from schema.types.event import HandoffCreated
from schema.types.stream import (
    HandoffStreamMessage,
    NotificationReceived,
    StreamReady,
    handoff_event,
)

Since = Annotated[
    Cursor | None,
    strawberry.argument(
        description=(
            "Begin behind this place in the log: what is there already is replayed. Without it, "
            "begin with what happens from now on."
        )
    ),
]


@strawberry.type(
    description=(
        "What can be listened to. A stream has every event, once, in order. It ends with an error "
        "rather than leave one out: CURSOR_INVALID and CURSOR_EXPIRED say that `after` can't be "
        "used; after any other, subscribe again with the last cursor you have."
    )
)
class Subscription:
    @subscription(description="Handoffs as they are raised, by the viewer as well as by others.")
    async def handoff_created(
        self, info: Info, after: Since = UNSET
    ) -> AsyncGenerator[HandoffCreated, None]:
        async with streams.following(info.context, given(after)) as events:
            async for event in events:
                if event.type is EventType.HANDOFF_CREATED:
                    yield HandoffCreated.of(event, info.context)

    @subscription(
        description=(
            "Everything that happens to the account's handoffs, beginning with StreamReady. With "
            "`handoffQueue` it makes a live list: read the queue, then subscribe after its cursor."
        )
    )
    async def handoff_events(
        self,
        info: Info,
        after: Since = UNSET,
        handoff_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(
                description=(
                    "Only the events of this handoff. For one that is not there the stream ends at "
                    "once with an error of the code BAD_REQUEST."
                )
            ),
        ] = UNSET,
    ) -> AsyncGenerator[HandoffStreamMessage, None]:
        async with streams.handoff_events(info.context, given(after), given(handoff_id)) as stream:
            yield StreamReady.of(stream)
            async for event in stream:
                message = handoff_event(event, info.context)
                if message is not None:
                    yield message

    @subscription(description="New items of the viewer's own bell.")
    async def notification_received(
        self, info: Info, after: Since = UNSET
    ) -> AsyncGenerator[NotificationReceived, None]:
        async with streams.following(info.context, given(after)) as events:
            async for event in events:
                notification_id = streams.own_notification(info.context, event)
                if notification_id is not None:
                    yield NotificationReceived.of(event, notification_id, info.context)
