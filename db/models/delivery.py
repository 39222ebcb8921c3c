"""Promised effects outside the service, and the bell inside it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from db.models.columns import instant, one_of, row_id, tenant, within_account, word, written_at
from db.models.vocabulary import DeliveryChannel, DeliveryState, EventType


def about_something() -> CheckConstraint:
    return CheckConstraint(
        "handoff_id IS NOT NULL OR notice_id IS NOT NULL", name="about_something"
    )


class Delivery(SQLModel, table=True):
    """One promised outside effect and its true state. The table is also the work queue."""

    __table_args__ = (
        within_account("handoff", "handoff_id"),
        within_account("engineer", "engineer_id"),
        within_account("integration", "integration_id"),
        within_account("notice", "notice_id"),
        about_something(),
        CheckConstraint("notice_id IS NULL OR channel = 'EMAIL'", name="notice_by_mail"),
        UniqueConstraint("account_id", "idempotency_key", name="delivery_once"),
        one_of("channel", DeliveryChannel),
        one_of("state", DeliveryState),
        Index("delivery_by_handoff", "account_id", "handoff_id"),
        Index(
            "delivery_due",
            "account_id",
            # where it goes: mail has no integration
            text("(CASE WHEN integration_id IS NULL THEN account_id ELSE integration_id END)"),
            "next_attempt_at",
            "id",
            postgresql_where=text("state IN ('PENDING', 'FAILED')"),
        ),
        Index(
            "delivery_running",
            "account_id",
            "lease_until",
            postgresql_where=text("state = 'SENDING'"),
        ),
        Index(
            "delivery_dead",
            "account_id",
            text("id DESC"),
            postgresql_where=text("state = 'DEAD'"),
        ),
    )

    account_id: UUID = tenant()
    id: UUID = row_id()
    handoff_id: UUID | None = None
    notice_id: UUID | None = Field(default=None, description="What it tells, if no handoff")
    engineer_id: UUID | None = Field(default=None, description="Whom it is for, if one person")
    integration_id: UUID | None = Field(default=None, description="Null for mail")
    channel: DeliveryChannel = word()
    purpose: str = Field(description="What it tells: `raised`, later `claimed`, `resolved`, …")
    target: str = Field(description="Where it goes, in words a person understands")
    state: DeliveryState = word(DeliveryState.PENDING)
    skip_reason: str | None = Field(default=None, sa_type=Text)
    attempts: int = 0
    next_attempt_at: datetime | None = instant()
    worker: str | None = Field(default=None, description="Who tries it now")
    lease_token: UUID | None = None
    lease_until: datetime | None = instant()
    last_error: str | None = None
    external_ref: str | None = None
    idempotency_key: str
    # how often somebody has asked for it to be delivered again
    nonce: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    sent_at: datetime | None = instant()
    created_at: datetime = written_at()


class Notification(SQLModel, table=True):
    """One in-app bell item of one engineer."""

    __table_args__ = (
        within_account("engineer", "engineer_id"),
        within_account("handoff", "handoff_id"),
        within_account("notice", "notice_id"),
        about_something(),
        one_of("about", EventType),
        Index("notification_by_handoff", "account_id", "handoff_id"),
        Index("notification_of_engineer", "account_id", "engineer_id", text("id DESC")),
        Index(
            "notification_unread",
            "account_id",
            "engineer_id",
            text("id DESC"),
            postgresql_where=text("read_at IS NULL"),
        ),
    )

    account_id: UUID = tenant()
    id: UUID = row_id()
    engineer_id: UUID
    handoff_id: UUID | None = None
    notice_id: UUID | None = Field(default=None, description="What it tells, if no handoff")
    about: EventType = word()
    title: str
    read_at: datetime | None = instant()
    created_at: datetime = written_at()
