"""What can be listened to.

A source yields what happened and no more: the rows are loaded for each event anew, in that event's
own context, so that its content is what this viewer may see at that moment.
"""

from collections.abc import AsyncIterable
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
from services.events import Event

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
    ) -> AsyncIterable[HandoffCreated]:
        account_id = info.context.account_id

        def message(event: Event) -> HandoffCreated | None:
            if event.type is not EventType.HANDOFF_CREATED:
                return None
            return HandoffCreated.of(event, account_id)

        return await streams.of_account(info.context, given(after), message)

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
    ) -> AsyncIterable[HandoffStreamMessage]:
        account_id = info.context.account_id
        wanted = await streams.existing(info.context, given(handoff_id))

        def message(event: Event) -> HandoffStreamMessage | None:
            if wanted is not None and event.handoff_id != wanted:
                return None
            return handoff_event(event, account_id)

        start = await streams.handoffs_start(info.context, given(after))
        ready: HandoffStreamMessage = StreamReady.of(start)
        return await streams.of_account(info.context, start.cursor, message, opening=ready)

    @subscription(description="New items of the viewer's own bell.", own=True)
    async def notification_received(
        self, info: Info, after: Since = UNSET
    ) -> AsyncIterable[NotificationReceived]:
        account_id, engineer_id = info.context.account_id, info.context.actor.id

        def message(event: Event) -> NotificationReceived | None:
            notification_id = streams.notification_of(engineer_id, event)
            if notification_id is None:
                return None
            return NotificationReceived.of(event, notification_id, account_id)

        return await streams.of_account(info.context, given(after), message)
