"""Promised messages."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Final, Self, TypeAlias
from uuid import UUID

import strawberry

from db.database import Columns
from schema.enums import AttemptOutcome, DeliveryChannel, DeliveryState, Purpose
from schema.fields import field
from schema.nodes import Info, Node
from schema.pagination import ONE_ID, IdKeys, Keys
from schema.types import handoff as handoff_type
from schema.types.notice import IntegrationNotice, notice_if_any
from services.ids import Kind, public

if TYPE_CHECKING:
    from schema.types.handoff import Handoff

# Handoff and Delivery refer to each other: it is looked up when the schema is put together
LazyHandoff: TypeAlias = Annotated["Handoff", strawberry.lazy("schema.types.handoff")]

DELIVERIES: Final = IdKeys(Keys(b"d", ONE_ID))


@strawberry.type(description="One try to send a message.")
class DeliveryAttempt:
    number: int = strawberry.field(
        description="From 1; from 1 again when somebody had the message sent again."
    )
    started_at: datetime = strawberry.field(description="When it began.")
    ended_at: datetime | None = strawberry.field(description="When it ended; null while it runs.")
    outcome: AttemptOutcome | None = strawberry.field(
        description="What became of it; null while it runs."
    )
    status: int | None = strawberry.field(
        description="The number the receiving service answered with, if it did: of HTTP or SMTP."
    )
    error: str | None = strawberry.field(
        description="What went wrong and what to do about it, with secrets taken out."
    )

    @classmethod
    def of(cls, row: Columns) -> Self:
        outcome = row["outcome"]
        return cls(
            number=row["number"],
            started_at=row["started_at"],
            ended_at=row["ended_at"],
            outcome=outcome and AttemptOutcome[outcome],
            status=row["status"],
            error=row["error"],
        )


@strawberry.type(
    description=(
        "One message promised outside the service, and what truly became of it. It tells of a "
        "handoff, or ADMINs of a notice. It is sent at least once; a receiver that can tell "
        "repeats apart gets it once."
    )
)
class Delivery(Node):
    channel: DeliveryChannel = strawberry.field(description="Which way it takes.")
    purpose: Purpose = strawberry.field(description="What it tells.")
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
    key: strawberry.Private[UUID]
    handoff_id: strawberry.Private[UUID | None]
    notice_id: strawberry.Private[UUID | None]

    @classmethod
    def of(cls, row: Columns) -> Self:
        return cls(
            id=strawberry.ID(public(Kind.DELIVERY, row["id"])),
            channel=DeliveryChannel[row["channel"]],
            purpose=Purpose(row["purpose"]),
            target=row["target"],
            state=DeliveryState[row["state"]],
            skip_reason=row["skip_reason"],
            attempts=row["attempts"],
            next_attempt_at=row["next_attempt_at"],
            last_error=row["last_error"],
            external_ref=row["external_ref"],
            sent_at=row["sent_at"],
            created_at=row["created_at"],
            key=row["id"],
            handoff_id=row["handoff_id"],
            notice_id=row["notice_id"],
        )

    @field(description="The handoff it tells of, as it is now; null when it tells of a notice.")
    def handoff(self, info: Info) -> LazyHandoff | None:
        if self.handoff_id is None:
            return None
        return info.context.loaders.handoffs.surely(self.handoff_id, handoff_type.Handoff.of)

    @field(description="The notice it tells ADMINs of; null when it tells of a handoff.")
    def notice(self, info: Info) -> IntegrationNotice | None:
        return notice_if_any(info.context, self.notice_id)

    @field(description="Every try to send it, the first first.")
    def attempt_history(self, info: Info) -> list[DeliveryAttempt]:
        return info.context.loaders.attempts_of_deliveries.load_or([], self.key, _attempts)


def _attempts(rows: Sequence[Columns]) -> list[DeliveryAttempt]:
    return [DeliveryAttempt.of(row) for row in rows]
