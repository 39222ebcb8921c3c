"""How `markNotificationsRead` ends."""

from typing import Annotated, Self

import strawberry

from resolvers.notifications import Marked
from schema.results.problems import InvalidInput
from schema.types.notification import Notification
from services import problems
from services.options import Options


@strawberry.type(description="The items are marked as read.")
class MarkNotificationsReadSuccess:
    notifications: list[Notification] = strawberry.field(
        description=(
            "The items that were unread until now, the newest first: all of them if they were "
            "named by their ids, the newest 100 at most otherwise."
        )
    )
    marked_count: int = strawberry.field(description="How many were unread until now.")
    unread_count: int = strawberry.field(description="How many of the viewer's are unread still.")

    @classmethod
    def of(cls, marked: Marked, options: Options) -> Self:
        return cls(
            notifications=[Notification.of(row, options) for row in marked.items],
            marked_count=marked.count,
            unread_count=marked.unread_count,
        )


MarkNotificationsReadResult = Annotated[
    MarkNotificationsReadSuccess | InvalidInput,
    strawberry.union(
        "MarkNotificationsReadResult", description="How `markNotificationsRead` ends."
    ),
]


def mark_notifications_read_result(
    outcome: Marked | problems.InvalidInput, options: Options
) -> MarkNotificationsReadResult:
    match outcome:
        case Marked():
            return MarkNotificationsReadSuccess.of(outcome, options)
        case problems.InvalidInput():
            return InvalidInput.because(outcome)
