"""What an account has connected: where it is told of its handoffs outside the service."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from db.models.columns import (
    document,
    instant,
    one_of,
    row_id,
    tenant,
    within_account,
    word,
    written_at,
)
from db.models.vocabulary import AttemptOutcome, IntegrationKind


class Integration(SQLModel, table=True):
    """One vendor's access. ``settings`` may be shown to ADMINs, ``secrets`` never leave: they are
    encrypted with the installation's keys (services/integrations/vault.py)."""

    __table_args__ = (
        one_of("kind", IntegrationKind),
        Index(
            "integration_one_of_a_kind",
            "account_id",
            "kind",
            unique=True,
            postgresql_where=text("kind <> 'WEBHOOK'"),
        ),
    )

    account_id: UUID = tenant(root=True)
    id: UUID = row_id()
    kind: IntegrationKind = word()
    name: str = Field(description="How the account's people call it")
    settings: dict[str, Any] = document()
    secrets: bytes
    enabled: bool = Field(default=True, sa_column_kwargs={"server_default": "true"})
    disabled_reason: str | None = None
    version: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    last_success_at: datetime | None = instant()
    last_failure_at: datetime | None = instant()
    last_error: str | None = None
    failing_since: datetime | None = instant()
    not_before: datetime | None = instant()  # the vendor asked to be left alone until then
    created_at: datetime = written_at()
    updated_at: datetime = written_at()


class Notice(SQLModel, table=True):
    """An integration that the service has disabled by itself, as it stood then: its ADMINs are to
    read why, whatever becomes of it before they do. The service may insert and read, never change.
    """

    __table_args__ = (
        within_account("integration", "integration_id"),
        UniqueConstraint("account_id", "integration_id", "version", name="notice_once"),
    )

    account_id: UUID = tenant()
    id: UUID = row_id()
    integration_id: UUID
    version: int = Field(description="The integration's, since it is disabled")
    name: str
    failing_since: datetime = Field(sa_type=DateTime(timezone=True))
    error: str = Field(description="The last one, with secrets taken out")
    created_at: datetime = written_at()


class DeliveryAttempt(SQLModel, table=True):
    """One try to carry a delivery out, written before it is made."""

    __tablename__ = "delivery_attempt"

    __table_args__ = (
        within_account("delivery", "delivery_id"),
        one_of("outcome", AttemptOutcome),
    )

    account_id: UUID = tenant()
    delivery_id: UUID = Field(primary_key=True)
    nonce: int = Field(primary_key=True, description="The delivery's when it was made")
    number: int = Field(primary_key=True)
    worker: str
    started_at: datetime = written_at()
    ended_at: datetime | None = instant()
    outcome: AttemptOutcome | None = word()
    status: int | None = Field(default=None, description="The vendor's number, if it gave one")
    error: str | None = None
