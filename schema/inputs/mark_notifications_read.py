"""What `markNotificationsRead` takes."""

import strawberry
from strawberry import UNSET


@strawberry.input(description="Which items of the bell: exactly one of the two.", one_of=True)
class MarkNotificationsReadInput:
    ids: list[strawberry.ID] | None = strawberry.field(
        default=UNSET,
        description="These, at most 100. Unknown ids and those of others are passed over.",
    )
    all: bool | None = strawberry.field(
        default=UNSET, description="`true`: every item that is unread now."
    )
