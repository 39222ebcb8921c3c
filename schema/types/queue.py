"""What waits for help."""

from typing import Self

import strawberry

from resolvers.handoffs import Queue
from schema.pagination import PageInfo
from schema.scalars import Cursor
from schema.types.handoff import Handoff, cursor_of


@strawberry.type(
    description=(
        "The handoffs that wait for somebody other than the viewer: the most urgent first, and "
        "among equals the one that waits longest. List, count and cursor are of the same instant."
    )
)
class HandoffQueue:
    count: int = strawberry.field(description="How many wait in all, on every page.")
    cursor: Cursor = strawberry.field(
        description=(
            "The last event that list and count include. Subscribe to `handoffEvents` or "
            "`handoffCreated` with it as `after` to keep them current, without gap or repeat."
        )
    )
    handoffs: list[Handoff] = strawberry.field(description="Those of this page.")
    page_info: PageInfo = strawberry.field(
        description="Whether more wait, and from where to ask for them."
    )

    @classmethod
    def of(cls, queue: Queue) -> Self:
        return cls(
            count=queue.count,
            cursor=Cursor(queue.cursor),
            handoffs=queue.page.items(Handoff.of),
            page_info=PageInfo.of(queue.page, cursor_of),
        )
