"""The bell inside the application."""

from datetime import datetime
from typing import Final, Self
from uuid import UUID

import strawberry

from db.database import Columns
from schema.fields import field
from schema.nodes import Info, Node
from schema.pagination import ONE_ID, IdKeys, Keys
from schema.types.handoff import Handoff
from schema.types.notice import IntegrationNotice, notice_if_any
from services import notifications
from services.ids import Kind, public
from services.options import Options

NOTIFICATIONS: Final = IdKeys(Keys(b"n", ONE_ID))


@strawberry.type(description="An item of an engineer's bell. Only they see it.")
class Notification(Node):
    title: str = strawberry.field(description="The news, in a line of plain text.")
    link: str = strawberry.field(description="The page it leads to: an absolute URL.")
    read_at: datetime | None = strawberry.field(
        description="When it was first marked as read; null while it is unread."
    )
    created_at: datetime = strawberry.field(description="When it was sent.")
    handoff_id: strawberry.Private[UUID | None]
    notice_id: strawberry.Private[UUID | None]

    @classmethod
    def of(cls, row: Columns, options: Options) -> Self:
        return cls(
            id=strawberry.ID(public(Kind.NOTIFICATION, row["id"])),
            title=row["title"],
            link=notifications.link(options, row),
            read_at=row["read_at"],
            created_at=row["created_at"],
            handoff_id=row["handoff_id"],
            notice_id=row["notice_id"],
        )

    @field(description="The handoff it is about, as it is now; null when it is about a notice.")
    def handoff(self, info: Info) -> Handoff | None:
        if self.handoff_id is None:
            return None
        return info.context.loaders.handoffs.load(self.handoff_id, Handoff.of)

    @field(
        description=(
            "The notice it is about, for ADMINs; null when it is about a handoff, and for who is "
            "no ADMIN any more."
        )
    )
    def notice(self, info: Info) -> IntegrationNotice | None:
        return notice_if_any(info.context, self.notice_id)
