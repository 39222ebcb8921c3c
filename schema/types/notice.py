"""What ADMINs are told of their integrations."""

from datetime import datetime
from typing import Self
from uuid import UUID

import strawberry

from db.database import Columns
from resolvers.context import Context
from schema.fields import field
from schema.nodes import Info
from schema.types.integration import Integration
from services.integrations import notices


@strawberry.type(
    description=(
        "The service has disabled an integration by itself, since nothing was accepted for days. "
        "Told as it was then."
    )
)
class IntegrationNotice:
    name: str = strawberry.field(description="What the integration was called.")
    failing_since: datetime = strawberry.field(description="Since when nothing was accepted.")
    last_error: str = strawberry.field(
        description="What went wrong the last time, with secrets taken out."
    )
    disabled_at: datetime = strawberry.field(description="When it was disabled.")
    text: str = strawberry.field(
        description="All of it for people, in plain text, with what to do about it."
    )
    integration_id: strawberry.Private[UUID]

    @classmethod
    def of(cls, row: Columns) -> Self:
        return cls(
            name=row["name"],
            failing_since=row["failing_since"],
            last_error=row["error"],
            disabled_at=row["created_at"],
            text="\n\n".join(notices.paragraphs(row)),
            integration_id=row["integration_id"],
        )

    @field(description="The integration as it is now.")
    def integration(self, info: Info) -> Integration | None:
        return info.context.loaders.integrations.load(self.integration_id, Integration.of)


def notice_if_any(context: Context, notice_id: UUID | None) -> IntegrationNotice | None:
    if notice_id is None:
        return None
    return context.loaders.notices.load(notice_id, IntegrationNotice.of)
