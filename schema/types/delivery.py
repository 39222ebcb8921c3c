"""Promised messages."""

from datetime import datetime
from typing import Self

import strawberry

from db.database import Columns
from schema.enums import DeliveryChannel, DeliveryState
from schema.nodes import Node
from services.ids import Kind, public


@strawberry.type(
    description=(
        "One message promised outside the service for a handoff, and what truly became of it. It "
        "is sent at least once; a receiver that can tell repeats apart gets it once."
    )
)
class Delivery(Node):
    channel: DeliveryChannel = strawberry.field(description="Which way it takes.")
    target: str = strawberry.field(description="Where it goes, in words a person understands.")
    state: DeliveryState = strawberry.field(description="How far it has come.")
    skip_reason: str | None = strawberry.field(
        description=(
            "Why there is nothing to send when the state is SKIPPED: NO_TICKET_LINKED, "
            "INTEGRATION_NOT_CONFIGURED, MAIL_NOT_CONFIGURED or NO_RECIPIENTS; more may come."
        )
    )
    attempts: int = strawberry.field(description="How often it was tried.")
    next_attempt_at: datetime | None = strawberry.field(
        description="When it is tried next; null if it is not."
    )
    last_error: str | None = strawberry.field(
        description="What went wrong the last time, with secrets taken out."
    )
    external_ref: str | None = strawberry.field(
        description="What the receiving service calls it, once it has accepted it."
    )
    sent_at: datetime | None = strawberry.field(
        description="When the receiving service accepted it."
    )
    created_at: datetime = strawberry.field(description="When it was promised.")

    @classmethod
    def of(cls, row: Columns) -> Self:
        return cls(
            id=strawberry.ID(public(Kind.DELIVERY, row["id"])),
            channel=DeliveryChannel[row["channel"]],
            target=row["target"],
            state=DeliveryState[row["state"]],
            skip_reason=row["skip_reason"],
            attempts=row["attempts"],
            next_attempt_at=row["next_attempt_at"],
            last_error=row["last_error"],
            external_ref=row["external_ref"],
            sent_at=row["sent_at"],
            created_at=row["created_at"],
        )
