"""What streams send."""

from typing import Annotated, Self, cast
from uuid import UUID

import strawberry

from resolvers import cursors
from resolvers.streams import HandoffsStart
from schema.fields import field
from schema.nodes import Info
from schema.scalars import Cursor
from schema.types.event import (
    KINDS,
    AssessmentFinished,
    AssessmentRated,
    HandoffCancelled,
    HandoffClaimed,
    HandoffCreated,
    HandoffDeclined,
    HandoffReassigned,
    HandoffReleased,
    HandoffResolved,
    HandoffReturned,
    HandoffUnreached,
)
from schema.types.notification import Notification
from services.events import Event


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
    def of(cls, start: HandoffsStart) -> Self:
        return cls(
            cursor=Cursor(start.cursor),
            latest=Cursor(start.latest),
            open_handoffs=start.open_handoffs,
        )


HandoffStreamMessage = Annotated[
    StreamReady
    | HandoffCreated
    | HandoffClaimed
    | HandoffDeclined
    | HandoffReassigned
    | HandoffReleased
    | HandoffReturned
    | HandoffResolved
    | HandoffCancelled
    | HandoffUnreached
    | AssessmentFinished
    | AssessmentRated,
    strawberry.union(
        "HandoffStreamMessage",
        description=(
            "What `handoffEvents` sends: StreamReady once, then events. More kinds may come."
        ),
    ),
]


def handoff_event(event: Event, account_id: UUID) -> HandoffStreamMessage | None:
    """None for a kind that only a newer release can name."""
    kind = KINDS.get(event.type)
    return None if kind is None else cast("HandoffStreamMessage", kind.of(event, account_id))


@strawberry.type(description="The viewer's bell has a new item.")
class NotificationReceived:
    cursor: Cursor = strawberry.field(
        description="Its place in the log: with it as `after`, a stream goes on behind it."
    )
    notification_id: strawberry.Private[UUID]

    @classmethod
    def of(cls, event: Event, notification_id: UUID, account_id: UUID) -> Self:
        return cls(
            cursor=Cursor(cursors.write(account_id, event.seq)),
            notification_id=notification_id,
        )

    @field(description="The item, as it is when the event is delivered.")
    def notification(self, info: Info) -> Notification:
        options = info.context.options
        return info.context.loaders.notifications.surely(
            self.notification_id, lambda row: Notification.of(row, options)
        )
