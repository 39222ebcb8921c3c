"""What happens to handoffs, as streams tell it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final, Self
from uuid import UUID

import strawberry

from db.models.vocabulary import EventType
from resolvers import cursors
from resolvers.context import Context
from resolvers.streams import HandoffStream
from schema.fields import field
from schema.nodes import Info
from schema.scalars import Cursor
from schema.types.engineer import Engineer, engineer_if_any
from schema.types.handoff import Handoff
from schema.types.notification import Notification
from services.events import Event


@strawberry.interface(
    description=(
        "Something that happened to a handoff, at its place in the account's log. More kinds may "
        "come: select the fields of this interface for those you don't know."
    )
)
class HandoffEvent:
    cursor: Cursor = strawberry.field(
        description="Its place in the log: with it as `after`, a stream goes on behind it."
    )
    occurred_at: datetime = strawberry.field(description="When it happened.")
    actor_id: strawberry.Private[UUID | None]
    handoff_id: strawberry.Private[UUID]

    @classmethod
    def of(cls, event: Event, context: Context) -> Self:
        return cls(
            cursor=Cursor(cursors.write(context.actor.account_id, event.seq)),
            occurred_at=event.occurred_at,
            actor_id=event.actor_id,
            handoff_id=event.handoff_id,
        )

    @field(description="Who did it; null when the service did it by itself.")
    def actor(self, info: Info) -> Engineer | None:
        return engineer_if_any(info.context, self.actor_id)

    @field(
        description=(
            "The handoff as it is when the event is delivered, which for events of the past may "
            "be later than what they tell. Its content is null if you may not see it then."
        )
    )
    def handoff(self, info: Info) -> Handoff:
        return info.context.loaders.handoffs.surely(self.handoff_id, Handoff.of)


@strawberry.type(description="Somebody asked for help: a handoff was raised, and waits.")
class HandoffCreated(HandoffEvent):
    pass


@strawberry.type(description="An engineer, `actor`, took the session over.")
class HandoffClaimed(HandoffEvent):
    pass


@strawberry.type(
    description="Who had taken the session over, or an ADMIN, resolved it, and the handoff with it."
)
class HandoffResolved(HandoffEvent):
    pass


@strawberry.type(description="The first message of `handoffEvents`: the stream stands.")
class StreamReady:
    cursor: Cursor = strawberry.field(
        description="Where the stream begins: every event behind it follows."
    )
    latest: Cursor = strawberry.field(
        description=(
            "The last event there was when the stream was set up: the same as `cursor` unless "
            "`after` was given. What comes up to it is replayed, what comes behind it is news."
        )
    )
    open_handoffs: int = strawberry.field(
        description=(
            "How many handoffs waited for somebody other than you at `latest`. Count on from it "
            "with the events behind `latest`."
        )
    )

    @classmethod
    def of(cls, stream: HandoffStream) -> Self:
        return cls(
            cursor=Cursor(stream.cursor),
            latest=Cursor(stream.latest),
            open_handoffs=stream.open_handoffs,
        )


HandoffStreamMessage = Annotated[
    StreamReady | HandoffCreated | HandoffClaimed | HandoffResolved,
    strawberry.union(
        "HandoffStreamMessage",
        description=(
            "What `handoffEvents` sends: StreamReady once, then events. More kinds may come."
        ),
    ),
]


KINDS: Final[
    Mapping[EventType, type[HandoffCreated] | type[HandoffClaimed] | type[HandoffResolved]]
] = {
    EventType.HANDOFF_CREATED: HandoffCreated,
    EventType.HANDOFF_CLAIMED: HandoffClaimed,
    EventType.HANDOFF_RESOLVED: HandoffResolved,
}


def handoff_event(event: Event, context: Context) -> HandoffStreamMessage:
    return KINDS[event.type].of(event, context)


@strawberry.type(description="The viewer's bell has a new item.")
class NotificationReceived:
    cursor: Cursor = strawberry.field(
        description="Its place in the log: with it as `after`, a stream goes on behind it."
    )
    notification_id: strawberry.Private[UUID]

    @classmethod
    def of(cls, event: Event, notification_id: UUID, context: Context) -> Self:
        return cls(
            cursor=Cursor(cursors.write(context.actor.account_id, event.seq)),
            notification_id=notification_id,
        )

    @field(description="The item, as it is when the event is delivered.")
    def notification(self, info: Info) -> Notification:
        options = info.context.options
        return info.context.loaders.notifications.surely(
            self.notification_id, lambda row: Notification.of(row, options)
        )
